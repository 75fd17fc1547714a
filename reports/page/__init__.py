"""The page of a run: a report that opens from disk, in Chinese and in English."""

from reports.page.extras import Extras, keys_of
from reports.page.glance import Glance, look_at
from reports.page.history import Happened
from reports.page.movement import Movement, how_it_moved
from reports.page.page import render_page
from reports.page.planned import plans_in_words
from reports.page.waterfall import Pushes
from reports.page.words import PageWords, read_page_words

__all__ = [
    "Extras",
    "Glance",
    "Happened",
    "Movement",
    "PageWords",
    "Pushes",
    "how_it_moved",
    "keys_of",
    "look_at",
    "plans_in_words",
    "read_page_words",
    "render_page",
]
