"""The simulated accounts in full: oddities, prepaid days, cuts, wishes, hold-out, regimes."""

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from contract.checks import check_dataset
from contract.dataset import open_dataset
from contract.errors import ConfigError
from contract.simulator import read_world, simulate
from contract.simulator.ceiling import write_ceiling
from contract.staging import stage
from models.target import outcomes

CUT = date(2026, 10, 6)
SIZES = {"customers": 4000, "cycles": 20, "seed": 21}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("accounts")
    simulate(folder / "data", folder / "truth", holdout=0.2, **SIZES)
    return folder


@pytest.fixture(scope="module")
def tables(folder: Path) -> dict[str, pd.DataFrame]:
    paths = [*(folder / "data").iterdir(), *(folder / "truth").iterdir()]
    return {path.stem: pq.read_table(path).to_pandas() for path in paths}


def _simulated(folder: Path, regime: str) -> dict[str, pd.DataFrame]:
    simulate(folder / regime, folder / f"{regime}-truth", regime=regime, **SIZES)
    bills = pq.read_table(folder / regime / "bills.parquet").to_pandas()
    truth = pq.read_table(folder / f"{regime}-truth" / "bill_truth.parquet").to_pandas()
    payments = pq.read_table(folder / regime / "payments.parquet").to_pandas()
    customers = pq.read_table(folder / regime / "customers.parquet").to_pandas()
    bills = bills.merge(truth.drop(columns="cycle"), on="bill_id")
    return {"bills": bills, "payments": payments, "customers": customers}


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    return _simulated(tmp_path_factory.mktemp("calm"), "calm")


def test_dataset_breaks_no_rule_of_the_contract(folder: Path) -> None:
    report = check_dataset(open_dataset(folder / "data"), as_of=CUT)
    assert [breach.message() for breach in report.breaches] == []


