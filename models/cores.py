"""What gives a bill its raw score: trees, points of a scorecard, a simple rule, or a blend.

A core is data: it writes itself as text and JSON and is read back without running what a file
brings. Its raw score is a log-odds, but for a rule, whose calibration makes it one.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Protocol

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import pandas as pd

from contract.errors import DataError
from models.baselines import find_baseline, score_baseline
from models.encoding import encode
from models.scorecard import Scorecard
from models.treeshap import Batched, Uncovered

FloatArray = npt.NDArray[np.float64]
Kind = Literal["trees", "scorecard", "blend", "rule"]

_log = logging.getLogger(__name__)

BOOSTER_FILE = "model.lgb"
POINTS_FILE = "points.json"


class Core(Protocol):
    """A raw score, and what each feature adds to it."""

    @property
    def kind(self) -> Kind:
        """Which of the four it is."""

    @property
    def features(self) -> tuple[str, ...]:
        """The matrix columns that it reads, each once."""

    @property
    def settings(self) -> dict[str, Any]:
        """JSON values that complete its files."""

    def raw(self, matrix: pd.DataFrame, *, threads: int = 0) -> FloatArray:
        """Return each row's raw score; larger is riskier."""

    def contributions(
        self, matrix: pd.DataFrame, *, threads: int = 0
    ) -> tuple[FloatArray, FloatArray]:
        """Return what each feature adds (a column each), and the base; their sum is the raw score.

        For a rule the sum only has the raw score's order.
        """

    def weights(self) -> dict[str, float]:
        """Return how much each feature counts, in a unit of the core's own."""

    def to_files(self) -> dict[str, bytes]:
        """Return the core's files by name."""


@dataclass(frozen=True, kw_only=True)
class Trees:
    """LightGBM's trees.

    Attributes:
        booster_text: As LightGBM writes them.
        features: In the order of the trees' inputs.
        levels: Categories of each categorical feature, in the order of their codes.
    """

    booster_text: str
    features: tuple[str, ...]
    levels: Mapping[str, tuple[str, ...]]

    kind: Kind = "trees"

    @property
    def settings(self) -> dict[str, Any]:
        """Nothing beside the trees' text."""
        return {}

    def raw(self, matrix: pd.DataFrame, *, threads: int = 0) -> FloatArray:
        """Return the log-odds of each row."""
        if len(matrix) == 0:
            return np.empty(0)
        encoded = encode(matrix, self.features, self.levels)
        return np.asarray(
            self.booster.predict(encoded, raw_score=True, num_threads=threads), np.float64
        )

    def contributions(
        self, matrix: pd.DataFrame, *, threads: int = 0
    ) -> tuple[FloatArray, FloatArray]:
        """Return the exact TreeSHAP contributions of each row (Lundberg et al. 2020).

        They are found in batches (`models.treeshap`), or, for trees that it does not cover, by
        LightGBM at a fiftieth of the speed.
        """
        if len(matrix) == 0:
            return np.empty((0, len(self.features))), np.empty(0)
        encoded = encode(matrix, self.features, self.levels)
        if self.batched is not None:
            found = self.batched.contributions(encoded, threads=threads)
            return found, np.full(len(found), self.batched.base)
        found = np.asarray(
            self.booster.predict(encoded, pred_contrib=True, num_threads=threads), np.float64
        )
        return found[:, :-1], found[:, -1]

    def weights(self) -> dict[str, float]:
        """Return each feature's gain."""
        gain = self.booster.feature_importance("gain")
        return dict(zip(self.features, map(float, gain), strict=True))

    def to_files(self) -> dict[str, bytes]:
        """Return LightGBM's text."""
        return {BOOSTER_FILE: self.booster_text.encode()}

    @cached_property
    def booster(self) -> lgb.Booster:
        """The trees, parsed once."""
        return lgb.Booster(model_str=self.booster_text)

    @cached_property
    def batched(self) -> Batched | None:
        """The trees made ready to be explained in batches; None, said once, where they are not."""
        try:
            return Batched.from_text(self.booster_text)
        except Uncovered as why:
            _log.warning("LightGBM explains this model itself, far more slowly: %s.", why)
            return None


@dataclass(frozen=True, kw_only=True)
class Points:
    """A scorecard; its log-odds are points turned round and scaled."""

    scorecard: Scorecard

    kind: Kind = "scorecard"

    @property
    def features(self) -> tuple[str, ...]:
        """The scorecard's characteristics, the strongest first."""
        return tuple(each.bins.feature for each in self.scorecard.characteristics)

    @property
    def settings(self) -> dict[str, Any]:
        """Nothing beside the points."""
        return {}

    def raw(self, matrix: pd.DataFrame, *, threads: int = 0) -> FloatArray:  # noqa: ARG002 - of Core
        """Return the log-odds of each row."""
        return self.scorecard.margin(matrix)

    def contributions(
        self,
        matrix: pd.DataFrame,
        *,
        threads: int = 0,  # noqa: ARG002 - of Core
    ) -> tuple[FloatArray, FloatArray]:
        """Return each characteristic's log-odds over its mean in training."""
        return self.scorecard.contributions(matrix)

    def weights(self) -> dict[str, float]:
        """Return how far apart each characteristic puts bills, in log-odds."""
        card = self.scorecard
        return {c.bins.feature: float(np.ptp(card.log_odds(c))) for c in card.characteristics}

    def to_files(self) -> dict[str, bytes]:
        """Return the points as JSON."""
        body = json.dumps(self.scorecard.as_dict(), ensure_ascii=False, indent=1, sort_keys=True)
        return {POINTS_FILE: body.encode() + b"\n"}


