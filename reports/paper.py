"""How a wide sheet lies on paper: where its pages end, and how small it is printed.

A page ends only where a group of columns does, so that no group's head is cut, and every page
repeats the columns that name the customer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

_INCHES = 11.69 - 0.6  # of A4 across, without the margins
_SPARE = 0.9  # of a page that is filled: programs and printers differ in how wide letters are
_LEAST = 50  # percent; body letters are smaller than 6 points below it
_MOST_PAGES = 4


@dataclass(frozen=True, kw_only=True)
class Paper:
    """A layout.

    Attributes:
        scale: Percent of full size.
        breaks: The columns that begin a page, but the first.
    """

    scale: int
    breaks: list[int]


def lay_out(widths: Sequence[float], starts: Sequence[int], repeated: int) -> Paper:
    """Return the fewest pages side by side that can be read, or else the largest letters.

    Args:
        widths: Of the columns, in characters of the body font.
        starts: The columns at which a page may begin.
        repeated: The first columns, which stand on every page.

    >>> lay_out([10.0] * 24, [8, 16], 2)
    Paper(scale=53, breaks=[])
    >>> lay_out([10.0] * 60, [20, 40], 2)
    Paper(scale=58, breaks=[20, 40])
    """
    inches = [(int(width * 7) + 5) / 96 for width in widths]
    own = [at for at in starts if at > repeated]
    best = Paper(scale=0, breaks=[])
    for pages in range(min(_MOST_PAGES, len(own) + 1)):
        for breaks in combinations(own, pages):
            scale = _scale(inches, breaks, repeated)
            if scale > best.scale:
                best = Paper(scale=scale, breaks=list(breaks))
        if best.scale >= _LEAST:
            break
    return best


def _scale(inches: Sequence[float], breaks: Sequence[int], repeated: int) -> int:
    ends = [*breaks, len(inches)]
    first, named = [0, *breaks], sum(inches[:repeated])
    wide = [
        sum(inches[start:end]) + (named if start else 0.0)
        for start, end in zip(first, ends, strict=True)
    ]
    return max(10, min(100, int(_SPARE * _INCHES / max(wide) * 100)))
