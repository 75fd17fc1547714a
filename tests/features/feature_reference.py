"""Every feature over again in slow, plain Python, the oracle of the SQL.

Written from the features' descriptions, domain 3.4 and contract.md: one customer at a time, lists
and loops, whole numbers with one division at the end, so that equality can be exact. None is a
missing value.
"""

from calendar import monthrange
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from math import sqrt
from statistics import median
from types import SimpleNamespace

import holidays
from ledger_reference import DAY, Bill, Payment, account_as_of, since

FESTIVALS = {
    2022: date(2022, 2, 1),
    2023: date(2023, 1, 22),
    2024: date(2024, 2, 10),
    2025: date(2025, 1, 29),
    2026: date(2026, 2, 17),
}
CHINA = holidays.country_holidays("CN")
BY_HAND = {"counter", "bank_counter", "kiosk", "pos", "collector", "agent"}
DEBITS = {"bank_debit", "third_party_debit", "entrusted_collection"}
FAR = 10**18


@dataclass
class Seen:
    """What is known of one customer at as_of, each list newest first."""

    as_of: date
    person: dict
    account_since: date | None
    transferred: date | None
    bills: list["KnownBill"] = field(default_factory=list)
    outcomes: list["KnownBill"] = field(default_factory=list)
    payments: list[dict] = field(default_factory=list)
    contacts: list[dict] = field(default_factory=list)
    balances: list[dict] = field(default_factory=list)
    cuts: list[dict] = field(default_factory=list)


@dataclass
class KnownBill:
    row: dict
    amount: int
    paid: int
    paid_by_due: int
    parts: int
    cleared: date | None
    as_of: date

    def __getattr__(self, name):
        return self.row.get(name)

    @property
    def key(self):
        return self.issued_on, self.due_on, self.bill_id

    @property
    def month(self):
        return self.cycle // 100 * 12 + self.cycle % 100 - 1

    @property
    def is_open(self):
        return self.cleared is None

    @property
    def is_overdue(self):
        return self.is_open and self.due_on < self.as_of

    @property
    def late(self):
        if self.cleared is not None:
            return self.cleared > self.due_on
        return True if self.due_on < self.as_of else None

    @property
    def end(self):
        return self.cleared or self.as_of

    @property
    def slack(self):
        return (self.due_on - self.end).days

    @property
    def settle_days(self):
        return (self.end - self.issued_on).days

    @property
    def term_days(self):
        return (self.due_on - self.issued_on).days

    @property
    def days_late(self):
        return max(-self.slack, 0)

    @property
    def decided_on(self):
        """The day on which it was decided whether the bill is late."""
        after_due = self.due_on + timedelta(days=1)
        return after_due if self.cleared is None else min(self.cleared, after_due)

    @property
    def open_fen(self):
        return max(self.amount - self.paid, 0)


def reference_matrix(rows: dict[str, list[dict]], as_of: date) -> dict[tuple, dict]:
    """Return, a customer and bill that is open at as_of, the value of each feature."""
    customers = {row["customer_id"] for row in rows["bills"]}
    seen = {customer: see(customer, rows, as_of) for customer in sorted(customers)}
    groups = count_groups(seen.values())
    return {
        (customer, bill.bill_id): features_of_bill(bill, known, groups)
        for customer, known in seen.items()
        for bill in known.bills
        if bill.is_open and bill.row.get("kind") != "refund"
    }


def reference_prepaid(rows: dict[str, list[dict]], as_of: date) -> dict[str, dict]:
    """Return, a prepaid customer whose balance is known of late, the value of each feature."""
    found = {}
    for customer in sorted({row["customer_id"] for row in rows["customers"]}):
        known = see(customer, rows, as_of)
        newest = known.balances[0]["on"] if known.balances else date.min
        if known.person.get("billing_mode") == "prepaid" and newest >= as_of - timedelta(days=31):
            found[customer] = prepaid(known)
    return found


# What is known.


