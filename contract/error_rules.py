"""The rules whose breach stops a run: contract.md, "Checks on entry", errors."""

from collections.abc import Iterable, Iterator

from contract.engine import name
from contract.rule import Rule, fault, has_fault
from contract.tables import TABLES, YEARS, Column, Kind, Table

_MEANT: dict[Kind, str] = {
    "date": "a day",
    "timestamp": "a moment",
    "month": "a month",
    "money": "an amount",
    "number": "a number",
    "integer": "a whole number",
    "bool": "yes or no",
}

# No customer's bill or payment comes near: the largest utility bills some 3e12 yuan a year.
MOST_YUAN = 10_000_000_000

# By kind what no value may be, in words and as SQL; a value that is read from text never is.
_OUT_OF_RANGE: dict[Kind, tuple[str, str, str]] = {
    "date": (
        f"lie outside the years {YEARS[0]} to {YEARS[1]}",
        f"{{}} NOT BETWEEN DATE '{YEARS[0]}-01-01' AND DATE '{YEARS[1]}-12-31'",
        "Correct the days, or leave placeholders empty.",
    ),
    "timestamp": (
        f"lie outside the years {YEARS[0]} to {YEARS[1]}",
        f"{{}} NOT BETWEEN TIMESTAMP '{YEARS[0]}-01-01' AND TIMESTAMP '{YEARS[1]}-12-31 23:59:59'",
        "Correct the moments, or leave placeholders empty.",
    ),
    "month": (
        f"are no month of the years {YEARS[0]} to {YEARS[1]}",
        f"{{0}} // 100 NOT BETWEEN {YEARS[0]} AND {YEARS[1]} OR {{0}} % 100 NOT BETWEEN 1 AND 12",
        "Write months such as 202610.",
    ),
    "money": (
        "are ten billion yuan or more",
        f"abs({{}}) >= {MOST_YUAN}",
        "Check that the source column is an amount in yuan.",
    ),
    "number": ("are not finite", "NOT isfinite({})", "Leave empty what is not known."),
}


def _column_rules(table: Table) -> Iterator[Rule]:
    for column in table.columns:
        unread = f"{name(fault(column.name))} IS NOT NULL" if has_fault(column) else "false"
        if column.required:
            yield Rule(
                id="empty",
                severity="error",
                table=table.name,
                column=column.name,
                scope="row",
                sql=f"{_is_empty(column)} AND NOT ({unread})",
                what="are empty",
                remedy="Fill them or drop the rows.",
            )
        if column.kind == "code":
            yield Rule(
                id="unknown-code",
                severity="error",
                table=table.name,
                column=column.name,
                scope="row",
                sql=unread,
                what="have an unknown code",
                remedy=f"Map each onto one of {', '.join(column.codes)}.",
                shows="codes",
            )
        elif has_fault(column):
            yield Rule(
                id="unreadable",
                severity="error",
                table=table.name,
                column=column.name,
                scope="row",
                sql=unread,
                what=f"cannot be read as {_MEANT[column.kind]}",
                remedy="Correct them, or name their format in the mapping.",
                shows="first",
            )
        if column.kind in _OUT_OF_RANGE:
            yield _range_rule(table.name, column.name, column.kind)


def _is_empty(column: Column) -> str:
    value = name(column.name)
    return f"({value} IS NULL OR {value} = '')" if column.kind == "text" else f"{value} IS NULL"


def _range_rule(table: str, column: str, kind: Kind) -> Rule:
    what, sql, remedy = _OUT_OF_RANGE[kind]
    return Rule(
        id="out-of-range",
        severity="error",
        table=table,
        column=column,
        scope="row",
        sql=sql.format(name(column)),
        what=what,
        remedy=remedy,
    )


def extra_rules(table: str, extras: Iterable[str]) -> tuple[Rule, ...]:
    """Return the rules of the numbers that a source added to a table."""
    return tuple(_range_rule(table, extra, "number") for extra in extras)


