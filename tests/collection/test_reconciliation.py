from collections import Counter
from datetime import date, datetime, time, timedelta

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from collection.reconciliation import (
    PAYMENT_SCHEMA,
    STATEMENT_SCHEMA,
    Reconciliation,
    daily_report,
    reconcile,
)

DAY_1 = date(2026, 11, 2)


def drawn(text: str) -> list[dict[str, str]]:
    lines = [[c.strip() for c in line.split("|")] for line in text.splitlines() if line.strip()]
    return [dict(zip(lines[0], cells, strict=True)) for cells in lines[1:]]


def statement_of(text: str) -> list[dict]:
    return [
        {"row": n, "channel": r["channel"], "posted_on": date.fromisoformat(r["posted_on"]),
         "reference": r["reference"] or None, "amount_fen": round(100 * float(r["amount"]))}
        for n, r in enumerate(drawn(text), start=1)
    ]  # fmt: skip


def payments_of(text: str) -> list[dict]:
    return [
        {"payment_id": r["payment_id"], "customer_id": "c", "channel": r["channel"],
         "posted_at": datetime.fromisoformat(r["posted_at"]), "reference": r["reference"] or None,
         "amount_fen": round(100 * float(r["amount"])), "outlet": None, "cashier": None}
        for r in drawn(text)
    ]  # fmt: skip


def matched(statement: list[dict], payments: list[dict]) -> Reconciliation:
    return reconcile(
        pa.Table.from_pylist(statement, STATEMENT_SCHEMA),
        pa.Table.from_pylist(payments, PAYMENT_SCHEMA),
    )


STATEMENT = """
    channel | posted_on  | reference | amount
    wechat  | 2026-11-02 | r1        | 100.00
    wechat  | 2026-11-02 | p2        | 80.00
    wechat  | 2026-11-02 | lost      | 50.00
    wechat  | 2026-11-02 |           | 20.00
    wechat  | 2026-11-02 |           | 20.00
    wechat  | 2026-11-02 |           | 20.00
    alipay  | 2026-11-03 | p6        | 60.00
    alipay  | 2026-11-03 |           | 70.00
    """
PAYMENTS = """
    payment_id | channel | posted_at        | reference | amount
    p1         | wechat  | 2026-11-02 09:00 | r1        | 100.00
    p2         | wechat  | 2026-11-05 09:00 |           | 80.00
    p3         | wechat  | 2026-11-02 09:00 | other     | 50.00
    p4         | wechat  | 2026-11-02 10:00 |           | 20.00
    p5         | wechat  | 2026-11-02 11:00 |           | 20.00
    p6         | alipay  | 2026-11-03 09:00 |           | 61.00
    p7         | alipay  | 2026-11-02 09:00 |           | 70.00
    p8         | counter | 2026-11-02 09:00 |           | 5.00
    p9         | wechat  | 2026-11-05 09:00 |           | 5.00
    """


def test_rows_find_their_payment_by_reference_else_by_day_channel_and_amount() -> None:
    made = matched(statement_of(STATEMENT), payments_of(PAYMENTS))
    pairs = {(r["row"], r["payment_id"]): r["how"] for r in made.matched.to_pylist()}
    assert pairs == {
        (1, "p1"): "reference",
        (2, "p2"): "reference",  # booked three days later, named by its own id
        (3, "p3"): "day_channel_amount",  # its reference is nobody's
        (4, "p4"): "day_channel_amount",
        (5, "p5"): "day_channel_amount",
        (7, "p6"): "reference",
    }


def test_same_reference_with_another_amount_shows_the_difference() -> None:
    made = matched(statement_of(STATEMENT), payments_of(PAYMENTS))
    wrong = {r["payment_id"]: r["difference_fen"] for r in made.matched.to_pylist()
             if r["difference_fen"]}  # fmt: skip
    assert wrong == {"p6": -100}
    assert not made.agrees


