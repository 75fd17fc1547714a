"""The level of a month: lateness rises and falls with the season, and a calibration follows it.

A month's late rate moves as a whole: on four simulated utilities by 0.15 in log-odds from one month
to another, five times the error that 20,000 customers leave. Less than half of it was still there
the month after (docs/decisions/0005), so a level is followed only as far as months have shown to
last.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.calibration.curve import Calibration
from models.calibration.fitting import fit_shift
from models.logistic import sigmoid

FloatArray = npt.NDArray[np.float64]

# Fewer months cannot tell what lasts from what passes.
LEAST_MONTHS = 4


@dataclass(frozen=True, kw_only=True)
class Month:
    """The rows of one month, whose labels a model had not seen and that are mature by now.

    Attributes:
        cycle: Which month.
        raw: The model's raw score of each row.
        y: 1 for a late bill.
        customers: Whose rows vary together.
        segments: Each row's level, when the calibration has segments.
    """

    cycle: int
    raw: FloatArray
    y: FloatArray
    customers: npt.NDArray[np.object_]
    segments: npt.NDArray[np.object_] | None = None


@dataclass(frozen=True, kw_only=True)
class Followed:
    """A calibration that followed the level of the months since, and what that was worth.

    Attributes:
        calibration: After the newest month.
        months: One row a month but the first: cycle, rows, late_rate, mean probability and log
            loss as the model stands (told, loss) and after following the months before it
            (told_followed, loss_followed).
    """

    calibration: Calibration
    months: pd.DataFrame

    @property
    def better(self) -> bool:
        """Whether following lowered the log loss of the months that came after, all together."""
        lead = (self.months["loss"] - self.months["loss_followed"]) * self.months["rows"]
        return bool(lead.sum() > 0)


def follow(calibration: Calibration, months: Sequence[Month]) -> Followed:
    """Update a calibration month by month, and hold each step against the month after it.

    Args:
        calibration: As it stands.
        months: Oldest first, none of them learned from.
    """
    moved, told, levels = calibration, [], pd.DataFrame()
    for month in months:
        if len(levels):
            told.append(_compare(month, calibration, moved))
        margin = calibration.margin(month.raw, month.segments)
        cycle = np.full(month.y.size, month.cycle)
        found = month_levels(margin, month.y, cycle, month.customers)
        levels = pd.concat([levels, found], ignore_index=True)
        lasting, passing = level_variances(levels)
        moved = update_intercept(
            moved,
            month.raw,
            month.y,
            segments=month.segments,
            customers=month.customers,
            lasting=lasting,
            passing=passing,
        )
    columns = ("cycle", "rows", "late_rate", "told", "told_followed", "loss", "loss_followed")
    return Followed(calibration=moved, months=pd.DataFrame(told, columns=list(columns)))


def _compare(month: Month, stands: Calibration, moved: Calibration) -> dict[str, float]:
    margins = [one.margin(month.raw, month.segments) for one in (stands, moved)]
    told, told_followed = (float(sigmoid(margin).mean()) for margin in margins)
    loss, loss_followed = (
        float(np.mean(np.logaddexp(0.0, margin) - month.y * margin)) for margin in margins
    )
    return {
        "cycle": month.cycle,
        "rows": month.y.size,
        "late_rate": float(month.y.mean()),
        "told": told,
        "told_followed": told_followed,
        "loss": loss,
        "loss_followed": loss_followed,
    }


def update_intercept(
    calibration: Calibration,
    raw: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    segments: npt.ArrayLike | None = None,
    customers: npt.ArrayLike | None = None,
    lasting: float = np.inf,
    passing: float = 0.0,
) -> Calibration:
    """Move a calibration to the level of the newest matured rows; its shape stays.

    For use each month between two trainings, as soon as another cycle's labels are mature
    (domain 3.6): trees and shape are kept, the level follows. The shift at which the mean of p
    equals the late rate is found exactly, then shrunk by what it rests on. It is a lasting move
    of variance `lasting`, plus what is this month's alone, of variance `passing`, plus the error
    of the rows; all normal around 0, so the posterior mean of what lasts is

        shift * lasting / (lasting + passing + error).

    Rows of one outcome have no finite shift and move nothing.

    Args:
        calibration: As fitted, or as moved last.
        raw: The model's raw score of the newest matured rows.
        y: 1 for a late bill.
        segments: Each row's level, when the calibration has segments.
        customers: Whose rows vary together; None takes each row for a witness of its own.
        lasting: In log-odds squared (`level_variances`); infinite takes the month at its word.
        passing: In log-odds squared.
    """
    margin = calibration.margin(np.asarray(raw, np.float64), segments)
    shift, error = fit_shift(margin, np.asarray(y, np.float64), customers)
    if np.isnan(shift):
        return calibration
    kept = 1.0 if np.isinf(lasting) else lasting / (lasting + passing + error)
    return replace(calibration, shift=calibration.shift + kept * shift)


def month_levels(
    margin: FloatArray, y: FloatArray, cycle: npt.ArrayLike, customers: npt.ArrayLike
) -> pd.DataFrame:
    """Return how far each month lies from what a model told, one row per cycle, oldest first.

    Args:
        margin: Calibrated log-odds of one model or one way of training, on months it had not seen.
        y: 1 for a late bill.
        cycle: Billing month of each row.
        customers: Whose rows vary together.

    Returns:
        cycle, rows, shift (log-odds), variance (its error); months of one outcome are left out.
    """
    cycles, who = np.asarray(cycle), np.asarray(customers)
    rows = [
        (month, at.sum(), *fit_shift(margin[at], y[at], who[at]))
        for month in np.unique(cycles)
        for at in [cycles == month]
    ]
    found = pd.DataFrame(rows, columns=["cycle", "rows", "shift", "variance"])
    return found.dropna(ignore_index=True)


def level_variances(levels: pd.DataFrame) -> tuple[float, float]:
    """Return the variance of what lasts into the next month, and of what passes.

    Moments of the shifts: their mean square is lasting + passing + error, half the mean square of
    a step from one month to the next is passing + error (what lasts is in both months). Fewer than
    four months cannot tell the two apart and are taken half for half.

    Args:
        levels: One row per month in order (`month_levels`): shift, variance.
    """
    shift, error = levels["shift"].to_numpy(), float(levels["variance"].mean())
    if shift.size == 0:
        return 0.0, 0.0
    surplus = max(0.0, float(np.mean(shift**2)) - error)
    if shift.size < LEAST_MONTHS:
        return surplus / 2, surplus / 2
    passing = min(surplus, max(0.0, float(np.mean(np.diff(shift) ** 2)) / 2 - error))
    return surplus - passing, passing
