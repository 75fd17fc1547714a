"""What gates judge by: the counts of this run, its model, and runs that were published before."""

import json
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from features.declare import Feature
from models.monitoring.psi import Shift, measure_shift
from models.predictor import Model
from pipeline.gates.counting import (
    GRID,
    HISTORY_DAYS,
    NOW_DAYS,
    SCORES,
    Profile,
    as_counts,
    bins_of,
)

PROFILE, VERDICTS = "profile.json", "gates.json"
# Runs are held against those of about the same day of the month: bills are of the same age then.
_SAME_DAYS = 4
_MOST_EARLIER = 12


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """A run that was published before, or a day that the model learned from.

    Attributes:
        folder: None for a day of training, which made no list.
        listed: Bills on its list; for a day of training, those that would be.
        stayed: Of the customers listed before it, the share that it listed too.
    """

    as_of: date
    profile: Profile
    folder: Path | None = None
    listed: int | None = None
    stayed: float | None = None


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a run is judged by.

    Attributes:
        profile: The counts of this run (`pipeline.gates.counting`) with its ``columns``.
        features: All that the data give.
        target: What the run's config asks.
        earlier: Published runs of the same question at this point of the month and days of
            training, oldest first.
        stayed: Of the customers listed by the last of those runs, the share that is listed now.
        listed: Bills on the list.
    """

    as_of: date
    profile: Profile
    model: Model
    features: tuple[Feature, ...]
    target: str
    earlier: tuple[Earlier, ...] = ()
    stayed: float | None = None
    listed: int = 0
    weights: Mapping[str, float] = field(default_factory=dict)

    def months(self, table: str) -> list[int]:
        """Return the rows of a table in each month before as_of, newest first.

        A month that reaches back before the first row is left out, and the one after it: the
        first payments of data that begin somewhere are fewer.
        """
        counted: dict[int, int] = {}
        days = self.profile["days"].get(table, {})
        for ago, rows in days.items():
            month = _months_between(self.as_of - timedelta(days=int(ago) + 1), self.as_of)
            counted[month] = counted.get(month, 0) + rows
        oldest = max(counted, default=0)
        begins = max(map(int, days), default=0) < HISTORY_DAYS - NOW_DAYS
        return [counted.get(month, 0) for month in range(min(oldest - begins, 13))]

    def calendar(self, table: str) -> Mapping[str, Mapping[str, int]]:
        """Return what is counted of a table's rows of money, by calendar month (202610)."""
        return dict(self.profile.get("months", {}).get(table, {}))

    def calendar_before(self, table: str) -> Mapping[str, Mapping[str, int]]:
        """Return the same as the newest earlier run, or day of training, counted it."""
        known = [one.profile["months"] for one in self.earlier if one.profile.get("months")]
        return dict(known[-1].get(table, {})) if known else {}

    def shift(self, column: str | None) -> Shift | None:
        """Hold a feature's sketch against the earlier ones; None stands for the score."""
        sketches = [found for one in self.earlier if (found := self._sketch(one.profile, column))]
        mine = self._sketch(self.profile, column)
        if not sketches or not mine:
            return None
        bins = SCORES if column is None else bins_of(column, self.model.card.levels)
        months = [as_counts(one, bins) for one in sketches]
        rows = max(int(sum(month)) for month in months)
        return measure_shift(months, as_counts(mine, bins), customers=rows)

    def missing(self, profile: Profile) -> dict[str, float]:
        """Return the share of missing values of each column that a profile counts."""
        rows, customers = profile.get("rows", 0), profile.get("customers", 0)
        levels = self.model.card.levels
        found = {
            column: sketch.get(_last_bin(column, levels), 0) / rows
            for column, sketch in profile.get("features", {}).items()
            if rows
        }
        raw = profile.get("missing", {}).items()
        return found | {f"customers.{name}": n / customers for name, n in raw if customers}

    @staticmethod
    def _sketch(profile: Profile, column: str | None) -> Mapping[str, int] | None:
        features = profile.get("features", {})
        found = profile.get("score") if column is None else features.get(column)
        return found or None


def _last_bin(column: str, levels: Mapping[str, Any]) -> str:
    return str(bins_of(column, levels).size - 1)


def _months_between(day: date, as_of: date) -> int:
    """Return the whole months from a day to as_of, as DuckDB's datesub counts them."""
    return (as_of.year - day.year) * 12 + as_of.month - day.month - (as_of.day < day.day)


def usual(counts: list[int]) -> float:
    """Return what a month is usually like: the least of odd and even months' medians.

    A utility that bills every second month has a usual month of both kinds.
    """
    return min(statistics.median(part) for part in (counts[::2], counts[1::2]) if part)


def read_earlier(outputs: Path, model_name: str, as_of: date) -> tuple[Earlier, ...]:
    """Return the published runs of a question before a day, about its day of the month."""
    found = {}
    for path in sorted(outputs.glob(f"*/{PROFILE}")):
        try:
            manifest = json.loads((path.parent / "manifest.json").read_text("utf-8"))
            gates = json.loads((path.parent / VERDICTS).read_text("utf-8"))
            profile = json.loads(path.read_text("utf-8"))
            day = date.fromisoformat(manifest["as_of"])
            is_own = manifest["model_name"] == model_name and profile.get("grid", GRID) == GRID
            if is_own and day < as_of and _is_alike(day, as_of):
                found[day] = Earlier(
                    as_of=day,
                    profile=profile,
                    folder=path.parent,
                    listed=manifest["counts"]["listed"],
                    stayed=gates["stayed"],
                )
        except (OSError, ValueError, KeyError, TypeError):  # a run that was damaged tells nothing
            continue
    return tuple(found[day] for day in sorted(found)[-_MOST_EARLIER:])


def trained_on(model: Model, as_of: date) -> tuple[Earlier, ...]:
    """Return the profiles of days that the model learned from; none of an older model.

    Bins of bills are those of days at about this point of the month; what is counted of the
    tables is of the day of training.
    """
    kept = {
        date.fromisoformat(day): profile
        for day, profile in model.card.about.get("profiles", {}).items()
        if profile["grid"] == GRID
    }
    return tuple(
        Earlier(as_of=day, profile=profile)
        for day, profile in sorted(kept.items())
        if "rows" not in profile or _is_alike(day, as_of)
    )


def _is_alike(day: date, as_of: date) -> bool:
    apart = abs(day.day - as_of.day)
    return min(apart, 30 - apart) <= _SAME_DAYS
