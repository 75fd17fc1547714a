"""The benchmark on accounts drawn at random in the form of the published file.

That file is "Default of credit card clients" (Yeh and Lien 2009, UCI, CC BY 4.0); none of its
rows is here.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import uci_credit
from benchmarks.uci_credit import load, main, measure
from contract.uci_credit import PAID, STATEMENTS, STATUSES, settled_month

ACCOUNTS = 400


@pytest.fixture(scope="module")
def published() -> pd.DataFrame:
    generator = np.random.default_rng(5)
    frame = pd.DataFrame({"ID": np.arange(1, ACCOUNTS + 1)})
    frame["LIMIT_BAL"] = generator.integers(1, 50, ACCOUNTS) * 10_000
    behind = generator.integers(-2, 5, ACCOUNTS)
    for name in STATUSES:
        frame[name] = np.clip(behind + generator.integers(-1, 2, ACCOUNTS), -2, 8)
    for name in (*STATEMENTS, *PAID):
        frame[name] = generator.integers(-100, 50_000, ACCOUNTS)
    risk = 0.1 + 0.15 * np.clip(frame["PAY_0"], 0, 4)
    frame["default.payment.next.month"] = (generator.random(ACCOUNTS) < risk).astype(int)
    return frame


@pytest.fixture(scope="module")
def source(published: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("uci") / "accounts.csv"
    published.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def accounts(source: Path) -> uci_credit.Accounts:
    return load(source)


@pytest.fixture
def few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    small = uci_credit.PARAMETERS.model_copy(
        update={"rounds": 5, "min_data_in_leaf": 10, "threads": 1}
    )
    monkeypatch.setattr(uci_credit, "PARAMETERS", small)


def by_account(published: pd.DataFrame, accounts: uci_credit.Accounts) -> pd.DataFrame:
    return published.set_index(published["ID"].astype(str)).loc[accounts.matrix["customer_id"]]


def test_each_account_is_one_row_that_is_late_when_it_defaulted(published, accounts) -> None:
    told = by_account(published, accounts)
    assert len(accounts.matrix) == ACCOUNTS
    assert accounts.late.tolist() == told["default.payment.next.month"].tolist()
    assert set(accounts.matrix["cycle"]) == {2005 * 12 + 9}


def test_overdue_open_bills_are_the_months_behind_in_september(published, accounts) -> None:
    told = by_account(published, accounts)["PAY_0"].clip(0, 6)
    assert accounts.matrix["months_behind"].tolist() == told.tolist()


def test_months_behind_ago_are_the_bills_open_then(published, accounts) -> None:
    told = by_account(published, accounts)
    settled = settled_month(
        told[list(STATUSES)].to_numpy(), told["default.payment.next.month"].to_numpy()
    )
    for ago in range(1, 6):
        month = 5 - ago
        stood = (settled[:, : month + 1] > month).sum(axis=1)
        assert accounts.matrix[f"months_behind_{ago}m_ago"].tolist() == stood.tolist()


def test_ratios_follow_the_statements_and_the_limit(published, accounts) -> None:
    told, found = by_account(published, accounts), accounts.matrix
    newest, before = told["BILL_AMT1"].to_numpy(), told["BILL_AMT2"].to_numpy()
    limit, paid = told["LIMIT_BAL"].to_numpy(), told["PAY_AMT1"].to_numpy()
    assert found["utilisation_1"].to_numpy() == pytest.approx(newest / limit)
    assert found["paid_ratio_1"].to_numpy() == pytest.approx(paid / before)
    assert found["carried_1"].to_numpy() == pytest.approx((before - paid) / limit)
    assert found["spent_1"].to_numpy() == pytest.approx((newest - before + paid) / limit)


@pytest.mark.usefixtures("few_trees")
def test_every_ranking_is_measured_on_every_fold(accounts) -> None:
    found = measure(accounts)
    counts = found["ranking"].value_counts()
    assert set(counts) == {5}
    assert {"months_behind", "late_ewma", "scorecard", "lightgbm"} <= set(counts.index)
    learned = found[found["ranking"].isin(["scorecard", "lightgbm", "lightgbm_single"])]
    assert found["auc"].notna().all()
    assert learned["brier"].notna().all()


@pytest.mark.usefixtures("few_trees")
def test_last_line_is_one_json_object_that_names_the_source(source, monkeypatch, capsys) -> None:
    monkeypatch.setattr(sys, "argv", ["uci_credit", "--json", "--data", str(source)])
    main()
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    wanted = {"lightgbm_auc", "scorecard_auc", "months_behind_auc", "lightgbm_brier"}
    assert wanted <= set(found)
    assert "CC BY 4.0" in found["source"]


def test_a_missing_file_is_one_clear_line(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(sys, "argv", ["uci_credit", "--data", str(tmp_path / "ghost.csv")])
    with pytest.raises(SystemExit, match="3"):
        main()
    assert "no such file. Give the path of the published CSV file" in capsys.readouterr().err
