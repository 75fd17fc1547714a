"""Random lives of customers: every awkward thing a billing history may hold, drawn from seeds.

A life is drawn from its own seed, so Hypothesis shrinks a failing world to the one customer
whose life breaks the property.
"""

import random
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from contract.tables import CHANNELS

TABLES = (
    "customers",
    "bills",
    "payments",
    "contacts",
    "events",
    "balances",
    "disconnections",
)
FIRST_DAY = date(2023, 1, 1)

# Cycle boundaries, month ends, the leap day, Spring Festival 2024 and 2025, and plain days.
AS_OFS = (
    date(2024, 2, 29),
    date(2024, 3, 1),
    date(2024, 3, 31),
    date(2024, 5, 31),
    date(2024, 8, 20),
    date(2024, 12, 31),
    date(2025, 1, 29),
)

as_ofs = st.sampled_from(AS_OFS)
seeds = st.integers(0, 2**20)


# Seeds of some customers' lives; tables_of writes them out.
lives = st.lists(seeds, min_size=1, max_size=16)


def tables_of(life_seeds: list[int]) -> dict[str, list[dict]]:
    """Return the rows of each table, one life a seed."""
    rows: dict[str, list[dict]] = {table: [] for table in TABLES}
    for number, seed in enumerate(life_seeds):
        rng = random.Random(seed)  # noqa: S311 - draws a test, guards no secret
        for table, lived in Life(f"c{number}", rng).rows().items():
            rows[table] += lived
    return rows


