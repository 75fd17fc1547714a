"""What rolling origins say: figures by month, by slice, and with intervals.

An interval resamples customers, whose bills in several months rise and fall together.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from features.declare import Text
from models.judging import (
    MODEL,
    OF_THE_LIST,
    SCORECARD,
    Judged,
    amounts,
    clean_history,
    figures_of,
)
from models.metrics import Capacity, Ranking, auc, evaluate, rows_at
from models.origins import Day, Fold
from models.resampling import (
    FloatArray,
    Interval,
    bootstrap_difference,
    interval,
    rate_interval,
    resample,
)
from models.slices import slices

DRAWS = 200

# What is told with an interval, and compared with the model.
HEADLINES = ("late_amount_caught", "late_caught", "auc", "clean_auc")


@dataclass(frozen=True, kw_only=True)
class Backtest:
    """Every origin, oldest first, and what follows from them."""

    folds: tuple[Fold, ...]
    capacity: Capacity
    seed: int

    @cached_property
    def lists(self) -> tuple[tuple[Fold, Day], ...]:
        """The lists of the planning days, a month each, with the fold that made them."""
        return tuple((fold, day) for fold in self.folds for day in fold.planned)

    @property
    def names(self) -> dict[str, Text]:
        """The rankings by id, the model first."""
        return {one.id: one.name for one in self.lists[0][1].rankings}

    @cached_property
    def by_month(self) -> pd.DataFrame:
        """One row a month and ranking, all figures of the planning day's list."""
        return pd.DataFrame(
            [
                {"as_of": day.as_of.isoformat(), "ranking": one.id}
                | figures_of(day.rows, one, capacity=self.capacity)
                for _, day in self.lists
                for one in day.rankings
            ]
        )

    def pooled(self) -> tuple[FloatArray, FloatArray, FloatArray, dict[str, FloatArray]]:
        """Return all planning days' rows: late, the model's probability, amount, and each order.

        Where rows are no bills, an amount is 1.
        """
        days = [day for _, day in self.lists]
        late = np.concatenate([day.rows.late for day in days]).astype(np.float64)
        p = np.concatenate([day.ranked(MODEL).score for day in days])
        owed = [amounts(day.rows.matrix) for day in days]
        amount = np.concatenate(
            [
                np.ones(len(day.rows.late)) if a is None else a
                for a, day in zip(owed, days, strict=True)
            ]
        )
        orders = {id_: np.concatenate([d.ranked(id_).order for d in days]) for id_ in self.names}
        return late, p, amount, orders

    def judged(self) -> tuple[Judged, ...]:
        """Return each ranking's figures: what lists catch as the mean over months, a list each.

        AUC and calibration are those of all months' rows together.
        """
        pooled = pd.DataFrame({id_: _pooled_figures(self.lists, id_) for id_ in self.names}).T
        monthly = self.by_month.groupby("ranking")[list(OF_THE_LIST)].mean()
        found = pooled.assign(**{figure: monthly[figure] for figure in OF_THE_LIST})
        figures = found.to_dict("index")
        return tuple(
            Judged(id=id_, name=name, figures=_known(figures[id_]))
            for id_, name in self.names.items()
        )

    def summary(self, *, draws: int = DRAWS, figures: Sequence[str] = HEADLINES) -> pd.DataFrame:
        """Return one row a ranking and headline figure.

        Columns: ranking, figure, mean over origins with its interval (low, high), worst origin,
        trend (change from origin to origin), and the model's lead over the ranking with its
        paired interval (lead, lead_low, lead_high).
        """
        pairs = [(id_, figure) for figure in figures for id_ in self.names]
        statistics = [self._mean_of(id_, figure) for id_, figure in pairs]
        values, drawn = resample(statistics, self._customers, draws=draws, seed=self.seed)
        rows = []
        for at, (id_, figure) in enumerate(pairs):
            model = pairs.index((MODEL, figure))
            told = interval(values[at], drawn[:, at])
            lead = interval(values[model] - values[at], drawn[:, model] - drawn[:, at])
            rows.append(self._line(id_, figure, told, lead))
        return pd.DataFrame(rows)

    def lead(self, id_: str, figure: str, *, draws: int = 1000) -> Interval:
        """Return by how much the model exceeds a ranking, with the paired interval."""
        return bootstrap_difference(
            self._mean_of(MODEL, figure),
            self._mean_of(id_, figure),
            self._customers,
            draws=draws,
            seed=self.seed,
        )

    def _line(self, id_: str, figure: str, told: Interval, lead: Interval) -> dict[str, Any]:
        months = self.by_month.loc[self.by_month["ranking"] == id_, figure].to_numpy()
        return {
            "ranking": id_,
            "figure": figure,
            "mean": told.value,
            "low": told.low,
            "high": told.high,
            "worst": float(np.nanmin(months)) if np.isfinite(months).any() else np.nan,
            "trend": _trend(months),
            "lead": lead.value,
            "lead_low": lead.low,
            "lead_high": lead.high,
        }

    def by_day(self) -> pd.DataFrame:
        """Return one row a list, planning and tracking days alike, of the model's figures."""
        return pd.DataFrame(
            [
                {"as_of": day.as_of.isoformat()}
                | figures_of(day.rows, day.ranked(MODEL), capacity=self.capacity)
                for fold in self.folds
                for day in (*fold.planned, *fold.tracked)
            ]
        )

    def by_slice(self) -> pd.DataFrame:
        """Return one row a slice: how it fares on the planning days' lists.

        Columns: slice, level, rows, late_rate with its interval (late_low, late_high),
        mean_probability, auc (mean over origins), of the model and of the scorecard; ``caught``,
        the share of the slice's late bills that are on the list, and ``alarms``, the share of its
        bills paid in time that are.
        """
        parts: dict[tuple[str, str], list[dict[str, float]]] = {}
        whose: dict[tuple[str, str], list[pd.Series]] = {}
        for fold, day in self.lists:
            seen = pd.Index(fold.trained[MODEL].customers)
            for name, level, rows in slices(day.rows.matrix, seen=seen, traits=day.traits):
                if rows.any():
                    parts.setdefault((name, level), []).append(self._slice(day, rows))
                    customers = day.rows.matrix["customer_id"].to_numpy()[rows]
                    late = pd.Series(day.rows.late[rows], index=customers)
                    whose.setdefault((name, level), []).append(late)
        return pd.DataFrame(
            [
                {
                    "slice": name,
                    "level": level,
                    **_pooled(parts[name, level]),
                    **_ends(pd.concat(whose[name, level])),
                }
                for name, level in parts
            ]
        )

    def _slice(self, day: Day, rows: np.ndarray) -> dict[str, float]:
        late, model = day.rows.late[rows], day.ranked(MODEL)
        listed = _listed(model.order, self.capacity)[rows]
        return {
            "rows": float(rows.sum()),
            "late": float(late.sum()),
            "probability": float(model.score[rows].sum()),
            "caught": float((listed & (late == 1)).sum()),
            "alarms": float((listed & (late == 0)).sum()),
            "auc": auc(late, model.score[rows]),
            "scorecard_auc": auc(late, day.ranked(SCORECARD).score[rows]),
        }

    @cached_property
    def _customers(self) -> np.ndarray:
        return np.concatenate([day.rows.matrix["customer_id"] for _, day in self.lists])

    def _mean_of(self, id_: str, figure: str) -> Callable[[FloatArray], float]:
        """Return the mean over origins of a figure, as a function of how often rows count."""
        statistics = [_statistic(day, id_, figure, self.capacity) for _, day in self.lists]
        ends = np.cumsum([len(day.rows.late) for _, day in self.lists])[:-1]

        def mean(weight: FloatArray) -> float:
            found = [
                statistic(part)
                for statistic, part in zip(statistics, np.split(weight, ends), strict=True)
            ]
            return float(np.nanmean(found)) if np.isfinite(found).any() else np.nan

        return mean


