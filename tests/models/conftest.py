"""One small world for the tests of models: lateness has a planted cause, and noise beside it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from declared import feature, text

from features.declare import Feature, Reason
from models.fit import FitReport, fit
from models.parameters import Parameters
from models.predictor import Model

SMALL = Parameters(
    num_leaves=8, max_depth=4, learning_rate=0.2, min_data_in_leaf=20, rounds=40, threads=1
)


FEATURES = (
    feature(
        "late_count",
        unit="count",
        direction=1,
        risk=Reason(text=text("late in {late_count} of {bills_known}"), when="> 0"),
        relief=Reason(text=text("never late"), when="== 0"),
    ),
    feature("bills_known", "account", unit="count"),
    feature(
        "paid_share",
        "payment",
        unit="share",
        direction=-1,
        risk=Reason(text=text("only {paid_share} paid"), when="< 0.5"),
        relief=Reason(text=text("{paid_share} paid"), when=">= 0.5"),
    ),
    feature(
        "channel",
        "channel",
        unit="code",
        risk=Reason(text=text("pays by {channel}")),
        relief=Reason(text=text("pays by {channel}")),
    ),
    feature("noise", "calendar", risk=Reason(text=text("noise {noise}"))),
)


@dataclass(frozen=True)
class Small:
    matrix: pd.DataFrame
    y: np.ndarray
    truth: np.ndarray


def draw(rows: int, seed: int) -> Small:
    generator = np.random.default_rng(seed)
    matrix = pd.DataFrame(
        {
            "as_of": pd.Timestamp("2025-06-01"),
            "customer_id": generator.integers(0, rows // 6, rows).astype(str),
            "bill_id": np.arange(rows).astype(str),
            "cycle": np.sort(generator.integers(24300, 24312, rows)),
            "issued_on": pd.Timestamp("2025-05-20"),
            "due_on": pd.Timestamp("2025-06-20"),
            "open_cny": generator.gamma(2.0, 100.0, rows).round(2),
            "late_count": generator.poisson(1.0, rows).clip(0, 6).astype(float),
            "bills_known": np.full(rows, 6.0),
            "paid_share": generator.random(rows),
            "channel": generator.choice(["debit", "counter", "wechat"], rows),
            "noise": generator.normal(size=rows),
        }
    )
    margin = -2.5 + 1.2 * matrix["late_count"] - 1.0 * matrix["paid_share"]
    margin += np.where(matrix["channel"] == "counter", 0.6, 0.0)
    truth = (1 / (1 + np.exp(-margin))).to_numpy()
    y = (generator.random(rows) < truth).astype(np.int8)
    matrix.loc[generator.random(rows) < 0.05, "paid_share"] = np.nan
    matrix.loc[generator.random(rows) < 0.05, "channel"] = None
    return Small(matrix, y, truth)


@pytest.fixture(scope="session")
def features() -> tuple[Feature, ...]:
    return FEATURES


@pytest.fixture(scope="session")
def parameters() -> Parameters:
    return SMALL


@pytest.fixture(scope="session")
def world() -> Small:
    return draw(4_000, seed=7)


@pytest.fixture(scope="session")
def unseen() -> Small:
    return draw(1_500, seed=8)


@pytest.fixture(scope="session")
def fitted(world: Small) -> tuple[Model, FitReport]:
    return fit(world.matrix, world.y, features=FEATURES, parameters=SMALL)


@pytest.fixture(scope="session")
def model(fitted: tuple[Model, FitReport]) -> Model:
    return fitted[0]
