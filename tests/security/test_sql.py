"""Names and texts that carry SQL, and paths that lead elsewhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import engine
from contract.errors import ConfigError, DataError
from contract.importing import import_tables
from contract.mapping import load_mapping
from features.admission import check_reach
from features.declare import Feature, Text
from pipeline.runs import CURRENT, current_run
from reports.handouts.write import safe

ESCAPES = (
    "max((SELECT 1))",
    "max((TABLE bill_history))",
    "max((VALUES (1)))",
    "max((SUMMARIZE bill_history))",
    "max(E'\\'' || (SELECT 1) || '')",
    "max(e'\\'' || (SELECT 1) || '')",
    "max($$'$$ || (SELECT 1) || $$'$$)",
    "max($x$'$x$ || (SELECT 1) || $x$'$x$)",
    'max("\'" || (SELECT 1) || "\'")',
    "max(1)) FROM read_csv('/etc/passwd') --",
    "max(1); COPY (SELECT 1) TO 'x'",
    "\"read_text\"('/etc/passwd')",
    "query('SELECT 1')",
    "getvariable('x')",
    "max(1) /* */",
)


@pytest.mark.parametrize("sql", ESCAPES)
def test_an_expression_that_leaves_its_view_is_refused(sql):
    said = Text(zh="我的", en="mine")
    feature = Feature(
        stem="mine", family="extra", over="payment_facts", sql=sql, unit="count", description=said
    )
    with pytest.raises(ConfigError, match=r"feature mine: .* would look past its view"):
        check_reach(feature)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('{folder}/../secret.txt')",
        "SELECT * FROM glob('/etc/*')",
        "COPY (SELECT 1) TO '/tmp/duewatch-stolen.csv'",
        "ATTACH '{folder}/../other.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET allowed_directories = ['/']",
        "SET memory_limit = '900GB'",
        "SELECT * FROM given_in_python",
    ],
)
def test_a_confined_connection_reaches_no_other_file(statement, tmp_path):
    given_in_python = {"a": [1]}
    (tmp_path / "secret.txt").write_text("secret")
    store = tmp_path / "store"
    store.mkdir()
    refused = pytest.raises(engine.EngineError, match=r"(?i)permission|disabled|locked|exist")
    with engine.connect(within=store) as connection, refused:
        connection.execute(statement.format(folder=store)).fetchall()
    assert given_in_python


def test_a_confined_connection_reads_its_own_folder_by_any_spelling(tmp_path, monkeypatch):
    (tmp_path / "store").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "store")
    (tmp_path / "store" / "rows.csv").write_text("a\n1\n")
    monkeypatch.chdir(tmp_path)
    for folder in (
        tmp_path / "store",
        tmp_path / "link",
        (tmp_path / "store").relative_to(tmp_path),
    ):
        with engine.connect(within=folder) as connection:
            rows = connection.execute(f"FROM read_csv({engine.text(folder / 'rows.csv')})")
            assert rows.fetchall() == [(1,)]


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1))
def test_any_name_and_text_comes_through_the_engine_as_it_is(text):
    with engine.connect(threads=1) as connection:
        rows = connection.execute(f"SELECT {engine.text(text)} AS {engine.name(text)}")
        assert rows.description[0][0] == text
        assert rows.fetchall() == [(text,)]


def test_a_mapping_and_a_source_full_of_sql_import_as_plain_text(tmp_path):
    evil = "x'); DROP TABLE bills; --"
    head = 'no"; DROP TABLE bills; --'
    source = tmp_path / "it's [a] source"
    source.mkdir()
    (source / "c.csv").write_text(f'"{head.replace(chr(34), chr(34) * 2)}",class\n"{evil}",Y\n')
    (source / "b.csv").write_text(
        f'bill,no,cycle,issued,due,amount\nb1,"{evil}",202601,2026-01-05,2026-01-25,1.00\n'
    )
    (source / "p.csv").write_text(f'payment,no,paid,amount\np1,"{evil}",2026-01-20 10:00,1.00\n')
    text = f"""
tables:
  customers:
    files: c.csv
    delimiter: ','
    columns: {{customer_id: '{head}', segment: class}}
    codes: {{segment: {{"Y": residential, "{evil}": other}}}}
    constants: {{grid_id: "{evil}"}}
    empty: ["{evil}0"]
    drop: {{"{evil}": {{column: class, values: ["{evil}"]}}}}
    extra: {{categorical: {{tag: '{head}'}}}}
  bills:
    files: b.csv
    columns: {{bill_id: bill, customer_id: "no", cycle: cycle, issued_on: issued,
      due_on: due, amount: amount}}
  payments:
    files: p.csv
    columns: {{payment_id: payment, customer_id: "no", paid_at: paid, amount: amount}}
"""
    (tmp_path / "evil.yaml").write_text(text, "utf-8")
    import_tables(source, load_mapping(tmp_path / "evil.yaml"), tmp_path / "o'ut")
    with engine.connect() as connection:
        place = engine.text(tmp_path / "o'ut" / "customers.parquet")
        rows = connection.execute(f"SELECT customer_id, grid_id, x_tag FROM {place}").fetchall()
    assert rows == [(evil, evil, evil)]


@pytest.mark.parametrize("pattern", ["../b.csv", "/etc/passwd", "a/../../b.csv", "..\\b.csv"])
def test_a_mapping_reads_no_file_outside_its_source(pattern, tmp_path):
    shipped = load_mapping("en").model_dump(mode="json")
    assert shipped["name"] == "en"
    (tmp_path / "m.yaml").write_text(
        f"tables: {{customers: {{files: ['{pattern}'], columns: {{}}}}}}", "utf-8"
    )
    with pytest.raises(ConfigError, match="must name files below the source"):
        load_mapping(tmp_path / "m.yaml")


@pytest.mark.parametrize("who", ["../../etc/cron.d/x", "/etc/passwd", "a\0b", "..", "a/b", "con\n"])
def test_a_recipients_id_leaves_no_folder(who, tmp_path):
    name = safe(who)
    assert (tmp_path / name).resolve().parent == tmp_path
    assert not set(name) & set("/\0\n\\")
    assert name not in ("", ".", "..")


@pytest.mark.parametrize("folder", ["../stolen", "/etc", "..", "a/b"])
def test_a_newest_list_that_points_elsewhere_is_refused(folder, tmp_path):
    (tmp_path / "outputs").mkdir()
    told = f'{{"folder": "{folder}", "manifest_sha256": ""}}'
    (tmp_path / "outputs" / CURRENT).write_text(told, "utf-8")
    with pytest.raises(DataError, match=CURRENT):
        current_run(tmp_path / "outputs")
