"""What a page tells beside the run's own list, each part of it absent where nobody knows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from features.declare import Text
from reports.changes import Changes
from reports.outcome import FATES, Outcome
from reports.page.data import pack
from reports.page.history import KINDS, Happened, counts, fold, shown
from reports.page.movement import ROLL, Movement
from reports.page.pictures import draw_forecast, draw_months
from reports.page.waterfall import Pushes, fold_pushes

_MONTH = (
    *("month", "rows", "told", "expected_late_rate", "late_rate", "late_low", "late_high"),
    *("caught", "expected_caught", "margin", "ece", "score_psi", "alarms"),
)


@dataclass(frozen=True, kw_only=True)
class Extras:
    """What else is known; the page says of what is None that it is not known.

    Attributes:
        gates: What the gates found, as kept with the run: gate, passed, found_zh, found_en.
        accepted: The ids of the gates that a person let the run through.
        movement: The last list beside this one.
        changes: Why this list differs from it.
        outcome: What became of the last list.
        forecast: What ``duewatch forecast`` wrote of the run's day.
        months: What ``duewatch monitor`` saw of the run's model, a row a month, and ``retrain``.
        happened: Bills, payments and contacts of the listed customers.
        pushes: Why the listed bills score as they do.
        plans: What is planned (`reports.page.planned`).
    """

    gates: Sequence[Mapping[str, Any]] | None = None
    accepted: frozenset[str] = field(default_factory=frozenset)
    movement: Movement | None = None
    changes: Changes | None = None
    outcome: Outcome | None = None
    forecast: Mapping[str, Any] | None = None
    months: Sequence[Mapping[str, Any]] | None = None
    happened: Happened | None = None
    pushes: Pushes | None = None
    plans: pd.DataFrame | None = None


def keys_of(listed: pd.DataFrame) -> pd.DataFrame:
    """Return the ids by which data and plans know the listed bills: customer_id and bill_id.

    A list for people has the utility's own numbers; where data have pseudonyms in their place,
    these stand in inner_id and inner_bill_id.
    """
    names = {"customer_id": "inner_id", "bill_id": "inner_bill_id"}
    return pd.DataFrame(
        {own: listed[inner if inner in listed else own] for own, inner in names.items()}
    ).reset_index(drop=True)


def told_extras(
    extras: Extras, listed: pd.DataFrame, as_of: date, phrases: Mapping[str, Text]
) -> dict[str, Any]:
    """Return the JSON values of a page; what is not known is None.

    Args:
        extras: What is known.
        listed: The bills that the page lists (see `keys_of`).
        as_of: The run's day.
        phrases: The page's own.
    """
    listed = keys_of(listed)
    customers = pd.Index(listed["customer_id"].unique())
    history, pushes = None, None
    if extras.happened is not None:
        folded = fold(extras.happened, customers, as_of)
        history = {
            kind: {
                "of": counts(folded[kind], len(customers)),
                "rows": pack(shown(folded[kind], kind)),
            }
            for kind in KINDS
        }
        if extras.pushes is not None:
            pushes = fold_pushes(extras.pushes, listed["bill_id"], folded["bill"])
    return {
        "gates": _gates(extras),
        "moves": _moves(extras.movement),
        "causes": extras.changes and pack(extras.changes.by_cause().reset_index()),
        "became": _became(extras.outcome),
        "forecast": _forecast(extras.forecast, phrases),
        "months": _months(extras.months, phrases),
        "history": history,
        "pushes": pushes,
        "plans": _plans(extras.plans, customers),
    }


def _gates(extras: Extras) -> list[dict[str, Any]] | None:
    if extras.gates is None:
        return None
    return [
        {
            "gate": str(one["gate"]),
            "found_zh": str(one["found_zh"]),
            "found_en": str(one["found_en"]),
            "verdict": _verdict(one, extras.accepted),
        }
        for one in extras.gates
    ]


def _verdict(found: Mapping[str, Any], accepted: frozenset[str]) -> str:
    if found["passed"]:
        return "passed"
    return "accepted" if found["gate"] in accepted else "failed"


def _moves(movement: Movement | None) -> dict[str, Any] | None:
    if movement is None:
        return None
    return {
        "since": movement.since.isoformat(),
        "run": movement.run,
        "groups": {name: pack(group) for name, group in movement.groups.items()},
        "codes": list(ROLL),
        "roll": movement.roll.tolist(),
    }


def _became(outcome: Outcome | None) -> dict[str, Any] | None:
    if outcome is None:
        return None
    return {
        "since": outcome.since.isoformat(),
        "until": outcome.until.isoformat(),
        "listed": outcome.listed(),
        "caught": outcome.caught,
        "missed": outcome.missed,
        "fates": {
            fate: [outcome.listed(fate=fate, late=late) for late in (False, True)] for fate in FATES
        },
    }


def _forecast(told: Mapping[str, Any] | None, phrases: Mapping[str, Text]) -> dict[str, Any] | None:
    if told is None:
        return None
    curve = [row for row in told["curve"] if row["scope"] == "cycle"]
    money, rate = told["month_end_expected"]["all"], told["month_end_rate"]
    return {
        "cycle": told["cycle"],
        "month_end": told["month_end"],
        "level": told["level"],
        "rates": [told["rate_now"], rate["rate"], rate["rate_low"], rate["rate_high"]],
        "fen": [
            round(100 * value)
            for value in (
                told["receivable_cny"],
                told["collected_cny"],
                money["expected_cny"],
                money["low_cny"],
                money["high_cny"],
            )
        ],
        "pictures": {one: draw_forecast(curve, phrases, one) for one in ("zh", "en")},
    }


def _months(
    months: Sequence[Mapping[str, Any]] | None, phrases: Mapping[str, Text]
) -> dict[str, Any] | None:
    if not months:
        return None
    rows = [{name: _plain(row.get(name)) for name in _MONTH} for row in months]
    return {
        "rows": rows,
        "pictures": {one: draw_months(rows, phrases, one) for one in ("zh", "en")},
    }


def _plans(plans: pd.DataFrame | None, customers: pd.Index) -> dict[str, Any] | None:
    if plans is None:
        return None
    told = plans[plans["customer_id"].isin(customers)].drop_duplicates("customer_id")
    at = pd.Series(customers.get_indexer(pd.Index(told["customer_id"])), index=told.index)
    return pack(told.drop(columns=["customer_id", "planned"]).assign(at=at).sort_values("at"))


def _plain(value: Any) -> Any:
    if isinstance(value, float | np.floating):
        return None if np.isnan(value) else round(float(value), 6)
    return value
