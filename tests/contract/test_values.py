from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract import engine
from contract.mapping_model import PLAIN_DATES
from contract.tables import Column
from contract.values import cleaned, is_rounded, read_as, recoded

few = settings(max_examples=15)

WIDE = str.maketrans("0123456789.,-+", "０１２３４５６７８９．，－＋")


def lists(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    """Many values an example, since a query costs more than a value."""
    return st.lists(values, min_size=1, max_size=40)


def read(
    kind: Any, written: list[str], *, formats: tuple[str, ...] = PLAIN_DATES, shift: int = 0
) -> list[Any]:
    """Read texts as a kind, in order."""
    column = Column(name="c", kind=kind, zh="", codes=("low", "high"))
    return evaluate(read_as(column, "t", formats, shift), written)


@lru_cache(maxsize=1)
def connection() -> engine.Connection:
    return engine.connect(threads=1)


def evaluate(sql: str, written: list[str]) -> list[Any]:
    rows = pa.table({"n": list(range(len(written))), "w": pa.array(written, pa.string())})
    connection().register("given", rows)
    found = connection().execute(
        f"SELECT {sql} FROM (SELECT n, {cleaned('w', ('NULL',))} AS t FROM given) ORDER BY n"
    )
    return [row[0] for row in found.fetchall()]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("12.5", "12.50"),
        ("-12.50", "-12.50"),
        ("+7", "7.00"),
        ("1,234,567.8", "1234567.80"),
        ("¥1,200", "1200.00"),
        ("￥ 1 200.00 元", "1200.00"),
        ("１２３．４５", "123.45"),
        ("　12.00 ", "12.00"),
        ("0012.00", "12.00"),
        ("12.", "12.00"),
        ("123.44999999999999", "123.45"),
        ("12,5", None),
        ("1,2345.00", None),
        (",123", None),
        ("1.234,50", None),
        ("1.1368683772161603e-13", "0.00"),
        ("1.2E+05", None),
        ("1e3", None),
        ("1_000", None),
        ("12O", None),
        ("(12.00)", None),
        ("--1", None),
        (".5", None),
        ("nan", None),
        ("99999999999999999999", None),
        ("", None),
        ("NULL", None),
    ],
)
def test_amount_is_read_only_when_it_can_mean_one_thing(written: str, meant: str | None) -> None:
    assert read("money", [written]) == [meant and Decimal(meant)]


@few
@given(lists(st.decimals(min_value=-(10**9), max_value=10**9, places=2)))
def test_amount_with_commas_and_wide_digits_is_the_amount(amounts: list[Decimal]) -> None:
    for written in ([f"{a:,.2f}" for a in amounts], [f"{a:.2f}" for a in amounts]):
        assert read("money", written) == amounts
        assert read("money", [text.translate(WIDE) for text in written]) == amounts


@few
@given(lists(st.decimals(min_value=0, max_value=10**6, places=4)))
def test_finer_amount_is_rounded_half_up_and_flagged(amounts: list[Decimal]) -> None:
    fen = [amount.quantize(Decimal("0.01"), ROUND_HALF_UP) for amount in amounts]
    written = [str(amount) for amount in amounts]
    assert read("money", written) == fen
    assert evaluate(is_rounded("t"), written) == [f != a for f, a in zip(fen, amounts, strict=True)]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-10-31", date(2026, 10, 31)),
        ("2026-1-5", date(2026, 1, 5)),
        ("2026/10/31", date(2026, 10, 31)),
        ("20261031", date(2026, 10, 31)),
        ("2026年10月31日", date(2026, 10, 31)),
        ("2026-10-31 23:59", date(2026, 10, 31)),
        ("20261031235959", date(2026, 10, 31)),
        (" 2026-10-31\t", date(2026, 10, 31)),
        ("2026-02-30", None),
        ("2026011", None),
        ("26-01-05", None),
        ("31/10/2026", None),
        ("45961", None),
        ("0001-01-01", None),
        ("99991231", None),
        ("2026-10", None),
        ("soon", None),
    ],
)
def test_day_is_read_only_in_forms_that_are_plain(written: str, meant: date | None) -> None:
    assert read("date", [written]) == [meant]


def test_day_in_a_declared_form_and_no_other() -> None:
    written = ["5/1/2026", "2026-01-05", "45962", "45962.75"]
    assert read("date", written, formats=("%d/%m/%Y",)) == [date(2026, 1, 5), None, None, None]
    serial = datetime(1899, 12, 30) + timedelta(days=45962)
    assert read("timestamp", written, formats=("excel",)) == [
        None,
        None,
        serial,
        serial + timedelta(hours=18),
    ]


def test_first_day_of_penalty_becomes_the_last_day_to_pay() -> None:
    assert read("date", ["20260301"], shift=-1) == [date(2026, 2, 28)]


@few
@given(lists(st.datetimes(datetime(1950, 1, 1), datetime(2199, 12, 31))))
def test_moment_written_in_any_plain_form_is_that_moment(moments: list[datetime]) -> None:
    moments = [moment.replace(microsecond=0) for moment in moments]
    for form in (f for f in PLAIN_DATES if "%S" in f):
        assert read("timestamp", [moment.strftime(form) for moment in moments]) == moments


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("202610", 202610),
        ("2026-10", 202610),
        ("2026/1", 202601),
        ("2026年10月", 202610),
        ("2026-10-17", 202610),
        ("20261017", 202610),
        ("202613", None),
        ("202600", None),
        ("20261", None),
        ("10-2026", None),
    ],
)
def test_month_is_read_from_a_month_or_a_day_in_it(written: str, meant: int | None) -> None:
    assert read("month", [written]) == [meant]


def test_words_of_truth_are_read_in_both_languages() -> None:
    assert read("bool", ["是", "Y", "true", "1", "否", "n", "FALSE", "0", "也许"]) == (
        [True] * 4 + [False] * 4 + [None]
    )


def test_whole_numbers_and_numbers_keep_their_kind() -> None:
    assert read("integer", ["2", "2.0", "2.5", "二"]) == [2, 2, None, None]
    assert read("number", ["2", "1,250.5", "1e-05", "1.5E+06", "e5", "x"]) == [
        *(2.0, 1250.5, 0.00001, 1500000.0, None, None)
    ]


def test_code_outside_its_list_is_not_taken() -> None:
    assert read("code", ["low", "LOW", "medium"]) == ["low", None, None]


def longest(codes: dict[str, str], written: str) -> str:
    begins = [c for c in codes if c.endswith("*") and written.startswith(c[:-1])]
    return codes.get(written) or (codes[max(begins, key=len)] if begins else written)


@few
@given(
    st.dictionaries(st.from_regex(r"[0-9]{1,3}\*?", fullmatch=True), st.sampled_from("abc")),
    lists(st.from_regex(r"[0-9]{1,4}", fullmatch=True)),
)
def test_longest_matching_code_counts(codes: dict[str, str], written: list[str]) -> None:
    assert evaluate(recoded("t", codes), written) == [longest(codes, text) for text in written]


@few
@given(lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))))
def test_any_text_is_read_or_refused_and_never_fails(written: list[str]) -> None:
    for kind in ("money", "number", "integer", "bool", "month", "date", "timestamp", "code"):
        assert len(read(kind, written)) == len(written)
    read("timestamp", written, formats=("excel", "%d.%m.%Y %H:%M"))
