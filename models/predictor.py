"""A fitted model as data: LightGBM's text and a card of what is needed to read it.

Loading parses text and checks every field and digest; it never runs code that a file brings, so a
model can be copied between machines and kept for years (design 2.5).
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
from models.calibration import Calibration
from models.encoding import count_unknown, encode

FloatArray = npt.NDArray[np.float64]

BOOSTER_FILE = "model.lgb"
CARD_FILE = "model.json"


class Card(BaseModel):
    """What must be known to use the trees.

    Attributes:
        format: Of these two files; another number is another reader.
        target: Name of the target, with its threshold (`models.target`).
        objective: What the trees' sum is; `binary` means log-odds.
        features: Column names in the order of the trees' inputs.
        levels: Categories of each categorical feature, in the order of their codes.
        calibration: From raw log-odds to probability (`models.calibration`).
        versions: Of the libraries that fitted it.
        about: What the training run adds: cycles, fingerprint, commit. Never read for scoring.
        booster_sha256: Digest of the trees' text.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: Literal[1]
    target: str
    objective: Literal["binary"]
    features: list[str]
    levels: dict[str, list[str]]
    calibration: dict[str, Any]
    versions: dict[str, str]
    about: dict[str, Any]
    booster_sha256: str

    @field_validator("calibration")
    @classmethod
    def _is_calibration(cls, value: dict[str, Any]) -> dict[str, Any]:
        try:
            return Calibration.from_dict(value).as_dict()
        except ConfigError as error:
            raise ValueError(str(error)) from error


@dataclass(frozen=True, kw_only=True)
class Model:
    """A model that scores bills; rows of a matrix in, one number per row out.

    Attributes:
        booster_text: The trees, as LightGBM writes them.
        card: How to read them.
    """

    booster_text: str
    card: Card

    def margin(self, matrix: pd.DataFrame, *, threads: int = 0) -> FloatArray:
        """Return the raw log-odds of each row, before calibration.

        Args:
            matrix: Must hold the card's features; further columns are ignored.
            threads: Of LightGBM; 0 takes all cores, 1 suits one process per bucket.
        """
        if len(matrix) == 0:
            return np.empty(0)
        raw = self.booster.predict(self.encode(matrix), raw_score=True, num_threads=threads)
        return np.asarray(raw, dtype=np.float64)

    def predict(self, matrix: pd.DataFrame, *, threads: int = 0) -> FloatArray:
        """Return the calibrated probability that each bill is late."""
        raw = self.margin(matrix, threads=threads)
        segments = self.calibration.segments
        return self.calibration.apply(raw, None if segments is None else matrix[segments.feature])

    def encode(self, matrix: pd.DataFrame) -> FloatArray:
        """Return the numbers that the trees see, columns in the card's order."""
        return encode(matrix, self.card.features, self.card.levels)

    def count_unknown(self, matrix: pd.DataFrame) -> dict[str, int]:
        """Return how many rows hold a category that the model never saw, by feature."""
        return count_unknown(matrix, self.card.levels)

    @cached_property
    def booster(self) -> lgb.Booster:
        """The trees, parsed once."""
        return lgb.Booster(model_str=self.booster_text)

    @cached_property
    def calibration(self) -> Calibration:
        """The map from raw log-odds to probability."""
        return Calibration.from_dict(self.card.calibration)

    def to_files(self) -> dict[str, bytes]:
        """Return the two files of the model by name; `from_files` reads them back."""
        card = self.card.model_dump(mode="json")
        body = {**card, "card_sha256": _digest(_canonical(card))}
        return {
            BOOSTER_FILE: self.booster_text.encode(),
            CARD_FILE: _canonical(body),
        }

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> "Model":
        """Read a model, refusing any byte that differs from what was written.

        Raises:
            DataError: A file is missing, unreadable or changed, or a field is missing or wrong.
        """
        for name in (BOOSTER_FILE, CARD_FILE):
            if name not in files:
                raise DataError(f"model: {name} is missing; expected {BOOSTER_FILE}, {CARD_FILE}.")
        card = _read_card(files[CARD_FILE])
        if _digest(files[BOOSTER_FILE]) != card.booster_sha256:
            raise DataError(_changed(BOOSTER_FILE))
        model = cls(booster_text=files[BOOSTER_FILE].decode(), card=card)
        if model.to_files()[CARD_FILE] != files[CARD_FILE]:
            raise DataError(_changed(CARD_FILE))
        segments = model.calibration.segments
        if segments is not None and segments.feature not in card.features:
            raise DataError(
                f"model: {CARD_FILE} calibrates by {segments.feature}, which is none of its"
                " features."
            )
        if model.booster.feature_name() != card.features:
            raise DataError(f"model: {CARD_FILE} and {BOOSTER_FILE} name different features.")
        return model


def make_model(
    booster: lgb.Booster,
    *,
    target: str,
    levels: Mapping[str, tuple[str, ...]],
    calibration: Calibration,
    about: Mapping[str, Any] | None = None,
) -> Model:
    """Wrap a fitted booster; the model reads it back from its text, as any later reader will.

    Args:
        booster: Fitted with named features.
        target: Name of the target.
        levels: Categories of the categorical features.
        calibration: Fitted on rows that the booster has not seen.
        about: JSON values to keep with the model.
    """
    text = booster.model_to_string(num_iteration=-1)
    card = Card(
        format=1,
        target=target,
        objective="binary",
        features=booster.feature_name(),
        levels={name: list(known) for name, known in levels.items()},
        calibration=calibration.as_dict(),
        versions={"lightgbm": lgb.__version__, "numpy": np.__version__, "pandas": pd.__version__},
        about=dict(about or {}),
        booster_sha256=_digest(text.encode()),
    )
    return Model(booster_text=text, card=card)


def _read_card(content: bytes) -> Card:
    try:
        body = json.loads(content)
    except ValueError as error:
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


def _canonical(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


def _changed(name: str) -> str:
    return f"model: {name} was changed after it was written (digest differs); fetch it again."


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
