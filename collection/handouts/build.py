"""From a plan to the lists that people get: one table a list, no names, no files.

The tables that the lists' SQL reads:

- ``contact``: one row a customer whom the plan contacts, with the one ``list`` it stands on;
- ``person``: one row a customer for whom no agent answers, with what may be offered;
- ``fee``: one row a customer with open bills, the late fee of all of them to date;
- ``account``, ``history``, ``notice``, ``low_balance``, ``agent_limit``: as given.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from collection.handouts.admission import check
from collection.handouts.catalogue import handouts_for
from collection.handouts.contact_lists import LIST_OF
from collection.handouts.declare import IDENTITY, Handout
from collection.handouts.history import SCHEMA as HISTORY
from collection.handouts.person import person
from collection.handouts.thresholds import Thresholds
from contract.engine import Connection, connect, name, text, to_arrow

SCREENED = pa.schema(
    [("customer_id", pa.string()), ("decision", pa.string()), ("reason_given", pa.string())]
)
_LOW_BALANCE = pa.schema(
    [
        *((column, pa.string()) for column in ("customer_id", "org_id", "grid_id", "manager_id")),
        ("stage", pa.string()),
        ("balance_fen", pa.int64()),
        ("daily_cost_fen", pa.int64()),
        ("days_left", pa.float64()),
        ("is_off", pa.bool_()),
        ("grace_ends_on", pa.date32()),
        ("advice_fen", pa.int64()),
        ("advice_met", pa.bool_()),
    ]
)
_LATE_FEES = pa.schema([("customer_id", pa.string()), ("late_fee_fen", pa.int64())])
_NOTICE = pa.schema(
    [
        ("customer_id", pa.string()),
        ("dunned_on", pa.date32()),
        ("waits_end_on", pa.date32()),
        ("serve_by_on", pa.date32()),
    ]
)


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What lists are made from.

    Attributes:
        account: One row a customer in force (collection.facts).
        plan: One row a customer (collection.plan).
        history: One row a customer with bills (``billing_history``).
        low_balance: Prepaid customers to warn (collection.law.low_balances).
        notices: Bills of which a notice may be prepared (collection.law.notices_to_prepare).
        late_fees: The late fee of each open bill (collection.law.late_fees).
        screened: What persons made of the screening sheet (SCREENED); a row without a decision
            stays on the sheet.
    """

    account: pa.Table
    plan: pa.Table
    history: pa.Table = field(default_factory=HISTORY.empty_table)
    low_balance: pa.Table = field(default_factory=_LOW_BALANCE.empty_table)
    notices: pa.Table = field(default_factory=_NOTICE.empty_table)
    late_fees: pa.Table = field(default_factory=_LATE_FEES.empty_table)
    screened: pa.Table = field(default_factory=SCREENED.empty_table)


def build_handouts(
    inputs: Inputs,
    thresholds: Thresholds,
    *,
    advice_share: float = 0.60,
    grids: Sequence[str] = (),
) -> dict[str, pa.Table]:
    """Return one table a list, by its id: the columns it shows, those it is split and sorted by.

    Rows stand in the order of the files: by recipient, then as the list says. Money is fen.

    Args:
        inputs: The tables.
        thresholds: The numbers that lists go by.
        advice_share: The share of a mean month that a top-up should reach (D5; the policy's).
        grids: Only customers of these grids, as of a pilot (R000-08); none is all.

    Raises:
        DataError: The plan names a customer twice, or whom it may not contact, or a decision of
            the screening sheet is not one or speaks of nobody who is on it.
    """
    with connect() as connection:
        _register(connection, inputs, thresholds, grids)
        connection.execute(f"CREATE TABLE contact AS {_CONTACT}")
        check(connection)
        connection.execute(f"CREATE TABLE person AS {person(thresholds, advice_share)}")
        numbers = dict(thresholds)
        return {
            handout.id: to_arrow(connection, _query(handout, handout.rows.format(**numbers)))
            for handout in handouts_for(thresholds)
        }


def rows_of(handout: Handout, tables: Mapping[str, pa.Table]) -> pa.Table:
    """Return the rows of one list whose SQL reads these tables, as ``build_handouts`` does."""
    with connect() as connection:
        for table, rows in tables.items():
            connection.register(table, rows)
        return to_arrow(connection, _query(handout, handout.rows))


def _register(
    connection: Connection, inputs: Inputs, thresholds: Thresholds, grids: Sequence[str]
) -> None:
    chosen = ", ".join(text(grid) for grid in grids)
    where = f"WHERE grid_id IN ({chosen})" if grids else ""
    for table, rows in (("account", inputs.account), ("plan", inputs.plan)):
        connection.register(f"all_{table}", rows)
        connection.execute(f"CREATE VIEW {table} AS SELECT * FROM all_{table} {where}")
    connection.register("history", inputs.history)
    connection.register("low_balance", inputs.low_balance)
    connection.register("notice", inputs.notices)
    connection.register("screened", inputs.screened)
    connection.register("late_fee", inputs.late_fees)
    connection.execute(f"CREATE TABLE fee AS {_FEE}")
    limits = sorted(thresholds.agents.limits_cny.items())
    own = pa.table(
        {
            "agent_id": pa.array([agent for agent, _ in limits], pa.string()),
            "limit_fen": pa.array([limit * 100 for _, limit in limits], pa.int64()),
        }
    )
    connection.register("agent_limit", own)


# Null orders last in both directions: what is not known is nobody's first.
def _query(handout: Handout, rows: str) -> str:
    keys = [key.split(" ") for key in (*handout.split, *handout.order)]
    made = [column for column, *_ in keys if column not in IDENTITY]
    columns = dict.fromkeys((*handout.made, *made))
    order = ", ".join(
        f"{name(column)} {' '.join(way)} NULLS LAST"
        for column, *way in keys
        if column not in IDENTITY
    )
    return f"SELECT {', '.join(map(name, columns))} FROM ({rows}) ORDER BY {order}"


_FEE = """
    SELECT customer_id, nullif(CAST(sum(late_fee_fen) AS BIGINT), 0) AS late_fee_fen
    FROM late_fee GROUP BY customer_id"""

_CONTACT = f"""
    SELECT p.* REPLACE (CAST(len(p.bills) AS INTEGER) AS bills), a.segment, late_fee_fen,
        s.decision, s.reason_given AS held_because, template AS say, {LIST_OF} AS list
    FROM plan AS p LEFT JOIN account AS a USING (customer_id) LEFT JOIN fee USING (customer_id)
    LEFT JOIN screened AS s ON s.customer_id = p.customer_id AND s.decision IS NOT NULL
    WHERE outcome = 'contact'"""