def test_what_stands_on_one_side_only_is_listed() -> None:
    made = matched(statement_of(STATEMENT), payments_of(PAYMENTS))
    assert made.only_statement["row"].to_pylist() == [6, 8]
    # Neither p8, of a channel that the statement does not speak of, nor p9, of another day.
    assert made.only_payments["payment_id"].to_pylist() == ["p7"]


def test_totals_tell_day_and_channel_of_each_side() -> None:
    made = matched(statement_of(STATEMENT), payments_of(PAYMENTS))
    told = {(r["posted_on"].day, r["channel"]): r for r in made.totals.to_pylist()}
    assert sorted(told) == [(2, "alipay"), (2, "wechat"), (3, "alipay"), (5, "wechat")]
    wechat = told[2, "wechat"]
    assert (wechat["statement_rows"], wechat["statement_fen"]) == (6, 29_000)
    assert (wechat["booked_rows"], wechat["booked_fen"]) == (4, 19_000)
    assert (wechat["only_statement_rows"], wechat["only_statement_fen"]) == (1, 2_000)
    assert wechat["difference_fen"] == 10_000
    assert told[5, "wechat"]["difference_fen"] == -8_000


def test_a_payment_and_its_reversal_under_one_reference_are_told_apart() -> None:
    statement = statement_of("""
        channel | posted_on  | reference | amount
        pos     | 2026-11-02 | r1        | -30.00
        pos     | 2026-11-02 | r1        | 30.00
        """)
    payments = payments_of("""
        payment_id | channel | posted_at        | reference | amount
        p1         | pos     | 2026-11-02 09:00 | r1        | 30.00
        p2         | pos     | 2026-11-02 10:00 | r1        | -30.00
        """)
    made = matched(statement, payments)
    assert made.agrees
    assert {r["row"]: r["payment_id"] for r in made.matched.to_pylist()} == {1: "p2", 2: "p1"}


def test_empty_sides_give_empty_lists() -> None:
    assert matched([], []).agrees
    assert matched([], payments_of(PAYMENTS)).only_payments.num_rows == 0
    alone = matched(statement_of(STATEMENT), [])
    assert alone.only_statement.num_rows == 8


def test_daily_report_tells_cashier_outlet_and_channel_apart() -> None:
    taken = payments_of("""
        payment_id | channel | posted_at        | reference | amount
        p1         | counter | 2026-11-02 09:00 |           | 30.00
        p2         | counter | 2026-11-02 10:00 |           | 20.00
        p3         | counter | 2026-11-02 11:00 |           | -20.00
        p4         | counter | 2026-11-03 09:00 |           | 7.00
        p5         | wechat  | 2026-11-02 09:00 |           | 1.50
        """)
    for payment, cashier in zip(taken, ("ann", "bea", "bea", "ann", None), strict=True):
        payment |= {"outlet": "hall 1" if cashier else None, "cashier": cashier}
    told = daily_report(pa.Table.from_pylist(taken, PAYMENT_SCHEMA)).to_pylist()
    assert [tuple(row.values()) for row in told] == [
        (DAY_1, "counter", "hall 1", "ann", 1, 3_000, 0, 0, 3_000),
        (DAY_1, "counter", "hall 1", "bea", 1, 2_000, 1, -2_000, 0),
        (DAY_1, "wechat", "", "", 1, 150, 0, 0, 150),
        (date(2026, 11, 3), "counter", "hall 1", "ann", 1, 700, 0, 0, 700),
    ]


# Few days, channels, references and amounts, so that much is equal.
days = st.integers(0, 3).map(lambda n: DAY_1 + timedelta(days=n))
channels = st.sampled_from(("wechat", "alipay", "counter"))
references = st.none() | st.sampled_from(("p0", "p1", "p2", "r0", "r1"))
amounts = st.sampled_from((-2_000, 1_000, 1_000, 2_000, 3_050))
statements = st.lists(
    st.tuples(channels, days, references, amounts), max_size=12
).map(lambda rows: [dict(zip(("channel", "posted_on", "reference", "amount_fen"), row, strict=True))
                    | {"row": n} for n, row in enumerate(rows)])  # fmt: skip
