import numpy as np
import pandas as pd
import pytest

from models.forecast.person_periods import Followed
from models.forecast.roll_forward import fit_roll_forward


def looks(*rows: tuple[str, int, float, str]) -> pd.DataFrame:
    """Bills looked at on one day: bill_id, age in days, yuan open, segment."""
    frame = pd.DataFrame(rows, columns=["bill_id", "age", "open_cny", "segment"])
    frame["as_of"] = pd.Timestamp("2026-03-06")
    frame["due_on"] = frame["as_of"] - pd.to_timedelta(frame["age"] - 20, unit="D")
    frame["issued_on"] = frame["as_of"] - pd.to_timedelta(frame["age"], unit="D")
    return frame


def seen(*rows: tuple[int, bool]) -> Followed:
    days, paid = zip(*rows, strict=True)
    return Followed(days=np.array(days), paid=np.array(paid))


PAST = looks(("a", 4, 100, "home"), ("b", 4, 300, "home"), ("c", 5, 100, "shop"))
# a is paid at age 5, b censored after age 6, c paid at age 6.
SEEN = seen((2, True), (3, False), (2, True))


def test_share_paid_is_of_the_yuan_open_at_that_age() -> None:
    rolled = fit_roll_forward(PAST, SEEN)
    assert rolled.overall[4:8].tolist() == pytest.approx([0, 100 / 500, 100 / 400, 0])


def test_bill_is_rolled_from_its_present_age_on() -> None:
    rolled = fit_roll_forward(PAST, SEEN)
    paid = rolled.predict(looks(("x", 4, 1, "home"), ("y", 6, 1, "home")), 3)
    assert paid[0].tolist() == pytest.approx([0, 0.2, 1 - 0.8 * 0.75])
    assert paid[1].tolist() == pytest.approx([0.25, 0.25, 0.25])


def test_segment_rolls_by_its_own_share_and_an_unknown_one_by_all() -> None:
    rolled = fit_roll_forward(PAST, SEEN, by_segment=True)
    now = looks(("x", 5, 1, "home"), ("y", 5, 1, "shop"), ("z", 5, 1, "farm"))
    assert rolled.predict(now, 2)[:, 1].tolist() == pytest.approx([0.25, 1.0, 1 - 0.8 * 0.75])


def test_second_look_at_a_bill_is_not_counted_again() -> None:
    again = PAST.assign(as_of=PAST["as_of"] + pd.Timedelta(days=10))
    both = pd.concat([again, PAST], ignore_index=True)
    twice = Followed(days=np.tile(SEEN.days, 2), paid=np.tile(SEEN.paid, 2))
    rolled = fit_roll_forward(both, twice)
    assert (rolled.overall == fit_roll_forward(PAST, SEEN).overall).all()


def test_bill_older_than_any_seen_is_expected_to_stay() -> None:
    rolled = fit_roll_forward(PAST, SEEN)
    assert rolled.predict(looks(("x", 900, 1, "home")), 5).max() == 0


def test_clock_of_the_due_day_tells_bills_of_other_terms_apart() -> None:
    longer = PAST.assign(due_on=PAST["due_on"] + pd.Timedelta(days=10))
    now = looks(("x", 4, 1, "home"))
    later = now.assign(due_on=now["due_on"] + pd.Timedelta(days=10))
    by_due = fit_roll_forward(longer, SEEN, clock="due")
    by_issue = fit_roll_forward(longer, SEEN)
    assert by_due.predict(later, 3).tolist() == by_issue.predict(now, 3).tolist()
    assert by_due.predict(now, 3).max() == 0
