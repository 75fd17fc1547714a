from datetime import date
from typing import Any

import pyarrow as pa
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.errors import ConfigError, DataError
from reports.handoff import About, Form, build_handoff, load_form, shipped_forms

ABOUT = About(run="plan-2026-10-06-0a1b2c3d", as_of=date(2026, 10, 6), policy="2026-11")

SCHEMA = pa.schema(
    {
        "customer_id": pa.string(),
        "outcome": pa.string(),
        "held_out": pa.bool_(),
        "tier": pa.string(),
        "round": pa.int32(),
        "method": pa.string(),
        "template": pa.string(),
        "earliest_on": pa.date32(),
        "latest_on": pa.date32(),
        "oldest_due_on": pa.date32(),
        "dpd": pa.int32(),
        "open_fen": pa.int64(),
    }
)


def contact(customer: str, **changes: Any) -> dict[str, Any]:
    return {
        "customer_id": customer,
        "outcome": "contact",
        "held_out": False,
        "tier": "A",
        "round": 2,
        "method": "phone",
        "template": "r2_phone",
        "earliest_on": date(2026, 10, 8),
        "latest_on": date(2026, 10, 10),
        "oldest_due_on": date(2026, 9, 25),
        "dpd": 11,
        "open_fen": 12345,
    } | changes


def written(rows: list[dict[str, Any]], form: str | Form = "sap", **given: Any) -> list[list[str]]:
    how = load_form(form) if isinstance(form, str) else form
    content, _, _ = build_handoff(pa.Table.from_pylist(rows, SCHEMA), how, ABOUT, **given)
    return [line.split(how.delimiter) for line in content.decode().split("\r\n")[:-1]]


def test_file_says_what_it_is_and_lists_contacts_by_account() -> None:
    rows = [contact("77", tier="O", round=4, open_fen=5), contact("9"), contact("5", tier=None)]
    assert written(rows) == [
        ["H", "duewatch", "1", "sap", "2026-11", ABOUT.run, "2026-10-06", "2026-11", "3", "246.95"],
        ["N", "VKONT", "TIER", "MAHNV", "MAHNS", "DATAB", "BETRW"],
        ["D", "000000000005", "N", "01", "02", "20261008", "123.45"],
        ["D", "000000000077", "O", "04", "04", "20261008", "0.05"],
        ["D", "000000000009", "A", "03", "02", "20261008", "123.45"],
        ["T", "3", "246.95"],
    ]
    assert written(rows, "oracle")[3][1:] == [
        "77",
        "O",
        "DW-HIGH",
        "DW-NOTICE",
        "2026-10-08",
        "0.05",
    ]


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(st.sampled_from(["contact", "none"]), st.booleans(), st.integers(1, 10**9)),
        max_size=12,
    )
)
def test_only_contacts_that_are_not_held_out_stand_in_it(
    drawn: list[tuple[str, bool, int]],
) -> None:
    rows = [
        contact(str(i), outcome=outcome, held_out=held, open_fen=fen)
        for i, (outcome, held, fen) in enumerate(drawn)
    ]
    may = [row for row in rows if row["outcome"] == "contact" and not row["held_out"]]
    lines = written(rows, "oracle")
    told = [line[1] for line in lines if line[0] == "D"]
    assert told == sorted(row["customer_id"] for row in may)
    total = sum(row["open_fen"] for row in may)
    assert lines[-1] == ["T", str(len(may)), f"{total // 100}.{total % 100:02}"]
    assert lines[0][-2:] == lines[-1][1:]
    assert written(rows[::-1], "oracle") == lines


def test_accounts_stand_in_for_customers() -> None:
    rows = [contact("3000074784153")]
    with pytest.raises(
        DataError, match=r"1 of 1 values do not fit VKONT, which holds 12.*--accounts"
    ):
        written(rows)
    assert written(rows, accounts={"3000074784153": "42"})[2][1] == "000000000042"
    with pytest.raises(DataError, match=r"1 of 1 contacts have no account \(first: customer 3000"):
        written(rows, accounts={})
    with pytest.raises(DataError, match=r"42 is the account of customers 1 and 2"):
        written([contact("1"), contact("2")], accounts={"1": "42", "2": "42"})


@pytest.mark.parametrize("account", ["1;2", "1\n2", "1\r", "\x001"])
def test_account_that_would_tear_a_line_is_refused(account: str) -> None:
    with pytest.raises(DataError, match=r"VKONT has a value with the delimiter or an unprintable"):
        written([contact(account)])


def test_value_without_a_code_stops_the_file() -> None:
    with pytest.raises(ConfigError, match=r"sap: codes.level has none for round 5"):
        written([contact("1", round=5)])


def changed(tmp_path: Any, **changes: Any) -> str:
    path = tmp_path / "mine.yaml"
    values = load_form("sap").model_dump(mode="json", exclude={"name"}) | changes
    path.write_text(yaml.safe_dump(values), "utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"codes": {}}, r"MAHNV: procedure is neither codes of this form nor one of account"),
        ({"dates": "today"}, r"dates does not tell days apart"),
        ({"dates": "%m%m"}, r"dates does not tell days apart"),
        ({"delimiter": "x"}, r"delimiter: "),
        ({"columns": []}, r"columns: "),
        ({"colums": []}, r"colums: "),
    ],
)
def test_wrong_form_is_refused_with_its_path(
    tmp_path: Any, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        load_form(changed(tmp_path, **changes))


def test_shipped_forms_have_a_code_for_every_tier_and_round() -> None:
    assert shipped_forms() == ("oracle", "sap")
    for name in shipped_forms():
        rows = [
            contact(f"{i}{j}", tier=tier, round=j)
            for i, tier in enumerate((*"QNDCBAO", None))
            for j in (1, 2, 3, 4)
        ]
        assert len(written(rows, name)) == 32 + 3
    with pytest.raises(ConfigError, match="give one of oracle, sap"):
        load_form("siebel")
