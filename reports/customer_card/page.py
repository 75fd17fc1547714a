"""The card as a page of HTML, Chinese first: no script, nothing loaded, fit for A4 and phone."""

from pathlib import Path
from typing import Any, Literal

import jinja2
import pandas as pd

from features.declare import Text
from reports.customer_card.card import Card
from reports.customer_card.words import CardWords
from reports.wording import Wording

_ASSETS = Path(__file__).parent / "assets"
_LANGUAGES: tuple[Literal["zh", "en"], ...] = ("zh", "en")


def render_card(card: Card, words: CardWords, wording: Wording) -> str:
    """Return the page; the same card gives the same text.

    Args:
        wording: What channels and ways of contact are called.
    """
    loader = jinja2.FileSystemLoader(_ASSETS)
    template = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    ).get_template("card.html.j2")
    return template.render(
        card=card,
        parts=[_part(card, words, wording, language) for language in _LANGUAGES],
        title=words.phrases["title"],
    )


def _part(
    card: Card, words: CardWords, wording: Wording, language: Literal["zh", "en"]
) -> dict[str, Any]:
    def say(text: Text | None) -> str:
        return getattr(text, language) if text else ""

    return {
        "language": language,
        "say": {name: say(text) for name, text in words.phrases.items()},
        "meanings": [say(text) for text in words.meanings],
        "can_do": [say(text) for text in words.can_do],
        "listed": [
            {
                "month": _month(bill.cycle),
                "due": f"{bill.due_on:%Y-%m-%d}",
                "amount": _yuan(bill.amount_fen),
                "open": _yuan(bill.open_fen),
                "how_often": say(words.phrases["how_often"]).format(
                    late=bill.late_of_100, in_time=100 - bill.late_of_100
                ),
                "reasons": [
                    (say(why.text), ", ".join(map(_month, why.cycles))) for why in bill.reasons
                ],
                "in_favour": say(bill.in_favour),
            }
            for bill in card.listed
        ],
        "bills": [
            (
                _month(int(row["cycle"])),
                _day(row["issued_on"]),
                _day(row["due_on"]),
                _yuan(row["amount_fen"]),
                _day(row["cleared_on"]) or say(words.phrases["still_open"]),
            )
            for row in card.bills.to_dict("records")
        ],
        "payments": [
            (
                _day(row["paid_on"]),
                _yuan(row["amount_fen"]),
                say(wording.channels.get(row["channel"])),
                say(words.phrases[row["kind"]]),
            )
            for row in card.payments.to_dict("records")
        ],
        "contacts": [
            (_day(row["made_on"]), say(wording.methods.get(row["method"])))
            for row in card.contacts.to_dict("records")
        ],
    }


def _month(cycle: int) -> str:
    return f"{cycle // 100}-{cycle % 100:02}"


def _day(value: Any) -> str:
    return "" if pd.isna(value) else f"{value:%Y-%m-%d}"


def _yuan(fen: int) -> str:
    return f"{int(fen) / 100:,.2f}"
