"""The file that hands a plan's contacts to another system's dunning: its form, rows and page."""

from reports.handoff.form import Form, load_form, shipped_forms
from reports.handoff.page import handoffs_markdown
from reports.handoff.write import READ, About, build_handoff

__all__ = [
    "READ",
    "About",
    "Form",
    "build_handoff",
    "handoffs_markdown",
    "load_form",
    "shipped_forms",
]
