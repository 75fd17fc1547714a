from pathlib import Path
from typing import Any

import pytest
import yaml

from contract.errors import ConfigError
from contract.mapping import load_mapping, presets
from contract.tables import TABLES

PLAIN: dict[str, Any] = {
    "tables": {
        "customers": {
            "files": "c.csv",
            "columns": {"customer_id": "no", "segment": "class", "grid_id": "grid"},
        },
        "bills": {
            "files": ["b.csv"],
            "columns": {
                "bill_id": "id",
                "customer_id": "no",
                "cycle": "month",
                "issued_on": "issued",
                "due_on": ["due", "last_day"],
                "amount": "yuan",
            },
        },
        "payments": {
            "files": "p.csv",
            "columns": {"payment_id": "id", "paid_at": "paid", "amount": "yuan"},
        },
    }
}


def written(folder: Path, tables: dict[str, Any] | None = None, **top: Any) -> Path:
    """Write the plain mapping with changes: a dotted path below tables and its value."""
    mapping: dict[str, Any] = yaml.safe_load(yaml.safe_dump(PLAIN)) | top
    for path, value in (tables or {}).items():
        part = mapping["tables"]
        *steps, last = path.split("/")
        for step in steps:
            part = part.setdefault(step, {})
        if value is None:
            del part[last]
        else:
            part[last] = value
    file = folder / "mine.yaml"
    file.write_text(yaml.safe_dump(mapping, allow_unicode=True), encoding="utf-8")
    return file


def test_presets_are_the_four_dialects_and_all_load() -> None:
    assert presets() == ("cn_excel", "en", "mkt2", "sg186")
    for name in presets():
        mapping = load_mapping(name)
        assert mapping.name == name
        assert {t.name for t in TABLES.values() if t.required} <= set(mapping.tables)


def test_plain_preset_names_every_column_of_the_contract() -> None:
    tables = load_mapping("en").tables
    assert {name: tuple(parts[0].columns) for name, parts in tables.items()} == {
        table.name: table.names() for table in TABLES.values()
    }


def test_one_word_and_a_list_of_words_are_both_taken(tmp_path: Path) -> None:
    (bills,) = load_mapping(written(tmp_path)).tables["bills"]
    assert bills.files == ("b.csv",)
    assert bills.columns["bill_id"] == ("id",)
    assert bills.columns["due_on"] == ("due", "last_day")


