"""Why a bill scores as it does: contributions, summed by family, said in words.

A contribution is in raw log-odds; those of a row and the base add up to its margin. The
words are the features' own (`Feature.risk`, `Feature.relief`) with the row's own numbers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.declare import Feature, Reason, Text
from models.predictor import Model
from models.wording import holds, quoted_units, tell

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class Contributions:
    """What each feature adds to each row's raw log-odds.

    Attributes:
        names: The features, in the order of the columns.
        log_odds: One row per row explained, one column per feature.
        base: The log-odds before any feature speaks, one per row.
    """

    names: tuple[str, ...]
    log_odds: FloatArray
    base: FloatArray


@dataclass(frozen=True, slots=True)
class Sentence:
    """One reason about one row.

    Attributes:
        family: The family that pushes.
        feature: The feature whose sentence it is, for the reason's code.
        push: The family's summed contribution in log-odds; positive towards lateness.
        text: The sentence with the row's own numbers.
    """

    family: str
    feature: str
    push: float
    text: Text


@dataclass(frozen=True, slots=True)
class RowReasons:
    """The reasons of one row.

    Attributes:
        risk: What speaks for lateness, strongest family first.
        relief: The strongest thing that speaks against it, if any can be said.
    """

    risk: tuple[Sentence, ...]
    relief: Sentence | None


def contributions(model: Model, matrix: pd.DataFrame, *, threads: int = 0) -> Contributions:
    """Return what each feature adds to each row's raw score (`models.cores`).

    For trees these are the exact TreeSHAP contributions.
    """
    found, base = model.core.contributions(matrix, threads=threads)
    return Contributions(names=model.core.features, log_odds=found, base=base)


def by_family(found: Contributions, features: Sequence[Feature]) -> pd.DataFrame:
    """Return the contributions summed by family: one row per row, one column per family."""
    members = _members(found.names, features)
    sums = {family: found.log_odds[:, at].sum(axis=1) for family, at in members.items()}
    return pd.DataFrame(sums)


def reasons(
    model: Model,
    matrix: pd.DataFrame,
    features: Sequence[Feature],
    *,
    most: int = 3,
    threads: int = 0,
) -> list[RowReasons]:
    """Return each row's reasons, in the rows' order.

    Families that push towards lateness are ranked by their summed contribution and the first
    `most` of them that have something to say give a reason; the family that pushes hardest the
    other way gives the one protecting reason. Inside a family speaks the feature with the largest
    contribution in that direction whose sentence is true of the row: its `when` holds and every
    value it quotes is there. A family without such a feature stays silent.
    """
    found = contributions(model, matrix, threads=threads)
    return explain(found, matrix, features, most=most)


def explain(
    found: Contributions, matrix: pd.DataFrame, features: Sequence[Feature], *, most: int = 3
) -> list[RowReasons]:
    """Return the reasons of rows whose contributions are at hand; see `reasons`."""
    risk = _said(found, matrix, features, direction="risk", most=most)
    relief = _said(found, matrix, features, direction="relief", most=1)
    return [
        RowReasons(risk=tuple(up), relief=down[0] if down else None)
        for up, down in zip(risk, relief, strict=True)
    ]


def reason_codes(
    model: Model,
    matrix: pd.DataFrame,
    features: Sequence[Feature],
    *,
    most: int = 3,
    threads: int = 0,
) -> pd.DataFrame:
    """Return the reasons of `reasons` without their words, for very many rows.

    Returns:
        One row per row: ``reason_1`` to ``reason_<most>``, the feature that speaks (empty where
        no family is left), and ``push_1`` and so on, its family's contribution in log-odds.
    """
    found = contributions(model, matrix, threads=threads)
    members = _members(found.names, features)
    sayable = _sayable(found.names, matrix, {f.name: f for f in features}, "risk")
    speaker, push = _speakers(found.log_odds, sayable, members)
    names = np.array([*found.names, ""])
    rows = np.arange(len(matrix))
    codes: dict[str, npt.NDArray[np.generic]] = {}
    for rank, at in enumerate(_ranks(push, most), start=1):
        codes[f"reason_{rank}"] = names[np.where(at >= 0, speaker[rows, at], -1)]
        codes[f"push_{rank}"] = np.where(at >= 0, push[rows, at], np.nan)
    return pd.DataFrame(codes, index=matrix.index)


def _said(
    found: Contributions,
    matrix: pd.DataFrame,
    features: Sequence[Feature],
    *,
    direction: Literal["risk", "relief"],
    most: int,
) -> list[list[Sentence]]:
    """Return up to `most` sentences per row, of the families that push in one direction."""
    sign = 1.0 if direction == "risk" else -1.0
    by_name = {f.name: f for f in features}
    members = _members(found.names, features)
    sayable = _sayable(found.names, matrix, by_name, direction)
    speaker, push = _speakers(sign * found.log_odds, sayable, members)
    said: list[list[Sentence]] = [[] for _ in range(len(matrix))]
    families = list(members)
    units = quoted_units(features)
    for ranked in _ranks(push, most):
        chosen = np.where(ranked >= 0, speaker[np.arange(ranked.size), ranked], -1)
        for column in np.unique(chosen[chosen >= 0]):
            rows = np.flatnonzero(chosen == column)
            name = found.names[column]
            reason: Reason = getattr(by_name[name], direction)
            told = tell(reason, by_name[name], matrix.iloc[rows], units)
            for row, text in zip(rows, told, strict=True):
                at = ranked[row]
                said[row].append(Sentence(families[at], name, sign * float(push[row, at]), text))
    return said


def _members(names: Sequence[str], features: Sequence[Feature]) -> dict[str, IntArray]:
    family_of = {f.name: f.family for f in features}
    families = dict.fromkeys(family_of[name] for name in names)
    return {
        family: np.array([i for i, name in enumerate(names) if family_of[name] == family])
        for family in families
    }


def _sayable(
    names: Sequence[str],
    matrix: pd.DataFrame,
    by_name: dict[str, Feature],
    direction: Literal["risk", "relief"],
) -> npt.NDArray[np.bool_]:
    """Return, per row and feature, whether its sentence exists and is true of the row."""
    said = np.zeros((len(matrix), len(names)), dtype=bool)
    for position, name in enumerate(names):
        reason: Reason | None = getattr(by_name[name], direction)
        if reason is not None:
            said[:, position] = holds(reason, by_name[name], matrix)
    return said


def _speakers(
    pushing: FloatArray, sayable: npt.NDArray[np.bool_], members: dict[str, IntArray]
) -> tuple[IntArray, FloatArray]:
    """Return, per row and family, the feature that speaks and the family's push.

    A family that does not push, or has no sayable feature that pushes, has a push of minus
    infinity.
    """
    rows = pushing.shape[0]
    speaker = np.zeros((rows, len(members)), dtype=np.intp)
    push = np.full((rows, len(members)), -np.inf)
    heard = np.where(sayable & (pushing > 0), pushing, -np.inf)
    for at, columns in enumerate(members.values()):
        best = heard[:, columns].argmax(axis=1)
        speaker[:, at] = columns[best]
        total = pushing[:, columns].sum(axis=1)
        speaks = (total > 0) & np.isfinite(heard[np.arange(rows), columns[best]])
        push[speaks, at] = total[speaks]
    return speaker, push


def _ranks(push: FloatArray, most: int) -> Iterator[IntArray]:
    """Yield the family at each rank, one per row; -1 where no family is left."""
    order = np.argsort(-push, axis=1, kind="stable")[:, :most]
    for rank in range(order.shape[1]):
        at = order[:, rank]
        yield np.where(np.isfinite(push[np.arange(at.size), at]), at, -1)
