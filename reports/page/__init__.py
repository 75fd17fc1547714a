"""The page of a run: a report that opens from disk, in Chinese and in English."""

from reports.page.glance import Glance, look_at
from reports.page.page import Extras, render_page
from reports.page.words import PageWords, read_page_words

__all__ = ["Extras", "Glance", "PageWords", "look_at", "read_page_words", "render_page"]
