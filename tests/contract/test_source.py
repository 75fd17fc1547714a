import csv
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract import engine
from contract.errors import DataError
from contract.source import Source
from contract.staged import Layout, Staged

few = settings(max_examples=12)

# What a cell may hold: any text that the encodings and XML have, without blanks around it, since
# those are no part of a value.
CELLS = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co"], include_characters="\n"),
    max_size=8,
).map(str.strip)
HEADS = ("户号", "amount", "备注")
TABLES = st.lists(st.tuples(st.from_regex(r"[0-9]{1,6}", fullmatch=True), CELLS, CELLS), min_size=1)


def read(path: Path, work: Path, **layout: Any) -> Staged:
    work.mkdir(exist_ok=True)
    (staged,) = Source(path, work).read((path.name,), Layout(**layout))
    return staged


def cells(staged: Staged) -> list[tuple[str | None, ...]]:
    """Return the rows in order, without their numbers."""
    with engine.connect(threads=1) as connection:
        found = connection.execute(
            f"SELECT * FROM {staged.relation} ORDER BY file_row_number"
        ).fetchall()
    assert [row[-1] for row in found] == list(range(len(found)))
    return [row[:-1] for row in found]


def as_read(rows: list[tuple[str, ...]]) -> list[tuple[str | None, ...]]:
    """An empty cell and no cell are the same."""
    return [tuple(cell or None for cell in row) for row in rows]


def write_csv(path: Path, rows: list[tuple[str, ...]], *, encoding: str, end: str = "\n") -> None:
    with path.open("w", encoding=encoding, newline="") as target:
        csv.writer(target, lineterminator=end).writerows([HEADS, *rows])


@few
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@given(rows=TABLES)
def test_csv_that_was_written_reads_as_it_was(
    tmp_path_factory: pytest.TempPathFactory,
    encoding: str,
    end: str,
    rows: list[tuple[str, ...]],
) -> None:
    folder = tmp_path_factory.mktemp("csv")
    write_csv(folder / "a.csv", rows, encoding=encoding, end=end)
    staged = read(folder / "a.csv", folder / "work")
    assert staged.heads == HEADS
    assert cells(staged) == as_read(rows)
    assert staged.rejects == ()


@few
@given(rows=TABLES)
def test_lines_of_rows_are_those_an_editor_shows(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]]
) -> None:
    folder = tmp_path_factory.mktemp("csv")
    write_csv(folder / "a.csv", rows, encoding="utf-8")
    staged = read(folder / "a.csv", folder / "work")
    expected, line = {}, 2
    for number, row in enumerate(rows, start=1):
        expected[number] = line
        line += 1 + sum(cell.count("\n") for cell in row)
    assert staged.lines(range(1, len(rows) + 1)) == expected


@few
@given(rows=TABLES)
def test_workbook_that_was_written_reads_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]]
) -> None:
    folder = tmp_path_factory.mktemp("xlsx")
    book = openpyxl.Workbook()
    for row in [HEADS, *rows]:
        book.active.append(row)
    for row in book.active.iter_rows():
        for cell in row:
            cell.data_type = "s"
    book.save(folder / "a.xlsx")
    assert cells(read(folder / "a.xlsx", folder / "work")) == as_read(rows)


@few
@given(rows=TABLES)
def test_parquet_that_was_written_reads_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]]
) -> None:
    folder = tmp_path_factory.mktemp("parquet")
    columns = [list(column) for column in zip(*rows, strict=True)]
    pq.write_table(pa.table(dict(zip(HEADS, columns, strict=True))), folder / "a.parquet")
    assert cells(read(folder / "a.parquet", folder / "work")) == rows


