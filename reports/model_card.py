"""The model card and the validation report: one HTML page that stands alone (SR 11-7, domain 2.6).

Nothing is fetched and nothing runs: figures are inside the page, and it prints on A4. Prose stands
in Chinese and, beside it, in English; figures stand once, so that the two can never differ.
"""

from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from features.catalogue import EVERY
from features.declare import Text
from models.judging import MODEL
from models.slices import FEWEST_ROWS
from reports import card_results as results
from reports import card_tables as tables
from reports.card_facts import CardFacts, Stretch
from reports.card_tables import Row, Table
from reports.card_wording import IDENTITY, CardWording, filled, read_card_wording

_TEMPLATE = "model_card.html.j2"
_SINGLE = ("shap_first", "shap_clean", "shap_relieved", "shap_new", "shap_median")


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A figure inside the page."""

    source: str
    caption: Text


def render_card(facts: CardFacts, wording: CardWording | None = None) -> str:
    """Return the page as HTML.

    Args:
        facts: Of one model, or of one recipe at several origins.
        wording: None reads the project's.

    Raises:
        ConfigError: The project's wording is missing a text.
    """
    words = wording or read_card_wording()
    said = _facts_in_words(facts, words)
    prose = {section: words.said(section, said) for section in words.prose}
    return _template().render(
        w=words,
        facts=facts,
        prose_of=prose,
        data=prose["data"] + (prose["data_extra"] if said["extra"].en else ()),
        limits=prose["limits"] + (prose["limits_absent"] if facts.data.absent else ()),
        protocol=[text for stretch in facts.stretches for text in _protocol(stretch, words, said)],
        glance=_glance(facts, words),
        verdict=_verdict(facts, words),
        stretches=[_of_stretch(stretch, words) for stretch in facts.stretches],
        told=_tables(facts, words),
        pictures={name: _picture(facts, name, words) for name in facts.figures},
        singles=[_picture(facts, name, words) for name in _SINGLE if name in facts.figures],
        is_bound=_is_bound(facts),
        bound=filled(words.phrases["bound"], _bound(facts)),
        selected=filled(words.phrases["selected"], {"kind": _same(facts.calibration)}),
    )


@cache
def _template() -> Template:
    """Return the page's template: what it prints is escaped, an unknown name is an error."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.tests["text"] = lambda value: isinstance(value, Text)
    return environment.get_template(_TEMPLATE)


def _same(words: object) -> Text:
    return Text(zh=str(words), en=str(words))


def _facts_in_words(facts: CardFacts, wording: CardWording) -> dict[str, Text]:
    numbers = {
        "grace_days": _same(facts.target.grace_days),
        "posting_lag_days": _same(facts.target.posting_lag_days),
    }
    return numbers | {
        "asked": filled(wording.asked[facts.target.name], numbers),
        "as_of": _same(facts.as_of.isoformat()),
        "capacity": _capacity(facts.capacity),
        "learn_months": _same(facts.snapshots.learn_months),
        "share": _same(tables.share(facts.acceptance.months, 0)),
        "clean_auc": _same(f"{facts.acceptance.clean_auc:.3f}"),
        "few": _same(results.FEW_LATE),
        "fewest": _same(FEWEST_ROWS),
        "absent": _same(", ".join(facts.data.absent)),
        "extra": _extra(facts),
    }


def _extra(facts: CardFacts) -> Text:
    built_in = {feature.name for feature in EVERY}
    return _same(", ".join(one.name for one in facts.features if one.name not in built_in))


def _capacity(capacity: float) -> Text:
    if isinstance(capacity, int):
        return Text(zh=f"{capacity:,}张", en=f"{capacity:,} bills")
    return _same(f"{capacity:.3g}" if capacity > 1 else f"{capacity:.1%}".replace(".0%", "%"))


def _protocol(stretch: Stretch, wording: CardWording, said: dict[str, Text]) -> tuple[Text, ...]:
    here = {"months": _same(", ".join(stretch.months)), "looked": _same(stretch.looked)}
    return wording.said(f"protocol_{stretch.id}", said | here)


