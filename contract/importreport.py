"""What an import did: for each table the rows and money read, dropped, set aside and written."""

from dataclasses import asdict, dataclass
from typing import Any

from contract.breach import Breach, CheckReport
from contract.setaside import BROKEN_LINE, Workbench, aside
from contract.tables import TABLES


@dataclass(frozen=True, kw_only=True)
class TableReport:
    """One table's account. read = written + all of dropped + all of quarantined, in rows.

    Attributes:
        files: The source files, by name.
        dropped: Rows that the mapping leaves out, by reason.
        quarantined: Rows set aside, by the first rule that each breaks.
        amount: For a table with amounts, their sums in yuan as text: read, dropped,
            quarantined and written. An amount that cannot be read counts as none.
        absent: Optional columns that the mapping names and no file has.
    """

    files: tuple[str, ...]
    read: int
    dropped: dict[str, int]
    quarantined: dict[str, int]
    written: int
    amount: dict[str, str] | None
    absent: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """The account of an import.

    Attributes:
        absent: Optional tables that the source does not have.
        warnings: What ought to be looked at; nothing was changed for it.
    """

    mapping: str
    source: str
    tables: dict[str, TableReport]
    absent: tuple[str, ...]
    warnings: tuple[Breach, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        warnings = CheckReport(breaches=self.warnings).as_dict()["warnings"]
        return asdict(self) | {"warnings": warnings}


def build_report(
    bench: Workbench, checked: CheckReport, *, mapping: str, source: str
) -> ImportReport:
    """Count what became of every row."""
    return ImportReport(
        mapping=mapping,
        source=source,
        tables={name: _table_report(bench, name) for name in bench.shaped},
        absent=tuple(name for name in TABLES if name not in bench.shaped),
        warnings=checked.warnings,
    )


def _table_report(bench: Workbench, name: str) -> TableReport:
    shaped = bench.shaped[name]
    broken = sum(len(file.rejects) for file in shaped.files)
    has_amount = "amount" in TABLES[name].names()
    amount = "sum(amount)" if has_amount else "NULL"
    rows = bench.connection.execute(
        f"""
        SELECT quarantined, rule, count(*), coalesce({amount}, 0)
        FROM {shaped.rows} LEFT JOIN (
            SELECT _at, arg_min(rule, (quarantined, rowid)) AS rule,
                bool_and(quarantined) AS quarantined
            FROM {aside(name)} GROUP BY _at
        ) USING (_at) GROUP BY ALL ORDER BY ALL
        """
    ).fetchall()
    counts: dict[Any, dict[str, int]] = {False: {}, True: {BROKEN_LINE: broken} if broken else {}}
    sums = {
        kind: sum(total for state, _, _, total in rows if state in states)
        for kind, states in (
            ("read", (None, False, True)),
            ("dropped", (False,)),
            ("quarantined", (True,)),
            ("written", (None,)),
        )
    }
    for state, rule, count, _ in rows:
        if state is not None:
            counts[state][rule] = count
    return TableReport(
        files=tuple(file.label for file in shaped.files),
        read=sum(count for _, _, count, _ in rows) + broken,
        dropped=counts[False],
        quarantined=counts[True],
        written=sum(count for state, _, count, _ in rows if state is None),
        amount={kind: f"{total:.2f}" for kind, total in sums.items()} if has_amount else None,
        absent=shaped.absent,
    )
