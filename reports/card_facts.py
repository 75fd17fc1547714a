"""What a model card says, as plain facts; whoever trains or tests a model gathers them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

import pandas as pd

from features.declare import Feature
from models.acceptance import Acceptance, Verdict
from models.fit import Part
from models.judging import Judged
from models.parameters import Parameters
from models.snapshots import Snapshots
from models.target import Target


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Months on which every ranking was judged.

    Attributes:
        id: ``rolling`` or ``held_out``.
        months: Written as 2026-07, oldest first.
        looked: Runs that had looked at these months before; None where nobody counts.
        judged: Every ranking's figures, the model first.
        summary: The headlines with intervals (models.backtest.Backtest.summary).
        by_month: One row a month and ranking (Backtest.by_month).
        by_slice: One row a slice and level (Backtest.by_slice).
        by_group: Told and seen by month and by segment
            (models.probability.calibration_by_group, with ``of``, the kind of group).
    """

    id: Literal["rolling", "held_out"]
    months: tuple[str, ...]
    looked: int | None
    judged: tuple[Judged, ...]
    summary: pd.DataFrame
    by_month: pd.DataFrame
    by_slice: pd.DataFrame
    by_group: pd.DataFrame


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What one data check found, in numbers: ``count`` of ``total`` rows of a table or column."""

    subject: str
    rule: str
    count: int
    total: int


@dataclass(frozen=True, kw_only=True)
class DataFacts:
    """What was learned from.

    Attributes:
        rows: Bills at a day, those left out included.
        customers: Whose bills were learned from.
        days: The days looked from, first and last.
        parts: Rows by what they were used for.
        absent: Optional tables that the data do not have.
        attrition: One column a training, one row a reason for leaving a row out, and ``kept``.
    """

    rows: int
    customers: int
    days: tuple[date, date]
    parts: tuple[Part, ...]
    absent: tuple[str, ...]
    checks: tuple[Checked, ...]
    attrition: pd.DataFrame


@dataclass(frozen=True, kw_only=True)
class CardFacts:
    """A model and the evidence for it.

    Attributes:
        page: A ``card`` is of a registered model, a ``report`` of a recipe at several origins.
        identity: What the model is, by the codes of reports.card_wording.IDENTITY.
        capacity: Length of the list, a share (float) of the bills or a count (int).
        features: Those that the model was offered, in order.
        importance: One row a feature, the most important first: feature, share.
        calibration: The kind of map in use.
        calibrations: How every kind did (models.calibration.choice); may be empty.
        rule_for_new: Whether a rule speaks for customers with insufficient history.
        stretches: At least one; the first is what the headlines are taken from.
        stability: models.stability.reason_stability; None where nothing could be compared.
        figures: PNG files by name (reports.card_wording.FIGURES).
        commands: How to repeat it.
    """

    page: Literal["card", "report"]
    identity: Mapping[str, str]
    as_of: date
    target: Target
    snapshots: Snapshots
    parameters: Parameters
    acceptance: Acceptance
    capacity: float | int
    data: DataFacts
    features: tuple[Feature, ...]
    importance: pd.DataFrame
    calibration: str
    calibrations: pd.DataFrame
    rule_for_new: bool
    stretches: tuple[Stretch, ...]
    stability: pd.DataFrame | None
    verdict: Verdict
    figures: Mapping[str, bytes]
    commands: tuple[str, ...]
