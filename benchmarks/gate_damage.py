"""Damage that a gate is to stop: the simulator's kinds that the check lets through, and more.

A kind is SQL for the tables that it writes otherwise; ``{as_of}`` is the day of the list, and a
table's own name is its rows known before that day. Every kind passes the check of a dataset with
at most a warning: what the check refuses never comes to a gate.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from contract import engine
from contract.simulator.dirt import find_kinds
from contract.tables import TABLES

_FEW, _MANY = "hash({key}) % 50 = 0", "hash({key}) % 5 = 0"
_LAST_MONTH = "DATE '{as_of}' - INTERVAL 1 MONTH"
_STAYS = "customer_id IN (SELECT customer_id FROM customers WHERE hash(customer_id) % 5 > 0)"


@dataclass(frozen=True, kw_only=True)
class Damage:
    """One kind of damage: what is written instead of which tables."""

    name: str
    sql: Mapping[str, str]


def _of_the_simulator(name: str) -> Damage:
    (kind,) = find_kinds([name])
    (key,) = TABLES[kind.table].key
    sql = kind.sql.format(few=_FEW.format(key=key), many=_MANY.format(key=key))
    return Damage(name=name, sql={kind.table: sql})


DAMAGE: tuple[Damage, ...] = (
    *map(_of_the_simulator, ("late_postings", "lost_month", "live_only", "loaded_twice")),
    Damage(
        name="month_twice",
        sql={
            "payments": f"""FROM payments UNION ALL
                SELECT * REPLACE (payment_id || '-2' AS payment_id) FROM payments
                WHERE posted_at >= {_LAST_MONTH}"""
        },
    ),
    Damage(
        name="bills_twice",
        sql={
            "bills": f"""FROM bills UNION ALL
                SELECT * REPLACE (bill_id || '-2' AS bill_id) FROM bills
                WHERE issued_on >= {_LAST_MONTH}"""
        },
    ),
    Damage(
        name="half_of_bills",
        sql={"bills": f"FROM bills WHERE issued_on < {_LAST_MONTH} OR hash(bill_id) % 2 = 0"},
    ),
    Damage(
        name="lost_fifth",
        sql={
            "bills": f"FROM bills WHERE {_STAYS}",
            "payments": f"FROM payments WHERE {_STAYS}",
            "contacts": f"FROM contacts WHERE {_STAYS}",
            "customers": f"FROM customers WHERE {_STAYS}",
        },
    ),
    Damage(
        name="emptied_column",
        sql={"customers": "SELECT * REPLACE (NULL::DOUBLE AS capacity_kva) FROM customers"},
    ),
    Damage(
        name="unmapped_channel",
        sql={
            "payments": f"""SELECT * REPLACE (CASE WHEN channel = 'wechat'
                AND posted_at >= {_LAST_MONTH} THEN 'other' ELSE channel END AS channel)
                FROM payments"""
        },
    ),
    Damage(
        name="amounts_in_fen",
        sql={
            "bills": f"""SELECT * REPLACE (CASE WHEN issued_on >= {_LAST_MONTH}
                THEN 100 * amount ELSE amount END AS amount) FROM bills"""
        },
    ),
    Damage(
        name="paid_in_fen",
        sql={
            "payments": f"""SELECT * REPLACE (CASE WHEN posted_at >= {_LAST_MONTH}
                THEN 100 * amount ELSE amount END AS amount) FROM payments"""
        },
    ),
)


def spoil(data: Path, out: Path, damage: Damage, as_of: date) -> Path:
    """Write a dataset as it would be extracted on a day with this damage, and return its folder."""
    shutil.copytree(data, out, copy_function=lambda source, to: Path(to).hardlink_to(source))
    with engine.connect(threads=1, ordered=True) as connection:
        for name in dict.fromkeys((*damage.sql, "customers")):
            source = engine.text(data / f"{name}.parquet")
            known = TABLES[name].known_at
            connection.execute(
                f"CREATE VIEW {name} AS FROM read_parquet({source})"
                + (f" WHERE {known} < DATE '{as_of}'" if known != "valid_from" else "")
            )
        for name, sql in damage.sql.items():
            place = out / f"{name}.parquet"
            place.unlink()
            types = ", ".join(
                f"{engine.name(column)}::{kind} AS {engine.name(column)}"
                for column, kind in _types(connection, name)
            )
            made = sql.format(as_of=as_of)
            connection.execute(
                f"COPY (SELECT {types} FROM ({made})) TO {engine.text(place)} (FORMAT parquet)"
            )
    return out


def _types(connection: engine.Connection, table: str) -> list[tuple[str, str]]:
    """Return the columns of a table with their stored types, that damage may not change."""
    told = connection.execute(f"DESCRIBE {table}").fetchall()
    return [(column, kind) for column, kind, *_ in told]
