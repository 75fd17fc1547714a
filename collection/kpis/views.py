"""The views that KPIs sum over: one bucket of a staged store as it was known before as_of.

- ``bill``: one row a bill issued and not cancelled before as_of, of whatever owner, but refunds;
- ``payer``: one row a customer with such a bill;
- ``contact``: one row a contact of the period that was made, not held out;
- ``payment``: one row a payment or reversal posted in the period.

Cash is what was posted (``posted_at``); whether a bill was paid late is judged by when the
customer paid (``paid_at``). The period is the month that ends with as_of. A bill that leaves less
than one yuan open is paid (design.md 3). Cancelled bills are left out of opening balances, too, so
that a cancellation is neither collected nor lost.
"""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from string import Template

from contract.staging import Store
from features.facts import day

DSO_MONTHS = 3


@dataclass(frozen=True, kw_only=True)
class Span:
    """The days that KPIs of one as_of speak of.

    Attributes:
        before: The same day a month earlier, at which the period begins.
        year: 1 January of the year of the last day known; a bill due before it is an old arrear.
        month: The cycle (year x 12 + month - 1) of that last day.
        window: The day DSO_MONTHS earlier, from which sales are counted for DSO.
        half: The day six months earlier.
    """

    as_of: date
    before: date
    year: date
    month: int
    window: date
    half: date

    def values(self) -> dict[str, str]:
        """Return what stands for each ``$name`` in a statement."""
        return {
            "as_of": day(self.as_of),
            "before": day(self.before),
            "year": day(self.year),
            "half": day(self.half),
            "window": day(self.window),
            "window_days": str((self.as_of - self.window).days),
            "month": str(self.month),
            "january": str(self.month - self.month % 12),
        }


def span_of(as_of: date) -> Span:
    """Return the days that KPIs of an as_of speak of.

    >>> span_of(date(2026, 3, 31)).before
    datetime.date(2026, 2, 28)
    >>> span_of(date(2027, 1, 1)).year
    datetime.date(2026, 1, 1)
    """
    through = as_of - timedelta(days=1)
    return Span(
        as_of=as_of,
        before=_months_back(as_of, 1),
        year=date(through.year, 1, 1),
        month=through.year * 12 + through.month - 1,
        window=_months_back(as_of, DSO_MONTHS),
        half=_months_back(as_of, 6),
    )


def with_views(store: Store, bucket: int, span: Span, query: str) -> str:
    """Return a query over the views of one bucket as one statement."""
    views = {
        "history": f"FROM {store.scan('bill_history', bucket)} WHERE amount_fen > 0"
        " AND kind <> 'refund' AND (cancelled_on IS NULL OR cancelled_on >= $as_of)",
        "known": _KNOWN,
        "made": _MADE.replace("@contacts", store.scan("contacts", bucket)),
        "bill": _BILL,
        "payer": _PAYER,
        "contact": "SELECT * FROM made WHERE contacted_at >= $before",
        "payment": _PAYMENT.replace("@payments", store.scan("payments", bucket)),
        "place": _PLACE.replace("@customers", store.scan("customers", bucket)),
    }
    body = ",\n".join(f"{name} AS ({sql})" for name, sql in views.items())
    return Template(f"WITH {body}\n{query}").substitute(span.values())


def _months_back(as_of: date, months: int) -> date:
    year, month = divmod(as_of.year * 12 + as_of.month - 1 - months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(as_of.day, last))


def _open_at(moment: str) -> str:
    """Return SQL for the amount of a bill that was open, as known before a day."""
    return f"""coalesce(max(CASE WHEN cleared_at IS NULL THEN greatest(amount_fen - paid_fen, 0)
        END) FILTER (known_from < {moment} AND (known_to IS NULL OR known_to >= {moment})), 0)"""


