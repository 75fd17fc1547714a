"""How a workbook looks: fonts, colours and the height that a wrapped text needs.

Colours carry nothing alone: a band also has a symbol and a word, and its fill differs in
lightness, so that it survives a black-and-white printer and colour blindness (palette after
Okabe and Ito 2008).
"""

import math
from typing import Any

from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook

FONT = "Microsoft YaHei"
STRIP_FONT = "Courier New"  # has √ and ·, and a twin of equal width on Linux (Liberation Mono)
FONT_SIZE = 10
LINE_HEIGHT = 13.5  # points that a line of the body font takes, Chinese or Latin
_MARGIN = 6.0
_TALLEST = 409.0  # points; Excel's limit for a row

INK = "#1F2933"
MUTED = "#52606D"
RULE = "#CBD2D9"
HEAD = "#243B53"
ENTRY = "#FFF9DB"

GROUP_FILLS = {
    "do": "#102A43",
    "who": "#334E68",
    "what": "#102A43",
    "why": "#334E68",
    "plan": "#102A43",
    "feedback": "#7A5B00",
}
BAND_STYLES: dict[str, dict[str, Any]] = {
    "call": {"bg_color": "#A63D00", "font_color": "#FFFFFF", "bold": True},
    "message": {"bg_color": "#FFD27A", "font_color": INK, "bold": True},
    "watch": {"bg_color": "#EAF2F8", "font_color": INK},
}
# From light to dark as the risk grows: the order holds in grey, and the letter says the same.
TIER_STYLES: dict[str, dict[str, Any]] = {
    "Q": {"bg_color": "#FFFFFF", "font_color": INK},
    "N": {"bg_color": "#F5F5F5", "font_color": INK},
    "D": {"bg_color": "#E3EEF6", "font_color": INK},
    "C": {"bg_color": "#C3DAEA", "font_color": INK},
    "B": {"bg_color": "#8FB8D4", "font_color": INK, "bold": True},
    "A": {"bg_color": "#3F7CA6", "font_color": "#FFFFFF", "bold": True},
    "O": {"bg_color": "#123F5F", "font_color": "#FFFFFF", "bold": True},
}
# Dark enough to be read without the colour: the glyph says the same.
STRIP_INKS = {
    "no_bill": "#9AA5B1",
    "early": "#0B6E4F",
    "on_time": "#0B6E4F",
    "late": "#B25E00",
    "late_10": "#C2410C",
    "late_30": "#A4133C",
    "partial": "#1F5FA8",
    "open": "#1F5FA8",
    "overdue": "#A4133C",
}


class Styles:
    """The formats of one workbook, each made once."""

    def __init__(self, workbook: Workbook) -> None:
        self._workbook = workbook
        self._made: dict[tuple[tuple[str, Any], ...], Format] = {}

    def get(self, **changes: Any) -> Format:
        """Return the body style with these changes."""
        key = tuple(sorted(changes.items()))
        if key not in self._made:
            body = {"font_name": FONT, "font_size": FONT_SIZE, "font_color": INK}
            body |= {"valign": "vcenter"}
            self._made[key] = self._workbook.add_format(body | changes)
        return self._made[key]

    def head(self, **changes: Any) -> Format:
        """Return the style of a column head."""
        style = {"bold": True, "font_color": "#FFFFFF", "bg_color": HEAD, "align": "center"}
        style |= {"text_wrap": True, "border": 1, "border_color": "#FFFFFF"}
        return self.get(**(style | changes))

    def cell(self, **changes: Any) -> Format:
        """Return the style of a table cell."""
        return self.get(**({"bottom": 1, "bottom_color": RULE} | changes))


def display_width(text: str) -> float:
    """Return a text's width in characters of Latin width; a Chinese one counts two.

    >>> display_width("late"), display_width("逾期")
    (4.0, 4.0)
    """
    # UTF-8 spends three bytes on a Chinese character: the mean of both counts is its width.
    return (len(text) + len(text.encode())) / 2


def lines_needed(text: str, width: float) -> int:
    r"""Return how many lines a text takes in a cell that wraps at the width.

    >>> lines_needed("late in 4 of the last 6", 10), lines_needed("a\nb", 10)
    (4, 2)
    """
    lines = 0
    for line in text.split("\n"):
        needed = display_width(line)
        # Where a line breaks it is rarely full: words do not split.
        lines += 1 if needed <= width else math.ceil(needed / max(width - 4.0, 1.0))
    return lines


def head_width(text: str) -> float:
    r"""Return the least width in which no word of a bold head breaks.

    >>> head_width("逾期天数\nDays past due"), head_width("保护对象\nProtected")
    (6.0, 11.0)
    """
    words = (word for line in text.split("\n") for word in line.split() if line.isascii())
    return max((len(word) for word in words), default=0) + 2.0


def row_height(lines: int) -> float:
    """Return the points that a row of so many lines needs."""
    return min(lines * LINE_HEIGHT + _MARGIN, _TALLEST)