def test_chinese_in_the_last_line_alone_decides_the_encoding(tmp_path: Path) -> None:
    # More than the chunk that is decoded at once, so that a look at the head would say UTF-8.
    rows = [("1", "plain", "text")] * 100_000 + [("2", "中文", "末行")]
    write_csv(tmp_path / "a.csv", rows, encoding="gb18030")
    assert cells(read(tmp_path / "a.csv", tmp_path / "work"))[-1] == ("2", "中文", "末行")


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_delimiter_is_the_one_between_the_heads(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "a.txt"
    text = delimiter.join(("a", "b", "c")) + "\n" + delimiter.join(("1", "x y", "3")) + "\n"
    path.write_text(text)
    assert cells(read(path, tmp_path / "work")) == [("1", "x y", "3")]


def test_mixed_line_ends_are_read_as_lines(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"a,b\r\n1,2\n3,4\r5,6\r\n")
    assert cells(read(tmp_path / "a.csv", tmp_path / "work")) == [
        ("1", "2"),
        ("3", "4"),
        ("5", "6"),
    ]


def test_lines_that_are_no_rows_are_named_and_the_others_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        'a,b\n"one\nrow",2\n\n3\n4,5,6\n7,"8"9\n10,11\n', encoding="utf-8"
    )
    staged = read(tmp_path / "a.csv", tmp_path / "work")
    assert cells(staged) == [("one\nrow", "2"), ("10", "11")]
    assert staged.lines([1, 2]) == {1: 2, 2: 8}
    assert [(reject.line, reject.why) for reject in staged.rejects] == [
        (5, "too few fields"),
        (6, "too many fields"),
        (7, "a quote that does not close"),
    ]