def test_the_ledger_of_the_contract_gives_the_drawn_lateness(
    folder: Path, tables: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    store = stage(open_dataset(folder / "data"), tmp_path, buckets=2)
    known = outcomes(store, CUT)
    truth = tables["bill_truth"].set_index("bill_id").join(known, how="inner")
    mature = truth[truth.due_on + pd.Timedelta(days=4) < pd.Timestamp(CUT)]
    late = mature.cleared_on.isna() | (mature.cleared_on > mature.due_on)
    assert len(mature) > 50_000
    # A refund is negative: nothing of it can be owed.
    assert (late == mature.late)[mature.kind != "refund"].all()


def test_every_kind_of_bill_occurs_and_replaced_bills_are_cancelled(
    tables: dict[str, pd.DataFrame],
) -> None:
    bills = tables["bills"]
    share = bills.kind.value_counts(normalize=True)
    assert set(share.index) == {"regular", "rebill", "refund", "supplement", "final", "small"}
    assert 0.004 < share["rebill"] + share["refund"] + share["supplement"] < 0.011  # domain 4.1
    assert (bills.amount[bills.kind == "refund"] < 0).all()
    rebilled = bills[bills.kind == "rebill"].set_index(["customer_id", "cycle"]).issued_on
    gone = bills[bills.cancelled_on.notna()].set_index(["customer_id", "cycle"]).cancelled_on
    assert len(gone) > 50
    assert rebilled.reindex(gone.index).equals(gone.rename("issued_on"))


def test_holds_are_known_and_disputed_bills_are_not_chased(
    tables: dict[str, pd.DataFrame],
) -> None:
    bills, contacts = tables["bills"], tables["contacts"]
    held = bills[bills.hold != "none"]
    assert set(held.hold) == {"disputed", "debit_in_transit"}
    assert held.hold_from_on.notna().all()
    assert (held.hold_from_on < CUT).all()
    assert (bills.hold_to_on.dropna() < CUT).all()
    disputed = set(bills[bills.hold == "disputed"].bill_id)
    chased = contacts[contacts.bill_id.isin(disputed) & (contacts["round"] > 1)]
    assert len(chased) == 0


def test_balances_follow_from_purchases_and_costs(tables: dict[str, pd.DataFrame]) -> None:
    rows = tables["balances"].sort_values(["customer_id", "on"])
    moves = tables["customers"].groupby("customer_id").valid_from.max()
    prepaid = set(tables["customers"].query("billing_mode == 'prepaid'").customer_id)
    bought = tables["payments"][tables["payments"].customer_id.isin(prepaid)]
    fen = (bought.amount.astype(float) * 100).round().astype(int)
    by_day = fen.groupby([bought.customer_id, bought.paid_at.dt.date]).sum().to_dict()
    last: dict[str, tuple[date, int]] = {}
    checked = 0
    for row in rows.itertuples():
        balance, cost = round(100 * float(row.balance)), round(100 * float(row.cost))
        day, before = last.get(row.customer_id, (None, 0))
        if day == row.on - timedelta(days=1) and moves[row.customer_id] < day:
            assert balance == before - cost + by_day.get((row.customer_id, row.on), 0), row
            checked += 1
        last[row.customer_id] = (row.on, balance)
    assert checked > 50_000
    assert rows.on.max() == CUT - timedelta(days=1)


def test_prepaid_supply_is_cut_when_the_balance_has_run_out(
    tables: dict[str, pd.DataFrame],
) -> None:
    balance = tables["balances"].set_index(["customer_id", "on"]).balance
    cuts = tables["disconnections"].query("reason == 'low_balance'")
    days = [
        (c, (at - pd.Timedelta(days=1)).date())
        for c, at in zip(cuts.customer_id, cuts.disconnected_at, strict=True)
    ]
    found = [balance[key] for key in days if key in balance.index]
    assert len(found) > 500
    assert all(amount <= 0 for amount in found)
    open_cuts = tables["disconnections"].reconnected_at.isna().mean()
    assert open_cuts < 0.01


def test_postpaid_supply_is_cut_two_months_after_issue_and_after_notice(
    tables: dict[str, pd.DataFrame],
) -> None:
    cuts = tables["disconnections"].query("reason == 'arrears'")
    notices = tables["contacts"].query("method == 'notice'")
    assert len(cuts) > 20
    for cut in cuts.itertuples():
        mine = notices[notices.customer_id == cut.customer_id].contacted_at
        waited = [(cut.disconnected_at.normalize() - at.normalize()).days for at in mine]
        assert any(days >= 4 for days in waited)  # [P] domain 2.1: notice 3-7 days before
    protected = set(tables["customers"].query("protected").customer_id)
    assert not protected & set(cuts.customer_id)


def test_held_out_reminders_are_rows_that_reached_nobody(
    tables: dict[str, pd.DataFrame],
) -> None:
    contacts = tables["contacts"]
    held = contacts[contacts.assigned == "holdout"]
    first = contacts[(contacts["round"] == 1)]
    assert 0.16 < len(held) / len(first) < 0.24
    assert set(held["round"]) == {1}
    assert set(held.outcome) == {"no_answer"}
    protected = set(tables["customers"].query("protected").customer_id)
    assert not protected & set(held.customer_id)
    truth = set(tables["contact_truth"].contact_id)
    assert not truth & set(held.contact_id)


def test_hold_out_estimates_the_true_effect_of_round_one(
    tables: dict[str, pd.DataFrame],
) -> None:
    first = tables["contacts"].query("`round` == 1").merge(tables["bill_truth"], on="bill_id")
    held = first[first.assigned == "holdout"].late
    made = first[first.assigned == "policy"].late
    difference = made.mean() - held.mean()
    error = np.sqrt(held.var() / len(held) + made.var() / len(made))
    told = tables["contact_truth"].query("`round` == 1").effect_late.mean()
    assert told < -0.005
    assert abs(difference - told) < 3.5 * error


def test_a_stated_wish_is_kept_from_then_on(tables: dict[str, pd.DataFrame]) -> None:
    contacts = tables["contacts"].sort_values("contacted_at")
    moved = set(tables["events"].customer_id)
    no_phone = contacts[contacts.request == "no_phone"]
    assert len(no_phone) > 10
    for row in no_phone.itertuples():
        if row.customer_id not in moved:
            later = contacts[
                (contacts.customer_id == row.customer_id)
                & (contacts.contacted_at > row.contacted_at)
            ]
            assert "phone" not in set(later.method)  # D3
    declined = contacts[contacts.request == "not_this_cycle"]
    assert len(declined) > 10
    second = set(contacts[contacts["round"] == 2].bill_id)
    assert not set(declined.bill_id) & second  # D2


def test_agents_pay_for_all_their_users_on_one_day(tables: dict[str, pd.DataFrame]) -> None:
    customers = tables["customers"]
    agents = customers[customers.agent_id.notna()].drop_duplicates("customer_id")
    share = len(agents) / customers.customer_id.nunique()
    assert 0.02 < share < 0.09  # domain 4.1: 3-8 %
    paid = tables["payments"].query("channel == 'agent'").merge(agents, on="customer_id")
    days = defaultdict(Counter)
    for row in paid.itertuples():
        days[row.agent_id, row.paid_at.year, row.paid_at.month][row.paid_at.date()] += 1
    top = [max(c.values()) / sum(c.values()) for c in days.values() if sum(c.values()) >= 10]
    assert np.mean(top) > 0.6
    assert not set(tables["contacts"].customer_id) & set(agents.customer_id) - set(
        tables["contacts"].query("bill_id.isna()").customer_id
    )


@pytest.mark.parametrize("regime", ["downturn", "price_rise", "channel_closed", "festival_shift"])
def test_regime_leaves_the_past_alone_and_changes_the_end(
    calm: dict[str, pd.DataFrame], tmp_path: Path, regime: str
) -> None:
    found = _simulated(tmp_path, regime)
    cycles = np.sort(calm["bills"].cycle.unique())
    starts = read_world().regime(regime).starts
    before, after = cycles[:-starts], cycles[-starts:]
    same = ["bill_id", "amount", "p_late", "late"]
    past = [
        x[x.cycle.isin(before) & (x.kind != "final")][same]
        .sort_values("bill_id")
        .reset_index(drop=True)
        for x in (calm["bills"], found["bills"])
    ]
    pd.testing.assert_frame_equal(*past)
    now = [x[x.cycle.isin(after)].p_late.mean() for x in (calm["bills"], found["bills"])]
    assert now[1] > now[0]


def test_price_rise_raises_amounts_and_not_use(
    calm: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    raised = _simulated(tmp_path, "price_rise")["bills"].set_index("bill_id")
    joined = raised.join(calm["bills"].set_index("bill_id").add_suffix("_calm"))
    joined = joined[(joined.cycle >= 202606) & (joined.kind == "regular") & (joined.kwh > 100)]
    ratio = (joined.amount.astype(float) / joined.amount_calm.astype(float)).median()
    assert ratio == pytest.approx(1.18, abs=0.01)
    assert (joined.kwh == joined.kwh_calm).all()


def test_closed_channel_takes_no_more_payments(
    calm: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    payments = _simulated(tmp_path, "channel_closed")["payments"]
    closed = payments[payments.channel == "alipay"]
    still = calm["payments"][calm["payments"].channel == "alipay"]
    assert datetime(2026, 5, 25) < closed.paid_at.max() < datetime(2026, 6, 1)
    assert still.paid_at.max() > datetime(2026, 9, 1)


def test_new_town_brings_new_customers_in_quarters_of_their_own(tmp_path: Path) -> None:
    customers = _simulated(tmp_path, "new_town")["customers"]
    new = customers.valid_from >= date(2026, 2, 1)
    quarters = set(customers[new].grid_id) - set(customers[~new].grid_id)
    assert quarters
    assert customers.grid_id.isin(quarters).mean() > 0.15


def test_unknown_regime_is_refused_with_the_names(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'boom' is not one of calm, downturn"):
        simulate(tmp_path / "a", tmp_path / "b", regime="boom", **SIZES)


def test_parts_of_several_workers_hold_the_rows_of_one(tmp_path: Path) -> None:
    sizes = {"customers": 10_200, "cycles": 3, "seed": 4}
    simulate(tmp_path / "one", tmp_path / "t1", **sizes)
    report = simulate(tmp_path / "two", tmp_path / "t2", workers=2, block=5000, **sizes)
    for name in ("bills", "payments", "contacts", "balances"):
        single = pq.read_table(tmp_path / "one" / f"{name}.parquet")
        parts = pq.read_table(tmp_path / "two" / name)
        assert len(parts) == report.rows[name]
        assert parts.sort_by("customer_id").num_rows == single.num_rows
        key = {"balances": "on"}.get(name, single.column_names[0])
        assert set(parts[key].to_pylist()) == set(single[key].to_pylist())


def test_ceiling_names_bills_of_the_same_utility(
    folder: Path, tables: dict[str, pd.DataFrame]
) -> None:
    path = write_ceiling(folder / "truth", holdout=0.2, sample=150, particles=50, **SIZES)
    rows = pq.read_table(path).to_pandas().merge(tables["bill_truth"], on="bill_id")
    assert len(rows) > 2000
    assert (rows.p_late_x == rows.p_late_y).all()
    assert (rows.late_x == rows.late_y).all()
