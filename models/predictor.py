"""A fitted model as data: what gives the raw score, and a card of what is needed to read it.

Loading parses text and JSON and checks every field and digest; it never runs code that a file
brings, so a model can be copied between machines and kept for years (design 2.5).
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from contract.errors import ConfigError, DataError
from models.calibration.curve import Calibration
from models.cold_start import COLUMNS, ColdStart, insufficient
from models.cores import Core, Kind, Trees, read_core
from models.encoding import count_unknown, encode
from models.target import Name

FloatArray = npt.NDArray[np.float64]

CARD_FILE = "model.json"
# What a card tells beside that by which a row is scored.
_NOT_SCORING = {"about", "versions"}


class Card(BaseModel):
    """What must be known to use a model.

    Attributes:
        format: Of the model's files; another number is another reader.
        target: What the model is asked (`models.target`).
        kind: What gives the raw score (`models.cores`).
        settings: What completes the core's files.
        features: The matrix columns that the model reads; for trees, in the order of their inputs.
        levels: Categories of each categorical feature, in the order of their codes.
        calibration: From raw score to probability (`models.calibration.curve`).
        cold_start: The rule that speaks for customers with insufficient history, where it does
            better than the model (`models.cold_start`).
        versions: Of the libraries that fitted it.
        about: What the training run adds: cycles, fingerprint, commit. Never read for scoring.
        sha256: Digest of each of the core's files, by name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: Literal[2]
    target: Name
    kind: Kind
    settings: dict[str, Any]
    features: list[str]
    levels: dict[str, list[str]]
    calibration: dict[str, Any]
    cold_start: ColdStart | None
    versions: dict[str, str]
    about: dict[str, Any]
    sha256: dict[str, str]

    @field_validator("calibration")
    @classmethod
    def _is_calibration(cls, value: dict[str, Any]) -> dict[str, Any]:
        try:
            return Calibration.from_dict(value).as_dict()
        except ConfigError as error:
            raise ValueError(str(error)) from error


@dataclass(frozen=True, kw_only=True)
class Model:
    """A model that scores bills or prepaid customers; rows in, one number per row out.

    Attributes:
        core: What gives the raw score.
        card: How to read it.
    """

    core: Core
    card: Card

    def margin(self, matrix: pd.DataFrame, *, threads: int = 0) -> FloatArray:
        """Return the raw score of each row, before calibration.

        Args:
            matrix: Must hold the card's features; further columns are ignored.
            threads: Of LightGBM; 0 takes all cores, 1 suits one process per bucket.
        """
        return self.core.raw(matrix, threads=threads)

    def predict(self, matrix: pd.DataFrame, *, threads: int = 0) -> FloatArray:
        """Return the calibrated probability of what the target asks."""
        raw = self.margin(matrix, threads=threads)
        segments = self.calibration.segments
        p = self.calibration.apply(raw, None if segments is None else matrix[segments.feature])
        if self.card.cold_start is None or len(matrix) == 0:
            return p
        return np.where(insufficient(matrix), self.card.cold_start.predict(matrix), p)

    def priority(self, matrix: pd.DataFrame, p: FloatArray) -> FloatArray:
        """Return what the list is ranked by, larger first.

        That is the expected amount, p times what is open (p alone where nothing is open, as with
        prepaid customers); a rule ranks by its own score.
        """
        if self.card.kind == "rule":
            return self.margin(matrix)
        return p * matrix["open_cny"].to_numpy() if "open_cny" in matrix else p

    def recalibrated(self, calibration: Calibration, about: Mapping[str, Any]) -> "Model":
        """Return the same model with another calibration; ``about`` is added to what is told."""
        changed = {"calibration": calibration.as_dict(), "about": {**self.card.about, **about}}
        return Model(core=self.core, card=self.card.model_copy(update=changed))

    def encode(self, matrix: pd.DataFrame) -> FloatArray:
        """Return the features as numbers, columns in the card's order."""
        return encode(matrix, self.card.features, self.card.levels)

    def count_unknown(self, matrix: pd.DataFrame) -> dict[str, int]:
        """Return how many rows hold a category that the model never saw, by feature."""
        return count_unknown(matrix, self.card.levels)

    @property
    def booster(self) -> lgb.Booster | None:
        """The trees, where the model has any."""
        trees = getattr(self.core, "trees", self.core)
        return trees.booster if isinstance(trees, Trees) else None

    def importance(self) -> dict[str, float]:
        """Return each feature's share of what the model goes by (`Core.weights`)."""
        weights = self.core.weights()
        total = sum(weights.values()) or 1.0
        return {name: weight / total for name, weight in weights.items()}

    @cached_property
    def calibration(self) -> Calibration:
        """The map from raw score to probability."""
        return Calibration.from_dict(self.card.calibration)

    @cached_property
    def sha256(self) -> str:
        """The digest of all that decides a score; two models of one digest score alike."""
        return _sha256_of(self.card)

    def to_files(self) -> dict[str, bytes]:
        """Return the files of the model by name; `from_files` reads them back."""
        return {**self.core.to_files(), CARD_FILE: _card_file(self.card)}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> "Model":
        """Read a model, refusing any byte that differs from what was written.

        Nothing is parsed as trees before all digests fit: LightGBM ends the process on some texts
        that it cannot read.

        Raises:
            DataError: A file is missing, unreadable or changed, or a field is missing or wrong.
        """
        card = _read_card(_file(files, CARD_FILE))
        for name in sorted({*files} - {CARD_FILE, *card.sha256}):
            raise DataError(
                f"model: {name} is none of its files; fetch the model again without it."
            )
        for name, digest in card.sha256.items():
            if _digest(_file(files, name)) != digest:
                raise DataError(_changed(name))
        if _card_file(card) != files[CARD_FILE]:
            raise DataError(_changed(CARD_FILE))
        core = read_core(
            card.kind,
            {name: files[name] for name in card.sha256},
            levels={name: tuple(known) for name, known in card.levels.items()},
            settings=card.settings,
        )
        model = cls(core=core, card=card)
        _check_features(model)
        return model