class Life:
    """One customer's rows, written as they happen."""

    def __init__(self, customer: str, rng: random.Random) -> None:
        self.customer = customer
        self.rng = rng
        self.months = rng.choice((1, 1, 1, 2))
        self.issue_day = rng.choice((1, 5, 28, 29, 30, 31))
        self.usual_fen = rng.choice((50, 99, 100, 101, 8000, 12345, 100_001))
        self.lateness = rng.choice((0.0, 0.2, 0.6, 1.0))
        self.mess = rng.choice((0.0, 0.1, 0.5))
        self.bills: list[dict] = []
        self.payments: list[dict] = []

    def rows(self) -> dict[str, list[dict]]:
        for month in range(0, 26, self.months):
            if self.rng.random() > 0.05:
                self.issue(month)
        self.pay_in_advance()
        return {
            "customers": self.versions(),
            "bills": self.bills,
            "payments": self.payments,
            "contacts": self.contacts(),
            "events": self.events(),
            **self.prepaid(),
        }

    def maybe(self) -> bool:
        return self.rng.random() < self.mess

    def day(self, first: date = FIRST_DAY, span: int = 800) -> date:
        return first + timedelta(days=self.rng.randrange(span))

    def moment(self, on: date) -> datetime:
        clock = (time(0, 0), time(23, 59, 59, 999999), time(12, 0), time(9, 30, 15))
        return datetime.combine(on, self.rng.choice(clock))

    def issue(self, month: int) -> None:
        year, month_of_year = FIRST_DAY.year + month // 12, month % 12 + 1
        first_of_next = date(year + month_of_year // 12, month_of_year % 12 + 1, 1)
        last = (first_of_next - timedelta(days=1)).day
        issued = date(year, month_of_year, min(self.issue_day, last))
        bill = {
            "bill_id": f"{self.customer}-{len(self.bills)}",
            "customer_id": self.customer,
            "cycle": year * 100 + month_of_year,
            "issued_on": issued,
            "due_on": issued + timedelta(days=self.rng.choice((0, 1, 10, 15, 20))),
            "amount": self.amount(),
            "kwh": self.rng.choice((None, 0.0, 9.5, 10.0, 10.5, 120.0, 120.0, 250.25)),
            "x_meter": self.rng.choice((None, 0.1, 0.2, 0.3, 7.0)),
        }
        if self.maybe():
            bill["kind"] = self.rng.choice(("rebill", "refund", "supplement", "final", "small"))
        if self.maybe():
            bill["hold"] = self.rng.choice(("disputed", "debit_in_transit"))
            bill["hold_from_on"] = self.rng.choice((None, issued + timedelta(days=3)))
            bill["hold_to_on"] = self.rng.choice((None, issued + timedelta(days=9)))
        self.bills.append(bill)
        if self.maybe():
            bill["cancelled_on"] = issued + timedelta(days=self.rng.randrange(40))
            again = {"bill_id": f"{bill['bill_id']}r", "cancelled_on": None, "kind": "rebill"}
            self.bills.append(bill | again | {"amount": self.amount()})
        self.settle(bill)

    def amount(self) -> Decimal:
        if self.maybe():
            return Decimal(self.rng.choice((-500, 0, 50, 99, 100, 101))) / 100
        return Decimal(self.rng.choice((1, 1, 1, 2, 3)) * self.usual_fen) / 100

    def settle(self, bill: dict) -> None:
        if self.rng.random() < self.lateness:
            waits = self.rng.choice((16, 21, 35, 70, 400))
        else:
            waits = self.rng.choice((0, 0, 1, 10, 14, 15))
        on = bill["issued_on"] + timedelta(days=waits)
        amount = bill["amount"]
        if self.maybe():
            self.pay(on - timedelta(days=1), amount, bill, outcome="failed")
        if self.maybe():  # in two parts, the second perhaps years away or at the same moment
            part = (amount / 2).quantize(Decimal("0.01"))
            self.pay(on, part, bill)
            amount -= part
            on += timedelta(days=self.rng.choice((0, 5, 400)))
        if self.maybe():
            amount += self.rng.choice((Decimal("-1.00"), Decimal("-0.99"), Decimal("30.00")))
        self.pay(on, amount, bill)
        if self.maybe():
            self.reverse()

    def pay(self, on: date, amount: Decimal, bill: dict | None, outcome: str = "ok") -> None:
        paid = self.moment(on)
        named = bill is not None and self.rng.random() < 0.7
        payment = {
            "payment_id": f"{self.customer}-p{len(self.payments)}",
            "customer_id": self.customer,
            "bill_id": bill["bill_id"] if bill and named else None,
            "paid_at": paid,
            "posted_at": self.posted(paid),
            "amount": amount,
            "channel": self.rng.choice((*CHANNELS[:3], "bank_debit", "counter")),
            "outcome": outcome,
        }
        if named and bill and paid.date() >= bill["issued_on"] and self.maybe():
            payment["customer_id"] = None
        self.payments.append(payment)

    def posted(self, paid: datetime) -> datetime | None:
        """When the utility knew: at once, some days later, or two months back-dated."""
        lag = self.rng.choice((None, None, 0, 1, 3, 60 if self.maybe() else 2))
        return None if lag is None else paid + timedelta(days=lag)

    def reverse(self) -> None:
        undone = self.rng.choice(self.payments)
        paid = undone["paid_at"] + timedelta(days=self.rng.choice((0, 1, 45)))
        self.payments.append(
            undone
            | {
                "payment_id": f"{self.customer}-p{len(self.payments)}",
                "customer_id": self.customer,
                "bill_id": self.rng.choice((None, undone["bill_id"])),
                "paid_at": paid,
                "posted_at": self.posted(paid),
                "amount": -abs(undone["amount"]),
                "outcome": "ok",
                "reverses_id": self.rng.choice((None, undone["payment_id"])),
            }
        )

    def pay_in_advance(self) -> None:
        for _ in range(self.rng.choice((0, 0, 1, 3))):
            self.pay(self.day(), Decimal(self.rng.randrange(1, 300)), None)

    def versions(self) -> list[dict]:
        changes = sorted({FIRST_DAY, *(self.day() for _ in range(self.rng.choice((0, 0, 2))))})
        return [
            {
                "customer_id": self.customer,
                "valid_from": day,
                "segment": self.rng.choice(("residential", "commercial")),
                "pay_arrangement": self.rng.choice(("none", "bank_debit")),
                "billing_months": self.months,
                "billing_mode": self.rng.choice(("postpaid", "prepaid", "prepaid")),
                "grid_id": self.rng.choice(("g1", "g2")),
                "capacity_kva": self.rng.choice((None, 12.5)),
                "urban_rural": self.rng.choice((None, "urban", "rural")),
                "agent_id": self.rng.choice((None, None, "a1")),
                "opened_on": self.rng.choice((None, date(2020, 2, 29))),
                "closed_on": self.rng.choice((None, self.day())),
                "newly_commissioned": self.rng.random() < 0.2,
                "x_limit": self.rng.choice((None, 1.5)),
                "x_branch": self.rng.choice((None, "north")),
            }
            for day in changes
        ]

    def contacts(self) -> list[dict]:
        rows = []
        for number in range(self.rng.choice((0, 1, 6))):
            at = self.moment(self.day())
            if self.payments and self.maybe():  # just 48 hours before a payment, or at it
                at = self.rng.choice(self.payments)["paid_at"]
                at -= timedelta(hours=self.rng.choice((0, 48)))
            outcome = self.rng.choice(("delivered", "answered", "no_answer", "promised", "refused"))
            promised = at.date() + timedelta(days=self.rng.choice((0, 3, 20)))
            rows.append(
                {
                    "contact_id": f"{self.customer}-k{number}",
                    "customer_id": self.customer,
                    "contacted_at": at,
                    "method": self.rng.choice(("sms", "phone")),
                    "outcome": outcome,
                    "promised_on": promised if outcome == "promised" else None,
                }
            )
        return rows

    def events(self) -> list[dict]:
        kinds = ("ownership_transfer", "meter_change")
        drawn = {(self.day(), kind) for kind in kinds if self.maybe()}
        return [
            {"customer_id": self.customer, "happened_on": day, "kind": kind}
            for day, kind in sorted(drawn)
        ]

    def prepaid(self) -> dict[str, list[dict]]:
        if self.rng.random() < 0.5:
            return {}
        first = self.day(span=500)
        balances = [
            {
                "customer_id": self.customer,
                "on": first + timedelta(days=number),
                "balance": Decimal(self.rng.randrange(-2000, 9000)) / 100,
                "cost": Decimal(self.rng.randrange(0, 900)) / 100,
            }
            for number in range(self.rng.choice((1, 400, 400)))
        ]
        cuts = {self.moment(first + timedelta(days=self.rng.randrange(60))) for _ in range(2)}
        disconnections = [
            {
                "customer_id": self.customer,
                "disconnected_at": cut,
                "reconnected_at": self.rng.choice((None, cut + timedelta(hours=20))),
                "reason": self.rng.choice(("low_balance", "arrears")),
            }
            for cut in sorted(cuts)
        ]
        return {"balances": balances, "disconnections": disconnections}
