import os
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from contract.dataset import open_dataset
from contract.errors import ConfigError, DataError, MachineError
from contract.importing import import_tables
from contract.mapping import Mapping, load_mapping
from contract.postgres import Postgres
from contract.simulator import simulate
from contract.tables import STORED_AS, TABLES

psycopg = pytest.importorskip("psycopg", reason="needs psycopg, of duewatch[postgres]")
from psycopg.sql import SQL, Identifier  # noqa: E402

from contract import engine, postgres_copy  # noqa: E402
from contract.postgres_copy import Copied, copy_text, hold_moment  # noqa: E402
from contract.postgres_door import connect, plain_words  # noqa: E402
from contract.postgres_source import open_database  # noqa: E402

pytestmark = pytest.mark.postgres

PRIVATE = "hunter2-do-not-show"
FEW = Postgres(readers=1, chunk_mb=0.1)
MANY = Postgres(readers=4, chunk_mb=0.1)

# How the contract's kinds are kept in a database; a month as it likes.
KEPT_AS = {
    "VARCHAR": "text",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "INTEGER": "int",
    "DECIMAL(18,2)": "numeric(18,2)",
    "DOUBLE": "float8",
    "BOOLEAN": "boolean",
}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dataset of 150 customers over 9 cycles."""
    folder = tmp_path_factory.mktemp("town")
    simulate(folder / "data", folder / "truth", customers=150, cycles=9, seed=5)
    return folder / "data"


@pytest.fixture(scope="module")
def database(postgres: Any, town: Path) -> str:
    """A database that holds the town's tables in the schema billing; its URL."""
    url: str = postgres("reading")
    with psycopg.connect(url) as connection:
        connection.execute("CREATE SCHEMA billing")
        for table in open_dataset(town).stored:
            load(connection, table, pq.read_table(town / f"{table}.parquet").to_pylist())
    return url


