"""What a day does not know yet of some rows: leaving it out, and writing something else instead."""

import random
from datetime import date, datetime, timedelta
from decimal import Decimal

# Days written on a row long before, but true only from then on.
LATER_KNOWN = {
    "bills": ("cancelled_on", "hold_to_on"),
    "customers": ("closed_on",),
    "disconnections": ("reconnected_at",),
}


def known_at(table: str, row: dict) -> datetime:
    """Return the moment from which a row may be used (contract.md)."""
    moment = {
        "customers": lambda: row["valid_from"],
        "bills": lambda: row["issued_on"],
        "payments": lambda: row["posted_at"] or row["paid_at"],
        "contacts": lambda: row["contacted_at"],
        "events": lambda: row["happened_on"],
        "balances": lambda: row["on"] + timedelta(days=1),
        "disconnections": lambda: row["disconnected_at"],
    }[table]()
    return as_moment(moment)


def as_moment(day: date | datetime) -> datetime:
    return day if isinstance(day, datetime) else datetime.combine(day, datetime.min.time())


def without_later(rows: dict[str, list[dict]], as_of: date) -> dict[str, list[dict]]:
    """Return only what was known before as_of began."""
    start = as_moment(as_of)
    return {
        table: [
            row | dict.fromkeys(later_columns(table, row, start))
            for row in lived
            if known_at(table, row) < start
        ]
        for table, lived in rows.items()
    }


def later_columns(table: str, row: dict, start: datetime) -> list[str]:
    return [
        column
        for column in LATER_KNOWN.get(table, ())
        if row.get(column) is not None and as_moment(row[column]) >= start
    ]


def with_other_later(rows: dict[str, list[dict]], as_of: date, seed: int) -> dict[str, list[dict]]:
    """Return the same past with another future: later rows changed, and new ones beside them."""
    rng = random.Random(seed)  # noqa: S311 - draws a test, guards no secret
    start = as_moment(as_of)
    other: dict[str, list[dict]] = {}
    for table, lived in rows.items():
        other[table] = []
        for row in lived:
            if known_at(table, row) >= start:
                row = scrambled(table, row, rng)  # noqa: PLW2901 - the row that takes its place
            elif table in LATER_KNOWN:
                row = row | {  # noqa: PLW2901 - the same
                    column: some_day(rng, as_of, type(row[column]))
                    for column in later_columns(table, row, start)
                }
            other[table].append(row)
    newest = [bill for bill in rows["bills"] if known_at("bills", bill) < start][-3:]
    other["payments"] += [reversing(rng, as_of, bill, n) for n, bill in enumerate(newest)]
    return other


def some_day(rng: random.Random, as_of: date, kind: type) -> date | datetime:
    day = as_of + timedelta(days=rng.randrange(90))
    return as_moment(day) if kind is datetime else day


def scrambled(table: str, row: dict, rng: random.Random) -> dict:
    """Change all that a later row says, but not whose it is nor that it is later."""
    days = timedelta(days=rng.randrange(400))
    shifted = {
        column: value + days for column, value in row.items() if isinstance(value, date | datetime)
    }
    money = {
        column: Decimal(rng.randrange(-9000, 90000)) / 100
        for column in ("amount", "balance", "cost")
        if column in row
    }
    says = {
        "customers": {"segment": "public", "grid_id": "g1", "x_limit": 99.0},
        "bills": {"kwh": 1.0, "kind": "regular", "x_meter": -5.0},
        "payments": {"channel": "agent", "bill_id": None},
        "contacts": {"outcome": "answered"},
    }.get(table, {})
    if table == "payments" and row["customer_id"] is None:
        del says["bill_id"]
    return row | shifted | money | says


def reversing(rng: random.Random, as_of: date, bill: dict, number: int) -> dict:
    """A payment of a known bill that is posted at as_of or later but was made long before."""
    return {
        "payment_id": f"later-{number}",
        "customer_id": bill["customer_id"],
        "bill_id": bill["bill_id"],
        "paid_at": as_moment(bill["issued_on"]),
        "posted_at": as_moment(as_of) + timedelta(days=rng.choice((0, 30))),
        "amount": Decimal(rng.choice((-100, 1, 100000))),
        "channel": "kiosk",
        "outcome": rng.choice(("ok", "failed")),
    }
