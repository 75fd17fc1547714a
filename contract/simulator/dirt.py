"""Dirt on request: a clean dataset written as the files of a careless export.

Each kind spoils one thing and names the check that catches it. A kind that catches nothing is
one that reading must undo without being told: the imported rows are those of the clean files.
"""

import codecs
import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import xlsxwriter

from contract import engine
from contract.errors import ConfigError
from contract.tables import TABLES

# The rows that a kind touches: one in so many, by the hash of the row's key.
_FEW, _MANY = 50, 5


@dataclass(frozen=True, kw_only=True)
class Dirt:
    """One kind of dirt.

    Attributes:
        table: The table whose file is spoiled; empty for all.
        sql: What is written instead of the table; ``{few}`` and ``{many}`` choose rows.
        caught_by: Id of the rule that reports it; ``reader`` when the file cannot be read as it
            is; empty when reading undoes it.
        needs_as_of: Whether that rule needs the day of the list.
    """

    name: str
    zh: str
    table: str = ""
    sql: str = ""
    caught_by: str = ""
    needs_as_of: bool = False


KINDS: tuple[Dirt, ...] = (
    Dirt(
        name="duplicates",
        zh="重复行",
        table="payments",
        sql="SELECT * FROM payments UNION ALL SELECT * FROM payments WHERE {few}",
        caught_by="repeated-key",
    ),
    Dirt(
        name="loaded_twice",
        zh="重复导入",
        table="payments",
        sql="""SELECT * FROM payments UNION ALL
            SELECT * REPLACE (payment_id || '-2' AS payment_id) FROM payments WHERE {few}""",
        caught_by="duplicate-payment",
    ),
    Dirt(
        name="missing_due_dates",
        zh="缺交费截止日",
        table="bills",
        sql="SELECT * REPLACE (CASE WHEN NOT {few} THEN due_on END AS due_on) FROM bills",
        caught_by="empty",
    ),
    Dirt(
        name="changed_codes",
        zh="代码变更",
        table="payments",
        sql="""SELECT * REPLACE
            (CASE WHEN channel = 'wechat' AND {many} THEN '030146' ELSE channel END AS channel)
            FROM payments""",
        caught_by="unknown-code",
    ),
    Dirt(
        name="lost_month",
        zh="缺一个月",
        table="payments",
        sql="""SELECT * FROM payments WHERE date_trunc('month', posted_at) <> (
            SELECT date_trunc('month', max(posted_at)) - INTERVAL 3 MONTH FROM payments)""",
        caught_by="volume-drop",
    ),
    Dirt(
        name="late_postings",
        zh="入账滞后",
        table="payments",
        sql="""SELECT * FROM payments
            WHERE posted_at < (SELECT max(posted_at) - INTERVAL 9 DAY FROM payments)""",
        caught_by="stale-payments",
        needs_as_of=True,
    ),
    Dirt(
        name="live_only",
        zh="只导出在线表，已归档缴费缺失",
        table="payments",
        sql="""SELECT * FROM payments
            WHERE posted_at >= (SELECT max(posted_at) - INTERVAL 60 DAY FROM payments)""",
        caught_by="live-only",
    ),
    Dirt(
        name="swapped_days",
        zh="日月颠倒",
        table="bills",
        sql="""SELECT * REPLACE (CASE WHEN day(issued_on) <= 12 AND {many}
            THEN strftime(issued_on, '%Y-%d-%m') ELSE issued_on::VARCHAR END AS issued_on)
            FROM bills""",
        caught_by="due-before-issue",
    ),
    Dirt(
        name="excel_dates",
        zh="Excel 日期序号",
        table="bills",
        sql="SELECT * REPLACE (due_on - DATE '1899-12-30' AS due_on) FROM bills",
        caught_by="unreadable",
    ),
    Dirt(
        name="thousands",
        zh="千位分隔符",
        table="bills",
        sql="SELECT * REPLACE ('¥' || format('{{:,.2f}}', amount::DOUBLE) AS amount) FROM bills",
    ),
    Dirt(name="gbk", zh="GB18030 编码"),
    Dirt(name="bom", zh="带 BOM 的 UTF-8"),
    Dirt(name="merged_heads", zh="合并表头", table="customers", caught_by="reader"),
)