books = st.lists(
    st.tuples(channels, days, references, amounts), max_size=12
).map(lambda rows: [{"payment_id": f"p{n}", "customer_id": "c", "channel": channel,
                     "posted_at": datetime.combine(on, time(9)), "amount_fen": fen,
                     "reference": reference, "outlet": None, "cashier": None}
                    for n, (channel, on, reference, fen) in enumerate(rows)])  # fmt: skip


def plain(statement: list[dict], payments: list[dict]) -> list[int]:
    """How many pairs each way finds, row by row."""

    def booked(payment: dict, *keys: str) -> tuple:
        return tuple((payment | {"posted_on": payment["posted_at"].date()})[key] for key in keys)

    ways = (
        (("reference", "amount_fen"), ("reference", "amount_fen")),
        (("reference", "amount_fen"), ("payment_id", "amount_fen")),
        (("reference",), ("reference",)),
        (("reference",), ("payment_id",)),
        (("posted_on", "channel", "amount_fen"),) * 2,
    )
    rows, left, found = list(statement), list(payments), []
    for ours, theirs in ways:
        pairs = 0
        for row in sorted(rows, key=lambda r: (r["amount_fen"], r["row"])):
            key = tuple(row[column] for column in ours)
            fits = [p for p in left if None not in key and booked(p, *theirs) == key]
            if fits:
                best = min(fits, key=lambda p: (p["amount_fen"], p["posted_at"], p["payment_id"]))
                left.remove(best)
                rows.remove(row)
                pairs += 1
        found.append(pairs)
    return found


@settings(max_examples=30, deadline=None)
@given(statement=statements, payments=books)
def test_every_row_ends_in_exactly_one_place_and_totals_add_up(
    statement: list[dict], payments: list[dict]
) -> None:
    made = matched(statement, payments)
    pairs = made.matched.to_pylist()
    ours = [r["row"] for r in pairs] + made.only_statement["row"].to_pylist()
    assert sorted(ours) == [row["row"] for row in statement]
    seen = [r["payment_id"] for r in pairs]
    alone = made.only_payments["payment_id"].to_pylist()
    assert len(set(seen + alone)) == len(seen + alone)
    told = {row["channel"] for row in statement}
    span = [row["posted_on"] for row in statement]
    scope = {p["payment_id"] for p in payments if p["channel"] in told
             and min(span) <= p["posted_at"].date() <= max(span)}  # fmt: skip
    assert scope <= set(seen + alone)
    assert set(alone) == scope - set(seen)
    counted = Counter()
    for row in made.totals.to_pylist():
        counted.update({k: v for k, v in row.items() if k.endswith(("_fen", "_rows"))})
    fen = {p["payment_id"]: p["amount_fen"] for p in payments}
    assert counted["statement_fen"] == sum(row["amount_fen"] for row in statement)
    assert counted["statement_rows"] == len(statement)
    assert counted["booked_fen"] == sum(fen[p] for p in seen + alone)
    assert counted["only_booked_rows"] == len(alone)
    assert counted["only_statement_fen"] == sum(made.only_statement["amount_fen"].to_pylist())
    assert counted["difference_fen"] == counted["statement_fen"] - counted["booked_fen"]


@settings(max_examples=30, deadline=None)
@given(statement=statements, payments=books)
def test_as_many_pairs_are_found_as_row_by_row(statement: list[dict], payments: list[dict]) -> None:
    made = matched(statement, payments)
    hows = Counter(made.matched["how"].to_pylist())
    by_hand = plain(statement, payments)
    assert hows["reference"] == sum(by_hand[:4])
    assert hows["day_channel_amount"] == by_hand[4]


@settings(max_examples=15, deadline=None)
@given(statement=statements, payments=books, order=st.randoms(use_true_random=False))
def test_order_of_either_side_changes_nothing(
    statement: list[dict], payments: list[dict], order
) -> None:
    made = matched(statement, payments)
    order.shuffle(statement)
    order.shuffle(payments)
    assert matched(statement, payments) == made