def digest_in(files: Mapping[str, bytes]) -> str:
    """Return the digest that a model of these files has if they are whole, of their card alone.

    Raises:
        DataError: The card is missing, unreadable, or a field is missing or wrong.
    """
    return _sha256_of(_read_card(_file(files, CARD_FILE)))


def make_model(
    core: Core,
    *,
    target: Name,
    levels: Mapping[str, tuple[str, ...]],
    calibration: Calibration,
    cold_start: ColdStart | None = None,
    about: Mapping[str, Any] | None = None,
) -> Model:
    """Wrap a fitted core with all that is needed to read it back.

    Args:
        core: Fitted.
        target: Name of the target.
        levels: Categories of the categorical features.
        calibration: Fitted on rows that the core has not seen.
        cold_start: Likewise.
        about: JSON values to keep with the model.
    """
    calibrates_by = calibration.segments.feature if calibration.segments else None
    features = list(core.features)
    if calibrates_by and calibrates_by not in features:
        features.append(calibrates_by)
    if cold_start is not None:
        features += [column for column in COLUMNS if column not in features]
    card = Card(
        format=2,
        target=target,
        kind=core.kind,
        settings=core.settings,
        features=features,
        levels={name: list(levels[name]) for name in features if name in levels},
        calibration=calibration.as_dict(),
        cold_start=cold_start,
        versions={"lightgbm": lgb.__version__, "numpy": np.__version__, "pandas": pd.__version__},
        about=dict(about or {}),
        sha256={name: _digest(content) for name, content in core.to_files().items()},
    )
    return Model(core=core, card=card)


def _check_features(model: Model) -> None:
    read = set(model.core.features)
    segments = model.calibration.segments
    if segments is not None:
        if segments.feature not in model.card.features:
            raise DataError(
                f"model: {CARD_FILE} calibrates by {segments.feature}, which is none of its"
                " features."
            )
        read.add(segments.feature)
    if model.card.cold_start is not None:
        read.update(COLUMNS)
    if read != set(model.card.features):
        raise DataError(
            f"model: {CARD_FILE} and {', '.join(model.card.sha256) or 'its rule'} name different"
            " features."
        )


def _file(files: Mapping[str, bytes], name: str) -> bytes:
    if name not in files:
        raise DataError(f"model: {name} is missing; fetch all files of the model again.")
    return files[name]


def _read_card(content: bytes) -> Card:
    try:
        body = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DataError(f"model: {CARD_FILE} is not JSON ({error}).") from error
    if not isinstance(body, dict) or "card_sha256" not in body:
        raise DataError(f"model: {CARD_FILE} lacks card_sha256; write it with to_files.")
    body.pop("card_sha256")
    try:
        return Card.model_validate(body)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise DataError(f"model: {CARD_FILE}: {where}: {first['msg']}.") from error


def _sha256_of(card: Card) -> str:
    return _digest(_canonical(card.model_dump(mode="json", exclude=_NOT_SCORING)))


def _card_file(card: Card) -> bytes:
    body = card.model_dump(mode="json")
    return _canonical({**body, "card_sha256": _digest(_canonical(body))})


def _canonical(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


def _changed(name: str) -> str:
    return f"model: {name} was changed after it was written (digest differs); fetch it again."


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