def _glance(facts: CardFacts, wording: CardWording) -> list[tuple[Text, str]]:
    """Return the few figures that a reader with one minute takes away."""
    stretch = facts.stretches[0]
    caught = results.caught_table(stretch, wording).rows
    scores = results.scores_table(stretch, wording).rows
    ours = next(at for at, one in enumerate(stretch.judged) if one.id == MODEL)
    heads = wording.heads
    found = [
        (heads["amount"], caught[ours].cells[1]),
        (heads["worst"], caught[ours].cells[2]),
        (heads["clean"], scores[ours].cells[3]),
        (heads["ece"], scores[ours].cells[8]),
    ]
    rival = _strongest_other(stretch)
    if rival is not None:
        name = stretch.judged[rival].name
        lead = Text(zh=f"{heads['amount'].zh}：领先{name.zh}", en=f"ahead of {name.en} by")
        found.insert(1, (lead, caught[rival].cells[4]))
    return [(head, str(value)) for head, value in found]


def _strongest_other(stretch: Stretch) -> int | None:
    """Return the place of the ranking that catches most beside the model."""
    told = stretch.summary[stretch.summary["figure"] == "late_amount_caught"]
    mean = told.set_index("ranking")["mean"]
    others = [at for at, one in enumerate(stretch.judged) if one.id != MODEL]
    return max(others, key=lambda at: mean[stretch.judged[at].id], default=None)


def _verdict(facts: CardFacts, wording: CardWording) -> Text:
    if facts.verdict.accepted:
        return wording.phrases["accepted"]
    names = {one.id: one.name for one in facts.stretches[0].judged}
    advice = names.get(facts.verdict.advice, _same(facts.verdict.advice))
    return filled(wording.phrases["refused"], {"advice": advice})


def _of_stretch(stretch: Stretch, wording: CardWording) -> dict[str, Any]:
    return {
        "name": wording.stretches[stretch.id],
        "months": ", ".join(stretch.months),
        "caught": results.caught_table(stretch, wording),
        "scores": results.scores_table(stretch, wording),
        "by_month": results.months_table(stretch, wording),
        "slices": results.slices_table(stretch, wording),
        "gaps": results.gaps_table(stretch, wording),
        "groups": results.groups_table(stretch, wording),
    }


def _tables(facts: CardFacts, wording: CardWording) -> dict[str, Table]:
    return {
        "identity": _identity(facts, wording),
        "attrition": tables.attrition_table(facts, wording),
        "parts": tables.parts_table(facts, wording),
        "checks": tables.checks_table(facts, wording),
        "line": results.line_table(facts.stretches, wording),
        "choice": tables.choice_table(facts, wording),
        "drivers": tables.drivers_table(facts, wording),
        "bound": tables.bound_table(facts, wording),
        "stability": tables.stability_table(facts, wording),
        "settings": tables.settings_table(facts, wording),
    }


def _identity(facts: CardFacts, wording: CardWording) -> Table:
    told = {code: facts.identity.get(code, "") for code in IDENTITY}
    rows = tuple(
        Row(cells=(wording.identity[code], wording.kinds[value] if code == "kind" else value))
        for code, value in told.items()
        if value
    )
    return Table(heads=(), rows=rows, words=2)


def _picture(facts: CardFacts, name: str, wording: CardWording) -> Picture:
    inside = b64encode(facts.figures[name]).decode("ascii")
    return Picture(source=f"data:image/png;base64,{inside}", caption=wording.figures[name])


def _is_bound(facts: CardFacts) -> bool:
    """Tell whether declared directions bind: a scorecard's bins always, trees where asked to."""
    kind = facts.identity["kind"]
    return kind == "scorecard" or (kind != "rule" and facts.parameters.monotone)


def _bound(facts: CardFacts) -> dict[str, Text]:
    bound = sum(bool(feature.direction) for feature in facts.features)
    return {"bound": _same(bound), "features": _same(len(facts.features))}
