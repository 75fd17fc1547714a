"""The page: one file of HTML that opens from disk, asks nobody for anything and shows a run.

What it shows travels as data and enters the page as text, never as markup; its policy forbids
every request.
"""

from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from collection.policy.wording import PlanWording
from contract.errors import DataError
from reports.facts import METRICS, SMALLER_IS_BETTER, RunFacts, compared_figures
from reports.page.data import encode, pack
from reports.page.extras import Extras, keys_of, told_extras
from reports.page.glance import MONEY_TILES, Glance
from reports.page.words import PageWords, texts_of
from reports.strip import CYCLES, SEVERITY
from reports.wording import Wording

FORMAT = 2
# Bills that one page lists, the first in rank; a page of these stays below 5 MB.
MOST_LISTED = 20_000
_ASSETS = Path(__file__).parent / "assets"
# In this order: each speaks of what stands before it.
_SCRIPTS = ("base.js", "glance.js", "list.js", "card.js", "model.js", "main.js")
_ASKED = (
    "rank", "band", "customer_id", "name", "org_id", "grid_id", "manager_id", "segment",
    "pay_arrangement", "protected", "bill_id", "cycle", "due_on", "amount_cny", "open_cny",
    "overdue_cny", "overdue_bills", "dpd", "p_late", "expected_late_cny", "strip",
    "bills_seen", "history", "planned",
)  # fmt: skip
_LANGUAGES = ("zh", "en")


def render_page(
    facts: RunFacts,
    glance: Glance,
    listed: pd.DataFrame,
    extras: Extras,
    *,
    words: PageWords,
    wording: Wording,
    plan_words: PlanWording,
) -> str:
    """Return the page as HTML.

    Args:
        facts: The run.
        glance: All scored bills, summed up.
        listed: One row per listed bill in rank order, with the columns of reports.columns and
            lists of sentences in reasons_zh and reasons_en. Of more than MOST_LISTED the first
            are shown, and the page says so. Where data and plan know the bills by pseudonyms,
            also inner_id and inner_bill_id.
        extras: What else is known; each may be absent.
        words: The page's own texts.
        wording: The texts of the list.
        plan_words: The texts of plans.

    Raises:
        DataError: The list has two rows for a bill, or a strip has another length than 12.
    """
    _check(listed)
    shown = listed.head(MOST_LISTED)
    told = {
        "format": FORMAT,
        "run": _run(facts),
        "texts": texts_of(words, wording, plan_words),
        "severity": SEVERITY,
        "tiles": [[name, value, name in MONEY_TILES] for name, value in glance.tiles.items()],
        "groups": {name: pack(group) for name, group in glance.groups.items()},
        "list": pack(_list_columns(shown, extras)),
        "left_out": len(listed) - len(shown),
        "compared": _compared(facts),
        "warnings": list(facts.warnings),
        **told_extras(extras, shown, facts.as_of, words.phrases),
    }
    return _template().render(
        css=Markup(_asset("page.css")),  # noqa: S704  our own file, not data
        js=Markup("\n".join(_asset(name) for name in _SCRIPTS)),  # noqa: S704
        data=Markup(encode(told)),  # noqa: S704  base64 alone
        phrases=words.phrases,
    )


def _check(listed: pd.DataFrame) -> None:
    twice = listed["bill_id"].duplicated()
    if twice.any():
        raise DataError(
            f"list: {twice.sum()} bills have two rows (first: {listed['bill_id'][twice].iloc[0]});"
            " score again."
        )
    wrong = listed["strip"].str.len() != CYCLES
    if wrong.any():
        raise DataError(
            f"list: {wrong.sum()} strips are not of {CYCLES} cycles (first: bill"
            f" {listed['bill_id'][wrong].iloc[0]}); score again."
        )


def _list_columns(listed: pd.DataFrame, extras: Extras) -> pd.DataFrame:
    if extras.plans is not None:
        planned = extras.plans.set_index("customer_id")["planned"]
        listed = listed.assign(
            planned=keys_of(listed)["customer_id"].map(planned).to_numpy(dtype=object)
        )
    known = [name for name in _ASKED if name in listed and listed[name].notna().any()]
    reasons = {
        f"reasons_{language}": listed[f"reasons_{language}"].map("\n".join)
        for language in _LANGUAGES
    }
    relief = {
        f"relief_{language}": listed[f"relief_{language}"].astype("str").fillna("")
        for language in _LANGUAGES
    }
    return listed[known].assign(**reasons, **relief)


def _run(facts: RunFacts) -> dict[str, Any]:
    return {
        "run_id": facts.run_id,
        "as_of": facts.as_of.isoformat(),
        "cycle": facts.cycle,
        "model_version": facts.model_version,
    }


def _compared(facts: RunFacts) -> dict[str, Any]:
    shown = compared_figures(facts.comparison)
    return {
        "figures": [[figure, METRICS[figure], figure in SMALLER_IS_BETTER] for figure in shown],
        "rows": [
            {
                "id": row.id,
                "zh": row.name.zh,
                "en": row.name.en,
                "values": [_or_none(row.figures.get(figure)) for figure in shown],
            }
            for row in facts.comparison
        ],
    }


def _or_none(value: float | None) -> float | None:
    return None if value is None or value != value else round(value, 6)  # noqa: PLR0124  a NaN


def _template() -> jinja2.Template:
    loader = jinja2.FileSystemLoader(_ASSETS)
    return jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined
    ).get_template("template.html.j2")


def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")
