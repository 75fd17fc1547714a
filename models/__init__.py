"""From a feature matrix to a calibrated score, its proof and its reasons; never files or MLflow.

`models.plots` is imported by its own name: matplotlib costs most of a second.
"""

import os

# LightGBM's threads spin while they wait for each other, which on a shared or virtual machine
# takes the core from the one waited for: 60 rounds took 17 to 56 s spinning, 2 to 3 s asleep, with
# the same trees. It must be said before the library is loaded; what the user says stands.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from models.baselines import BASELINES, Baseline, available, score_baseline
from models.calibration.choice import choose_calibration
from models.calibration.curve import Calibration, Segments
from models.calibration.fitting import fit_calibration
from models.calibration.levels import (
    Followed,
    Month,
    follow,
    level_variances,
    month_levels,
    update_intercept,
)
from models.explain import (
    Contributions,
    RowReasons,
    Sentence,
    by_family,
    contributions,
    explain,
    reason_codes,
    reasons,
)
from models.fit import FitReport, Part, fit
from models.metrics import (
    Ranking,
    at_capacity,
    auc,
    evaluate,
    gini,
    ks,
    pr_auc,
)
from models.parameters import Parameters
from models.predictor import Card, Model
from models.probability import (
    brier,
    calibration_by_group,
    calibration_line,
    ece,
    log_loss,
    reliability,
    reliability_intervals,
)
from models.resampling import Interval, bootstrap, bootstrap_difference
from models.scorecard import Scorecard, fit_scorecard

__all__ = [
    "BASELINES",
    "Baseline",
    "Calibration",
    "Card",
    "Contributions",
    "FitReport",
    "Followed",
    "Interval",
    "Model",
    "Month",
    "Parameters",
    "Part",
    "Ranking",
    "RowReasons",
    "Scorecard",
    "Segments",
    "Sentence",
    "at_capacity",
    "auc",
    "available",
    "bootstrap",
    "bootstrap_difference",
    "brier",
    "by_family",
    "calibration_by_group",
    "calibration_line",
    "choose_calibration",
    "contributions",
    "ece",
    "evaluate",
    "explain",
    "fit",
    "fit_calibration",
    "fit_scorecard",
    "follow",
    "gini",
    "ks",
    "level_variances",
    "log_loss",
    "month_levels",
    "pr_auc",
    "reason_codes",
    "reasons",
    "reliability",
    "reliability_intervals",
    "score_baseline",
    "update_intercept",
]