def test_codes_and_heads_stay_the_text_that_was_written(tmp_path: Path) -> None:
    file = written(tmp_path)
    text = file.read_text().replace(
        "    payments:",
        "    balances: {files: x, columns: {customer_id: no, on: on, balance: 1e3, cost: 007}}\n"
        "    payments:",
    )
    file.write_text(text.replace("  payments:\n", "  payments:\n    codes: {outcome: {01: ok}}\n"))
    mapping = load_mapping(file)
    assert mapping.tables["payments"][0].codes == {"outcome": {"01": "ok"}}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"bills/colums": {"x": "y"}},
            "tables.bills.colums is not a key here. Remove it or correct its name.",
        ),
        (
            {"invoices": {"files": "a"}},
            (
                "tables.invoices: input should be 'customers', 'identities', 'bills', 'payments', "
                "'contacts', 'events', 'balances' or 'disconnections'."
            ),
        ),
        ({"payments": None}, "tables.payments is missing; the contract requires it."),
        (
            {"bills/columns/due": "last"},
            "tables.bills.columns.due is not a column of bills; perhaps due_on.",
        ),
        (
            {"bills/columns/due_on": None},
            "tables.bills.columns.due_on is missing; the contract requires it.",
        ),
        ({"bills/files": None}, "tables.bills.files is missing."),
        (
            {"bills/files": "/etc/passwd"},
            "tables.bills.files must name files below the source, not '/etc/passwd'.",
        ),
        (
            {"bills/files": ["b.csv", "../b.csv"]},
            "tables.bills.files must name files below the source, not '../b.csv'.",
        ),
        ({"bills/header_row": 0}, "tables.bills.header_row is 0; expected 1 to 1,048,576."),
        (
            {"bills/header_row": "two"},
            (
                "tables.bills.header_row: input should be a valid integer, "
                "unable to parse string as an integer."
            ),
        ),
        (
            {"bills/encoding": "gbk"},
            "tables.bills.encoding: input should be 'auto', 'utf-8', 'gb18030' or 'utf-16'.",
        ),
        ({"bills/delimiter": "::"}, "tables.bills.delimiter must be one character."),
        (
            {"customers/codes": {"segment": {"20*": "homes"}}},
            (
                "tables.customers.codes.segment.20* is homes; expected one of residential, "
                "commercial, industrial, agricultural, public, wholesale, other."
            ),
        ),
        (
            {"customers/codes": {"segment": {"2*0": "other"}}},
            "tables.customers.codes.segment.2*0 may have * at its end only.",
        ),
        (
            {"customers/codes": {"protected": {"是": "yes"}}},
            "tables.customers.codes.protected.是 is yes; expected one of true, false.",
        ),
        (
            {"payments/constants": {"outcome": "done"}},
            "tables.payments.constants.outcome is done; expected one of ok, failed.",
        ),
        (
            {"payments/constants": {"amount": "1"}},
            "tables.payments.constants.amount is given by source columns too; keep one.",
        ),
        (
            {"bills/shift_days": {"cut": -1}},
            "tables.bills.shift_days.cut is not the head of a day in columns.",
        ),
        (
            {"bills/dates": {"due_on": "yyyymmdd"}},
            "tables.bills.dates.due_on has 'yyyymmdd'; expected excel or a form such as %Y%m%d.",
        ),
        (
            {"bills/dates": ["%Y%m%d", "%d %B"]},
            "tables.bills.dates has '%d %B'; expected excel or a form such as %Y%m%d.",
        ),
        (
            {"payments/extra": {"numeric": {"fee": "fee"}}},
            "tables.payments.extra is for customers and bills only.",
        ),
        (
            {"bills/extra": {"numeric": {"Fee 1": "fee"}}},
            "tables.bills.extra.Fee 1 must be lower-case letters, digits and _, and stand once.",
        ),
        (
            {"payments": [{"files": "a", "columns": PLAIN["tables"]["payments"]["columns"]}, {}]},
            "tables.payments.1.files is missing.",
        ),
    ],
)
def test_fault_is_named_with_its_path_in_the_yaml(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        load_mapping(written(tmp_path, changes))
    assert str(raised.value).splitlines() == [f"mine.yaml: {message}"]


def test_every_fault_is_a_line(tmp_path: Path) -> None:
    file = written(tmp_path, {"bills/header_row": 0, "payments/constants": {"outcome": "done"}})
    with pytest.raises(ConfigError) as raised:
        load_mapping(file)
    assert len(str(raised.value).splitlines()) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tables: [", "mine.yaml line 1: expected the node content, but found '<stream end>'."),
        ("tables:\n  a: 1\n  a: 2\n", "mine.yaml line 3: the key a stands twice."),
        ("- tables\n", "mine.yaml: expected keys such as tables; found none."),
        ("", "mine.yaml: expected keys such as tables; found none."),
        ("tables: nothing\n", "mine.yaml: tables: input should be a valid dictionary."),
        ("a: &a [*a]\n", "mine.yaml line 1: its aliases repeat each other without end."),
        ("x: !!python/object/apply:os.system ['true']\n", "mine.yaml: x is not a key here."),
        ("[" * 5000, "mine.yaml: nested too deeply. Correct the YAML."),
        ("? [1, 2]\n: 3\n", "mine.yaml line 1: a key must be one word."),
    ],
)
def test_file_that_is_no_mapping_is_one_clear_error(
    tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(ConfigError) as raised:
        load_mapping(tmp_path / "mine.yaml")
    assert message in str(raised.value)


def test_unknown_preset_lists_those_there_are(tmp_path: Path) -> None:
    for given in ("sg168", tmp_path / "none.yaml", tmp_path, "a\0b"):
        with pytest.raises(ConfigError, match="one of cn_excel, en, mkt2, sg186"):
            load_mapping(given)
