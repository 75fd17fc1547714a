"""Importing a source: read, map, type and check everything, then write a dataset or nothing.

The dataset is written beside its place and renamed, so it is whole or it is not there. No row is
left out in silence: rows read = rows written + dropped by the mapping + set aside.
"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from contract import engine
from contract.breach import CheckReport
from contract.checks import promoted, run_rules, set_scene
from contract.errors import ConfigError, DataError
from contract.importreport import ImportReport, build_report
from contract.mapping import Mapping
from contract.own_folder import own_folder
from contract.pseudonyms import Key, pseudonymous, write_about, write_source_ids
from contract.quarantine import write_quarantine
from contract.rule import Rule, fault
from contract.setaside import Workbench
from contract.shaping import Shaped, shape_table
from contract.source import Readable, Source
from contract.tables import TABLES

# Each round sets aside what the round before has orphaned; a chain is never longer than this.
_ROUNDS = len(TABLES)

Progress = Callable[[str], None]

# Opens a source that is no folder, such as a database; is given a folder for temporary files.
Opener = Callable[[Path], AbstractContextManager[Readable]]


def import_tables(
    source: Path | Opener,
    mapping: Mapping,
    out: Path,
    *,
    quarantine: bool = False,
    promote: frozenset[str] = frozenset(),
    key: Key | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Import a source as a dataset.

    Args:
        source: A folder of files, one file, or what opens another source.
        mapping: How its files, columns and codes become the contract's.
        out: The dataset's folder; it must be new or empty.
        quarantine: Set rows in breach aside, with those that depend on them, instead of stopping.
        promote: Ids of warnings that count as errors.
        key: Makes pseudonyms of the source's ids; None keeps them.
        progress: Is told of each step in a few words.

    Raises:
        ConfigError: out holds files already, or promote names no warning.
        DataError: A file or row breaks the contract; every breach is a line.
    """
    tell = progress or _tell_nobody
    rules = promoted(promote)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(f"{out}: holds files already. Give a new or an empty folder.")
    with _workplace(out) as work:
        with _opened(source, work) as readable:
            name = source.name if isinstance(source, Path) else readable.name
            shaped = _shape_all(readable, mapping, work, tell)
        with engine.connect(spill=work) as connection:
            bench = Workbench(connection, shaped)
            report = _checked(bench, rules, quarantine=quarantine, tell=tell)
            result = build_report(bench, report, mapping=mapping.name, source=name)
            _refuse_empty(result)
            _write(bench, result, out, work, key)
    tell(f"wrote {out.name}")
    return result


@contextmanager
def _opened(source: Path | Opener, work: Path) -> Iterator[Readable]:
    if isinstance(source, Path):
        yield Source(source, work)
    else:
        with source(work) as readable:
            yield readable


@contextmanager
def _workplace(out: Path) -> Iterator[Path]:
    """Make a folder beside the dataset to be, so that a rename is enough to place it.

    What an import that was killed has left there, with names and phones in it, goes first.
    """
    with ExitStack() as held:
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            folder = held.enter_context(own_folder(out.parent, prefix=".import-"))
        except OSError as fault:
            raise ConfigError(
                f"{out}: cannot be written there ({fault.strerror}). Give another folder."
            ) from fault
        yield folder


def _tell_nobody(_: str) -> None:
    return


def _shape_all(source: Readable, mapping: Mapping, work: Path, tell: Progress) -> dict[str, Shaped]:
    """Read every mapped table; what is wrong with any file is said at once."""
    shaped: dict[str, Shaped] = {}
    faults: list[str] = []
    for name, table in TABLES.items():
        if name not in mapping.tables:
            continue
        try:
            rows = shape_table(table, mapping.tables[name], source, work)
        except DataError as wrong:
            faults.append(str(wrong))
            continue
        if rows is not None:
            tell(f"read {name} from {', '.join(file.label for file in rows.files)}")
            shaped[name] = rows
    if faults:
        raise DataError("\n".join(faults))
    return shaped


def _refuse_empty(report: ImportReport) -> None:
    """Refuse an import of heads alone: nothing could be done with such a dataset.

    Raises:
        DataError: A table that a dataset needs would have no row; each is a line.
    """
    lines = [
        f"{name}: no row to write ({told.read:,} read from {', '.join(told.files)},"
        f" {sum(told.dropped.values()):,} dropped by the mapping,"
        f" {sum(told.quarantined.values()):,} set aside). Export its rows, or correct the mapping."
        for name, told in report.tables.items()
        if TABLES[name].required and not told.written
    ]
    if lines:
        raise DataError("\n".join(lines))


def _checked(
    bench: Workbench, rules: tuple[Rule, ...], *, quarantine: bool, tell: Progress
) -> CheckReport:
    """Check the rows, set aside those in breach if asked, and return the last report.

    Raises:
        DataError: An error remains.
    """
    rules = (*rules, *_extra_rules(bench.shaped))
    for _ in range(_ROUNDS):
        tell("checking")
        set_scene(bench.connection, None)
        report = run_rules(
            bench.connection, rules, present=frozenset(bench.shaped), locate=bench.locate
        )
        report = replace(report, breaches=(*bench.broken_lines(), *report.breaches))
        if not (quarantine and report.errors and bench.set_aside(report.errors, rules)):
            break
    report.raise_on_errors()
    return report


def _extra_rules(shaped: dict[str, Shaped]) -> tuple[Rule, ...]:
    """The numbers that a mapping adds must be readable like those of the contract."""
    return tuple(
        Rule(
            id="unreadable",
            severity="error",
            table=name,
            column=extra,
            scope="row",
            sql=f"{engine.name(fault(extra))} IS NOT NULL",
            what="cannot be read as a number",
            remedy="Correct them, or map the column as categorical.",
            shows="first",
        )
        for name, rows in shaped.items()
        for extra, kind in rows.extras.items()
        if kind == "numeric"
    )


def _write(bench: Workbench, report: ImportReport, out: Path, work: Path, key: Key | None) -> None:
    """Write the tables, what was set aside and the report beside, then rename the whole."""
    beside = work / "dataset"
    beside.mkdir()
    # With one thread the order of rows and the bounds of row groups, and so the bytes, are always
    # the same; with more, neither is (test_same_source_gives_the_same_bytes).
    bench.connection.execute("SET preserve_insertion_order = true")
    bench.connection.execute("SET threads = 1")
    if key is not None:
        key.register(bench.connection)
        write_about(beside, key)
    for name in bench.shaped:
        rows = f"SELECT {bench.columns(name)} FROM {name}"
        if key is not None:
            write_source_ids(bench.connection, name, rows, beside)
            rows = pseudonymous(name, TABLES[name].names(), rows)
        bench.connection.execute(
            f"COPY ({rows}) "
            f"TO {engine.text(beside / f'{name}.parquet')} (FORMAT parquet, COMPRESSION zstd)"
        )
    write_quarantine(bench, beside / "quarantine")
    content = json.dumps(report.as_dict(), ensure_ascii=False, indent=2)
    (beside / "import.json").write_text(content + "\n", encoding="utf-8")
    if out.exists():
        out.rmdir()
    os.replace(beside, out)  # noqa: PTH105
