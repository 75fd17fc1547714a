"""What contacts and customers' own words say: answers, wishes, changed telephone numbers.

Tables of one bucket:
- ``contact``: one row a contact or hold-out;
- ``answer``: one row a successful contact of the last cycles, ``responded`` null while undecided;
- ``response``: one row a customer with such a contact: the one that speaks (C-16);
- ``wish``: one row a customer and wish in force (L10-L12);
- ``changed``: one row a customer and verified change of contact in force (L13, L14);
- ``contact_counts``: one row a customer ever contacted.
"""

from collection.portraits.readings import Readings, Response
from contract.engine import text


def tables(readings: Readings) -> dict[str, str]:
    """Return the queries of these tables, in the order in which they are made."""
    return {
        "contact": "FROM made",
        "answer": _answer(readings.response),
        "response": _response(readings.response),
        "wish": _WISH,
        "changed": _changed(readings.contact_change_days),
        "contact_counts": _CONTACT_COUNTS,
    }


def _answer(response: Response) -> str:
    methods = ", ".join(text(method) for method in response.methods) or "''"
    return f"""
    SELECT c.customer, c.place, c.contact_id, c.contacted_at, c.method, c.recorded_by,
        p.paid_at AS next_paid_at, p.payment_id AS next_payment_id,
        CASE WHEN p.paid_at <= c.contacted_at + INTERVAL {response.hours} HOUR THEN true
             WHEN c.contacted_at + INTERVAL {response.hours} HOUR <= $as_of THEN false
             END AS responded
    FROM (
        SELECT c.* FROM contact AS c LEFT JOIN bill_counts USING (customer)
        WHERE NOT held_out AND method IN ({methods})
            AND outcome IN ('delivered', 'answered', 'promised')
            AND contacted_at >= CASE
                WHEN bills_known IS NULL THEN $as_of - INTERVAL {response.cycles} MONTH
                ELSE coalesce(contacts_from, DATE '0001-01-01') END
    ) AS c ASOF LEFT JOIN payment AS p
        ON c.customer = p.customer AND c.contacted_at < p.paid_at"""


def _response(response: Response) -> str:
    if response.reference == "latest":
        return """
        FROM answer QUALIFY row_number() OVER (PARTITION BY customer ORDER BY place DESC) = 1"""
    # Of those on the winning side the newest speaks.
    return """
    SELECT a.* FROM answer AS a JOIN (
        SELECT customer, CASE sign(2 * count_if(responded) - count(responded))
            WHEN 1 THEN true WHEN -1 THEN false
            ELSE arg_max(responded, place) END AS verdict
        FROM answer GROUP BY customer
    ) USING (customer)
    WHERE responded IS NOT DISTINCT FROM verdict
    QUALIFY row_number() OVER (PARTITION BY customer ORDER BY place DESC) = 1"""


# A wish holds from its first statement after the last lift. L12 speaks of the payment period of
# the bill it names, else of the newest bill issued by then, else of the month.
_WISH = """
    WITH stated AS (
        SELECT c.*, CAST(contacted_at AS DATE) AS on_day
        FROM contact AS c LEFT JOIN (
            SELECT customer, max(place) AS lifted FROM contact
            WHERE request = 'lift' AND NOT held_out GROUP BY customer
        ) USING (customer)
        WHERE request <> 'lift' AND NOT held_out AND (lifted IS NULL OR place > lifted)
    ), period AS (
        SELECT s.customer, s.place,
            coalesce(
                any_value(b.due_on) FILTER (b.bill_id = s.bill_id), arg_max(b.due_on, b.bill),
                last_day(any_value(s.on_day))) AS until
        FROM stated AS s LEFT JOIN bill AS b
            ON b.customer = s.customer AND b.issued_on <= s.on_day
        WHERE request = 'not_this_cycle'
        GROUP BY s.customer, s.place, s.bill_id
    ), dated AS (
        SELECT s.*, p.until FROM stated AS s LEFT JOIN period AS p USING (customer, place)
        WHERE p.until IS NULL OR p.until >= $as_of)
    SELECT customer, request, min(place) AS place, arg_min(contact_id, place) AS contact_id,
        min(contacted_at) AS stated_at, arg_min(method, place) AS method,
        arg_min(recorded_by, place) AS recorded_by, max(until) AS until
    FROM dated GROUP BY customer, request"""


def _changed(days: int | None) -> str:
    until = "CAST(NULL AS DATE)" if days is None else f"CAST(contacted_at AS DATE) + {days}"
    return f"""
    SELECT customer, contact_change, contact_id, contacted_at, method, recorded_by,
        {until} AS until
    FROM contact
    WHERE contact_change IS NOT NULL AND verified AND NOT held_out
        AND coalesce({until} >= $as_of, true)
    QUALIFY row_number() OVER (PARTITION BY customer, contact_change ORDER BY place DESC) = 1"""


_CONTACT_COUNTS = """
    SELECT customer, max(contacted_at) AS last_contacted_at,
        coalesce(arg_max(outcome, place) FILTER (method IN ('phone', 'sms')) = 'wrong_number'
            AND coalesce(max(place) FILTER (verified AND contact_change IS NOT NULL), -1)
                < max(place) FILTER (method IN ('phone', 'sms')), false) AS phone_wrong
    FROM contact WHERE NOT held_out GROUP BY customer"""