def see(customer: str, rows: dict[str, list[dict]], as_of: date) -> Seen:
    start = datetime.combine(as_of, datetime.min.time())
    transfers = [
        event["happened_on"]
        for event in rows["events"]
        if event["customer_id"] == customer
        and event["kind"] == "ownership_transfer"
        and event["happened_on"] < as_of
    ]
    owner_since = max(transfers, default=date.min)
    owner_start = datetime.combine(owner_since, datetime.min.time())
    versions = [
        row
        for row in rows["customers"]
        if row["customer_id"] == customer and row["valid_from"] < as_of
    ]
    person = max(versions, key=lambda row: row["valid_from"], default={})
    transferred = max(transfers, default=None)
    known = Seen(as_of, person, transferred or person.get("opened_on"), transferred)
    bills = [row for row in rows["bills"] if row["customer_id"] == customer]
    payments = payments_of(customer, rows)
    known.bills = sorted(
        (
            bill
            for bill in known_bills(bills, payments, as_of)
            if bill.amount > 0 and bill.issued_on >= owner_since
        ),
        key=lambda bill: bill.key,
        reverse=True,
    )
    known.outcomes = [bill for bill in known.bills if bill.late is not None]
    posted = [
        payment
        for payment in payments
        if posted_at(payment) < start and payment["paid_at"] >= owner_start
    ]
    known.payments = payments_that_stand(posted)
    made = [
        contact
        for contact in rows["contacts"]
        if contact["customer_id"] == customer and owner_start <= contact["contacted_at"] < start
    ]
    known.contacts = [what_followed(contact, posted, start) for contact in made]
    known.balances = sorted(
        (
            row
            for row in rows["balances"]
            if row["customer_id"] == customer
            and owner_since <= row["on"]
            and row["on"] + timedelta(days=1) < as_of
        ),
        key=lambda row: row["on"],
        reverse=True,
    )
    known.cuts = [
        row
        for row in rows["disconnections"]
        if row["customer_id"] == customer and owner_start <= row["disconnected_at"] < start
    ]
    return known


def payments_of(customer: str, rows: dict[str, list[dict]]) -> list[dict]:
    owner = {bill["bill_id"]: bill["customer_id"] for bill in rows["bills"]}
    return [
        payment
        for payment in rows["payments"]
        if owner.get(payment["bill_id"], payment["customer_id"]) == customer
    ]


def posted_at(payment: dict) -> datetime:
    return payment["posted_at"] or payment["paid_at"]


def fen(money) -> int:
    return int(money * 100)


def micros(moment: date | datetime) -> int:
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, datetime.min.time())
    passed = moment - datetime(1970, 1, 1)
    return (passed.days * 86400 + passed.seconds) * 10**6 + passed.microseconds


