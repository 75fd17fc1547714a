"""Holding the books against outside statements, and what was taken in each day; read only."""

from collection.reconciliation.daily import daily_report
from collection.reconciliation.match import (
    PAYMENT_SCHEMA,
    STATEMENT_SCHEMA,
    WAYS,
    Reconciliation,
    reconcile,
)

__all__ = [
    "PAYMENT_SCHEMA",
    "STATEMENT_SCHEMA",
    "WAYS",
    "Reconciliation",
    "daily_report",
    "reconcile",
]
