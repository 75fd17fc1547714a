"""Fit a model: oldest cycles to learn, later ones to stop, the newest to calibrate.

Rows are bills at an as_of with a mature label; nothing here looks at a clock, a file or chance
beyond the seed, so the same rows and parameters give the same bytes on one machine.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from contract.errors import DataError
from features.declare import Feature
from models.baselines import find_baseline, score_baseline
from models.calibration.choice import Unseen, choose_calibration
from models.calibration.curve import Calibration
from models.cold_start import COLUMNS, ColdStartReport, fit_cold_start
from models.cores import Blend, Core, Kind, Points, Rule, Trees
from models.dealing import place
from models.encoding import encode, learn_levels
from models.growing import Binned, Grown, bin_rows, grow, grow_again
from models.logistic import sigmoid
from models.parameters import Parameters
from models.predictor import Model, make_model
from models.probability import log_loss
from models.scorecard import Scorecard, fit_scorecard
from models.target import Name

FloatArray = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

# Where the rows hold too few cycles to cut by time: shares of the customers.
_STOP_SHARE, _CALIBRATE_SHARE = 0.15, 0.15
# The column whose levels may be calibrated apart (domain 3.6: by segment if sizes allow).
_SEGMENT = "segment"
# Weights of the trees that a blend may take.
_WEIGHTS = tuple(step / 10 for step in range(11))


@dataclass(frozen=True, kw_only=True)
class Part:
    """The rows of one purpose: `train`, `stop` or `calibrate`."""

    name: str
    rows: int
    late: int
    first_cycle: int
    last_cycle: int


@dataclass(frozen=True, kw_only=True)
class FitReport:
    """What happened while fitting.

    Attributes:
        parts: Rows by purpose.
        best_iteration: Trees at which the stopping cycles' log loss was least; 0 without trees.
        stopping_loss: That log loss after each round of the first fit.
        importance: One row per feature, the most important first: feature, share of what the
            model goes by.
        calibrations: How every kind of calibration did out of time
            (`models.calibration.choice.choose_calibration`).
        cold_start: Who speaks for customers with insufficient history, and why.
    """

    parts: tuple[Part, ...]
    best_iteration: int
    stopping_loss: tuple[float, ...]
    importance: pd.DataFrame
    calibrations: pd.DataFrame
    cold_start: ColdStartReport


def fit(
    matrix: pd.DataFrame,
    y: npt.ArrayLike,
    *,
    features: Sequence[Feature],
    parameters: Parameters,
    target: Name = "late",
    about: Mapping[str, Any] | None = None,
    parts: Mapping[str, Mask] | None = None,
) -> tuple[Model, FitReport]:
    """Fit a calibrated model.

    The number of trees is found on the stopping cycles; then the trees are grown again, that many,
    on training and stopping cycles together, because the newest behaviour is the most like the
    next month's and would otherwise be used for nothing but a stop. The calibration cycles are
    kept from both fits: probabilities adjusted on rows that the trees have seen come out too bold.

    Args:
        matrix: One row per bill at an as_of, with `cycle`, `customer_id` and the features.
        y: 1 for a late bill, in the matrix's row order.
        features: Columns to use, in order; their directions become constraints.
        parameters: How to grow.
        target: Name kept on the model's card.
        about: JSON values kept on the model's card.
        parts: The rows to train, stop and calibrate on; None cuts them by cycle (`split`).

    Raises:
        DataError: A part has no late bill or no bill paid in time.
    """
    rows = Rows(
        matrix=matrix,
        late=np.asarray(y, dtype=np.float64),
        masks=split(matrix, parameters) if parts is None else parts,
        features=features,
    )
    return fit_rows(rows, parameters, target=target, about=about)


def fit_rows(
    rows: "Rows",
    parameters: Parameters,
    *,
    target: Name = "late",
    about: Mapping[str, Any] | None = None,
) -> tuple[Model, FitReport]:
    """Fit a calibrated model on rows that are ready; the same as `fit` on the rows themselves."""
    fitted = _FITS[parameters.kind](rows, parameters)
    calibration, calibrations = _calibrate(fitted.core, rows, parameters)
    alone = make_model(fitted.core, target=target, levels=rows.levels, calibration=calibration)
    cold_start, tried = fit_cold_start(
        rows.history,
        rows.late,
        alone.predict(rows.newest),
        {"learned": rows.learned, "newest": rows.masks["calibrate"]},
    )
    model = make_model(
        fitted.core,
        target=target,
        levels=rows.levels,
        calibration=calibration,
        cold_start=cold_start,
        about=about,
    )
    return model, FitReport(
        parts=rows.told,
        best_iteration=fitted.rounds,
        stopping_loss=fitted.losses,
        importance=_importance(model),
        calibrations=calibrations,
        cold_start=tried,
    )


class Rows:
    """What is fitted on: the rows, their parts, and their codes.

    Attributes:
        told: The parts by name and size.
        newest: The rows that calibrate.
        history: What the rule for customers with insufficient history reads, of all rows.
        learned: Where the rows are that trees and scorecards learn from.
    """

    def __init__(
        self,
        *,
        matrix: pd.DataFrame,
        late: FloatArray,
        masks: Mapping[str, Mask],
        features: Sequence[Feature],
    ) -> None:
        """Cut the rows.

        Raises:
            DataError: A part has no late bill or no bill paid in time.
        """
        self.late, self.masks, self.features = late, masks, features
        self.told = tuple(_part(name, matrix, late, mask) for name, mask in masks.items())
        self.levels = learn_levels(matrix[~masks["calibrate"]], features)
        self.learned: Mask = masks["train"] | masks["stop"]
        self.newest = matrix[masks["calibrate"]]
        self.history = matrix[matrix.columns.intersection(list(COLUMNS))]
        self._matrix: pd.DataFrame | None = matrix
        self._binned: dict[tuple[int, ...], Binned] = {}

    @property
    def matrix(self) -> pd.DataFrame:
        """All rows."""
        if self._matrix is None:
            raise ValueError("these rows are kept in bins alone, for trees")
        return self._matrix

    def binned(self, parameters: Parameters) -> Binned:
        """Return the values in the bins that these parameters ask for, made once."""
        if parameters.bins not in self._binned:
            encoded = encode(self.matrix, [f.name for f in self.features], self.levels)
            self._binned[parameters.bins] = bin_rows(
                encoded, self.late, self.masks, self.features, parameters
            )
        return self._binned[parameters.bins]

    def keep_bins(self, parameters: Parameters) -> "Rows":
        """Put the values into bins now and let go of the rows, for many fits of trees alone."""
        self.binned(parameters)
        self._matrix = None
        return self

    def encoded(self, part: Mask) -> FloatArray:
        """Return the numbers of some rows."""
        return encode(self.matrix[part], [f.name for f in self.features], self.levels)

    def scorecard(self, part: Mask) -> Scorecard:
        """Fit a scorecard on some rows."""
        return fit_scorecard(self.matrix[part], self.late[part], features=self.features)


@dataclass(frozen=True, kw_only=True)
class _Fitted:
    core: Core
    rounds: int = 0
    losses: tuple[float, ...] = ()


def _fit_trees(rows: Rows, parameters: Parameters) -> _Fitted:
    grown = grow(rows.binned(parameters), rows.features, parameters)
    core = _grown_again(rows, grown, parameters)
    return _Fitted(core=core, rounds=grown.rounds, losses=grown.losses)


def _grown_again(rows: Rows, grown: Grown, parameters: Parameters) -> Trees:
    booster = grow_again(
        rows.binned(parameters),
        rounds=grown.rounds,
        features=rows.features,
        parameters=parameters,
    )
    return Trees(
        booster_text=booster.model_to_string(num_iteration=-1),
        features=tuple(booster.feature_name()),
        levels=rows.levels,
    )


def _fit_points(rows: Rows, _: Parameters) -> _Fitted:
    card = rows.scorecard(rows.learned)
    return _Fitted(core=Points(scorecard=card))


def _fit_blend(rows: Rows, parameters: Parameters) -> _Fitted:
    """Weigh trees and scorecard, fitted on the oldest cycles, on the stopping cycles."""
    stop = rows.masks["stop"]
    grown = grow(rows.binned(parameters), rows.features, parameters)
    trees = np.asarray(grown.booster.predict(rows.encoded(stop), raw_score=True), np.float64)
    points = rows.scorecard(rows.masks["train"]).margin(rows.matrix[stop])
    losses = [log_loss(rows.late[stop], sigmoid(w * trees + (1 - w) * points)) for w in _WEIGHTS]
    trees_again = _grown_again(rows, grown, parameters)
    core = Blend(
        trees=trees_again,
        points=Points(scorecard=rows.scorecard(rows.learned)),
        weight=_WEIGHTS[int(np.argmin(losses))],
    )
    return _Fitted(core=core, rounds=grown.rounds, losses=grown.losses)


def _fit_rule(rows: Rows, parameters: Parameters) -> _Fitted:
    rule = find_baseline(parameters.rule)
    score = score_baseline(rule, rows.matrix[rows.learned])
    core = Rule(id=rule.id, usual=float(np.median(score)))
    return _Fitted(core=core)


_FITS: Mapping[Kind, Callable[[Rows, Parameters], _Fitted]] = {
    "trees": _fit_trees,
    "scorecard": _fit_points,
    "blend": _fit_blend,
    "rule": _fit_rule,
}


def _calibrate(core: Core, rows: Rows, parameters: Parameters) -> tuple[Calibration, pd.DataFrame]:
    newest = rows.newest
    names = {feature.name for feature in rows.features}
    unseen = Unseen(
        raw=core.raw(newest),
        y=rows.late[rows.masks["calibrate"]],
        cycle=newest["cycle"].to_numpy(),
        customers=newest["customer_id"],
        segments=newest[_SEGMENT] if _SEGMENT in names else None,
    )
    if parameters.kind == "rule":
        # A rule's score is no log-odds: only a free rising map can make it one.
        return choose_calibration("isotonic", unseen, least=1, kinds=("isotonic",))
    return choose_calibration(parameters.calibration, unseen, least=parameters.evidence_rows)


def split(matrix: pd.DataFrame, parameters: Parameters) -> dict[str, Mask]:
    """Return the rows to train, stop and calibrate on, cut by cycle: oldest, later, newest.

    Every as_of of a bill falls in one part. Where fewer than three cycles exist there is no time
    to cut by, and customers are dealt out by a hash of their id instead.
    """
    cycles = np.sort(matrix["cycle"].unique())
    if cycles.size < 3:
        return _split_customers(matrix)
    # Never more than a quarter of the cycles each, so that learning keeps at least half.
    most = max(1, cycles.size // 4)
    newest = min(parameters.calibration_cycles, most)
    later = min(parameters.stopping_cycles, most)
    cycle = matrix["cycle"].to_numpy()
    calibrate = cycle >= cycles[-newest]
    stop = (cycle >= cycles[-newest - later]) & ~calibrate
    return {"train": ~(stop | calibrate), "stop": stop, "calibrate": calibrate}


def _split_customers(matrix: pd.DataFrame) -> dict[str, Mask]:
    at = place(matrix["customer_id"])
    calibrate = at < _CALIBRATE_SHARE
    stop = (at < _CALIBRATE_SHARE + _STOP_SHARE) & ~calibrate
    return {"train": ~(stop | calibrate), "stop": stop, "calibrate": calibrate}


def _part(name: str, matrix: pd.DataFrame, late: FloatArray, mask: Mask) -> Part:
    rows, bad = int(mask.sum()), int(late[mask].sum())
    if bad in {0, rows}:
        raise DataError(
            f"training rows: the {rows} rows to {name} on hold {bad} late bills; both late and "
            "paid in time are needed. Give more cycles or customers."
        )
    cycles = matrix["cycle"].to_numpy()[mask]
    return Part(
        name=name,
        rows=rows,
        late=bad,
        first_cycle=int(cycles.min()),
        last_cycle=int(cycles.max()),
    )


def _importance(model: Model) -> pd.DataFrame:
    found = pd.Series(model.importance(), name="share", dtype=np.float64)
    told = found.rename_axis("feature").reset_index()
    return told.sort_values(["share", "feature"], ascending=[False, True], ignore_index=True)
