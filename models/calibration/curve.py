"""A calibration as data: from a model's log-odds to probabilities that come true.

It is a strictly rising map (straight between knots, or the named beta form), then for some levels
of one feature a line of their own, then one shift for all rows. So rows of one level keep every
rank that the trees gave them; rows of two levels may change places, which is what a line of their
own is for. JSON carries it and brings back the same bits; how it is fitted is in
`models.calibration.fitting`, how it is chosen in `models.calibration.choice`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from contract.errors import ConfigError
from models.logistic import sigmoid

FloatArray = npt.NDArray[np.float64]
Kind = Literal["none", "platt", "isotonic", "beta", "venn_abers"]

# The least slope kept, so that a flat stretch of evidence ties no ranks away.
MIN_SLOPE = 1e-3


@dataclass(frozen=True, kw_only=True)
class Segments:
    """What levels of a feature change in the log-odds; a level without a line keeps them.

    Attributes:
        feature: Name of the feature.
        lines: Level, slope and intercept; one and more, sorted by level.
    """

    feature: str
    lines: tuple[tuple[str, float, float], ...]

    def __post_init__(self) -> None:
        if not self.lines:
            raise ConfigError("calibration.segments.lines is empty; expected a level and more.")
        for level, slope, intercept in self.lines:
            if not (slope > 0 and np.isfinite([slope, intercept]).all()):
                raise ConfigError(
                    f"calibration.segments.lines.{level} is {(slope, intercept)}; expected a"
                    " finite slope above 0 and a finite intercept."
                )

    def move(self, margin: FloatArray, levels: npt.ArrayLike) -> FloatArray:
        """Return the log-odds after each row's own line."""
        names, slopes, intercepts = zip(*self.lines, strict=True)
        at = pd.Index(list(names), dtype="object").get_indexer(pd.Series(levels, dtype="object"))
        # Place -1, a level without a line or a missing one, is the last of each array.
        return np.append(slopes, 1.0)[at] * margin + np.append(intercepts, 0.0)[at]

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "feature": self.feature,
            "lines": {level: [slope, intercept] for level, slope, intercept in self.lines},
        }


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """A rising map of log-odds.

    Attributes:
        kind: How it was fitted.
        knots: Raw and calibrated log-odds, rising in both; beyond the outer knots the slope of
            the outer piece goes on. Empty leaves the log-odds as they are.
        beta: (a, b, c) of log-odds = a log p - b log(1 - p) + c (Kull et al. 2017), where p is
            the model's own probability.
        segments: Lines of single levels of a feature, on top of the map.
        shift: Added to every row's log-odds, last (`models.calibration.levels.update_intercept`).
    """

    kind: Kind
    knots: tuple[tuple[float, float], ...] = ()
    beta: tuple[float, float, float] | None = None
    segments: Segments | None = None
    shift: float = 0.0

    def __post_init__(self) -> None:
        if len(self.knots) == 1:
            raise ConfigError("calibration.knots has 1 knot; expected none, or two and more.")
        for (x0, y0), (x1, y1) in pairwise(self.knots):
            if not (np.isfinite([x0, y0, x1, y1]).all() and x0 < x1 and y0 < y1):
                raise ConfigError(
                    "calibration.knots must be finite and rise strictly in raw and calibrated "
                    f"log-odds; found {(x0, y0)} before {(x1, y1)}."
                )
        if self.beta and not (np.isfinite(self.beta).all() and min(self.beta[:2]) > 0):
            raise ConfigError(
                f"calibration.beta is {self.beta}; expected finite a, b, c with a and b above 0."
            )
        if not np.isfinite(self.shift):
            raise ConfigError(f"calibration.shift is {self.shift}; expected a finite number.")

    def apply(self, raw: npt.ArrayLike, levels: npt.ArrayLike | None = None) -> FloatArray:
        """Return the probability of each raw log-odds.

        Args:
            raw: The model's log-odds.
            levels: Each row's level of `segments.feature`; needed when there are segments.
        """
        return sigmoid(self.margin(np.asarray(raw, dtype=np.float64), levels))

    def margin(self, raw: FloatArray, levels: npt.ArrayLike | None = None) -> FloatArray:
        """Return the calibrated log-odds of each raw log-odds.

        Raises:
            ValueError: There are segments and no levels to tell them by.
        """
        mapped = self._map(raw)
        if self.segments is not None:
            if levels is None:
                raise ValueError(f"calibration: the level of {self.segments.feature} is needed.")
            mapped = self.segments.move(mapped, levels)
        return mapped + self.shift if self.shift else mapped

    def _map(self, raw: FloatArray) -> FloatArray:
        if self.beta is not None:
            a, b, c = self.beta
            # log p and -log(1 - p) from the log-odds, without overflow at either end.
            return b * np.logaddexp(0.0, raw) - a * np.logaddexp(0.0, -raw) + c
        if not self.knots:
            return raw
        x, y = (np.array(axis) for axis in zip(*self.knots, strict=True))
        piece = np.clip(np.searchsorted(x, raw, side="right") - 1, 0, x.size - 2)
        slope = np.diff(y) / np.diff(x)
        return y[piece] + slope[piece] * (raw - x[piece])

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form; what is not used is left out."""
        found: dict[str, Any] = {"kind": self.kind, "knots": [list(knot) for knot in self.knots]}
        if self.beta is not None:
            found["beta"] = list(self.beta)
        if self.segments is not None:
            found["segments"] = self.segments.as_dict()
        if self.shift:
            found["shift"] = self.shift
        return found

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Calibration":
        """Read the JSON form.

        Raises:
            ConfigError: A key or kind is unknown, a number is none, or the map does not rise.
        """
        lacks, strange = _NEEDED - set(data), set(data) - _NEEDED - _OPTIONAL
        if lacks or strange or data["kind"] not in get_args(Kind):
            raise ConfigError(
                f"calibration must hold kind ({', '.join(get_args(Kind))}) and knots, and may"
                f" hold {', '.join(sorted(_OPTIONAL))}; found {dict(data)}."
            )
        try:
            return cls(kind=data["kind"], **_read(data))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ConfigError(
                "calibration.knots must be pairs of numbers, beta three of them, shift one, and"
                f" segments a feature with a pair by level: {error!r}."
            ) from error


_NEEDED, _OPTIONAL = {"kind", "knots"}, {"beta", "segments", "shift"}


def _read(data: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"knots": tuple((float(x), float(y)) for x, y in data["knots"])}
    if "beta" in data:
        a, b, c = data["beta"]
        found["beta"] = (float(a), float(b), float(c))
    if "segments" in data:
        lines = data["segments"]["lines"].items()
        found["segments"] = Segments(
            feature=str(data["segments"]["feature"]),
            lines=tuple((str(level), float(a), float(b)) for level, (a, b) in sorted(lines)),
        )
    if "shift" in data:
        found["shift"] = float(data["shift"])
    return found