@pytest.fixture(autouse=True)
def _environment(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUEWATCH_POSTGRES", database)


def load(connection: Any, table: str, rows: list[dict[str, Any]]) -> None:
    kinds = {c.name: KEPT_AS[STORED_AS[c.kind]] for c in TABLES[table].columns}
    columns = ", ".join(f'"{name}" {kinds[name]}' for name in rows[0])
    connection.execute(f"CREATE TABLE billing.{table} ({columns})")
    with connection.cursor().copy(f"COPY billing.{table} FROM STDIN") as stream:
        for row in rows:
            stream.write_row(list(row.values()))


def plain(table: str) -> dict[str, str]:
    return {name: name for name in TABLES[table].names()}


REQUIRED = ("customers", "bills", "payments")
WHOLE = (*REQUIRED, "identities", "contacts", "balances")


def mapping(folder: Path, names: tuple[str, ...] = REQUIRED, **tables: Any) -> Any:
    """The mapping of tables of the contract to their own names in billing, with changes."""
    found: dict[str, Any] = {
        name: {"table": ["billing", name], "columns": plain(name)} for name in names
    }
    for name, changes in tables.items():
        found[name] = found.get(name, {"columns": plain(name)}) | changes
    folder.mkdir(exist_ok=True)
    path = folder / "billing.yaml"
    path.write_text(yaml.safe_dump({"tables": found}, allow_unicode=True), "utf-8")
    return load_mapping(path)


def read(how: Any, out: Path, settings: Postgres = MANY) -> Any:
    return import_tables(partial(open_database, settings, how), how, out)


def test_town_read_from_postgres_equals_the_dataset_it_came_from(
    town: Path, tmp_path: Path
) -> None:
    how = mapping(tmp_path, WHOLE)
    report = read(how, tmp_path / "out")
    assert report.source == "postgres"
    for table in open_dataset(tmp_path / "out").stored:
        direct = pq.read_table(town / f"{table}.parquet")
        through = pq.read_table(tmp_path / "out" / f"{table}.parquet").select(direct.column_names)
        assert through.equals(direct.cast(through.schema)), table


def test_one_reader_and_four_write_the_same_bytes(tmp_path: Path) -> None:
    how = mapping(tmp_path)
    prints = set()
    for settings in (FEW, MANY, Postgres(readers=3, chunk_mb=10)):
        out = tmp_path / f"{settings.readers}"
        read(how, out, settings)
        prints.add(open_dataset(out).fingerprint())
    assert len(prints) == 1


def test_partitioned_tables_views_and_heirs_give_the_same_rows(
    postgres: Any, town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUEWATCH_POSTGRES", postgres("shapes"))
    with psycopg.connect(os.environ["DUEWATCH_POSTGRES"]) as connection:
        connection.execute("CREATE SCHEMA billing")
        for table in ("customers", "bills", "payments"):
            load(connection, table, pq.read_table(town / f"{table}.parquet").to_pylist())
        connection.execute("""
            CREATE TABLE billing.parted (LIKE billing.bills) PARTITION BY RANGE (cycle);
            CREATE TABLE billing.old PARTITION OF billing.parted
                FOR VALUES FROM (0) TO (202604);
            CREATE TABLE billing.new PARTITION OF billing.parted DEFAULT;
            INSERT INTO billing.parted SELECT * FROM billing.bills;
            CREATE VIEW billing.seen AS SELECT * FROM billing.payments;
            CREATE TABLE billing.heir () INHERITS (billing.customers);
            WITH gone AS (DELETE FROM ONLY billing.customers WHERE segment <> 'residential'
                RETURNING *) INSERT INTO billing.heir SELECT * FROM gone""")
    how = mapping(
        tmp_path / "m",
        bills={"table": ["billing", "parted"]},
        payments={"table": ["billing", "seen"]},
    )
    prints = set()
    for settings in (FEW, MANY):
        out = tmp_path / f"{settings.readers}"
        read(how, out, settings)
        prints.add(open_dataset(out).fingerprint())
        for table, key in (("bills", "bill_id"), ("payments", "payment_id")):
            direct = pq.read_table(town / f"{table}.parquet").sort_by(key)
            through = pq.read_table(out / f"{table}.parquet").sort_by(key)
            assert through.select(direct.column_names).equals(direct.cast(through.schema)), table
        people = pq.read_metadata(town / "customers.parquet").num_rows
        assert pq.read_metadata(out / "customers.parquet").num_rows == people
    assert len(prints) == 1


@pytest.mark.parametrize("relation", ["billing.changing", "billing.changing_view"])
def test_rows_changed_while_reading_are_read_as_they_were(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, relation: str
) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("""
            DROP TABLE IF EXISTS billing.changing CASCADE;
            CREATE TABLE billing.changing AS SELECT * FROM billing.bills;
            CREATE VIEW billing.changing_view AS SELECT * FROM billing.changing""")
        copied = postgres_copy._copy_piece

        def change_then_copy(*given: Any) -> int:
            connection.execute("UPDATE billing.changing SET amount = amount + 1")
            connection.execute("DELETE FROM billing.changing WHERE cycle < 202609")
            return copied(*given)

        monkeypatch.setattr(postgres_copy, "_copy_piece", change_then_copy)
        how = mapping(tmp_path / "m", bills={"table": relation.split(".")})
        report = read(how, tmp_path / "out")
        before = connection.execute("SELECT count(*), sum(amount) FROM billing.bills").fetchone()
        after = connection.execute("SELECT sum(amount) FROM billing.changing").fetchone()
    told = report.tables["bills"]
    assert (told.written, told.amount["written"]) == (before[0], str(before[1]))
    assert after[0] != before[1]


def test_types_of_the_database_become_those_of_the_contract(database: str, tmp_path: Path) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("""
            SET timezone = 'UTC'; SET lc_monetary = 'C';
            CREATE TYPE billing.how AS ENUM ('alipay');
            CREATE DOMAIN billing.money AS numeric(20, 4);
            CREATE TABLE billing.odd AS SELECT
                '11111111-2222-3333-4444-555555555555'::uuid AS payment_id,
                customer_id::char(20) AS customer_id, NULL::varchar AS bill_id,
                timestamptz '2026-03-01 23:30:15.5+00' AS paid_at, '2026-03-02'::date AS posted_at,
                12.3400::billing.money AS amount, 'alipay'::billing.how AS channel,
                '12.34'::money AS spare FROM billing.customers LIMIT 1""")
    columns = {name: name for name in ("payment_id", "customer_id", "bill_id", "posted_at")}
    odd = {
        "table": ["billing", "odd"],
        "columns": columns | {"paid_at": "paid_at", "amount": "amount", "channel": "CHANNEL"},
    }
    how = mapping(tmp_path / "m", payments=odd)
    with pytest.raises(DataError, match=r"odd.paid_at: a moment with a zone.*postgres.time_zone"):
        read(how, tmp_path / "no", MANY)
    shanghai = MANY.model_copy(update={"time_zone": "Asia/Shanghai"})
    read(how, tmp_path / "out", shanghai)
    (one,) = pq.read_table(tmp_path / "out" / "payments.parquet").to_pylist()
    assert str(one["paid_at"]) == "2026-03-02 07:30:15.500000"
    assert (str(one["posted_at"]), str(one["amount"])) == ("2026-03-02 00:00:00", "12.34")
    assert one["payment_id"].startswith("11111111-")
    assert (one["channel"], one["bill_id"]) == ("alipay", None)
    as_money = odd | {"columns": odd["columns"] | {"amount": "spare"}}
    read(mapping(tmp_path / "m2", payments=as_money), tmp_path / "money", shanghai)
    with pytest.raises(ConfigError, match=r"time_zone: Mars/Base is no zone"):
        read(how, tmp_path / "no", MANY.model_copy(update={"time_zone": "Mars/Base"}))


def test_all_that_is_wrong_with_tables_and_columns_is_said_at_once(
    database: str, tmp_path: Path
) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(
            "CREATE TABLE billing.wrong AS SELECT payment_id, paid_at, '{}'::jsonb AS amount"
            " FROM billing.payments"
        )
    how = mapping(
        tmp_path / "m",
        bills={"columns": plain("bills") | {"due_on": "last_day"}},
        payments={
            "table": ["billing", "wrong"],
            "columns": {name: name for name in ("payment_id", "paid_at", "amount")},
        },
        contacts={"table": ["billing", "calls"]},
    )
    with pytest.raises(DataError) as raised:
        read(how, tmp_path / "out")
    said = str(raised.value)
    assert "billing.bills: no column for bills.due_on; looked for last_day, found bill_id" in said
    assert "billing.wrong.amount: of type jsonb, which cannot be read as money" in said
    assert "no such table or schema, found while looking at billing.calls" in said
    assert len(said.splitlines()) == 3
    assert list(tmp_path.iterdir()) == [tmp_path / "m"]


def test_broken_values_are_counted_and_named_like_those_of_a_file(
    database: str, tmp_path: Path
) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("""
            CREATE TABLE billing.sick AS SELECT * FROM billing.bills;
            ALTER TABLE billing.sick ALTER due_on TYPE text;
            UPDATE billing.sick SET due_on = 'soon' WHERE cycle < 202609""")
    how = mapping(tmp_path / "m", bills={"table": ["billing", "sick"]})
    with pytest.raises(
        DataError, match=r"bills.due_on: \d+ .*cannot be read as a day.*billing.sick"
    ):
        read(how, tmp_path / "out")


ATTACKS = (
    'bills"; DROP TABLE billing.bills; --',
    "bills'; SELECT pg_sleep(9); --",
    'b"."b',
    "100% of %s {} \\ 电费",
    "Select",
)


@pytest.mark.parametrize("name", ATTACKS)
def test_names_that_attack_are_only_names(database: str, tmp_path: Path, name: str) -> None:
    quoted = Identifier("billing", name)
    with psycopg.connect(database) as connection:
        connection.execute(
            SQL("CREATE TABLE {} AS SELECT *, amount AS {} FROM billing.bills").format(
                quoted, Identifier(name)
            )
        )
    columns = plain("bills") | {"amount": name}
    how = mapping(tmp_path / "m", bills={"table": ["billing", name], "columns": columns})
    (tmp_path / "w").mkdir()
    with open_database(MANY, how, tmp_path / "w") as source, engine.connect() as counting:
        (file,) = source.staged(how.tables["bills"][0])
        found = counting.execute(f"SELECT count(*) FROM {file.relation}").fetchone()
    with psycopg.connect(database) as connection:
        kept = connection.execute("SELECT count(*) FROM billing.bills").fetchone()
    assert found == kept
    assert kept[0] > 0
    ghost = mapping(tmp_path / "m", bills={"table": ["billing", name + "!"], "columns": columns})
    with pytest.raises(DataError, match="no such table"):
        read(ghost, tmp_path / "none")


def test_odd_rows_arrive_whole(database: str, tmp_path: Path) -> None:
    texts = ["", "\\.", 'a"b', "a,b\nc", None, "\r\n", "张*伟", " x "]
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE billing.texts (t text)")
        with connection.cursor().copy("COPY billing.texts FROM STDIN") as stream:
            for one in texts:
                stream.write_row([one])
    with hold_moment(MANY) as moment:
        rows = copy_text(
            moment,
            Copied(
                label="texts",
                relation=Identifier("billing", "texts"),
                columns={"c0": Identifier("t")},
                conditions=[SQL("true"), SQL("false"), SQL("true")],
                sorted=False,
            ),
            tmp_path / "texts",
        )
    with engine.connect() as connection:
        found = connection.execute(f"FROM {rows} ORDER BY file_row_number").fetchall()
    assert [row[1] for row in found] == list(range(2 * len(texts)))
    assert [row[0] for row in found] == texts * 2


END_ALL = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'duewatch'"
)


def test_connection_ended_before_a_piece_leaves_nothing_half(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = postgres_copy._copy_piece

    def cut_first(*given: Any) -> int:
        with psycopg.connect(database, autocommit=True) as other:
            other.execute(END_ALL)
        return copied(*given)

    monkeypatch.setattr(postgres_copy, "_copy_piece", cut_first)
    how = mapping(tmp_path / "m")
    with pytest.raises(MachineError, match=r"^PostgreSQL: the connection was lost while reading"):
        read(how, tmp_path / "out")
    assert list(tmp_path.iterdir()) == [tmp_path / "m"]


def test_connection_ended_amid_the_rows_leaves_nothing_half(database: str, tmp_path: Path) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("""
            CREATE VIEW billing.deadly AS SELECT b.* FROM billing.bills AS b
            CROSS JOIN generate_series(1, 20) AS n
            WHERE CASE WHEN n = 20 AND bill_id = (SELECT max(bill_id) FROM billing.bills)
                THEN pg_terminate_backend(pg_backend_pid()) ELSE true END""")
    how = mapping(tmp_path / "m", bills={"table": ["billing", "deadly"]})
    with pytest.raises(MachineError, match=r"connection was lost while reading billing.deadly"):
        read(how, tmp_path / "out")
    assert list(tmp_path.iterdir()) == [tmp_path / "m"]


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("", "DUEWATCH_POSTGRES is not set"),
        ("postgresql://spy:{secret}@127.0.0.1:1/x", "nobody answers at that address and port"),
        ("postgresql://spy:{secret}@no-such-host.invalid/x", "host's name is not known"),
        ("postgresql://spy:{secret}@{server}/x", "no such user|no such database"),
        ("not {secret} an address", "is no address of a database"),
        ("postgresql://spy:{secret}@127.0.0.1/x?nonsense=1", "is no address of a database"),
        ("postgresql://spy:{secret}@127.0.0.1:port/x", "cannot be reached|is no address"),
    ],
)
def test_unreachable_database_is_told_without_its_address(
    database: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    address: str,
    message: str,
) -> None:
    server = database.rpartition("@")[2].partition("/")[0]
    monkeypatch.setenv("DUEWATCH_POSTGRES", address.format(secret=PRIVATE, server=server))
    with pytest.raises(ConfigError, match=message) as raised:
        connect(Postgres())
    said = str(raised.value) + "".join(capfd.readouterr())
    assert PRIVATE not in said
    assert "spy" not in said
    assert "127.0.0.1" not in said
    assert raised.value.__cause__ is None


