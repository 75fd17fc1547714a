"""The rules whose breach is printed and kept: contract.md, "Checks on entry", warnings.

Each is silent on ordinary data: seasons, customers billed every second month, new customers.
"""

from collections.abc import Iterator

from contract.engine import name
from contract.rule import Rule, rounding
from contract.tables import TABLES, YEARS, Table

# A settled share below this, in cycles long past, is no utility's: settled bills are missing.
LIVE_ONLY_SHARE = 0.2
LIVE_ONLY_MIN_BILLS = 20
LIVE_ONLY_AGE_DAYS = 90

# A share needs no more bills than this; of a larger table every so many-th bill is looked at.
LIVE_ONLY_SAMPLE = 1_000_000

# A month is a drop when it has under half of what the months around it lead one to expect, and
# a table is too small to judge below this many rows a month.
DROP_SHARE = 0.5
DROP_MIN_ROWS = 20

# Days without a posted payment that a week-end and a holiday explain.
POSTING_GAP_DAYS = 3

# A day this far after the last month of usual volume is a typing error or a placeholder.
FUTURE_SLACK_DAYS = 31


def _stray_rules(table: Table) -> Iterator[Rule]:
    """Rows that name a customer or bill which the dataset does not have."""
    for column in table.columns:
        owner = {"customer_id": "customers", "bill_id": "bills"}.get(column.name)
        if owner is None or table.name in {owner, "customers", "bills"}:
            continue
        strays = (
            f"SELECT t._at FROM {table.name} AS t ANTI JOIN {owner} AS o "
            f"USING ({column.name}) WHERE t.{column.name} IS NOT NULL"
        )
        if (table.name, owner) == ("payments", "bills"):
            strays = "SELECT _at FROM odd_payment WHERE is_stray"
        yield Rule(
            id=f"stray-{owner[:-1]}",
            severity="warning",
            table=table.name,
            column=column.name,
            scope="rows",
            sql=strays,
            what=f"name a {owner[:-1]} that is not in {owner}",
            remedy=f"Add the {owner} or drop the rows.",
        )


def _rounding_rules(table: Table) -> Iterator[Rule]:
    for column in table.columns:
        if column.kind == "money":
            yield Rule(
                id="rounded-amount",
                severity="warning",
                table=table.name,
                column=column.name,
                scope="row",
                sql=name(rounding(column.name)),
                what="are written finer than a fen and were rounded",
                remedy="Check that the column is an amount in yuan.",
            )


def _future_rules() -> Iterator[Rule]:
    for table in TABLES.values():
        for column in {table.known_at, "paid_at"} & set(table.names()) - {"valid_from"}:
            yield Rule(
                id="future-date",
                severity="warning",
                table=table.name,
                column=column,
                scope="row",
                sql=f"{name(column)}::DATE > getvariable('latest')",
                what="lie in the future of this data",
                remedy="Correct the dates, or map the placeholder onto empty.",
            )


def _drop_rule(table: str, column: str, month: str, day: str) -> Rule:
    """A month with far fewer rows than the months around it lead one to expect.

    Neighbours at odd and at even distance are looked at apart, so that a utility which bills
    every second month gives no warning, and up to three months away, so that a hole of several
    months does. The last month is judged only when its days reach as far as in other months.
    """
    return Rule(
        id="volume-drop",
        severity="warning",
        table=table,
        column=column,
        scope="table",
        sql=_drop_sql(table, month, day),
        remedy="Look for a part that was not exported.",
    )


def _drop_sql(table: str, month: str, day: str) -> str:
    """Return the query of _drop_rule; month is SQL for a month's number from year 0."""
    return f"""
    WITH days AS (  -- counted first: a quantile of the rows would hold all of them in memory
        SELECT {month} AS m, count(*) AS n,
            {day}::DATE - make_date(({month}) // 12, ({month}) % 12 + 1, 1) AS d
        FROM {table}
        WHERE {month} BETWEEN {12 * YEARS[0]} AND {12 * YEARS[1] + 11} GROUP BY ALL
    ),
    counted AS (
        SELECT m, CAST(sum(n) AS BIGINT) AS n,
            min(d) FILTER (known >= 0.95 * all_known) AS reach
        FROM (
            SELECT *, sum(n) FILTER (d IS NOT NULL) OVER (PARTITION BY m ORDER BY d) AS known,
                sum(n) FILTER (d IS NOT NULL) OVER (PARTITION BY m) AS all_known
            FROM days
        ) GROUP BY m
    ),
    months AS (
        SELECT m, coalesce(n, 0) AS n, reach
        FROM (SELECT unnest(range(min(m), max(m) + 1)) AS m FROM counted)
        LEFT JOIN counted USING (m)
    ),
    around AS (
        SELECT *,
            least(greatest(lag(n, 1) OVER w, lag(n, 3) OVER w),
                  greatest(lead(n, 1) OVER w, lead(n, 3) OVER w)) AS odd,
            least(greatest(lag(n, 2) OVER w, lag(n, 4) OVER w),
                  greatest(lead(n, 2) OVER w, lead(n, 4) OVER w)) AS even,
            lag(n, 1) OVER w AS before, lead(n, 1) OVER w AS after,
            median(reach) OVER () AS usual
        FROM months WINDOW w AS (ORDER BY m)
    ),
    judged AS (
        SELECT m // 12 * 100 + m % 12 + 1 AS cycle, n, least(odd, even) AS expected,
            before IS NOT NULL AND (after IS NOT NULL OR reach >= 0.8 * usual) AND
            least(odd, even) >= {DROP_MIN_ROWS} AND
            n < {DROP_SHARE} * least(odd, even) AS low
        FROM around
    )
    SELECT count(*) FILTER (low), count(*),
        format('{{}} of {{}} months have far fewer rows than their neighbours '
               '(first: {{}} with {{}}, where about {{}} are usual)',
               count(*) FILTER (low), count(*), min(cycle) FILTER (low),
               arg_min(n, cycle) FILTER (low), arg_min(expected, cycle) FILTER (low))
    FROM judged
    """


