"""Who belongs to the high-risk scope of a month (R002-05): a stated rule, and its threshold."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from collection.handouts import HANDOUTS_FILE, read_section
from collection.handouts.thresholds import Flag
from collection.policy.facts import LABELS
from contract.errors import ConfigError


class ScopeRule(BaseModel):
    """Who is in the scope: any of the three is enough. Agents' customers never are (R004-08).

    Attributes:
        share: Of the customers with something open, those with the largest expected late amount;
            who ties with the last of them is in, too.
        labels: Everyone with one of these labels.
        flags: Everyone with one of these flags.
        still: A probability that moved by less stands still.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    share: float = Field(default=0.05, ge=0, le=1)
    labels: tuple[str, ...] = ("L02",)
    flags: tuple[Flag, ...] = ("malicious_arrears", "dishonest_listed", "resumed_after_arrears")
    still: float = Field(default=0.05, ge=0, le=1)


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """What decides of one customer alone, once the rule has met the portfolio of a day.

    Attributes:
        cut_fen: The expected late amount from which a customer is in; None lets nobody in by it.
        trend: The factor by which an industry's exposure is multiplied, by industry.
    """

    rule: ScopeRule
    cut_fen: int | None
    trend: Mapping[str, float]


def load_scope_rule(path: Path = HANDOUTS_FILE) -> ScopeRule:
    """Read the section ``scope`` of the file; what it does not state keeps its default.

    Raises:
        ConfigError: A key, a value or a label is wrong.
    """
    try:
        rule = ScopeRule.model_validate(read_section(path, "scope"))
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, f['loc']))}: {f['msg']}" for f in error.errors())
        raise ConfigError(f"{path.name}: scope.{faults}.") from error
    unknown = [label for label in rule.labels if label not in LABELS]
    if unknown:
        raise ConfigError(
            f"{path.name}: scope.labels: {unknown[0]} is no label; there are {', '.join(LABELS)}."
        )
    return rule
