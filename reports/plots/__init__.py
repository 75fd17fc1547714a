"""Pictures of a run for slides: one definition each, in matplotlib, in Chinese or English."""

from reports.plots.deck import Told, draw_slides
from reports.plots.proof import Evidence
from reports.plots.slide import chinese_font
from reports.plots.words import Language, PlotWords, Speaker, read_plot_words

__all__ = [
    "Evidence",
    "Language",
    "PlotWords",
    "Speaker",
    "Told",
    "chinese_font",
    "draw_slides",
    "read_plot_words",
]
