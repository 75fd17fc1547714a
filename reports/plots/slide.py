"""How a picture for a slide looks: 16:9, a title that says the finding, letters for the last row.

matplotlib only, drawn by Agg without a clock or a window: the same inputs, fonts and matplotlib
give the same bytes.
"""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from reports.plots.shared import OURS, PALE
from reports.plots.words import Language, Speaker

INK, MUTED = "#1f2933", "#52606d"
OTHER = "#7b8794"
# Apart in lightness, too, for a black-and-white print and colour blindness.
BANDS = {"call": OURS, "message": "#6699c2", "watch": PALE}

# Sans serif with simplified Chinese: what Windows, macOS and Linux bring.
CHINESE = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "Microsoft YaHei",
    "PingFang SC",
    "Hiragino Sans GB",
    "SimHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Droid Sans Fallback",
    "SimSun",
)
# How their files begin; a font that was installed lately is not in matplotlib's cache.
_FILES = ("notosanscjk", "notosanssc", "sourcehansans", "msyh", "simhei", "wqy", "droidsansfall")
_INCHES, _DPI = (13.333, 7.5), 120
_STYLE: dict[Any, Any] = {
    "font.size": 19,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": "#9aa5b1",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": False,
    "axes.axisbelow": True,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
}


def chinese_font() -> str | None:
    """Return the first font with Chinese that this machine has; None without one."""
    known = set(font_manager.get_font_names())
    if not known.intersection(CHINESE):
        for path in sorted(font_manager.findSystemFonts()):
            if Path(path).name.lower().replace("-", "").startswith(_FILES):
                font_manager.fontManager.addfont(path)
        known = set(font_manager.get_font_names())
    return next((name for name in CHINESE if name in known), None)


@contextmanager
def style(language: Language) -> Iterator[None]:
    """Draw by our style and fonts; DejaVu Sans, which matplotlib brings, has every Latin letter."""
    chinese = chinese_font()
    families = [chinese] if chinese and language == "zh" else []
    # Latin text may quote a Chinese name: then glyphs are taken from the second.
    families += ["DejaVu Sans", *([chinese] if chinese and language == "en" else [])]
    with mpl.rc_context({**_STYLE, "font.family": families}):
        yield


def new_slide(title: str, note: str, foot: str) -> tuple[Figure, Axes]:
    """Return a figure with its texts, and the axes to draw in."""
    figure = Figure(figsize=_INCHES)
    FigureCanvasAgg(figure)
    told = _wrapped(title)
    top = 0.87 - 0.075 * told.count("\n")
    figure.text(0.04, 0.955, told, size=27, weight="bold", va="top", linespacing=1.25)
    figure.text(0.04, top, note, size=18, color=MUTED, va="top")
    figure.text(0.04, 0.025, foot, size=12, color=MUTED)
    axes = figure.add_axes((0.11, 0.165, 0.85, top - 0.25))
    return figure, axes


def bars_across(
    axes: Axes,
    names: Sequence[str],
    values: Sequence[float],
    *,
    labels: Sequence[str],
    colours: Sequence[str],
) -> None:
    """Draw bars from the left, the first at the top, each with its label at its end."""
    places = range(len(names))
    axes.barh(places, values, color=colours, height=0.68)
    axes.set_yticks(places, names)
    axes.invert_yaxis()
    longest = max([*values, 1e-9])
    size = 19 if len(names) <= 8 else 15
    # Names and labels differ in length; the axes make room for the longest of each.
    wide = make_room(axes, names, size=size)
    axes.set_xlim(0, longest * wide / (wide - _room(labels, size) - _room([" "], size)))
    axes.tick_params(axis="y", length=0, labelsize=size)
    for place, value, label in zip(places, values, labels, strict=True):
        axes.text(value + longest * 0.012, place, label, va="center", size=size)
    axes.spines["bottom"].set_visible(False)
    axes.set_xticks([])


def make_room(axes: Axes, names: Sequence[str], *, size: float) -> float:
    """Leave room for names at the left of axes, and return how wide these are of the slide."""
    left = 0.05 + _room(names, size)
    axes.set_position((left, 0.09, 0.96 - left, axes.get_position().y1 - 0.09))
    return 0.96 - left


def _room(texts: Sequence[str], size: float) -> float:
    """Return the share of the slide's width that the longest of some texts takes."""
    return 0.0115 * size / 19 * max(_width(text) for text in texts)


def in_percent(say: Speaker) -> FuncFormatter:
    """Return the formatter of shares along an axis, of one digit where ticks need it."""
    return FuncFormatter(
        lambda value, _: say.share(value, int(abs(100 * value - round(100 * value)) > 1e-6))
    )


def to_png(figure: Figure, dpi: int = _DPI) -> bytes:
    """Return a picture as bytes that name neither a day nor a program.

    Drawing is what a picture costs: whoever needs it in several places keeps the bytes.
    """
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=dpi, metadata={"Software": None})
    return out.getvalue()


def _wrapped(title: str) -> str:
    """Break a title where it is too wide for the slide, at a space or after a comma."""
    if _width(title) <= _WIDEST:
        return title
    breaks = [at + (mark != " ") for at, mark in enumerate(title) if mark in " ，；：,"]
    if not breaks:
        return title
    half = _width(title) / 2
    at = min(breaks, key=lambda place: abs(_width(title[:place]) - half))
    return f"{title[:at].rstrip()}\n{title[at:].lstrip()}"


# Latin letters that a line of the title holds.
_WIDEST = 54.0


def _width(text: str) -> float:
    """Return a text's width in Latin letters; a Chinese one counts two."""
    return (len(text) + len(text.encode())) / 2