def test_what_the_server_says_of_values_is_not_passed_on(database: str) -> None:
    with (
        psycopg.connect(database) as connection,
        pytest.raises(DataError, match=r"refused while trying \(SQLSTATE 22P02") as raised,
        plain_words("trying"),
    ):
        connection.execute("SELECT '张伟 13800001234'::int")
    assert "1380000" not in str(raised.value)


def test_libpqs_own_variables_serve_as_well(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    info = psycopg.conninfo.conninfo_to_dict(database)
    monkeypatch.delenv("DUEWATCH_POSTGRES")
    for name in ("host", "port", "user", "dbname"):
        monkeypatch.setenv({"dbname": "PGDATABASE"}.get(name, f"PG{name.upper()}"), str(info[name]))
    connect(Postgres()).close()


def test_user_without_rights_is_told_which(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("""
            CREATE ROLE reader LOGIN; GRANT USAGE ON SCHEMA billing TO reader;
            GRANT SELECT ON billing.customers TO reader""")
    monkeypatch.setenv("DUEWATCH_POSTGRES", database.replace("postgres@", "reader@"))
    with pytest.raises(ConfigError, match=r"user may not do this: looking at billing\.\w+"):
        read(mapping(tmp_path / "m"), tmp_path / "out")


def test_mapping_for_files_and_one_for_tables_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"tables.customers names files and no table"):
        read(load_mapping("en"), tmp_path / "out")
    (tmp_path / "s").mkdir()
    with pytest.raises(ConfigError, match=r"billing.customers is a table of a database"):
        import_tables(tmp_path / "s", mapping(tmp_path / "m"), tmp_path / "out")


def test_mapping_of_the_guide_is_one() -> None:
    guides = Path(__file__).parent.parent.parent / "docs" / "guides"
    for page in ("databases.md", "databases.zh.md"):
        block = (guides / page).read_text("utf-8").split("```yaml\n")[1].split("```")[0]
        tables = Mapping.model_validate({"name": page, **yaml.safe_load(block)}).tables
        assert tables["bills"][0].table == ("billing", "receivables")
