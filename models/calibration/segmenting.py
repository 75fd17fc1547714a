"""Give the levels of a feature log-odds of their own where their rows bear it, shrunk to the whole.

A level with few late bills would follow its luck; so each offset keeps only the share that the
spread of all offsets says is real (empirical Bayes, Efron & Morris 1975, around no offset).
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.calibration.curve import Segments
from models.calibration.fitting import fit_shift

FloatArray = npt.NDArray[np.float64]


def fit_segments(
    margin: FloatArray,
    y: FloatArray,
    *,
    levels: pd.Series,
    customers: pd.Series,
    rows: int,
) -> Segments | None:
    """Fit an offset of the calibrated log-odds for each level that has enough rows.

    Args:
        margin: Log-odds after the calibration of all rows together.
        y: 1 for a late bill.
        levels: Each row's level of the feature of that name; rows without one stay as they are.
        customers: Whose rows vary together.
        rows: Least late rows, and least rows paid in time, of a level with an offset.

    Returns:
        The offsets, none of them exactly 0; None where no level has one.
    """
    enough = [
        (str(level), at)
        for level in sorted(levels.dropna().unique())
        for at in [(levels == level).to_numpy(dtype=bool)]
        if min(y[at].sum(), (1 - y[at]).sum()) >= rows
    ]
    if not enough:
        return None
    fitted = np.array([fit_shift(margin[at], y[at], customers[at]) for _, at in enough])
    shrunk = shrink(fitted[:, 0], fitted[:, 1]).tolist()
    lines = tuple((level, 1.0, own) for (level, _), own in zip(enough, shrunk, strict=True) if own)
    return Segments(feature=str(levels.name), lines=lines) if lines else None


def shrink(offsets: FloatArray, variances: FloatArray) -> FloatArray:
    """Return the posterior means of offsets drawn around 0, with the spread that fits them best.

    The spread is the moment estimate: the weighted sum of squares, less what the variances alone
    would give, over the weights (DerSimonian & Laird 1986, with the mean known to be 0).

    >>> shrink(np.array([0.5, -0.5]), np.array([0.125, 0.125])).tolist()
    [0.25, -0.25]
    """
    weight = 1 / variances
    surplus = float(weight @ offsets**2) - offsets.size
    spread = max(0.0, surplus / float(weight.sum()))
    kept = spread / (spread + variances)  # at most 1, so no offset is stretched by rounding
    return np.asarray(offsets * kept, dtype=np.float64)
