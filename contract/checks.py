"""Checking a dataset against every rule, set by set, and saying all that was found at once."""

import difflib
import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from contract import engine
from contract.breach import FILE_SHIFT, Breach, CheckReport, Locate, Place
from contract.damage import naming_damage
from contract.dataset import Dataset, table_files
from contract.error_rules import ERROR_RULES, extra_rules
from contract.errors import ConfigError
from contract.in_parts import find_alike, make_odd_payments
from contract.rule import Rule, fault, has_fault, rounding
from contract.tables import TABLES, YEARS, Column, Table
from contract.warning_rules import FUTURE_SLACK_DAYS, LIVE_ONLY_SAMPLE, WARNING_RULES

__all__ = ["RULES", "Breach", "CheckReport", "Place", "check_dataset"]

RULES: tuple[Rule, ...] = (*ERROR_RULES, *WARNING_RULES)

# So many different unknown codes mean a wrong column, perhaps one with names in it.
MOST_VALUES = 8
# A code is a word or number; what is longer is a text in the wrong column.
MOST_OF_A_CODE = 40

_DAY_LIKE = re.compile(r"(19|20)\d\d[-/.年0-9][-/.月日0-9: T]{1,14}")


def check_dataset(
    dataset: Dataset, *, as_of: date | None = None, promote: frozenset[str] = frozenset()
) -> CheckReport:
    """Check every row of a dataset and gather all breaches.

    Args:
        dataset: The dataset, as opened.
        as_of: The day of the list to be made; None leaves out the rules that need one.
        promote: Ids of warnings that count as errors.

    Raises:
        ConfigError: promote names no warning.
        DataError: A file is damaged.
    """
    rules = (*promoted(promote), *_rules_of_extras(dataset))
    with (
        naming_damage(dataset),
        tempfile.TemporaryDirectory(prefix="duewatch-") as spill,
        engine.connect(spill=Path(spill)) as connection,
    ):
        for table in TABLES.values():
            connection.execute(f"CREATE VIEW {table.name} AS {_rows(dataset, table)}")
        set_scene(connection, as_of)
        present = frozenset(dataset.stored)
        return run_rules(connection, rules, present=present, locate=_locator(dataset))


def _rules_of_extras(dataset: Dataset) -> tuple[Rule, ...]:
    return tuple(
        rule
        for table in dataset.stored
        for rule in extra_rules(
            table, (name for name, kind in dataset.extras(table).items() if kind == "numeric")
        )
    )


