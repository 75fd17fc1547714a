"""What a model scores on some days, counted bucket by bucket: sketches for drift, and tallies.

A bucket is a random sample of customers, so the bins are learned from the first ones; no more than
these buckets' rows, and then one bucket's, are ever held.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from itertools import chain, groupby

import numpy as np
import pandas as pd
import pyarrow as pa

from features.build import build_days, rates_for
from features.declare import Feature
from features.declare import Scored as Kind
from features.held import Job
from models.baselines import Baseline, score_baseline
from models.judging import amounts, clean_history, rank_by_model
from models.monitoring.alarms import SCORE
from models.monitoring.sketch import Bins, IntArray, learn_bins, sketch
from models.monitoring.tally import Scale, Scored, Tally, learn_scale
from models.predictor import Model
from models.target import known_outcomes, label
from models.uplift.holdout import first_reminders
from pipeline.config import Config
from pipeline.preparing import Prepared
from pipeline.progress import Report

# Rows of days learned from that the bins are learned from, unless there are fewer: the true share
# of a tenth is then known to a quarter of a point.
_SAMPLE = 20_000


@dataclass(frozen=True, kw_only=True)
class _Piece:
    """The rows of one bucket that are scored on one day, with their probabilities."""

    bucket: int
    day: date
    rows: pd.DataFrame
    p: np.ndarray
    order: np.ndarray
    rule: np.ndarray


@dataclass(kw_only=True)
class Counted:
    """The counts of some days.

    Attributes:
        sketches: By day, of the score and each of the model's features.
        tallies: By watched day.
        customers: Distinct customers on the days learned from.
    """

    sketches: dict[date, dict[str, IntArray]] = field(default_factory=dict)
    tallies: dict[date, Tally] = field(default_factory=dict)
    customers: int = 0


@dataclass(frozen=True, kw_only=True)
class Watch:
    """One look at a model.

    Attributes:
        rule: What its lists are held against.
        learned: The days that the model learned from.
        watched: The days that are looked at.
    """

    config: Config
    prepared: Prepared
    model: Model
    rule: Baseline
    learned: Sequence[date]
    watched: Sequence[date]

    @cached_property
    def features(self) -> tuple[Feature, ...]:
        """What the model reads, and what tells a clean history and too short a one."""
        of_target = self.prepared.features_of(self.config.target.name)
        needed = {*self.model.card.features, *self.rule.columns, *_TOLD}
        return tuple(feature for feature in of_target if feature.name in needed)

    @property
    def of_bills(self) -> bool:
        """Whether rows are bills, and not prepaid customers."""
        return self.config.target.is_of_bills


_TOLD = (
    *("late_count_12m", "bills_known_12m", "months_behind", "cuts_count_12m", "bills_seen"),
    *("smoothed_late_rate", "smoothed_grid_rate", "has_agent"),
)


def count_days(watch: Watch, report: Report) -> Counted:
    """Score and count the rows of each day, a bucket at a time."""
    counted = Counted()
    pieces = _pieces(watch, report)
    sample = _first(watch, pieces)
    bins, scales = _learn(watch, sample)
    for bucket, parts in groupby(chain(_given_up(sample), pieces), lambda piece: piece.bucket):
        counting = _Counting(watch=watch, bucket=bucket, bins=bins, scales=scales)
        for piece in parts:
            counting.add(piece, counted)
        counted.customers += len(counting.customers)
    return counted


def _pieces(watch: Watch, report: Report) -> Iterator[_Piece]:
    days, store = (*watch.learned, *watch.watched), watch.prepared.store
    jobs = [Job(bucket=bucket, days=days) for bucket in range(store.buckets)]
    rates = rates_for(store, jobs, watch.features)
    scored: Kind = "bill" if watch.of_bills else "prepaid"
    for job in jobs:
        report("buckets", job.bucket, store.buckets)
        tables = build_days(store, job, rates=rates, features=watch.features, scored=scored)
        for day, table in zip(days, tables, strict=True):
            yield _score(watch, table.to_pandas(date_as_object=False), job.bucket, day)


def _score(watch: Watch, matrix: pd.DataFrame, bucket: int, day: date) -> _Piece:
    if watch.of_bills:
        not_due = pd.to_datetime(matrix["due_on"]) >= pd.to_datetime(matrix["as_of"])
        matrix = matrix[not_due & (matrix["has_agent"] != 1)].reset_index(drop=True)
    ranked = rank_by_model(watch.model, matrix)
    rule = score_baseline(watch.rule, matrix)
    return _Piece(
        bucket=bucket, day=day, rows=matrix, p=ranked.score, order=ranked.order, rule=rule
    )


def _first(watch: Watch, pieces: Iterator[_Piece]) -> list[_Piece]:
    """Return all days of as many buckets as bins are learned from."""
    held, rows = [], 0
    for piece in pieces:
        held.append(piece)
        rows += len(piece.rows) if piece.day in watch.learned else 0
        if piece.day == watch.watched[-1] and rows >= _SAMPLE:
            break
    return held


def _given_up(sample: list[_Piece]) -> Iterator[_Piece]:
    """Yield pieces in order and keep none of them."""
    sample.reverse()
    while sample:
        yield sample.pop()


def _learn(watch: Watch, sample: Sequence[_Piece]) -> tuple[dict[str, Bins], dict[date, Scale]]:
    then = [piece for piece in sample if piece.day in watch.learned]
    levels, bins = watch.model.card.levels, {}
    bins[SCORE] = learn_bins(pd.Series(np.concatenate([piece.p for piece in then])))
    for name in watch.model.card.features:
        column = pd.concat([piece.rows[name] for piece in then])
        bins[name] = learn_bins(column, levels.get(name))
    scales = {}
    for day in watch.watched:
        of_day = [piece for piece in sample if piece.day == day]
        p, order, rule = (
            np.concatenate([getattr(piece, what) for piece in of_day])
            for what in ("p", "order", "rule")
        )
        scales[day] = learn_scale(p, order, rule)
    return bins, scales


@dataclass(kw_only=True)
class _Counting:
    """The counting of one bucket.

    Attributes:
        customers: Seen on days learned from.
    """

    watch: Watch
    bucket: int
    bins: Mapping[str, Bins]
    scales: Mapping[date, Scale]
    customers: set[str] = field(default_factory=set)

    @cached_property
    def known(self) -> pd.DataFrame:
        """What came of the bucket's bills."""
        prepared, target = self.watch.prepared, self.watch.config.target
        return known_outcomes(prepared.store, prepared.as_of, target, buckets=[self.bucket])

    @cached_property
    def reminders(self) -> pd.DataFrame:
        """What round 1 planned for them."""
        prepared = self.watch.prepared
        return first_reminders(prepared.store, prepared.as_of, buckets=[self.bucket])

    def add(self, piece: _Piece, counted: Counted) -> None:
        """Count one day's rows."""
        columns = piece.rows[list(self.watch.model.card.features)].assign(**{SCORE: piece.p})
        found = sketch(pa.Table.from_pandas(columns, preserve_index=False), self.bins)
        sums = counted.sketches.setdefault(piece.day, {})
        for what, counts in found.items():
            sums[what] = sums.get(what, 0) + counts
        if piece.day in self.watch.learned:
            self.customers |= set(piece.rows["customer_id"])
            return
        tally = counted.tallies.setdefault(piece.day, Tally(self.scales[piece.day]))
        tally.add(self._scored(piece))

    def _scored(self, piece: _Piece) -> Scored:
        config, matrix = self.watch.config, piece.rows
        numbered = matrix.assign(row=np.arange(len(matrix)))
        rows = label(numbered, self.known, cut=self.watch.prepared.as_of, target=config.target)
        late = np.full(len(matrix), np.nan)
        late[rows.matrix["row"].to_numpy()] = rows.late
        return Scored(
            customer=matrix["customer_id"].to_numpy(),
            p=piece.p,
            order=piece.order,
            rule=piece.rule,
            amount=amounts(matrix),
            clean=clean_history(matrix),
            late=late,
            treatment=self._treatment_of(matrix),
            open=int(rows.attrition["label_not_mature"]),
        )

    def _treatment_of(self, matrix: pd.DataFrame) -> np.ndarray:
        """Tell what round 1 did with each bill: reminded, held out at random, or neither."""
        if not self.watch.of_bills:
            return np.full(len(matrix), "not_reminded")
        bills = self.reminders.dropna(subset=["bill_id"])
        held = set(bills.loc[bills["assigned"] == "holdout", "bill_id"])
        planned = matrix["bill_id"].isin(set(bills["bill_id"]))
        treatment = np.where(planned, "reminded", "not_reminded")
        return np.where(matrix["bill_id"].isin(held), "held_out", treatment)