def known_bills(bills: list[dict], payments: list[dict], as_of: date) -> list[KnownBill]:
    entries = [
        Bill(
            row["bill_id"],
            micros(row["issued_on"]),
            micros(row["due_on"]),
            fen(row["amount"]),
            micros(row["cancelled_on"]) if row.get("cancelled_on") else None,
        )
        for row in bills
    ]
    ids = {row["bill_id"] for row in bills}
    money = [p for p in payments if p["outcome"] == "ok" and p["amount"] != 0]
    paid_ids = {p["payment_id"] for p in money}
    entries += [
        Bill(bill_id, FAR, FAR, 0)
        for bill_id in {p["bill_id"] for p in money} - ids
        if bill_id is not None
    ]
    account = account_as_of(
        entries,
        [
            Payment(
                p["payment_id"],
                micros(posted_at(p)),
                micros(p["paid_at"]),
                fen(p["amount"]),
                p["bill_id"],
                p.get("reverses_id") if p["amount"] < 0 else None,
            )
            for p in money
            if p["amount"] > 0 or p.get("reverses_id") is None or p["reverses_id"] in paid_ids
        ],
        micros(as_of),
    )
    rows = {row["bill_id"]: row for row in bills}
    found = []
    for bill in entries:
        if bill.status != "open":
            continue
        cleared = since(bill, 99)
        found.append(
            KnownBill(
                row=rows[bill.bill_id],
                amount=bill.amount,
                paid=sum(amount for _, amount in bill.entries),
                paid_by_due=sum(amount for at, amount in bill.entries if at < bill.due + DAY),
                parts=sum(money.bill is bill and money.left > 0 for money in account.money),
                cleared=None if cleared is None else date(1970, 1, 1) + timedelta(cleared // DAY),
                as_of=as_of,
            )
        )
    return found


def payments_that_stand(posted: list[dict]) -> list[dict]:
    """Leave out payments that were reversed; newest payment first."""
    undone = {payment.get("reverses_id") for payment in posted} - {None}
    return sorted(
        (payment for payment in posted if payment["payment_id"] not in undone),
        key=lambda payment: (payment["paid_at"], payment["payment_id"]),
        reverse=True,
    )


def is_paid(payment: dict) -> bool:
    return payment["outcome"] == "ok" and payment["amount"] > 0


def what_followed(contact: dict, posted: list[dict], start: datetime) -> dict:
    """Add to a contact whether a payment within two days, and a promise kept, followed."""
    later = [p["paid_at"] for p in posted if is_paid(p) and p["paid_at"] > contact["contacted_at"]]
    next_paid = min(later, default=None)
    reached = contact["outcome"] in ("delivered", "answered", "promised")
    two_days = contact["contacted_at"] + timedelta(hours=48)
    answered = kept = None
    if reached and next_paid is not None and next_paid <= two_days:
        answered = 1
    elif reached and two_days <= start:
        answered = 0
    promised = contact["promised_on"]
    if promised is not None and next_paid is not None and next_paid.date() <= promised:
        kept = 1
    elif promised is not None and promised < start.date():
        kept = 0
    return contact | {"reached": reached, "answered": answered, "kept": kept}


def months_back(as_of: date, months: int) -> date:
    """The same day so many months before; the month's last day where it has no such day."""
    month = as_of.year * 12 + as_of.month - 1 - months
    for day in range(as_of.day, 0, -1):
        try:
            return date(month // 12, month % 12 + 1, day)
        except ValueError:
            continue
    raise AssertionError


def counted(known: Seen) -> list[KnownBill]:
    """The outcomes that a group's rate counts."""
    return [
        bill
        for bill in known.outcomes
        if months_back(known.as_of, 6) <= bill.due_on < known.as_of - timedelta(days=3)
    ]


def ranked(known: Seen) -> list[KnownBill]:
    """The bills that are ranked among their segment's of the same month."""
    this_month = known.as_of.year * 12 + known.as_of.month - 1
    return [b for b in known.bills if known.person and b.month >= this_month - 3]


def count_groups(everyone) -> dict[tuple, list[int]]:
    groups: dict[tuple, list[int]] = defaultdict(lambda: [0, 0])
    months: dict[tuple, list[int]] = defaultdict(list)
    for known in everyone:
        if not known.person:
            continue
        for bill in counted(known):
            for column in ("grid_id", "segment"):
                groups[column, known.person[column]][0] += 1
                groups[column, known.person[column]][1] += bill.late
        for bill in ranked(known):
            months["month", known.person["segment"], bill.month].append(bill.amount)
    return dict(groups) | dict(months)


# The features.


def features_of_bill(bill: KnownBill, known: Seen, groups: dict) -> dict:
    families = (
        timing,
        trend,
        lateness,
        severity,
        arrears,
        amounts,
        paying,
        habits,
        contacted,
        consumption,
        calendar,
        account,
    )
    values: dict = {}
    for family in families:
        values |= family(bill, known)
    values |= neighbourhood(values, known, groups)
    values |= in_the_month(bill, known, groups)
    return values | extras(known)


def ratio(top, bottom):
    return top / bottom if bottom and top is not None else None


def recent(outcomes: list[KnownBill], as_of: date, months: int) -> list[KnownBill]:
    return [bill for bill in outcomes if bill.decided_on >= months_back(as_of, months)]


def windows(known: Seen, months=(), bills=()):
    """Yield each window's suffix and the outcomes in it."""
    for count in months:
        yield f"{count}m", recent(known.outcomes, known.as_of, count)
    for count in bills:
        yield f"{count}b", known.outcomes[:count]


def median_low(values: list):
    return sorted(values)[(len(values) - 1) // 2] if values else None


def timing(_bill, known):
    last = known.outcomes[0] if known.outcomes else None
    values = {
        "slack_last": last and last.slack,
        "settle_days_last": last and last.settle_days,
    }
    for w, rows in windows(known, months=(3, 6, 12)):
        values[f"slack_mean_{w}"] = ratio(sum(b.slack for b in rows), len(rows))
    for w, rows in windows(known, months=(3, 12)):
        values[f"settle_days_mean_{w}"] = ratio(sum(b.settle_days for b in rows), len(rows))
    half_year = recent(known.outcomes, known.as_of, 6)
    values["slack_min_6m"] = min((b.slack for b in half_year), default=None)
    values["term_used_mean_6m"] = ratio(
        sum(b.settle_days for b in half_year), sum(b.term_days for b in half_year)
    )
    year = recent(known.outcomes, known.as_of, 12)
    values["slack_median_12m"] = median_low([b.slack for b in year])
    six = known.outcomes[:6]
    values["slack_mean_6b"] = ratio(sum(b.slack for b in six), len(six))
    for w, rows in windows(known, bills=(3, 6)):
        near = [b for b in rows if b.is_open or b.late or b.slack < 2]
        values[f"near_due_share_{w}"] = ratio(len(near), len(rows))
    return values


def trend(_bill, known):
    six = [b.slack for b in known.outcomes[:6]]
    year = [b.slack for b in recent(known.outcomes, known.as_of, 12)]
    quarter = [b.slack for b in recent(known.outcomes, known.as_of, 3)]
    year_mean = ratio(sum(year), len(year))
    last = six[0] if six else None
    previous = six[1] if len(six) > 1 else None
    return {
        "slack_spread_6b": spread(six),
        "slack_slope_6b": slope(six[::-1]),
        "slack_last_minus_mean": minus(last, year_mean),
        "slack_previous": previous,
        "slack_change": minus(last, previous),
        "slack_ewma": weighted_mean([b.slack for b in known.outcomes]),
        "slack_mad_12m": median([abs(v - median(year)) for v in year]) if year else None,
        "slack_quarter_minus_year": minus(ratio(sum(quarter), len(quarter)), year_mean),
    }


def minus(one, other):
    return None if one is None or other is None else one - other


def weighted_mean(values: list[int]):
    """Newest first; each step back weighs 0.8 of the one after, in whole numbers, 24 at most."""
    weights = [round(2**20 * 0.8**number) for number in range(min(len(values), 24))]
    return ratio(sum(w * v for w, v in zip(weights, values, strict=False)), sum(weights))


def spread(values: list[int]):
    """Sample standard deviation."""
    n = len(values)
    if n < 2:
        return None
    return sqrt((n * sum(v * v for v in values) - sum(values) ** 2) / (n * (n - 1)))


def slope(values: list[int]):
    """Least-squares change from one value to the next."""
    n = len(values)
    x = range(n)
    bottom = n * sum(i * i for i in x) - sum(x) ** 2
    return ratio(n * sum(i * v for i, v in enumerate(values)) - sum(x) * sum(values), bottom)


def lateness(bill, known):
    outcomes = known.outcomes
    values = {}
    for w, rows in windows(known, months=(1, 3, 6, 12), bills=(3, 6, 12)):
        values[f"late_count_{w}"] = sum(b.late for b in rows)
    for w, rows in windows(known, months=(3, 6, 12)):
        values[f"late_share_{w}"] = ratio(sum(b.late for b in rows), len(rows))
    values["late_last"] = int(outcomes[0].late) if outcomes else None
    values["late_ewma"] = weighted_mean([int(b.late) for b in outcomes])
    values["late_streak"] = streak([b.late for b in outcomes])
    values["on_time_streak"] = streak([not b.late for b in outcomes])
    values["days_since_late"] = min(
        ((known.as_of - b.due_on).days for b in outcomes if b.late), default=None
    )
    year_ago = [b.late for b in others(bill, known) if bill.month - b.month == 12]
    told = [int(late) for late in year_ago if late is not None]
    values["late_same_month_last_year"] = max(told, default=None)
    return values


def others(bill: KnownBill, known: Seen) -> list[KnownBill]:
    return [b for b in known.bills if b is not bill]


def severity(_bill, known):
    values = {}
    for w, rows in windows(known, months=(3, 6, 12)):
        values[f"days_late_max_{w}"] = max((b.days_late for b in rows), default=None)
    for w, rows in windows(known, bills=(3, 6, 12)):
        late = [b.days_late for b in rows if b.late]
        values[f"days_late_mean_{w}"] = ratio(sum(late), len(late))
    year = recent(known.outcomes, known.as_of, 12)
    values["late30_count_12m"] = sum(b.days_late > 30 for b in year)
    values["late7_count_12m"] = sum(b.days_late > 7 for b in year)
    late_amount = [b.amount for b in year if b.late]
    values["late_amount_share_12m"] = (
        ratio(sum(late_amount), sum(b.amount for b in year)) if late_amount else None
    )
    values["days_late_last"] = known.outcomes[0].days_late if known.outcomes else None
    values["days_late_ewma"] = weighted_mean([b.days_late for b in known.outcomes])
    return values


def streak(flags: list[bool]) -> int:
    length = 0
    for flag in flags:
        if not flag:
            break
        length += 1
    return length


def arrears(bill, known):
    overdue = [b for b in known.bills if b.is_overdue]
    year = recent(known.outcomes, known.as_of, 12)
    short = sum(b.amount - max(min(b.paid_by_due, b.amount), 0) for b in year)
    then = months_back(known.as_of, 1)
    overdue_then = [
        (then - b.due_on).days
        for b in known.bills
        if b.due_on < then and (b.cleared is None or b.cleared >= then)
    ]
    bucket = aging_bucket([(known.as_of - b.due_on).days for b in overdue])
    old = [b for b in overdue if b.due_on.year < known.as_of.year]
    month_old = [b for b in overdue if (known.as_of - b.due_on).days > 30]
    return {
        "arrears_bucket": bucket,
        "arrears_bucket_before": aging_bucket(overdue_then),
        "arrears_roll": bucket - aging_bucket(overdue_then),
        "open_total_cny": sum(b.open_fen for b in known.bills if b.is_open) / 100,
        "overdue30_open_cny": sum(b.open_fen for b in month_old) / 100,
        "old_arrears_cny": sum(b.open_fen for b in old) / 100,
        "part_paid_bills": sum(b.is_open and b.paid > 0 for b in known.bills),
        "months_behind": len(overdue),
        "overdue_open_cny": sum(b.open_fen for b in overdue) / 100,
        "overdue_days_max": max(((known.as_of - b.due_on).days for b in overdue), default=0),
        "open_bills": sum(b.is_open for b in known.bills),
        "overdue_to_usual_ratio": ratio(
            sum(b.open_fen for b in overdue) / 100, mean_amount(issued(known, 12))
        ),
        "part_paid_share": ratio(max(bill.paid, 0), bill.amount),
        "short_at_due_share_12m": ratio(short, sum(b.amount for b in year)),
    }


def aging_bucket(days: list[int]) -> int:
    oldest = max(days, default=0)
    return sum(oldest > edge for edge in (0, 30, 60, 90))


def issued(known: Seen, months: int) -> list[KnownBill]:
    return [b for b in known.bills if b.issued_on >= months_back(known.as_of, months)]


def mean_amount(bills: list[KnownBill]):
    return ratio(sum(b.amount for b in bills), 100 * len(bills))


def amounts(bill, known):
    values = {"bill_amount_cny": bill.amount / 100}
    for months in (3, 6, 12):
        values[f"amount_mean_{months}m"] = mean_amount(issued(known, months))
    year = issued(known, 12)
    values["amount_max_12m"] = max((b.amount for b in year), default=None)
    if values["amount_max_12m"] is not None:
        values["amount_max_12m"] /= 100
    for months in (3, 12):
        others = mean_amount([b for b in issued(known, months) if b is not bill])
        values[f"amount_others_mean_{months}m"] = others
        values[f"amount_shock_{months}m"] = ratio(values["bill_amount_cny"], others)
    same = [b.amount for b in known.bills if b is not bill and bill.month - b.month == 12]
    values["amount_same_month_last_year"] = sum(same) / 100 if same else None
    values["amount_over_last_year"] = ratio(
        values["bill_amount_cny"], values["amount_same_month_last_year"]
    )
    sizes = [b.amount for b in year]
    values["billed_12m"] = sum(sizes) / 100
    values["amount_median_12m"] = median_low(sizes) / 100 if sizes else None
    earlier = [b for b in known.bills if b.key < bill.key]
    values["amount_previous"] = earlier[0].amount / 100 if earlier else None
    values["amount_over_previous"] = ratio(values["bill_amount_cny"], values["amount_previous"])
    neighbours = [b.amount for b in year if b is not bill]
    values["amount_rank_12m"] = ratio(sum(a < bill.amount for a in neighbours), len(neighbours))
    values["amount_score_12m"] = standard_score(bill.amount, neighbours)
    values["amount_spread_ratio_12m"] = (
        ratio(len(sizes) * (max(sizes) - min(sizes)), sum(sizes)) if sizes else None
    )
    return values


def standard_score(value: int, values: list[int]):
    n, total = len(values), sum(values)
    deviation = sqrt(float(n * sum(v * v for v in values) - total**2))
    return ratio(float(value * n - total), deviation)


def paying(_bill, known):
    def since_months(months):
        start = months_back(known.as_of, months)
        return [p for p in known.payments if p["paid_at"].date() >= start]

    values = {}
    for months in (3, 6, 12):
        cash = [fen(p["amount"]) for p in since_months(months) if is_paid(p)]
        values[f"paid_amount_{months}m"] = sum(cash) / 100
    for months in (3, 12):
        rows = since_months(months)
        values[f"payments_count_{months}m"] = sum(is_paid(p) for p in rows)
        values[f"failed_debits_{months}m"] = sum(p["outcome"] == "failed" for p in rows)
    cash = [p for p in known.payments if is_paid(p)]
    values["days_since_payment"] = (
        (known.as_of - max(p["paid_at"] for p in cash).date()).days if cash else None
    )
    year = recent(known.outcomes, known.as_of, 12)
    values["in_parts_share_12m"] = ratio(sum(b.parts > 1 for b in year), len(year))
    values["reversals_12m"] = sum(p["amount"] < 0 for p in since_months(12))
    for months in (6, 12):
        values[f"channels_used_{months}m"] = len(
            {p["channel"] for p in since_months(months) if is_paid(p)}
        )
    in_year = [p for p in since_months(12) if is_paid(p)]
    before = {id(p): q for p, q in pairwise(cash)}
    values["channel_switches_12m"] = sum(
        id(p) in before and p["channel"] != before[id(p)]["channel"] for p in in_year
    )
    values["by_hand_share_12m"] = ratio(sum(p["channel"] in BY_HAND for p in in_year), len(in_year))
    values["payment_mean_12m"] = ratio(sum(fen(p["amount"]) for p in in_year), 100 * len(in_year))
    year_issued = issued(known, 12)
    values["payments_per_bill_12m"] = ratio(len(in_year), len(year_issued))
    values["paid_to_billed_12m"] = ratio(
        values["paid_amount_12m"], sum(b.amount for b in year_issued) / 100
    )
    failed = [p["paid_at"].date() for p in known.payments if p["outcome"] == "failed"]
    values["days_since_failed_debit"] = (known.as_of - max(failed)).days if failed else None
    tried = [p for p in since_months(12) if is_paid(p) or p["outcome"] == "failed"]
    values["failed_debit_share_12m"] = ratio(
        sum(p["outcome"] == "failed" for p in tried), len(tried)
    )
    used = Counter(p["channel"] for p in in_year)
    values["channel_concentration_12m"] = ratio(
        sum(count * count for count in used.values()), len(in_year) ** 2
    )
    switches = [p for p in cash if id(p) in before and p["channel"] != before[id(p)]["channel"]]
    values["days_since_switch"] = (
        (known.as_of - switches[0]["paid_at"].date()).days if switches else None
    )
    weekends = sum(p["paid_at"].weekday() >= 5 for p in in_year)
    values["weekend_pay_share_12m"] = ratio(weekends, len(in_year))
    half = [p for p in since_months(6) if is_paid(p)]
    values["debited_share_6m"] = ratio(sum(p["channel"] in DEBITS for p in half), len(half))
    return values


def habits(bill, known):
    values = {}
    for w, rows in windows(known, months=(12,), bills=(6,)):
        settled = [b.cleared.day for b in rows if not b.is_open]
        thirds = {
            "start": sum(day <= 10 for day in settled),
            "middle": sum(10 < day <= 20 for day in settled),
            "end": sum(day > 20 for day in settled),
        }
        for third, count in thirds.items():
            values[f"month_{third}_share_{w}"] = ratio(count, len(rows))
    year = recent(known.outcomes, known.as_of, 12)
    usual_day = median_low([b.cleared.day for b in year if not b.is_open])
    values["usual_settle_day_12m"] = usual_day
    values["due_minus_usual_day"] = minus(bill.due_on.day, usual_day)
    usual_slack = median_low([b.slack for b in recent(known.outcomes, known.as_of, 12)])
    age = (known.as_of - bill.issued_on).days
    values["days_past_usual"] = (
        None if usual_slack is None else age - (bill.term_days - usual_slack)
    )
    return values


def contacted(_bill, known):
    def since_months(months):
        start = months_back(known.as_of, months)
        return [c for c in known.contacts if c["contacted_at"].date() >= start]

    year = since_months(12)
    answers = [c["answered"] for c in year if c["answered"] is not None]
    promises = [c["kept"] for c in year if c["kept"] is not None]
    days = [(known.as_of - c["contacted_at"].date()).days for c in known.contacts]
    return {
        "contacts_count_3m": len(since_months(3)),
        "contacts_count_12m": len(year),
        "reached_share_12m": ratio(sum(c["reached"] for c in year), len(year)),
        "answered_share_12m": ratio(sum(answers), len(answers)),
        "promises_kept_share_12m": ratio(sum(promises), len(promises)),
        "days_since_contact": min(days, default=None),
        "answered_last": next(
            (c["answered"] for c in newest_first(known.contacts) if c["answered"] is not None),
            None,
        ),
        "refused_count_12m": sum(c["outcome"] == "refused" for c in year),
        "promises_broken_12m": promises.count(0),
    }


def newest_first(contacts: list[dict]) -> list[dict]:
    return sorted(contacts, key=lambda c: (c["contacted_at"], c["contact_id"]), reverse=True)


def consumption(bill, known):
    def used(months):
        return [b.kwh for b in issued(known, months) if b.kwh is not None]

    same = [b.kwh for b in others(bill, known) if bill.month - b.month == 12 and b.kwh is not None]
    return {
        "kwh_same_month_last_year": max(same, default=None),
        "kwh_over_last_year": ratio(bill.kwh, max(same, default=None)),
        "near_zero_streak": streak([b.kwh is not None and b.kwh <= 10 for b in known.bills]),
        "price_per_kwh_cny": ratio(bill.amount / 100, bill.kwh),
        "kwh_last": bill.kwh,
        "kwh_median_6m": median_low(used(6)),
        "kwh_median_12m": median_low(used(12)),
        "kwh_ratio": ratio(bill.kwh, median_low(used(12))),
        "near_zero_count_12m": sum(kwh <= 10 for kwh in used(12)),
    }


def calendar(bill, known):
    near = (FESTIVALS[known.as_of.year + step] for step in (-1, 0, 1))
    distances = [(bill.due_on - day).days for day in near]
    payday = bill.due_on.replace(day=10)
    if payday > bill.due_on:
        payday = months_back(payday, 1)
    near_years = abs(bill.due_on.year - known.as_of.year) <= 1
    rests = not CHINA.is_working_day(bill.due_on) if near_years else bill.due_on.weekday() >= 5
    return {
        "due_on_rest_day": int(rests),
        "days_after_payday": (bill.due_on - payday).days,
        "days_to_month_end": monthrange(bill.due_on.year, bill.due_on.month)[1] - bill.due_on.day,
        "age_days": (known.as_of - bill.issued_on).days,
        "days_to_due": (bill.due_on - known.as_of).days,
        "term_days": bill.term_days,
        "due_month": bill.due_on.month,
        "due_weekday": bill.due_on.isoweekday(),
        "festival_days": min(distances, key=abs),
    }


def account(bill, known):
    person = known.person
    values = {
        name: person.get(name)
        for name in ("segment", "pay_arrangement", "urban_rural", "billing_months", "capacity_kva")
    }
    values["voltage"] = "low" if person else None
    values["bill_kind"] = bill.kind or "regular"
    values["has_agent"] = int(person.get("agent_id") is not None)
    values["newly_commissioned"] = person.get("newly_commissioned")
    values["resumed_after_arrears"] = values["dishonest_listed"] = False if person else None
    values["account_days"] = known.account_since and (known.as_of - known.account_since).days
    values["bills_issued_3m"] = len(issued(known, 3))
    values["bills_issued_12m"] = len(issued(known, 12))
    values["bills_known_6m"] = len(recent(known.outcomes, known.as_of, 6))
    values["bills_known_12m"] = len(recent(known.outcomes, known.as_of, 12))
    values["bills_seen"] = len(known.outcomes)
    year = issued(known, 12)
    values["irregular_bills_12m"] = sum((b.kind or "regular") != "regular" for b in year)
    values["disputed_bills_12m"] = sum(
        b.hold == "disputed" and (b.hold_from_on or b.issued_on) < known.as_of for b in year
    )
    values["owner_changed_12m"] = int(
        known.transferred is not None and known.transferred >= months_back(known.as_of, 12)
    )
    return values


def neighbourhood(values, known, groups):
    own = counted(known)
    segment_known, segment_late = groups.get(("segment", known.person.get("segment")), (0, 0))
    grid_known, grid_late = groups.get(("grid_id", known.person.get("grid_id")), (0, 0))
    rate = ratio(segment_late, segment_known)
    others_known = grid_known - len(own)
    grid_rate = ratio(grid_late - sum(b.late for b in own), others_known)
    return {
        "grid_bills": others_known if ("grid_id", known.person.get("grid_id")) in groups else None,
        "grid_over_segment": ratio(grid_rate, rate),
        "smoothed_grid_rate": None
        if grid_rate is None
        else (values["late_count_12m"] + 4 * grid_rate) / (values["bills_known_12m"] + 4),
        "segment_rate": rate,
        "grid_late_rate": grid_rate,
        "smoothed_late_rate": None
        if rate is None
        else (values["late_count_12m"] + 4 * rate) / (values["bills_known_12m"] + 4),
    }


def prepaid(known):
    no_bill = SimpleNamespace(kind=None)
    values = paying(no_bill, known) | contacted(no_bill, known) | account(no_bill, known)
    week, month = (
        ratio(sum(fen(day["cost"]) for day in days), 100 * len(days))
        for days in (known.balances[:7], known.balances[:30])
    )
    balances = [fen(day["balance"]) for day in known.balances[:30]]
    balance = balances[0] / 100
    paid_on = [
        p["paid_at"].date()
        for p in known.payments
        if is_paid(p) and p["paid_at"].date() >= months_back(known.as_of, 12)
    ]
    values |= {
        "balance_cny": balance,
        "balance_age_days": (known.as_of - known.balances[0]["on"]).days,
        "cost_mean_7d": week,
        "cost_mean_30d": month,
        "balance_days_left": ratio(balance, week),
        "balance_min_30d": min(balances) / 100,
        "low_days_30d": sum(b < 3000 for b in balances),
        "negative_days_30d": sum(b < 0 for b in balances),
        "cost_rise": ratio(week, month),
        "topup_gap_mean_12m": ratio((max(paid_on) - min(paid_on)).days, len(paid_on) - 1)
        if paid_on
        else None,
        "topup_days": ratio(values["payment_mean_12m"], month),
        "issued_to_topup_ratio": ratio(mean_amount(issued(known, 12)), values["payment_mean_12m"]),
    }
    return values | cuts(known)


def cuts(known):
    start = datetime.combine(known.as_of, datetime.min.time())
    off = []
    for cut in known.cuts:
        back = cut["reconnected_at"]
        is_off = back is None or back >= start
        off.append((cut["disconnected_at"], start if is_off else back, is_off))
    year = [cut for cut in off if cut[0].date() >= months_back(known.as_of, 12)]
    quarter = [cut for cut in off if cut[0].date() >= months_back(known.as_of, 3)]
    # Minutes by the clock: from the minute in which it was cut to that in which it came back.
    minutes = sum(micros(end) // 60_000_000 - micros(cut) // 60_000_000 for cut, end, _ in year)
    days = [(known.as_of - cut.date()).days for cut, _, _ in off]
    return {
        "cuts_count_3m": len(quarter),
        "cuts_count_12m": len(year),
        "days_since_cut": min(days, default=None),
        "hours_off_mean_12m": ratio(minutes, 60 * len(year)),
        "is_cut_off": int(any(is_off for _, _, is_off in off)),
    }


def in_the_month(bill, known, groups):
    month = groups.get(("month", known.person.get("segment"), bill.month), [])
    if bill not in ranked(known):
        return {"amount_rank_in_month": None, "amount_over_segment": None}
    below = sum(amount < bill.amount for amount in month)
    equal = month.count(bill.amount)
    return {
        "amount_rank_in_month": (2 * below + equal) / (2 * len(month)),
        "amount_over_segment": float(bill.amount) * len(month) / sum(month),
    }


def extras(known):
    values = {"x_limit": known.person.get("x_limit"), "x_branch": known.person.get("x_branch")}
    meters = [b.x_meter for b in known.bills]
    for number in range(1, 7):
        values[f"x_meter_at_{number}b"] = meters[number - 1] if len(meters) >= number else None
    for count in (3, 6):
        read = [meter for meter in meters[:count] if meter is not None]
        values[f"x_meter_mean_{count}b"] = ratio(sum(read), len(read))
    return values
