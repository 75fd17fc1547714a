"""The population stability index of two sketches, and how large chance alone makes it.

PSI = sum over bins of (a - b) ln(a / b), a and b the shares of a bin. Between two samples of one
law of n and m rows it is about (1/n + 1/m) times a chi-square of bins - 1 degrees of freedom
(Yurdakul 2018), so a small month rings at 0.10 for nothing unless that is taken into account.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

FloatArray = npt.NDArray[np.float64]

# A month looks at some hundred features: of stable ones, one in ten looks passes this level.
CHANCE = 0.999
# Rows added to each bin in use, so that an empty one has a finite logarithm.
_ADDED = 0.5


@dataclass(frozen=True, kw_only=True)
class Shift:
    """How far a month's sketch lies from the reference.

    Attributes:
        psi: The index.
        expected: What it is on average when nothing changed: (bins - 1)(1/n + 1/m).
        by_chance: What it passes by chance once in a thousand times.
        season: The largest of any reference month against the others; such change is usual.
    """

    psi: float
    expected: float
    by_chance: float
    season: float

    @property
    def is_real(self) -> bool:
        """Whether it is more than chance, and more than the reference months differ."""
        return self.psi > max(self.by_chance, self.season)


def psi(reference: npt.ArrayLike, month: npt.ArrayLike) -> float:
    """Return the population stability index of two sketches of the same bins; NaN without rows."""
    counts = np.vstack([np.asarray(reference, np.float64), np.asarray(month, np.float64)])
    counts = counts[:, counts.sum(axis=0) > 0]
    if not (counts.sum(axis=1) > 0).all():
        return np.nan
    a, b = (counts + _ADDED) / (counts + _ADDED).sum(axis=1, keepdims=True)
    return float(np.sum((a - b) * np.log(a / b)))


def measure_shift(
    reference: npt.ArrayLike, month: npt.ArrayLike, *, customers: int | None = None
) -> Shift:
    """Hold a month's sketch against those of the reference months.

    Args:
        reference: One sketch a reference month, a row each.
        month: The month's sketch, same bins.
        customers: Distinct customers of the reference: a customer who is in twelve months is no
            twelve witnesses. None takes the rows.
    """
    months, counts = np.asarray(reference, np.float64), np.asarray(month, np.float64)
    total = months.sum(axis=0)
    freedom = max(int(((total + counts) > 0).sum()) - 1, 0)
    rows = min(total.sum(), np.inf if customers is None else float(customers))
    spread = 1 / max(counts.sum(), 1.0) + 1 / max(rows, 1.0)
    seasons = [psi(total - one, one) for one in months] if len(months) > 1 else []
    known = [one for one in seasons if not np.isnan(one)]
    return Shift(
        psi=psi(total, counts),
        expected=freedom * spread,
        by_chance=float(chi2.ppf(CHANCE, freedom)) * spread if freedom else 0.0,
        season=max(known, default=0.0),
    )