_LIVE_ONLY = f"""
    WITH named AS (
        SELECT hash(bill_id) AS h, sum(amount) AS paid FROM payments
        WHERE outcome = 'ok' AND hash(bill_id) % getvariable('stride') = 0 GROUP BY 1
    ),
    loose AS (
        SELECT customer_id, max(paid_at) AS last FROM payments
        WHERE outcome = 'ok' AND bill_id IS NULL GROUP BY 1
    ),
    past AS (
        SELECT cycle, coalesce(paid >= amount - 0.01, false)
            OR coalesce(last >= issued_on, false) AS settled
        FROM (
            SELECT hash(bill_id) AS h, customer_id, cycle, amount, issued_on FROM bills
            WHERE amount > 0 AND cancelled_on IS NULL
                AND hash(bill_id) % getvariable('stride') = 0
                AND due_on < getvariable('horizon') - {LIVE_ONLY_AGE_DAYS}
        ) LEFT JOIN named USING (h) LEFT JOIN loose USING (customer_id)
    ),
    months AS (SELECT cycle, count(*) AS n, count(*) FILTER (settled) AS s FROM past GROUP BY 1),
    poor AS (SELECT * FROM months WHERE s < {LIVE_ONLY_SHARE} * n)
    SELECT count(*), (SELECT count(*) FROM months),
        format('in {{}} of {{}} past months nearly no bill is settled (first: {{}}, {{}} %)',
               count(*), (SELECT count(*) FROM months), min(cycle),
               arg_min(100 * s // n, cycle))
    FROM poor HAVING sum(n) >= {LIVE_ONLY_MIN_BILLS}
    """

_STALE = f"""
    WITH days AS (
        SELECT DISTINCT posted_at::DATE AS d FROM payments
        WHERE posted_at < getvariable('as_of')
    ),
    gaps AS (SELECT d, d - lag(d) OVER (ORDER BY d) AS gap FROM days),
    seen AS (
        SELECT getvariable('as_of') - max(d) - 1 AS silent, max(d) AS last,
            greatest({POSTING_GAP_DAYS}, max(gap)) AS usual
        FROM gaps
    )
    SELECT silent, usual,
        format('nothing is posted in the last {{}} days before as_of (last: {{}})', silent, last)
    FROM seen WHERE silent > usual
    """

# What two payments have in common only where one was loaded twice under another id.
_SAME_PAYMENT = "bill_id, amount, date_trunc('minute', paid_at)"

_PARTICULAR = (
    Rule(
        id="no-start",
        severity="warning",
        table="customers",
        column="valid_from",
        scope="row",
        sql='valid_from IS NULL AND "!valid_from" IS NULL',
        what="lack a start (no opened_on, no bill) and would never be used",
        remedy="Fill valid_from or opened_on.",
    ),
    Rule(
        id="overlapping-validity",
        severity="warning",
        table="customers",
        column="valid_from",
        scope="rows",
        sql="""
            SELECT _at FROM customers
            WINDOW w AS (PARTITION BY customer_id ORDER BY valid_from, _at)
            QUALIFY closed_on > lead(valid_from) OVER w
                AND closed_on IS DISTINCT FROM lead(closed_on) OVER w
            """,
        what="end after the same customer's next row begins",
        remedy="Check closed_on, or whether a customer number was given twice.",
    ),
    Rule(
        id="payment-before-issue",
        severity="warning",
        table="payments",
        column="paid_at",
        scope="rows",
        sql="SELECT _at FROM odd_payment WHERE is_early",
        what="lie before the named bill's issue day",
        remedy="Check which source columns are mapped onto paid_at and issued_on.",
    ),
    Rule(
        id="duplicate-payment",
        severity="warning",
        table="payments",
        column="payment_id",
        scope="rows",
        sql=f"""
            SELECT _at FROM payments
            WHERE outcome = 'ok' AND bill_id IS NOT NULL AND hash({_SAME_PAYMENT}) IN (FROM alike)
            QUALIFY row_number() OVER (PARTITION BY {_SAME_PAYMENT} ORDER BY _at) > 1
            """,
        alike=_SAME_PAYMENT,
        among="outcome = 'ok' AND bill_id IS NOT NULL",
        what="repeat another payment's bill, amount and minute",
        remedy="Check whether an export was loaded twice.",
    ),
    Rule(
        id="stale-payments",
        severity="warning",
        table="payments",
        column="posted_at",
        scope="table",
        sql=_STALE,
        remedy="Export the payments through as_of.",
    ),
    Rule(
        id="live-only",
        severity="warning",
        table="bills",
        column="bill_id",
        scope="table",
        sql=_LIVE_ONLY,
        remedy="Export settled bills and their payments too (archive tables such as *_ARC).",
    ),
)

WARNING_RULES: tuple[Rule, ...] = (
    *(
        rule
        for table in TABLES.values()
        for rules in (_stray_rules, _rounding_rules)
        for rule in rules(table)
    ),
    *_PARTICULAR,
    *_future_rules(),
    _drop_rule("bills", "cycle", "cycle // 100 * 12 + cycle % 100 - 1", "issued_on"),
    _drop_rule("payments", "paid_at", "year(paid_at) * 12 + month(paid_at) - 1", "paid_at"),
)
