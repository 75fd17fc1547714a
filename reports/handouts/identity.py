"""Names, phones and addresses, joined when a list is written for people, and nowhere else.

An identity is one row of the contract's table ``identities``. Masked, a person may still be told
from a neighbour but not looked up (PIPL art. 51: the least that the work needs).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from collection.handouts import IDENTITY

Identities = Mapping[str, Mapping[str, str | None]]

_PHONE_HEAD, _PHONE_TAIL = 3, 4
_ADDRESS_HEAD = 6


def identities_of(table: pa.Table, numbers: Sequence[str], *, mask: bool) -> Identities:
    """Return the utility's own number, name, phone and address by customer.

    Args:
        table: One row a customer.
        numbers: The number that people know each row's customer by.
        mask: Whether the middle of the others is hidden.
    """
    rows = table.select(["customer_id", *IDENTITY]).to_pylist()
    return {
        row["customer_id"]: {
            "customer_id": number,
            **{part: _told(part, row[part], mask=mask) for part in IDENTITY},
        }
        for row, number in zip(rows, numbers, strict=True)
    }


def joined(rows: Iterable[Mapping[str, Any]], identities: Identities) -> list[dict[str, Any]]:
    """Return the rows with number, name, phone and address; empty where nothing is known."""
    nobody: Mapping[str, str | None] = dict.fromkeys(IDENTITY)
    return [{**row, **identities.get(row.get("customer_id", ""), nobody)} for row in rows]


def _told(part: str, value: str | None, *, mask: bool) -> str | None:
    return masked(part, value) if mask and value else value


def masked(part: str, value: str) -> str:
    """Return an identity with its middle hidden.

    >>> masked("name", "欧阳建国"), masked("phone", "13912345678"), masked("name", "李")
    ('欧**国', '139****5678', '*')
    >>> masked("address", "青龙县祖山镇南大街12号"), masked("phone", "1234")
    ('青龙县祖山镇******', '****')
    """
    if part == "phone":
        return _hidden(value, head=_PHONE_HEAD, tail=_PHONE_TAIL)
    if part == "address":
        return _hidden(value, head=_ADDRESS_HEAD, tail=0)
    return _hidden(value, head=1, tail=1 if len(value) > 2 else 0)


def _hidden(value: str, *, head: int, tail: int) -> str:
    """Hide all but the ends; of a text too short for them, everything."""
    if len(value) <= head + tail:
        return "*" * len(value)
    return value[:head] + "*" * (len(value) - head - tail) + value[len(value) - tail :]