def promoted(ids: frozenset[str]) -> tuple[Rule, ...]:
    """Return the rules with these warnings as errors.

    Raises:
        ConfigError: An id is not that of a warning.
    """
    known = sorted({rule.id for rule in RULES if rule.severity == "warning"})
    for unknown in sorted(ids - set(known)):
        near = difflib.get_close_matches(unknown, known, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise ConfigError(f"promote: no warning is called {unknown!r}; {hint}{', '.join(known)}.")
    return tuple(replace(rule, severity="error") if rule.id in ids else rule for rule in RULES)


def set_scene(connection: engine.Connection, as_of: date | None) -> None:
    """Give the rules over the tables' views what they have in common (contract.rule)."""
    _set_clock(connection, as_of)
    make_odd_payments(connection)


def _set_clock(connection: engine.Connection, as_of: date | None) -> None:
    """Set as_of, horizon, the latest believable day and the sampling stride.

    The horizon is the end of the last month in which bills or payments have a fifth of their
    usual monthly number or more, so that one mistyped year does not move it.
    """
    row = connection.execute(
        f"""
        WITH months AS (
            SELECT 1 AS source, date_trunc('month', issued_on) AS m, count(*) AS n
            FROM bills WHERE year(issued_on) BETWEEN {YEARS[0]} AND {YEARS[1]} GROUP BY ALL
            UNION ALL
            SELECT 2, date_trunc('month', posted_at), count(*)
            FROM payments WHERE year(posted_at) BETWEEN {YEARS[0]} AND {YEARS[1]} GROUP BY ALL
        ),
        usual AS (SELECT m FROM months QUALIFY n >= 0.2 * median(n) OVER (PARTITION BY source)),
        last AS (SELECT max(last_day(m)) AS horizon FROM usual)
        SELECT horizon, greatest(CAST($1 AS DATE), horizon + {FUTURE_SLACK_DAYS}),
            (SELECT count(*) FROM bills) // {LIVE_ONLY_SAMPLE} + 1
        FROM last
        """,
        [as_of],
    ).fetchone()
    horizon, latest, stride = row or (None, None, 1)
    for variable, day in (("as_of", as_of), ("horizon", horizon), ("latest", latest)):
        connection.execute(f"SET VARIABLE {variable} = CAST($1 AS DATE)", [day])
    # A constant, not a subquery: in a filter over 20 million rows that is 0.7 s instead of 6.
    connection.execute("SET VARIABLE stride = CAST($1 AS UBIGINT)", [stride])


def run_rules(
    connection: engine.Connection,
    rules: Iterable[Rule],
    *,
    present: frozenset[str],
    locate: Locate,
) -> CheckReport:
    """Run rules over the views of a connection; present names the tables that have rows."""
    breaches: list[Breach] = []
    for table in TABLES:
        if table in present:
            mine = [rule for rule in rules if rule.table == table]
            breaches.extend(_check_table(connection, table, mine, locate))
    return CheckReport(breaches=tuple(breaches))


def breach_rows(connection: engine.Connection, rule: Rule) -> str:
    """Return a query of the ``_at`` of every row in breach of a rule about rows.

    It may read the table ``alike`` of contract.rule, which is of the newest rule asked about.
    """
    if rule.scope == "row":
        return f"SELECT _at FROM {rule.table} WHERE {rule.sql}"
    if rule.alike:
        find_alike(connection, rule.table, rule.alike, rule.among)
    return rule.sql


def _check_table(
    connection: engine.Connection, table: str, rules: list[Rule], locate: Locate
) -> list[Breach]:
    counts, total = _row_counts(connection, table, [r for r in rules if r.scope == "row"])
    found: list[Breach] = []
    for rule in rules:
        if rule.scope == "table":
            found.extend(_table_breach(connection, rule))
            continue
        if rule.scope == "rows":
            if rule.alike and not find_alike(connection, table, rule.alike, rule.among):
                continue
            counts[rule] = _one(connection, f"SELECT count(*), min(_at) FROM ({rule.sql})")
        count, first = counts[rule]
        if count:
            place = locate(table, [first])[first]
            found.append(_row_breach(connection, rule, count, total, place))
    return found


def _row_counts(
    connection: engine.Connection, table: str, rules: list[Rule]
) -> tuple[dict[Rule, tuple[int, int]], int]:
    """Count the breaches of all row rules of a table in one pass over it.

    Only rows that break a rule at all reach the counters, of which there are two a rule.
    """
    measures = ", ".join(
        ["count(*)", *(f"count(*) FILTER ({r.sql}), min(_at) FILTER ({r.sql})" for r in rules)]
    )
    broken = " OR ".join(f"({rule.sql})" for rule in rules) or "false"
    row = _one(connection, f"SELECT {measures} FROM {table} WHERE {broken}")
    pairs = zip(row[1::2], row[2::2], strict=True)
    total = _one(connection, f"SELECT count(*) FROM {table}")[0]
    return dict(zip(rules, pairs, strict=True)), total


def _row_breach(
    connection: engine.Connection, rule: Rule, count: int, total: int, place: Place
) -> Breach:
    return Breach(
        table=rule.table,
        column=rule.column,
        rule=rule.id,
        severity=rule.severity,
        count=count,
        total=total,
        found=f"{count:,} of {total:,} rows {_agree(rule.what, count)}{_values(connection, rule)}",
        remedy=rule.remedy,
        first=place,
    )


def _table_breach(connection: engine.Connection, rule: Rule) -> list[Breach]:
    row = connection.execute(rule.sql).fetchone()
    if row is None or not row[0]:
        return []
    return [
        Breach(
            table=rule.table,
            column=rule.column,
            rule=rule.id,
            severity=rule.severity,
            count=row[0],
            total=row[1],
            found=row[2],
            remedy=rule.remedy,
        )
    ]


def _values(connection: engine.Connection, rule: Rule) -> str:
    """Say as much of the values in breach as a message may."""
    value = engine.name(fault(rule.column))
    if rule.shows == "first":
        sql = f"SELECT arg_min({value}, _at) FROM {rule.table} WHERE {value} IS NOT NULL"
        return f", such as {_showable(_one(connection, sql)[0])!r}"
    if rule.shows == "codes":
        rows = connection.execute(
            f"SELECT {value}, count(*) FROM {rule.table} WHERE {value} IS NOT NULL "
            f"GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {MOST_VALUES + 1}"
        ).fetchall()
        if len(rows) > MOST_VALUES:
            return f" (over {MOST_VALUES} different ones: is it the right source column?)"
        return ": " + ", ".join(f"{code[:MOST_OF_A_CODE]} ({count:,})" for code, count in rows)
    return ""


def _showable(written: str) -> str:
    """Return a written value if it looks like a day, else its shape alone.

    A wrong mapping may put a name, a telephone number or an amount in any column.

    >>> _showable("2026-13-45"), _showable("1,2OO.5")
    ('2026-13-45', '9,9xx.9')
    """
    if _DAY_LIKE.fullmatch(written):
        return written
    return re.sub(r"[^\W\d_]", "x", re.sub(r"\d", "9", written))[:20]


def _agree(what: str, count: int) -> str:
    """Put the verb into the singular for one row."""
    verb, _, rest = what.partition(" ")
    singular = {"are": "is", "have": "has", "were": "was", "cannot": "cannot"}
    return what if count != 1 else f"{singular.get(verb, verb + 's')} {rest}"


def _one(connection: engine.Connection, sql: str) -> tuple[Any, ...]:
    row = connection.execute(sql).fetchone()
    assert row is not None  # noqa: S101 - an aggregate without groups always has its row
    return tuple(row)


def _rows(dataset: Dataset, table: Table) -> str:
    """Return the query behind a table's view: columns, extras, faults and place."""
    # Stored values have their types, so only a code can be one that the contract does not know.
    faults = "".join(
        f", {_unknown_code(column)} AS {engine.name(fault(column.name))}"
        for column in table.columns
        if has_fault(column)
    )
    faults += "".join(
        f", false AS {engine.name(rounding(column.name))}"
        for column in table.columns
        if column.kind == "money"
    )
    files = table_files(dataset.folder, table.name)
    names = ", ".join(engine.text(path) for path in files)
    place = (
        f"((list_position([{names}], filename)::BIGINT - 1) << {FILE_SHIFT}) + file_row_number + 1"
        if files
        else "0"
    )
    rows = dataset.origin(table.name, options=", filename=true, file_row_number=true")
    return f"SELECT {dataset.select(table.name)}, {place} AS _at{faults} FROM {rows}"


def _unknown_code(column: Column) -> str:
    if column.kind != "code":
        return "CAST(NULL AS VARCHAR)"
    codes = ", ".join(engine.text(code) for code in column.codes)
    return f"CASE WHEN {engine.name(column.name)} NOT IN ({codes}) THEN {column.name} END"


def _locator(dataset: Dataset) -> Locate:
    def locate(table: str, places: Sequence[int]) -> dict[int, Place]:
        files = table_files(dataset.folder, table)
        names = [path.relative_to(dataset.folder).as_posix() for path in files]
        return {
            at: Place(file=names[at >> FILE_SHIFT], row=at & ((1 << FILE_SHIFT) - 1))
            for at in places
        }

    return locate