@dataclass(frozen=True, kw_only=True)
class Blend:
    """Trees and a scorecard, weighed in log-odds.

    Attributes:
        weight: Of the trees; the scorecard has the rest.
    """

    trees: Trees
    points: Points
    weight: float

    kind: Kind = "blend"

    @property
    def features(self) -> tuple[str, ...]:
        """Those of the trees, then those that only the scorecard reads."""
        return tuple(dict.fromkeys(self.trees.features + self.points.features))

    @property
    def settings(self) -> dict[str, Any]:
        """The trees' weight."""
        return {"weight": self.weight}

    def raw(self, matrix: pd.DataFrame, *, threads: int = 0) -> FloatArray:
        """Return the weighed log-odds of each row."""
        trees, points = self.trees.raw(matrix, threads=threads), self.points.raw(matrix)
        return self.weight * trees + (1 - self.weight) * points

    def contributions(
        self, matrix: pd.DataFrame, *, threads: int = 0
    ) -> tuple[FloatArray, FloatArray]:
        """Return the parts' contributions, weighed alike."""
        trees, tree_base = self.trees.contributions(matrix, threads=threads)
        points, point_base = self.points.contributions(matrix)
        place = {name: at for at, name in enumerate(self.features)}
        found = np.zeros((len(matrix), len(place)))
        found[:, [place[name] for name in self.trees.features]] += self.weight * trees
        found[:, [place[name] for name in self.points.features]] += (1 - self.weight) * points
        return found, self.weight * tree_base + (1 - self.weight) * point_base

    def weights(self) -> dict[str, float]:
        """Return each part's shares, weighed like the parts."""
        found = dict.fromkeys(self.features, 0.0)
        for part, share in ((self.trees, self.weight), (self.points, 1 - self.weight)):
            own = part.weights()
            total = sum(own.values()) or 1.0
            for name, weight in own.items():
                found[name] += share * weight / total
        return found

    def to_files(self) -> dict[str, bytes]:
        """Return the files of both."""
        return self.trees.to_files() | self.points.to_files()


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A simple ranking (models.baselines), for when nothing better is earned.

    Attributes:
        id: Of the ranking.
        usual: The median raw score in training, from which contributions are counted.
    """

    id: str
    usual: float

    kind: Kind = "rule"

    @property
    def features(self) -> tuple[str, ...]:
        """The columns of the rule that are features."""
        return tuple(name for name in find_baseline(self.id).columns if name not in _KEYS)

    @property
    def settings(self) -> dict[str, Any]:
        """Which rule, and its usual score."""
        return {"rule": self.id, "usual": self.usual}

    def raw(self, matrix: pd.DataFrame, *, threads: int = 0) -> FloatArray:  # noqa: ARG002 - of Core
        """Return the rule's score of each row."""
        return score_baseline(find_baseline(self.id), matrix)

    def contributions(
        self,
        matrix: pd.DataFrame,
        *,
        threads: int = 0,  # noqa: ARG002 - of Core
    ) -> tuple[FloatArray, FloatArray]:
        """Return the distance from the usual score, halved from column to column.

        The rule's first column decides first, so it speaks first.
        """
        distance = self.raw(matrix) - self.usual
        shares = np.array(list(self.weights().values()))
        return distance[:, np.newaxis] * shares, np.full(len(matrix), self.usual)

    def weights(self) -> dict[str, float]:
        """Return the columns' shares, each half that of the one before."""
        halves = 0.5 ** np.arange(1, len(self.features) + 1)
        return dict(zip(self.features, (halves / halves.sum()).tolist(), strict=True))

    def to_files(self) -> dict[str, bytes]:
        """Return nothing: the card says it all."""
        return {}


# Columns of the matrix that are no features.
_KEYS = ("bill_id", "open_cny")


def read_core(
    kind: Kind,
    files: Mapping[str, bytes],
    *,
    levels: Mapping[str, tuple[str, ...]],
    settings: Mapping[str, Any],
) -> Core:
    """Read a core from its files and what a card says of it.

    Raises:
        DataError: A file or setting is missing or wrong.
    """
    try:
        if kind == "rule":
            return Rule(id=str(settings["rule"]), usual=float(settings["usual"]))
        if kind == "scorecard":
            return _points(files)
        trees = _trees(files, levels)
        if kind == "trees":
            return trees
        return Blend(trees=trees, points=_points(files), weight=float(settings["weight"]))
    except (KeyError, TypeError, ValueError, RecursionError, lgb.basic.LightGBMError) as error:
        raise DataError(
            f"model: a {kind} lacks a file or setting, or has a wrong one: {error}."
        ) from error


def _trees(files: Mapping[str, bytes], levels: Mapping[str, tuple[str, ...]]) -> Trees:
    text = files[BOOSTER_FILE].decode()
    return Trees(
        booster_text=text,
        features=tuple(lgb.Booster(model_str=text).feature_name()),
        levels=levels,
    )


def _points(files: Mapping[str, bytes]) -> Points:
    return Points(scorecard=Scorecard.from_dict(json.loads(files[POINTS_FILE])))
