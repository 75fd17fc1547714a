"""The benchmark of quality prints what it promises, on a utility small enough for a test."""

from argparse import Namespace

import numpy as np

from benchmarks.quality import as_json, measure

BASELINES = (
    "random",
    "last_late",
    "late_count",
    "smoothed_rate",
    "months_behind",
    "late_ewma",
    "utility_rules",
    "amount",
)


def test_model_rules_ceiling_and_oracle_are_told_on_the_same_bills(tmp_path):
    arguments = Namespace(
        customers=500,
        cycles=18,
        seed=1,
        origins=0,
        learn_months=6,
        days=[6, 16],
        variants=False,
    )
    told = as_json(measure(tmp_path, arguments))
    named = ("lightgbm", "scorecard", "oracle", *BASELINES)
    assert all(np.isfinite(told[f"{name}_auc"]) for name in (*named, "ceiling"))
    assert all(0 <= told[f"{name}_late_amount_caught_at_5pct"] <= 1 for name in named)
    assert told["late_amount_caught_at_5pct"] == told["lightgbm_late_amount_caught_at_5pct"]
    assert told["oracle_auc"] > told["lightgbm_auc"] > told["random_auc"]
    # 500 customers are all followed: the sample is the whole.
    assert told["sample_rows"] > 0.9 * told["rows"]
    assert told["sample_oracle_auc"] >= told["ceiling_auc"] - 0.02
    assert 1 <= told["segments_inside"] <= told["segments"]
    assert told["segments_inside_oracle"] <= told["segments"]
    assert told["months"] == 3
