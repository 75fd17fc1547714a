"""What happened, as a page carries it: nothing is lost, nothing told twice, all before the day."""

import pandas as pd
import pytest
from drawn_page import AS_OF, make_happened

from reports.page.history import KINDS, Happened, counts, fold, shown


@pytest.fixture(scope="module")
def happened():
    return make_happened(pd.Series([f"c{n:03d}" for n in range(40)]))


@pytest.fixture(scope="module")
def folded(happened):
    customers = pd.Index(sorted(happened.bills["customer_id"].unique())[::-1])
    return customers, fold(happened, customers, AS_OF)


def test_every_payment_is_told_once_by_its_bill_or_by_itself(happened, folded):
    _, told = folded
    bills = told["bill"]
    by_bill = bills.loc[bills["channel"].notna(), "amount_fen"].sum()
    assert by_bill + told["payment"]["amount_fen"].sum() == happened.payments["amount_fen"].sum()
    alone = len(happened.payments) - bills["channel"].notna().sum()
    assert len(told["payment"]) == alone > 0


def test_bill_has_the_channel_of_the_one_payment_that_settled_it(happened, folded):
    _, told = folded
    paid = {
        (one.customer_id, one.paid_on, one.amount_fen): one.channel
        for one in happened.payments.itertuples(index=False)
    }
    for one in told["bill"].itertuples(index=False):
        expected = paid.get((one.customer_id, one.cleared_on, one.amount_fen))
        assert (one.channel if isinstance(one.channel, str) else None) == expected


def test_rows_lie_by_customer_in_the_order_of_the_list_newest_first(folded):
    customers, told = folded
    for kind, by in zip(KINDS, ("due", "on", "on"), strict=True):
        frame = told[kind]
        assert frame["at"].is_monotonic_increasing
        assert (frame["customer_id"] == customers[frame["at"]]).all()
        assert frame.groupby("at")[by].apply(lambda days: days.is_monotonic_increasing).all()
        of = counts(frame, len(customers))
        assert (sum(of), len(of)) == (len(frame), len(customers))


def test_days_are_counted_back_from_the_day_of_the_list(folded):
    _, told = folded
    bill = told["bill"].iloc[0]
    assert pd.Timestamp(AS_OF) - pd.Timedelta(days=int(bill["due"])) == bill["due_on"]
    assert (told["contact"]["on"] > 0).all()
    assert "bill_id" not in shown(told["bill"], "bill")


def test_customer_who_is_not_listed_is_left_out(happened):
    told = fold(happened, pd.Index(["c001"]), AS_OF)
    assert all(set(told[kind]["customer_id"]) <= {"c001"} for kind in KINDS)


def test_two_bills_of_one_day_and_amount_take_two_payments():
    day = pd.Timestamp("2026-09-20")
    bills = pd.DataFrame(
        {
            "customer_id": "c",
            "bill_id": ["a", "b", "c"],
            "cycle": 202609,
            "issued_on": day,
            "due_on": day,
            "amount_fen": 100,
            "open_fen": 0,
            "cleared_on": day,
        }
    )
    payments = pd.DataFrame(
        {
            "customer_id": "c",
            "paid_on": day,
            "amount_fen": [100, 100],
            "channel": ["wechat", "counter"],
            "kind": "ok",
        }
    )
    contacts = make_happened(pd.Series(["c"])).contacts.head(0)
    happened = Happened(bills=bills, payments=payments, contacts=contacts)
    told = fold(happened, pd.Index(["c"]), AS_OF)
    assert told["bill"]["channel"].isna().tolist() == [False, False, True]
    assert len(told["payment"]) == 0