def _known(figures: Mapping[Any, float]) -> dict[str, float]:
    return {str(name): float(value) for name, value in figures.items() if not np.isnan(value)}


def _pooled_figures(lists: Sequence[tuple[Fold, Day]], id_: str) -> dict[str, float]:
    """Return the score's figures over all months' rows, which need no list."""
    ranked = [day.ranked(id_) for _, day in lists]
    late = np.concatenate([day.rows.late for _, day in lists])
    score = np.concatenate([one.score for one in ranked])
    clean = np.concatenate([clean_history(day.rows.matrix) for _, day in lists])
    found = evaluate(late, score, is_probability=ranked[0].is_probability)
    return found | {"clean_auc": auc(late[clean], score[clean])}


def _statistic(
    day: Day, id_: str, figure: str, capacity: Capacity
) -> Callable[[FloatArray], float]:
    ranked, rows = day.ranked(id_), day.rows
    if figure == "clean_auc":
        clean = clean_history(rows.matrix)
        inner = Ranking(rows.late[clean], ranked.score[clean])
        return lambda weight: inner.auc(weight[clean])
    if figure == "auc":
        return Ranking(rows.late, ranked.score).auc
    listed = Ranking(rows.late, ranked.order, amounts(rows.matrix))
    caught = listed.late_amount_caught if figure == "late_amount_caught" else listed.late_caught
    return lambda weight: caught(weight, capacity=capacity)


def _listed(order: np.ndarray, capacity: Capacity) -> np.ndarray:
    listed = np.zeros(order.size, dtype=bool)
    listed[np.argsort(-order, kind="stable")[: rows_at(capacity, order.size)]] = True
    return listed


def _trend(months: np.ndarray) -> float:
    """Return the least-squares change of a figure from one origin to the next."""
    known = np.isfinite(months)
    if known.sum() < 2:
        return np.nan
    return float(np.polyfit(np.flatnonzero(known), months[known], 1)[0])


def _ends(late: pd.Series) -> dict[str, float]:
    told = rate_interval(late.to_numpy(), late.index)
    return {"late_low": told.low, "late_high": told.high}


def _pooled(found: Sequence[Mapping[str, float]]) -> dict[str, float]:
    total = pd.DataFrame(found)
    rows, late = total["rows"].sum(), total["late"].sum()
    return {
        "rows": rows,
        "late_rate": late / rows,
        "mean_probability": total["probability"].sum() / rows,
        "auc": total["auc"].mean(),
        "scorecard_auc": total["scorecard_auc"].mean(),
        "caught": total["caught"].sum() / late if late else np.nan,
        "alarms": total["alarms"].sum() / (rows - late) if rows > late else np.nan,
    }
