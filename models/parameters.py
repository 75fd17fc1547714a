"""How a model is fitted: what a utility may choose, and what a search may try."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from contract.errors import ConfigError
from models.baselines import find_baseline
from models.calibration.choice import Choice
from models.cores import Kind


class Parameters(BaseModel):
    """How a model is fitted; regularised defaults, shallow because reasons must be quick.

    Trees of 31 leaves and depth 6 are explained 5 times faster than 63 leaves without a limit
    (libraries 2.2). 63 bins and a rate of 0.1 rank as well as 255 bins and 0.05 in half the work
    (docs/decisions/0003). There is no class weight on purpose: it kept AUC and raised Brier from
    0.134 to 0.177 on real data (design 2.6).

    Attributes:
        kind: What is fitted: ``trees``; the binned ``scorecard``; a ``blend`` of both, weighed on
            the stopping cycles; or a simple ``rule``.
        rule: Which rule, by the id that comparisons show (models.baselines).
        monotone: Whether a feature's declared direction binds the trees.
        num_leaves: Most leaves of a tree.
        max_depth: Most splits from root to leaf.
        learning_rate: Share of each tree that is kept.
        min_data_in_leaf: Fewest rows in a leaf.
        lambda_l2: Pull of leaf values toward zero.
        feature_fraction: Share of the columns offered to a tree.
        bagging_fraction: Share of the rows offered to a tree.
        max_bin: Steps that a column's values are put into.
        seed: Of the shares above.
        rounds: Most trees; early stopping takes fewer.
        patience: Rounds without a lower log loss on the stopping cycles before growing ends.
        stopping_cycles: Cycles that decide when to stop; then learned from as well.
        calibration_cycles: Newest cycles, which only the calibration sees.
        calibration: How log-odds become probabilities; ``auto`` takes what did best out of time.
        evidence_rows: Late rows, and rows paid in time, that a choice of calibration or an offset
            of a segment must rest on; with 200 an offset's standard error is 0.1.
        threads: Of LightGBM; part of what must be equal for equal bytes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind = "trees"
    rule: str = "months_behind"
    monotone: bool = True
    num_leaves: int = Field(default=31, ge=2, le=1024)
    max_depth: int = Field(default=6, ge=1, le=32)
    learning_rate: float = Field(default=0.1, gt=0, le=1)
    min_data_in_leaf: int = Field(default=100, ge=1)
    lambda_l2: float = Field(default=10.0, ge=0)
    feature_fraction: float = Field(default=0.5, gt=0, le=1)
    bagging_fraction: float = Field(default=0.8, gt=0, le=1)
    max_bin: int = Field(default=63, ge=2, le=1024)
    rounds: int = Field(default=1000, ge=1)
    patience: int = Field(default=30, ge=1)
    stopping_cycles: int = Field(default=2, ge=1)
    calibration_cycles: int = Field(default=2, ge=1)
    calibration: Choice = "auto"
    evidence_rows: int = Field(default=200, ge=1)
    seed: int = Field(default=2026, ge=0)
    threads: int = Field(default=2, ge=1)

    @property
    def bins(self) -> tuple[int, ...]:
        """What decides into which bins values are put; equal for parameters that share them."""
        return self.max_bin, self.seed, self.threads

    @field_validator("rule")
    @classmethod
    def _is_known(cls, rule: str) -> str:
        try:
            return find_baseline(rule).id
        except ConfigError as error:
            raise ValueError(str(error)) from error

    def for_lightgbm(self) -> dict[str, Any]:
        """Return the parameters under LightGBM's names, with those that are not a choice."""
        own = self.model_dump(
            include={
                "num_leaves",
                "max_depth",
                "learning_rate",
                "min_data_in_leaf",
                "lambda_l2",
                "feature_fraction",
                "bagging_fraction",
                "max_bin",
                "seed",
            }
        )
        fixed = {
            "objective": "binary",
            "metric": "binary_logloss",
            "bagging_freq": 1,
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": self.threads,
            "feature_pre_filter": False,
            "verbosity": -1,
        }
        return own | fixed
