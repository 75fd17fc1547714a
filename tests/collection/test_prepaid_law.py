from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collection.law import load_law, low_balances
from contract.errors import ConfigError

CHINA = load_law("china")
TODAY = date(2026, 11, 22)
CUSTOMER = {
    "customer_id": "c", "billing_mode": "prepaid", "org_id": "o", "grid_id": "g",
    "manager_id": "m", "balance_fen": 20_000, "daily_cost_fen": 400, "days_left": 50.0,
    "is_off": False, "mean_topup_fen": 3_000, "mean_monthly_cost_fen": 10_000,
    "below_zero_on": None,
}  # fmt: skip


def warned(*customers: dict) -> list[dict]:
    schema = pa.Table.from_pylist([CUSTOMER | {"below_zero_on": TODAY}]).schema
    rows = [CUSTOMER | customer for customer in customers]
    return low_balances(pa.Table.from_pylist(rows, schema), law=CHINA, as_of=TODAY).to_pylist()


@pytest.mark.parametrize(
    ("customer", "stage"),
    [
        ({"balance_fen": 5_000}, None),
        ({"balance_fen": 4_999}, "low"),
        ({"days_left": 3.0}, "few_days"),
        ({"days_left": 3.1}, None),
        ({"balance_fen": 0}, "low"),
        ({"balance_fen": -1}, "grace"),
        ({"balance_fen": 4_000, "billing_mode": "postpaid"}, None),
        ({"balance_fen": 4_000, "days_left": None}, "low"),
    ],
)
def test_stage_follows_balance_and_days_left(customer: dict, stage: str | None) -> None:
    assert [row["stage"] for row in warned(customer)] == ([stage] if stage else [])


def test_grace_runs_from_the_day_the_balance_went_below_zero() -> None:
    (row,) = warned({"balance_fen": -100, "below_zero_on": date(2026, 11, 20)})
    assert row["grace_ends_on"] == date(2026, 11, 27)


def test_grace_runs_from_today_where_the_day_is_not_known() -> None:
    (row,) = warned({"balance_fen": -100, "below_zero_on": None})
    assert row["grace_ends_on"] == TODAY + timedelta(days=7)


def test_law_without_any_grace_is_refused(tmp_path: Path) -> None:
    figure = "{{value: {}, evidence: inference, source: drawn}}"
    lines = {"warn_balance_yuan": 50, "warn_days_left": 3, "grace_days": 0, "advice_share": 0.6}
    body = "".join(f"\n    {name}: {figure.format(value)}" for name, value in lines.items())
    text = f"title: {{zh: 即, en: at once}}\nprepaid:\n  - effective_from: 2020-01-01{body}\n"
    (tmp_path / "at_once.yaml").write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=r"prepaid.0.grace_days.value: .*greater than or equal"):
        load_law(tmp_path / "at_once.yaml")


@pytest.mark.parametrize(
    ("monthly", "topup", "advice", "met"),
    [
        (10_000, 5_000, 6_000, False),  # T16: mean bill 100, top-up 50: advice 60.00
        (10_000, 6_100, 6_000, True),  # C-01: between 60 and 62.5 % the advice is met
        (10_001, 6_000, 6_100, False),  # a whole yuan, rounded up
        (None, 5_000, None, False),
    ],
)
def test_advice_is_three_fifths_of_the_mean_month(
    *, monthly: int | None, topup: int, advice: int | None, met: bool
) -> None:
    customer = {"mean_monthly_cost_fen": monthly, "mean_topup_fen": topup, "balance_fen": 100}
    (row,) = warned(customer)
    assert (row["advice_fen"], row["advice_met"]) == (advice, met)


@settings(max_examples=12, deadline=None)
@given(
    balances=st.lists(st.integers(-10_000, 10_000), min_size=1, max_size=20),
    order=st.randoms(use_true_random=False),
)
def test_each_low_balance_is_warned_once_whatever_the_order(balances: list[int], order) -> None:
    rows = [{"customer_id": f"c{n}", "balance_fen": fen} for n, fen in enumerate(balances)]
    made = warned(*rows)
    order.shuffle(rows)
    assert warned(*rows) == made
    assert sorted(r["customer_id"] for r in made) == sorted(
        r["customer_id"] for r in rows if r["balance_fen"] < 5_000
    )
