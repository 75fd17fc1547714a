"""The tables of the model card that tell of data and model, and how a figure is written."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from features.declare import Text
from features.dictionary import DIRECTIONS
from reports.card_facts import CardFacts
from reports.card_wording import CardWording

NONE = "–"

Cell = str | Text


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line; ``look`` is a class of the page: "", ``ours``, ``group`` or ``few``."""

    cells: tuple[Cell, ...]
    look: str = ""


@dataclass(frozen=True, kw_only=True)
class Table:
    """Heads and lines; the first ``words`` columns are words, the others numbers."""

    heads: tuple[Cell, ...]
    rows: tuple[Row, ...]
    words: int = 1


def share(value: float | None, digits: int = 1) -> str:
    """Write a share in per cent.

    >>> share(0.6243), share(float("nan"))
    ('62.4%', '–')
    """
    return written(value, f".{digits}%")


def number(value: float | None, digits: int = 3) -> str:
    """Write a number."""
    return written(value, f".{digits}f")


def count(value: float | None) -> str:
    """Write a count."""
    return written(value, ",.0f")


def written(value: float | None, form: str) -> str:
    """Write a value in a form of ``format``, or a dash where there is none."""
    return NONE if value is None or math.isnan(value) else format(value, form)


def with_ends(row: Mapping[str, Any], names: Sequence[str], form: str) -> str:
    """Write a value and, on a line of its own, its interval; ``names`` are value, low and high."""
    value, low, high = (row.get(name) for name in names)
    ends = f"\n[{written(low, form)}, {written(high, form)}]"
    return written(value, form) + ("" if low is None or math.isnan(low) else ends)


def choice_table(facts: CardFacts, wording: CardWording) -> Table:
    """Return how every kind of calibration did out of time."""
    codes = (
        *("kind", "by", "rows", "log_loss", "worse", "brier", "ece"),
        *("slope", "intercept", "chosen"),
    )
    rows = [
        Row(
            cells=(
                one["kind"],
                wording.slices.get(one["by"], one["by"]),
                count(one["rows"]),
                number(one["log_loss"], 5),
                f"{number(one['worse'], 5)} ({number(one['worse_se'], 5)})",
                number(one["brier"], 4),
                number(one["ece"], 4),
                number(one["slope"], 2),
                written(one["intercept"], "+.2f"),
                "✓" if one["chosen"] else "",
            ),
            look="ours" if one["chosen"] else "",
        )
        for one in facts.calibrations.to_dict("records")
    ]
    return Table(heads=heads_of(wording, codes), rows=tuple(rows), words=2)


def attrition_table(facts: CardFacts, wording: CardWording) -> Table:
    """Return the rows left out by reason, a column a training."""
    told = facts.data.attrition
    rows = [
        Row(
            cells=(
                wording.reasons.get(str(reason), str(reason)),
                *(_of_all(told.loc[reason, at], told[at].sum()) for at in told.columns),
            ),
            look="ours" if reason == "kept" else "",
        )
        for reason in told.index
    ]
    return Table(heads=(wording.heads["reason"], *map(str, told.columns)), rows=tuple(rows))


def _of_all(part: Any, total: float) -> str:
    return f"{count(part)} ({share(part / max(total, 1))})"


def parts_table(facts: CardFacts, wording: CardWording) -> Table:
    """Return the rows learned from, by what they were used for."""
    rows = [
        Row(
            cells=(
                wording.parts[part.name],
                f"{_month(part.first_cycle)} – {_month(part.last_cycle)}",
                count(part.rows),
                count(part.late),
                share(part.late / part.rows),
            )
        )
        for part in facts.data.parts
    ]
    codes = ("part", "cycles", "rows", "late", "late_rate")
    return Table(heads=heads_of(wording, codes), rows=tuple(rows), words=2)


def _month(cycle: int) -> str:
    return f"{cycle // 12}-{cycle % 12 + 1:02}"


def checks_table(facts: CardFacts, wording: CardWording) -> Table:
    """Return what the data checks warned of, in counts."""
    rows = [
        Row(cells=(one.subject, one.rule, f"{one.count:,} / {one.total:,}"))
        for one in facts.data.checks
    ]
    heads = (wording.heads["check"], "", wording.heads["found"])
    return Table(heads=heads, rows=tuple(rows), words=2)


def drivers_table(facts: CardFacts, wording: CardWording, *, most: int = 15) -> Table:
    """Return the features that count most, with their meaning and direction."""
    declared = {feature.name: feature for feature in facts.features}
    rows = [
        Row(
            cells=(
                one["feature"],
                declared[one["feature"]].description,
                DIRECTIONS[declared[one["feature"]].direction],
                share(one["share"]),
            )
        )
        for one in facts.importance.head(most).to_dict("records")
        if one["feature"] in declared
    ]
    heads: tuple[Cell, ...] = ("", *heads_of(wording, ("feature", "direction", "share")))
    return Table(heads=heads, rows=tuple(rows), words=3)


def bound_table(facts: CardFacts, wording: CardWording) -> Table:
    """Return every feature that is bound to one direction."""
    rows = [
        Row(cells=(feature.name, feature.description, DIRECTIONS[feature.direction]))
        for feature in facts.features
        if feature.direction
    ]
    return Table(
        heads=("", *heads_of(wording, ("feature", "direction"))), rows=tuple(rows), words=3
    )


def stability_table(facts: CardFacts, wording: CardWording) -> Table:
    """Return how many first reasons stay when the day is moved."""
    codes = ("days", "rows", "same_family", "same_feature", "still_told", "moved")
    told = [] if facts.stability is None else facts.stability.to_dict("records")
    rows = [
        Row(
            cells=(
                Text(zh=f"{one['days']:+.0f}天", en=f"{one['days']:+.0f} day"),
                count(one["rows"]),
                share(one["same_family"]),
                share(one["same_feature"]),
                share(one["still_told"]),
                number(one["probability_moved"]),
            )
        )
        for one in told
        if one["rows"]
    ]
    return Table(heads=heads_of(wording, codes), rows=tuple(rows))


def settings_table(facts: CardFacts, wording: CardWording) -> Table:
    """Return the parameters that the model was fitted with."""
    told = facts.parameters.model_dump() | facts.snapshots.model_dump() | facts.target.model_dump()
    rows = [Row(cells=(name, str(value))) for name, value in told.items()]
    return Table(heads=heads_of(wording, ("setting", "value")), rows=tuple(rows), words=2)


def heads_of(wording: CardWording, codes: Iterable[str]) -> tuple[Text, ...]:
    """Return the heads of those codes."""
    return tuple(wording.heads[code] for code in codes)
