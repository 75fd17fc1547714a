"""The payment strip: drawn cases, and a plain reading of the rules as oracle."""

from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.strip import CYCLES, GLYPHS, NO_BILLS, SEVERITY, build_strips

LAST = 2026 * 12 + 9  # October 2026

# glyph, then the bill: due and cleared day of that month (cleared may run on), yuan paid of 100.
DRAWN = """
    glyph  due         cleared     paid  overdue
    √      2026-09-25  2026-09-15   100  no
    -      2026-09-25  2026-09-16   100  no
    -      2026-09-25  2026-09-25   100  no
    1      2026-09-25  2026-09-26   100  no
    9      2026-09-25  2026-10-04   100  no
    #      2026-09-25  2026-10-05   100  no
    #      2026-09-25  2026-10-25   100  no
    X      2026-09-25  2026-10-26   100  no
    P      2026-11-25  open          40  no
    ?      2026-11-25  open           0  no
    !      2026-09-25  open           0  yes
    !      2026-09-25  open          40  yes
"""

COLUMNS = ["customer_id", "cycle", "due_on", "cleared_on", "paid_fen", "is_open", "is_overdue"]


def facts(rows: list[tuple]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=COLUMNS)
    for column in ("due_on", "cleared_on"):
        frame[column] = pd.to_datetime(frame[column]).astype("datetime64[s]")
    frame["days_late"] = (frame["cleared_on"] - frame["due_on"]).dt.days.clip(lower=0)
    frame["amount_fen"] = 10_000
    return frame.astype({"cycle": "int64", "paid_fen": "int64"})


def drawn() -> list[tuple[str, tuple]]:
    cases = []
    for number, line in enumerate(DRAWN.strip().splitlines()[1:]):
        glyph, due, cleared, paid, overdue = line.split()
        paid_on = None if cleared == "open" else cleared
        bill = (f"c{number:02}", LAST, due, paid_on, int(paid) * 100, paid_on is None)
        cases.append((glyph, (*bill, overdue == "yes")))
    return cases


def test_drawn_bills_show_the_glyph_of_the_domain():
    strips = build_strips(facts([bill for _, bill in drawn()]), last_cycle=LAST)
    assert strips.str[-1].tolist() == [glyph for glyph, _ in drawn()]
    assert (strips.str[:-1] == NO_BILLS[1:]).all()


def test_oldest_of_twelve_cycles_stands_left():
    bill = ("2026-09-25", "2026-09-10", 10_000, False, False)
    rows = [("c", LAST - back, *bill) for back in (0, 11, 12, -1)]
    assert build_strips(facts(rows), last_cycle=LAST).to_dict() == {"c": "√··········√"}


def test_waived_bill_leaves_no_glyph():
    row = ("c", LAST, "2026-09-25", None, 0, False, False)
    assert build_strips(facts([row]), last_cycle=LAST).to_dict() == {"c": NO_BILLS}


def test_no_bills_at_all_give_no_strips():
    assert build_strips(facts([]), last_cycle=LAST).empty


def test_legend_names_every_glyph_once():
    assert sorted("".join(GLYPHS.values())) == sorted(SEVERITY)


@st.composite
def bills(draw):
    due = date(2026, 1, 25) + timedelta(days=draw(st.integers(0, 300)))
    state = draw(st.sampled_from(["cleared", "open", "overdue", "waived"]))
    after = draw(st.one_of(st.integers(-25, 45), st.sampled_from([0, 1, 9, 10, 30, 31])))
    cleared = due + timedelta(days=after) if state == "cleared" else None
    return (
        draw(st.sampled_from("abc")),
        LAST - draw(st.integers(-1, 13)),
        due,
        cleared,
        draw(st.sampled_from([0, 1, 5_000])),
        state in {"open", "overdue"},
        state == "overdue",
    )


def plain_glyph(bill: tuple) -> str:
    _, _, due, cleared, paid, is_open, is_overdue = bill
    if is_open:
        return "!" if is_overdue else "P" if paid else "?"
    if cleared is None:
        return "·"
    late = (cleared - due).days
    if late > 30:
        return "X"
    if late >= 10:
        return "#"
    if late > 0:
        return str(late)
    return "√" if cleared.day <= 15 else "-"


def plain_strips(rows: list[tuple]) -> dict[str, str]:
    strips: dict[str, list[str]] = {}
    for bill in rows:
        customer, cycle = bill[:2]
        if LAST - CYCLES < cycle <= LAST:
            strip = strips.setdefault(customer, list(NO_BILLS))
            place = cycle - LAST + CYCLES - 1
            strip[place] = max(strip[place], plain_glyph(bill), key=SEVERITY.index)
    return {customer: "".join(strip) for customer, strip in sorted(strips.items())}


@given(st.lists(bills(), max_size=25))
def test_strips_agree_with_a_plain_reading_of_the_rules(rows):
    strips = build_strips(facts(rows), last_cycle=LAST)
    assert list(strips.items()) == list(plain_strips(rows).items())


@given(st.lists(bills(), max_size=25), st.randoms(use_true_random=False))
def test_row_order_changes_no_strip(rows, chance):
    shuffled = chance.sample(rows, len(rows))
    expected = build_strips(facts(rows), last_cycle=LAST)
    pd.testing.assert_series_equal(build_strips(facts(shuffled), last_cycle=LAST), expected)


@pytest.mark.parametrize("column", ["days_late", "amount_fen", "due_on"])
def test_drawing_leaves_the_facts_untouched(column):
    frame = facts([bill for _, bill in drawn()])
    before = frame[column].copy()
    build_strips(frame, last_cycle=LAST)
    pd.testing.assert_series_equal(frame[column], before)