# The versions of a bill in force at the three days are folded into one row.
_KNOWN = f"""
    SELECT customer, bill, {_open_at("$as_of")} AS open_fen,
        {_open_at("$before")} AS open_before_fen, {_open_at("$year")} AS open_at_year_fen
    FROM history WHERE known_from < $as_of GROUP BY customer, bill"""

_MADE = """
    SELECT customer, bill_id, contacted_at FROM @contacts
    WHERE contacted_at < $as_of AND assigned IS DISTINCT FROM 'holdout'"""

_BILL = """
    SELECT h.customer, h.bill_id, h.amount_fen, h.issued_on, h.due_on, h.cycle,
        least(h.paid_fen, h.amount_fen) AS paid_fen,
        least(h.paid_by_due_fen, h.amount_fen) AS paid_by_due_fen,
        k.open_fen, k.open_before_fen,
        CASE WHEN h.due_on < $year THEN k.open_at_year_fen ELSE 0 END AS old_fen,
        h.settled_at IS NOT NULL AS is_settled,
        k.open_fen > 0 AND h.due_on < $as_of AS is_overdue,
        greatest($as_of - h.due_on, 0) AS dpd,
        h.hold <> 'none' AND coalesce(h.hold_from_on, h.issued_on) < $as_of
            AND (h.hold_to_on IS NULL OR h.hold_to_on >= $as_of) AS is_held,
        h.cycle = $month AS in_month,
        h.cycle BETWEEN $january AND $month AS in_year,
        h.issued_on >= $before AS in_period,
        h.due_on >= $before AND h.due_on < $as_of AS fell_due,
        h.due_on > $half AND coalesce(CAST(h.cleared_at AS DATE) > h.due_on,
            h.due_on < $as_of) AS late_in_half,
        coalesce(greatest(own.last_at, other.last_at) >= h.due_on + 1, false) AS is_dunned
    FROM history AS h JOIN known AS k USING (bill)
    LEFT JOIN (SELECT bill_id, max(contacted_at) AS last_at FROM made
        WHERE bill_id IS NOT NULL GROUP BY bill_id) AS own USING (bill_id)
    LEFT JOIN (SELECT customer, max(contacted_at) AS last_at FROM made
        WHERE bill_id IS NULL GROUP BY customer) AS other ON other.customer = h.customer
    WHERE h.known_from < $as_of AND (h.known_to IS NULL OR h.known_to >= $as_of)"""

# The bucket of a customer is that of its oldest bill overdue: 0 none, 1 to 30 days, to 60, to 90,
# above; empty where nothing was open.
_PAYER = """
    SELECT customer, bool_or(in_month) AS billed_month, bool_or(in_year) AS billed_year,
        coalesce(bool_and(is_settled) FILTER (in_month), false) AS settled_month,
        coalesce(bool_and(is_settled) FILTER (in_year), false) AS settled_year,
        bool_or(is_overdue) AS in_arrears,
        bool_or(is_overdue AND NOT is_held AND NOT is_dunned) AS undunned,
        count(*) FILTER (late_in_half) AS late_bills, sum(open_before_fen) AS open_before_fen,
        CASE WHEN sum(open_before_fen) > 0 THEN least(4, (29 + greatest(0, coalesce(max(
            $before - due_on) FILTER (open_before_fen > 0), 0))) // 30) END AS bucket_before,
        least(4, (29 + greatest(0, coalesce(max($as_of - due_on)
            FILTER (open_fen > 0), 0))) // 30) AS bucket_now
    FROM bill GROUP BY customer"""

_PAYMENT = """
    SELECT customer, CAST(amount * 100 AS BIGINT) AS amount_fen FROM @payments
    WHERE outcome = 'ok' AND posted_at >= $before AND posted_at < $as_of"""

_PLACE = """
    SELECT customer, org_id, grid_id, manager_id FROM @customers WHERE valid_from < $as_of
    QUALIFY row_number() OVER (PARTITION BY customer ORDER BY valid_from DESC) = 1"""