def _key_rules(table: Table) -> Iterator[Rule]:
    key = ", ".join(name(column) for column in table.key)
    yield Rule(
        id="repeated-key",
        severity="error",
        table=table.name,
        column=table.key[0],
        scope="rows",
        # Of rows that are the same in every column the first one stands; of rows that differ
        # nobody can say which is right, so all of them are in breach.
        sql=f"""
            SELECT _at FROM (
                SELECT {key}, _at, hash(*COLUMNS(* EXCLUDE (_at))) AS _all FROM {table.name}
                WHERE hash({key}) IN (FROM alike) AND {name(table.key[0])} IS NOT NULL
            )
            QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY _at) > 1
                OR min(_all) OVER (PARTITION BY {key}) <> max(_all) OVER (PARTITION BY {key})
            """,
        alike=key,
        what=f"repeat the key ({', '.join(table.key)})",
        remedy="Keep one row for each key.",
    )
    for column in table.columns:
        if column.name.endswith("_id") and column.kind == "text":
            yield _mangled_rule(table, column)


def _mangled_rule(table: Table, column: Column) -> Rule:
    """A key that a spreadsheet took for a number (5.1E+11) or could not compute (#N/A)."""
    key = name(column.name)
    return Rule(
        id="mangled-id",
        severity="error",
        table=table.name,
        column=column.name,
        scope="row",
        sql=f"""(contains({key}, 'E+') AND regexp_full_match({key}, '[0-9](\\.[0-9]+)?E\\+[0-9]+'))
            OR (starts_with({key}, '#') AND {key} IN ('#N/A', '#REF!', '#NAME?', '#VALUE!'))""",
        what="were changed by a spreadsheet (such as 5.1E+11 or #N/A)",
        remedy="Export the column as text.",
    )


_PARTICULAR = (
    Rule(
        id="unknown-customer",
        severity="error",
        table="bills",
        column="customer_id",
        scope="rows",
        sql="SELECT b._at FROM bills AS b ANTI JOIN customers USING (customer_id) "
        "WHERE b.customer_id IS NOT NULL",
        what="name a customer that is not in customers",
        remedy="Add the customers or drop the bills.",
    ),
    Rule(
        id="due-before-issue",
        severity="error",
        table="bills",
        column="due_on",
        scope="row",
        sql="due_on < issued_on",
        what="fall due before the issue day",
        remedy="Check which source columns are mapped onto due_on and issued_on.",
    ),
    Rule(
        id="unattached",
        severity="error",
        table="payments",
        column="customer_id",
        scope="row",
        sql="customer_id IS NULL AND bill_id IS NULL",
        what="name neither a customer nor a bill",
        remedy="Fill one of the two or drop the rows.",
    ),
    Rule(
        id="circular-reversal",
        severity="error",
        table="payments",
        column="reverses_id",
        scope="rows",
        # Few payments are reversals; UNION keeps each step once, so the walk ends in a circle too.
        sql="""
            WITH RECURSIVE reversal AS (
                SELECT payment_id, reverses_id, _at FROM payments WHERE reverses_id IS NOT NULL
            ),
            walk AS (
                SELECT _at, payment_id AS began, reverses_id AS reached FROM reversal
                UNION
                SELECT walk._at, began, reversal.reverses_id
                FROM walk JOIN reversal ON reversal.payment_id = walk.reached
                WHERE reached <> began
            )
            SELECT _at FROM walk WHERE reached = began
            """,
        what="reverse themselves, at once or by way of others",
        remedy="Name the payment that was taken back.",
    ),
    Rule(
        id="out-of-range",
        severity="error",
        table="customers",
        column="billing_months",
        scope="row",
        sql="billing_months NOT IN (1, 2)",
        what="are not 1 or 2",
        remedy="Give the months between two bills.",
    ),
    Rule(
        id="out-of-range",
        severity="error",
        table="contacts",
        column="round",
        scope="row",
        sql="round NOT BETWEEN 1 AND 4",
        what="are not 1 to 4",
        remedy="Give the round of dunning, or leave it empty.",
    ),
)

ERROR_RULES: tuple[Rule, ...] = (
    *(
        rule
        for table in TABLES.values()
        for rules in (_column_rules, _key_rules)
        for rule in rules(table)
    ),
    *_PARTICULAR,
)
