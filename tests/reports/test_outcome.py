"""What became of the last list, against plain Python, and that its parts add up."""

from datetime import date, datetime, timedelta

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.outcome import FATES, REACHED, what_became

SINCE, UNTIL = date(2026, 9, 6), date(2026, 10, 6)
BANDS = ("call", "message", "watch")
MINUTES = 30 * 24 * 60


def moment(minutes):
    return datetime(2026, 9, 6) + timedelta(minutes=minutes)


@st.composite
def worlds(draw):
    """Some scored bills of a few customers, what is known of them, and contacts."""
    size = draw(st.integers(1, 12))
    customers = [f"c{draw(st.integers(0, 3))}" for _ in range(size)]
    minutes = st.integers(-3 * 24 * 60, MINUTES - 1)
    scored = [
        {
            "customer_id": customers[at],
            "bill_id": f"b{at}",
            "band": draw(st.sampled_from(BANDS)),
            "open_cny": draw(st.integers(1, 10_000)) / 100,
        }
        for at in range(size)
    ]
    bills = [
        {
            "bill_id": f"b{at}",
            "due_on": date(2026, 9, 6) + timedelta(days=draw(st.integers(-2, 40))),
            "cleared_at": draw(st.none() | minutes.map(moment)),
        }
        for at in range(size)
        if draw(st.integers(0, 5))
    ]
    contacts = [
        {
            "customer_id": customers[at],
            "bill_id": draw(st.sampled_from([None, f"b{at}"])),
            "contacted_at": moment(draw(minutes)),
            "outcome": draw(st.sampled_from([*REACHED, "no_answer", "wrong_number"])),
        }
        for at in draw(st.lists(st.integers(0, size - 1), max_size=8))
    ]
    return scored, bills, contacts


def frames(scored, bills, contacts):
    known = pd.DataFrame(bills, columns=["bill_id", "due_on", "cleared_at"])
    made = pd.DataFrame(contacts, columns=["customer_id", "bill_id", "contacted_at", "outcome"])
    known["cleared_at"] = pd.to_datetime(known["cleared_at"]).astype("datetime64[us]")
    made["contacted_at"] = pd.to_datetime(made["contacted_at"]).astype("datetime64[us]")
    text = {"bill_id": "str"}
    return pd.DataFrame(scored), known.astype(text), made.astype(text)


def told_plainly(scored, bills, contacts):
    """The same in plain Python: bills and fen by band, fate and lateness."""
    known, found = {one["bill_id"]: one for one in bills}, {}
    for row in scored:
        bill = known.get(row["bill_id"])
        late = False
        if bill is None:
            fate = "withdrawn"
        elif bill["cleared_at"] is None:
            fate, late = "open", bill["due_on"] < UNTIL
        else:
            before = [
                one
                for one in contacts
                if one["outcome"] in REACHED
                and (
                    one["bill_id"] == row["bill_id"]
                    or (one["bill_id"] is None and one["customer_id"] == row["customer_id"])
                )
                and moment(0) <= one["contacted_at"] < bill["cleared_at"]
            ]
            fate = "paid_after" if before else "paid_alone"
            late = bill["cleared_at"].date() > bill["due_on"]
        key = (row["band"], fate, late)
        count, fen = found.get(key, (0, 0))
        found[key] = (count + 1, fen + round(row["open_cny"] * 100))
    return found


@settings(max_examples=60, deadline=None)
@given(worlds())
def test_fates_are_those_of_plain_python(world):
    parts = what_became(*frames(*world), since=SINCE, until=UNTIL).parts
    found = {tuple(row[:3]): tuple(row[3:]) for row in parts.itertuples(index=False)}
    assert found == told_plainly(*world)


@settings(max_examples=60, deadline=None)
@given(worlds())
def test_parts_add_up_to_the_list_and_to_all_late_bills(world):
    made = what_became(*frames(*world), since=SINCE, until=UNTIL)
    scored = pd.DataFrame(world[0])
    fen = (scored["open_cny"] * 100).round().astype(int)
    listed = scored["band"] != "watch"
    assert made.listed() == (listed.sum(), fen[listed].sum())
    by_fate = [made.listed(fate=fate) for fate in FATES]
    assert tuple(map(sum, zip(*by_fate, strict=True))) == made.listed()
    late = made.parts.loc[made.parts["late"], ["count", "fen"]].sum()
    assert (made.caught[0] + made.missed[0], made.caught[1] + made.missed[1]) == tuple(late)


def test_contact_counts_only_before_the_payment_and_when_it_reached_somebody():
    scored = [
        {"customer_id": "c", "bill_id": bill, "band": "call", "open_cny": 1.0} for bill in "abc"
    ]
    bills = [{"bill_id": b, "due_on": UNTIL, "cleared_at": moment(100)} for b in "abc"]
    contacts = [
        {"customer_id": "c", "bill_id": bill, "contacted_at": moment(at), "outcome": outcome}
        for bill, at, outcome in (
            ("a", 99, "delivered"),
            ("b", 101, "delivered"),
            ("c", 99, "no_answer"),
        )
    ]
    made = what_became(*frames(scored, bills, contacts), since=SINCE, until=UNTIL)
    assert made.listed(fate="paid_after") == (1, 100)
    assert made.listed(fate="paid_alone") == (2, 200)
