"""How well 30,000 real accounts are ranked: baselines, scorecard and LightGBM on the same folds.

Data: "Default of credit card clients", I-C. Yeh and C.-H. Lien (2009), UCI Machine Learning
Repository, doi 10.24432/C55S3H, CC BY 4.0. The file is imported into the contract
(`contract.uci_credit`), features are built at 2005-10-01 as for any utility, and the October bill
is scored. Sex, education, marriage and age are not imported.

Five folds, stratified, by customer (each has one row). Parameters were set beforehand; the number
of trees and the calibration come from inner parts of each training fold; no test fold is looked
at for a choice.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.model_selection import StratifiedKFold

from benchmarks.uci_features import FEATURES
from contract.dataset import open_dataset
from contract.errors import DataError
from contract.staging import stage
from contract.uci_credit import LICENCE, import_uci_credit
from features.build import build, features_of
from features.declare import Feature
from models.baselines import available, score_baseline
from models.fit import fit
from models.metrics import evaluate
from models.parameters import Parameters
from models.scorecard import fit_scorecard
from models.target import Target, label, outcomes

FloatArray = npt.NDArray[np.float64]

AS_OF, CUT = date(2005, 10, 1), date(2005, 12, 21)
FOLDS, SEED = 5, 2005

# Set beforehand: many small slow trees, few columns each, since the columns repeat each other and
# 24,000 rows are few.
PARAMETERS = Parameters(
    num_leaves=12,
    max_depth=5,
    learning_rate=0.03,
    max_bin=255,
    min_data_in_leaf=100,
    lambda_l2=30.0,
    feature_fraction=0.2,
    bagging_fraction=0.7,
    rounds=3000,
    patience=100,
)
MEMBERS = 5


@dataclass(frozen=True, kw_only=True)
class Accounts:
    """One row per account: the October bill at 2005-10-01, and whether it was late."""

    matrix: pd.DataFrame
    late: npt.NDArray[np.int8]
    features: tuple[Feature, ...]


# A ranking learns from training rows, or from nothing, and scores the test rows.
Ranking = Callable[[Accounts, Accounts], FloatArray]


def load(csv: Path) -> Accounts:
    """Import, stage and build: the way that any utility's data go."""
    with tempfile.TemporaryDirectory() as folder:
        import_uci_credit(csv, Path(folder) / "data")
        dataset = open_dataset(Path(folder) / "data")
        store = stage(dataset, Path(folder) / "stores", buckets=1)
        features = features_of(store) + FEATURES
        matrix = build(store, AS_OF, features=features)
        matrix = matrix[~matrix["is_overdue"]].reset_index(drop=True)
        found = label(matrix, outcomes(store, CUT), cut=CUT, target=Target())
    varying = tuple(f for f in features if _varies(found.matrix[f.name]))
    return Accounts(matrix=found.matrix, late=found.late, features=varying)


def folds(accounts: Accounts) -> Iterator[tuple[Accounts, Accounts]]:
    """Yield training and test accounts of each fold."""
    dealt = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    for train, test in dealt.split(accounts.matrix, accounts.late):
        yield _take(accounts, train), _take(accounts, test)


def scorecard(train: Accounts, test: Accounts) -> FloatArray:
    """Score by the binned logistic scorecard."""
    card = fit_scorecard(train.matrix, train.late, features=train.features)
    return card.predict(test.matrix)


def lightgbm_single(train: Accounts, test: Accounts) -> FloatArray:
    """Score by one model, fitted as production fits it."""
    model, _ = fit(train.matrix, train.late, features=train.features, parameters=PARAMETERS)
    return model.predict(test.matrix)


def lightgbm(train: Accounts, test: Accounts) -> FloatArray:
    """Score by the mean of five models that take turns in what they stop and calibrate on.

    Each is fitted by the production function on parts of the training fold alone.
    """
    inner = StratifiedKFold(MEMBERS, shuffle=True, random_state=SEED + 1)
    part = np.empty(len(train.matrix), dtype=int)
    for number, (_, rows) in enumerate(inner.split(train.matrix, train.late)):
        part[rows] = number
    scores = []
    for number in range(MEMBERS):
        stop, calibrate = part == number, part == (number + 1) % MEMBERS
        model, _ = fit(
            train.matrix,
            train.late,
            features=train.features,
            parameters=PARAMETERS.model_copy(update={"seed": SEED + number}),
            parts={"train": ~(stop | calibrate), "stop": stop, "calibrate": calibrate},
        )
        scores.append(model.predict(test.matrix))
    return np.mean(scores, axis=0)


LEARNED: Mapping[str, Ranking] = {
    "scorecard": scorecard,
    "lightgbm_single": lightgbm_single,
    "lightgbm": lightgbm,
}


def measure(accounts: Accounts) -> pd.DataFrame:
    """Return one row per ranking and fold: auc, pr_auc, ks, brier, caught at 5 % and 10 %."""
    rows = []
    for number, (train, test) in enumerate(folds(accounts), start=1):
        print(f"fold {number} of {FOLDS}", file=sys.stderr)
        for baseline in available(test.matrix):
            score = score_baseline(baseline, test.matrix)
            rows.append(_figures(baseline.id, test.late, score, is_probability=False))
        for name, rank in LEARNED.items():
            rows.append(_figures(name, test.late, rank(train, test), is_probability=True))
    return pd.DataFrame(rows)


def _figures(
    name: str, late: npt.NDArray[np.int8], score: FloatArray, *, is_probability: bool
) -> dict[str, object]:
    at_5 = evaluate(late, score, capacity=0.05, is_probability=is_probability)
    at_10 = evaluate(late, score, capacity=0.10)
    return {
        "ranking": name,
        "auc": at_5["auc"],
        "pr_auc": at_5["pr_auc"],
        "ks": at_5["ks"],
        "brier": at_5.get("brier", np.nan),
        "caught_5pct": at_5["late_caught"],
        "caught_10pct": at_10["late_caught"],
    }


def _varies(column: pd.Series) -> bool:
    known = column.dropna().to_numpy()
    return bool((known != known[:1]).any())


def _take(accounts: Accounts, rows: npt.NDArray[np.intp]) -> Accounts:
    matrix = accounts.matrix.iloc[rows].reset_index(drop=True)
    return Accounts(matrix=matrix, late=accounts.late[rows], features=accounts.features)


def main() -> None:
    """Print the table, or with --json one object as the last line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    default = Path(__file__).parents[2] / "shared" / "data" / "uci_credit_card.csv"
    parser.add_argument("--data", type=Path, default=default, help="the published CSV file")
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    arguments = parser.parse_args()
    try:
        accounts = load(arguments.data)
    except DataError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
    found = measure(accounts).groupby("ranking", sort=False)
    table = found.mean()
    table.insert(1, "auc_sd", found["auc"].std())
    print(f"{LICENCE}\nMean of {FOLDS} folds; share caught: expected over ties.\n")
    print(table.to_string(float_format="{:.4f}".format, na_rep="-"))
    if arguments.json:
        print(json.dumps(_flat(table)))


def _flat(table: pd.DataFrame) -> dict[str, object]:
    figures = {
        f"{name}_{figure}": round(float(value), 5)
        for name, row in table.iterrows()
        for figure, value in row.items()
        if np.isfinite(value)
    }
    return {"source": LICENCE, "folds": FOLDS, **figures}


if __name__ == "__main__":
    main()
