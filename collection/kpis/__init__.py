"""KPIs of collection, each defined once and computed from what was known before a day."""

from collection.kpis.catalogue import KPIS
from collection.kpis.compute import LEVELS, By, compute_kpis
from collection.kpis.declare import Kpi, Measure
from collection.kpis.page import kpis_markdown

__all__ = ["KPIS", "LEVELS", "By", "Kpi", "Measure", "compute_kpis", "kpis_markdown"]
