"""Pictures of the page: the forecast and the model's months, drawn by matplotlib as SVG.

matplotlib is kept by the project already, draws offline, and its SVG is text that enters the page
as an image, which runs no script; a library of the browser would weigh ten times as much and draw
again on every opening. Letters stay text in the reader's own fonts, which have Chinese. What
belongs to one customer (strip, waterfall) is drawn by the page itself, for 20,000 pictures fit no
file.
"""

import io
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.font_manager import get_font_names
from matplotlib.ticker import MaxNLocator, PercentFormatter

from features.declare import Text
from reports.plots.shared import Said, draw_lateness, draw_rates

Language = Literal["zh", "en"]
_INK = "#1f2933"
# Letters are measured by the first of these that is here, and shown by the first that the reader
# has.
_FONTS = ("Noto Sans CJK SC", "Noto Sans SC", "Microsoft YaHei", "PingFang SC", "DejaVu Sans")
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "duewatch",
    "font.size": 10,
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "axes.edgecolor": "#9aa5b1",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": False,
}


def draw_forecast(
    curve: Sequence[Mapping[str, Any]], words: Mapping[str, Text], language: Language
) -> str:
    """Return the collection rate of the cycle to month end with its interval, as SVG.

    Args:
        curve: One row a day: on (ISO day), rate, rate_low, rate_high.
        words: The page's phrases ``drawn_*``.
        language: Of the words.
    """
    said = _said(words, language, ("expected", "interval", "rate"))
    with _drawing():
        figure, axes = _axes()
        draw_rates(axes, curve, said)
        _finish(axes)
        return _svg(figure)


def draw_months(
    months: Sequence[Mapping[str, Any]], words: Mapping[str, Text], language: Language
) -> str:
    """Return told beside seen lateness, a month a place, as SVG; months not seen yet lack a dot.

    Args:
        months: Rows of monitoring: month, told or expected_late_rate, late_rate, late_low,
            late_high; what is not known is None.
        words: The page's phrases ``drawn_*``.
        language: Of the words.
    """
    said = _said(words, language, ("told", "seen", "late"))
    with _drawing():
        figure, axes = _axes()
        draw_lateness(axes, months, said)
        _finish(axes)
        return _svg(figure)


@contextmanager
def _drawing() -> Iterator[None]:
    here = set(get_font_names())
    family = next((font for font in _FONTS if font in here), "sans-serif")
    with mpl.rc_context({**_STYLE, "font.family": family}), warnings.catch_warnings():
        # A machine without a Chinese font measures boxes; the reader's fonts draw the letters.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield


def _said(words: Mapping[str, Text], language: Language, names: tuple[str, str, str]) -> Said:
    """Return the phrases ``drawn_*`` of those names: what is expected, beside it, along y."""
    expected, beside, along = (getattr(words[f"drawn_{name}"], language) for name in names)
    return Said(expected=expected, beside=beside, along=along)


def _axes() -> tuple[Figure, Axes]:
    figure = Figure(figsize=(6.4, 2.9), layout="constrained")
    FigureCanvasSVG(figure)
    return figure, figure.subplots()


def _finish(axes: Axes) -> None:
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.grid(axis="y", color="#e4e9ee")
    axes.set_axisbelow(True)
    axes.legend(frameon=False, loc="best", fontsize=9)


def _svg(figure: Figure) -> str:
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    fonts = ", ".join(f"'{font}'" for font in _FONTS)
    return re.sub(r"(font: [\d.]+px) [^;\"]+", rf"\1 {fonts}, sans-serif", out.getvalue())
