"""Inductive Venn-Abers prediction (Vovk & Petej 2014), read once at every score it can meet.

A test row is added to the calibration rows twice, once as late and once as paid in time, and
isotonic regression is fitted to both; p1 and p0 are what the two fits say of it. Both depend on
the score alone, so they are computed for all scores in one sweep (Vovk, Petej & Fedorova 2015,
algorithms 1 to 4) and no row has to be kept.
"""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
# A corner of the cumulative sum diagram: rows so far, late rows so far.
_Point = tuple[float, float]


def bounds(late: FloatArray, rows: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return p0 and p1 of a row that is tied with each group of equal scores.

    Args:
        late: Late rows of each group, groups in rising order of their score.
        rows: Rows of each group.
    """
    upper = _upper(late, rows)
    # Adding a row paid in time is adding a late one where scores and outcomes are mirrored.
    lower = 1 - _upper((rows - late)[::-1], rows[::-1])[::-1]
    return lower, upper


def merged(p0: FloatArray, p1: FloatArray) -> FloatArray:
    """Return the one probability that loses least against either (log loss, ibid. section 5)."""
    return p1 / (1 - p0 + p1)


def _upper(late: FloatArray, rows: FloatArray) -> FloatArray:
    """Return the isotonic fit at each group with one late row added to it.

    The fit is the slope of the greatest convex minorant of the cumulative sums. The added row
    sets every corner to its left back by (1, 1); so the sweep keeps the minorant's corners to the
    right in a stack, and before them the one set-back corner that the minorant starts from.
    """
    corners = list(zip(np.cumsum(rows).tolist(), np.cumsum(late).tolist(), strict=True))
    stack: list[_Point] = []
    for corner in [*reversed(corners), (-1.0, -1.0)]:
        _push(stack, corner)
    found = np.empty(rows.size)
    for at, (x, y) in enumerate(corners):
        left, right = stack[-1], stack[-2]
        found[at] = (right[1] - left[1]) / (right[0] - left[0])
        if _bend(left, (x - 1, y - 1), right) < 0:  # below the line: the next start
            stack.pop()
            _push(stack, (x - 1, y - 1))
    return found


def _push(stack: list[_Point], corner: _Point) -> None:
    """Put a corner before the others, without those that it lifts off the convex minorant."""
    while len(stack) > 1 and _bend(corner, stack[-1], stack[-2]) >= 0:
        stack.pop()
    stack.append(corner)


def _bend(left: _Point, middle: _Point, right: _Point) -> float:
    """Return above 0 where the middle lies above the line, below 0 where below; exact in counts."""
    across, up = right[0] - left[0], right[1] - left[1]
    return across * (middle[1] - left[1]) - up * (middle[0] - left[0])