def test_heads_below_a_title_are_found_by_header_row(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("2026年电费,\n户号,金额\n1,2\n", encoding="utf-8")
    staged = read(tmp_path / "a.csv", tmp_path / "work", header_row=2)
    assert staged.heads == ("户号", "金额")
    assert staged.lines([1]) == {1: 3}


def test_cells_of_a_workbook_become_the_text_a_person_would_write(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    rows = [
        ("id", "day", "moment", "amount", "flag", None),
        (5101000001, date(2026, 10, 1), datetime(2026, 10, 1, 8, 30), 12.5, True, None),
        (None,) * 6,
        (202610.0, None, None, 100, " x ", "beyond the heads"),
    ]
    for row in rows:
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    staged = read(tmp_path / "a.xlsx", tmp_path / "work")
    assert cells(staged) == [
        ("5101000001", "2026-10-01 00:00:00", "2026-10-01 08:30:00", "12.5", "True"),
        ("202610", None, None, "100", "x"),
    ]
    assert staged.label == "a.xlsx sheet Sheet"
    assert staged.lines([1, 2]) == {1: 2, 2: 4}


def test_parquet_values_become_the_text_they_mean(tmp_path: Path) -> None:
    table = pa.table(
        {
            "day": [date(2026, 1, 1)],
            "moment": [datetime(2026, 1, 1, 8)],
            "amount": pa.array(["12.5"]).cast(pa.decimal128(9, 2)),
            "flag": [True],
            "none": pa.nulls(1),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    assert cells(read(tmp_path / "a.parquet", tmp_path / "work")) == [
        ("2026-01-01", "2026-01-01 08:00:00", "12.50", "true", None)
    ]


def _merged(path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["户号", "电费", None])
    book.active.append([None, "应收", "实收"])
    book.active.append(["1", 2, 3])
    book.active.merge_cells("B1:C1")
    book.save(path)


def _sheets(path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "说明"
    book.create_sheet("数据")
    book.save(path)


BROKEN: dict[str, tuple[str, Callable[[Path], object], dict[str, Any], str]] = {
    "no text at all": (
        "a.csv",
        lambda p: p.write_bytes(b"a,b\n1,2\n3,\xff\xff\n"),
        {},
        "a.csv: neither UTF-8 nor GB18030 (first fault in line 3). Save it as CSV UTF-8.",
    ),
    "binary": (
        "a.csv",
        lambda p: p.write_bytes(b"a,b\n\0\0\0"),
        {},
        "a.csv: neither UTF-8 nor GB18030 (first fault in line 2). Save it as CSV UTF-8.",
    ),
    "not the encoding that was said": (
        "a.csv",
        lambda p: p.write_bytes("户号\n1\n".encode("gb18030")),
        {"encoding": "utf-8"},
        (
            "a.csv: not utf-8 as the mapping says (first fault in line 1). "
            "Correct encoding or remove it."
        ),
    ),
    "empty": (
        "a.csv",
        lambda p: p.write_bytes(b""),
        {},
        "a.csv: line 1 has no column heads. Give header_row.",
    ),
    "a head that stands twice": (
        "a.csv",
        lambda p: p.write_text("a,a\n1,2\n"),
        {},
        "a.csv: two columns are called a. Rename one.",
    ),
    "no workbook": (
        "a.xlsx",
        lambda p: p.write_bytes(b"PK\3\4 no more"),
        {},
        "a.xlsx: not a readable .xlsx workbook. Open it and save it again as .xlsx or CSV.",
    ),
    "an unknown sheet": (
        "a.xlsx",
        _sheets,
        {"sheet": "明细"},
        "a.xlsx: no sheet 明细; it has 说明, 数据. Name one in the mapping.",
    ),
    "sheets to choose from": (
        "a.xlsx",
        _sheets,
        {},
        "a.xlsx: more than one sheet; it has 说明, 数据. Name one in the mapping.",
    ),
    "an empty sheet": (
        "a.xlsx",
        _sheets,
        {"sheet": "数据"},
        "a.xlsx sheet 数据: row 1 has no column heads. Give header_row.",
    ),
    "merged heads": (
        "a.xlsx",
        _merged,
        {},
        (
            "a.xlsx sheet Sheet: no head in row 1 over column C (merged cells?). "
            "Unmerge the heads, or give the header_row that names every column."
        ),
    ),
    "no Parquet": (
        "a.parquet",
        lambda p: p.write_bytes(b"PAR1"),
        {},
        "a.parquet: not readable as Parquet. Export it again.",
    ),
    "an unknown kind of file": (
        "a.pdf",
        lambda p: p.write_bytes(b"%PDF"),
        {},
        (
            "a.pdf: files of this kind are not read. "
            "Give one of .parquet, .csv, .tsv, .txt, .xlsx, .xlsm."
        ),
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_unreadable_file_is_one_clear_error(tmp_path: Path, case: str) -> None:
    name, make, layout, message = BROKEN[case]
    make(tmp_path / name)
    with pytest.raises(DataError) as raised:
        read(tmp_path / name, tmp_path / "work", **layout).column(("a",))
    assert str(raised.value) == message


def test_heads_are_found_whatever_their_capitals_and_width(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("cons_no,应收电费（元）\n1,2\n", encoding="utf-8")
    staged = read(tmp_path / "a.csv", tmp_path / "work")
    assert staged.column(("CONS_NO",)) == "c0"
    assert staged.column(("应收电费", "应收电费(元)")) == "c1"
    assert staged.column(("应收",)) is None


@settings(max_examples=40)
@given(
    st.binary(max_size=60)
    | st.text('a1,;"\n\r\t 中', max_size=60).map(lambda text: text.encode("gb18030"))
)
def test_any_bytes_are_read_or_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "a.csv").write_bytes(content)
    refused, found, lines = "a.csv: refused", [], {}
    try:
        staged = read(folder / "a.csv", folder / "work")
        found = cells(staged)
        lines = staged.lines(range(1, len(found) + 1))
    except DataError as fault:
        refused = str(fault)
    assert refused.startswith("a.csv: ")
    assert len(refused.splitlines()) == 1
    assert sorted(lines.values()) == list(lines.values())


def test_source_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no such file or folder. Give the source to import"):
        Source(tmp_path / "nothing", tmp_path)


def test_files_are_found_once_and_in_order(tmp_path: Path) -> None:
    for name in ("b_2.csv", "b_1.csv", "other.csv"):
        (tmp_path / name).write_text("a\n1\n")
    source = Source(tmp_path, tmp_path)
    assert [file.name for file in source.files(("b_*.csv", "b_1.csv"))] == ["b_1.csv", "b_2.csv"]
    assert [f.name for f in Source(tmp_path / "b_2.csv", tmp_path).files(("*.csv",))] == ["b_2.csv"]