def spoil(dataset: Path, out: Path, kinds: Sequence[str], *, seed: int = 0) -> tuple[Path, ...]:
    """Write a dataset as CSV files with these kinds of dirt; return the files.

    The heads are the contract's column names, so the mapping preset ``en`` reads them.

    Args:
        dataset: A clean dataset, as simulate writes it.
        out: Folder for the files; existing ones are replaced.
        seed: Chooses the rows that are touched.

    Raises:
        ConfigError: A kind is unknown.
    """
    chosen = find_kinds(kinds)
    out.mkdir(parents=True, exist_ok=True)
    with engine.connect(memory_limit="8GB") as con:
        present = [name for name in TABLES if _view(con, dataset, name)]
        for step, kind in enumerate(chosen):
            if kind.sql and kind.table in present:
                _spoil(con, kind, seed, step)
        paths = [out / f"{name}.csv" for name in present]
        for name, path in zip(present, paths, strict=True):
            con.execute(f"COPY {name} TO {engine.text(path)} (FORMAT CSV, HEADER)")
    if "merged_heads" in kinds:
        paths = [_merge_heads(path) if path.stem == "customers" else path for path in paths]
    for path in paths:
        if path.suffix == ".csv":
            _encode(path, gbk="gbk" in kinds, bom="bom" in kinds)
    return tuple(paths)


def find_kinds(names: Sequence[str]) -> list[Dirt]:
    """Return the kinds of these names.

    Raises:
        ConfigError: A name is not that of a kind.
    """
    return [_kind(name) for name in names]


def _kind(name: str) -> Dirt:
    for kind in KINDS:
        if kind.name == name:
            return kind
    raise ConfigError(f"dirt: {name!r} is not one of {', '.join(k.name for k in KINDS)}.")


def _view(con: engine.Connection, dataset: Path, name: str) -> bool:
    """Open one table of the dataset by its name; false when there is none."""
    single, parts = dataset / f"{name}.parquet", dataset / name
    source = single if single.exists() else parts / "*.parquet"
    if single.exists() or parts.is_dir():
        con.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet({engine.text(source)})")
        return True
    return False


def _spoil(con: engine.Connection, kind: Dirt, seed: int, step: int) -> None:
    """Put the spoiled rows in the place of the table, so that a next kind spoils them further."""
    key = ", ".join(TABLES[kind.table].key)
    few, many = (f"(hash({key}, {seed}) % {every} = 0)" for every in (_FEW, _MANY))
    con.execute(f"CREATE TABLE spoiled_{step} AS {kind.sql.format(few=few, many=many)}")
    con.execute(f"CREATE OR REPLACE VIEW {kind.table} AS SELECT * FROM spoiled_{step}")


def _merge_heads(path: Path) -> Path:
    """Turn a CSV file into a workbook whose first heads span several columns."""
    book_path = path.with_suffix(".xlsx")
    with path.open(encoding="utf-8", newline="") as file, xlsxwriter.Workbook(book_path) as book:
        sheet = book.add_worksheet("customers")
        for number, row in enumerate(csv.reader(file), start=1):
            sheet.write_row(number, 0, row)
        sheet.merge_range(0, 0, 0, 4, "客户")
    path.unlink()
    return book_path


def _encode(path: Path, *, gbk: bool, bom: bool) -> None:
    """Rewrite a UTF-8 file in GB18030, or with a byte order mark."""
    if not (gbk or bom):
        return
    rewritten = path.with_suffix(".rewritten")
    with rewritten.open("wb") as file:
        file.writelines(_encoded(path, gbk=gbk))
    rewritten.replace(path)


def _encoded(path: Path, *, gbk: bool) -> Iterator[bytes]:
    if not gbk:
        yield codecs.BOM_UTF8
    with path.open(encoding="utf-8", newline="") as file:
        for line in file:
            yield line.encode("gb18030" if gbk else "utf-8")
