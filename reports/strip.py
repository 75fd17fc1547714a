"""The 12-cycle payment strip: a customer's year of paying at a glance, one glyph a cycle.

A row of the facts is one bill; a strip is one text per customer, oldest cycle left (domain 5.3).
The strip says what happened as known at as_of and never what is expected.
"""

import numpy as np
import pandas as pd

CYCLES = 12

# From mildest to worst: where a cycle has several bills, the worst of them is shown. What is
# already late stands above what may still be paid in time, and an overdue bill above any that
# was cleared in the end, however late: it is the one that somebody has to act on.
SEVERITY = "·√-?P123456789#X!"

# What the glyphs mean, in the order of a legend; the meanings are keys of the wording.
GLYPHS = {
    "no_bill": "·",
    "early": "√",
    "on_time": "-",
    "late": "123456789",
    "late_10": "#",
    "late_30": "X",
    "partial": "P",
    "open": "?",
    "overdue": "!",
}

NO_BILLS = SEVERITY[0] * CYCLES


def build_strips(bills: pd.DataFrame, *, last_cycle: int) -> pd.Series:
    """Draw the strip of every customer who had a bill in the last 12 cycles.

    A partly paid bill is ``P`` until it is overdue, then ``!``: half a payment does not make it
    less late. A bill that is neither open nor cleared (nothing was payable) leaves no glyph.

    Args:
        bills: One row per bill: customer_id, cycle (month index, year * 12 + month - 1),
            cleared_on (empty while open), days_late (of a cleared bill, 0 or less if on time),
            paid_fen, is_open, is_overdue. Bills outside the 12 cycles are passed over.
        last_cycle: The month index of the strip's last glyph.

    Returns:
        One text of 12 glyphs per customer, indexed by customer_id, in its order. A customer
        without a bill is absent: NO_BILLS is their strip.
    """
    place = bills["cycle"].to_numpy(dtype=np.int64) - (last_cycle - CYCLES + 1)
    shown = (place >= 0) & (place < CYCLES)
    recent = bills[shown]
    rows, customers = pd.factorize(recent["customer_id"], sort=True)
    worst = np.zeros((len(customers), CYCLES), dtype=np.int64)
    np.maximum.at(worst, (rows, place[shown]), _severity(recent))
    glyphs = np.array(list(SEVERITY))[worst]
    strips = np.ascontiguousarray(glyphs).view(f"<U{CYCLES}").ravel().astype(object)
    index = pd.Index(customers, name="customer_id")
    return pd.Series(strips, index=index, name="strip", dtype="str")


def _severity(bills: pd.DataFrame) -> np.ndarray:
    """Return each bill's place in SEVERITY."""
    is_open = bills["is_open"].to_numpy(dtype=bool)
    is_cleared = bills["cleared_on"].notna().to_numpy() & ~is_open
    days = bills["days_late"].fillna(0).to_numpy()
    early = (bills["cleared_on"].dt.day <= 15).to_numpy()  # R000-02: the 15th is still early
    cases = (
        (is_open & bills["is_overdue"].to_numpy(dtype=bool), "!"),
        (is_open & (bills["paid_fen"] > 0).to_numpy(), "P"),
        (is_open, "?"),
        (~is_cleared, "·"),
        (days > 30, "X"),
        (days >= 10, "#"),
        *((days >= late, str(late)) for late in range(9, 0, -1)),
        (early, "√"),
    )
    return np.select(
        [met for met, _ in cases],
        [SEVERITY.index(glyph) for _, glyph in cases],
        default=SEVERITY.index("-"),
    )
