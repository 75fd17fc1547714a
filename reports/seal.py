"""The seal of a workbook: by it a list that comes back is known, and that only answers were added.

It digests the keys of the rows and every cell that is not to be filled in, as any program would
save them again: a number is a number whether it is kept as text or not, a day is its number in
Excel, and the order of rows does not count. With the utility's key the seal is a signature
(HMAC-SHA256), which nobody makes without the key; without one it is a checksum (SHA-256), which
finds what was changed by mistake and not what was forged.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from contract.errors import DataError

PROPERTY = "duewatch_seal"
Method = Literal["hmac-sha256", "sha256"]

_VERSION = "1"
_SHOWN = 16  # hex digits of the list id that people read to each other
_NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{1,6})?")  # more digits are no longer exact in a cell
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_EPOCH = datetime(1899, 12, 30)  # Excel's day 0


@dataclass(frozen=True, kw_only=True)
class Seal:
    """What a workbook says of itself.

    Attributes:
        run: The run or plan that it is of.
        kind: ``list``, or the id of a handout.
        rows: How many it has.
        keys: Digest of the rows' keys.
        cells: Digest of the locked cells.
        mac: The signature or checksum of all of these.
    """

    run: str
    kind: str
    rows: int
    keys: str
    cells: str
    method: Method
    mac: str

    @property
    def id(self) -> str:
        """The list id: the first digits of the signature, in fours."""
        return "-".join(self.mac[at : at + 4] for at in range(0, _SHOWN, 4))

    def as_property(self) -> str:
        """Return it as a custom property of the workbook, whose texts end at 255 characters."""
        parts = (self.kind, str(self.rows), self.keys, self.cells, self.method, self.mac)
        return ";".join((_VERSION, *parts))

    def is_whole(self, key: bytes | None) -> bool:
        """Whether the signature is that of what it signs, by this key where it was made by one."""
        if self.method == "hmac-sha256" and key is None:
            return False
        by = key if self.method == "hmac-sha256" else None
        return hmac.compare_digest(self.mac, _mac(self, by))


def make_seal(
    run: str,
    kind: str,
    *,
    heads: Sequence[str],
    keys: Sequence[str],
    rows: Iterable[Sequence[Any]],
    key: bytes | None,
) -> Seal:
    """Seal a sheet.

    Args:
        heads: Ids of the locked columns.
        keys: Those of them that tell rows apart.
        rows: The locked cells of each row, in the order of the heads.
        key: The utility's; None makes a checksum.
    """
    ats = [heads.index(one) for one in keys]
    told = [[canonical(value) for value in row] for row in rows]
    bare = Seal(
        run=run,
        kind=kind,
        rows=len(told),
        keys=_digest(keys, ([row[at] for at in ats] for row in told)),
        cells=_digest(heads, told),
        method="sha256" if key is None else "hmac-sha256",
        mac="",
    )
    return Seal(**{**vars(bare), "mac": _mac(bare, key)})


def read_seal(run: str, told: str, label: str) -> Seal:
    """Read a workbook's property.

    Raises:
        DataError: It is no seal.
    """
    parts = told.split(";")
    if len(parts) != 7 or parts[0] != _VERSION or not parts[2].isdecimal():
        raise DataError(
            f"{label}: 名单编号已损坏，请用发出的工作簿重新填写。"
            " Its list id is broken. Fill in the workbook as it was handed out."
        )
    _, kind, rows, keys, cells, method, mac = parts
    return Seal(
        run=run,
        kind=kind,
        rows=int(rows),
        keys=keys,
        cells=cells,
        method="hmac-sha256" if method == "hmac-sha256" else "sha256",
        mac=mac,
    )


def canonical(value: Any) -> str:
    r"""Return a cell as every program that saves it again would have it.

    >>> canonical("0310000001") == canonical(310000001.0) == "310000001"
    True
    >>> canonical(date(2026, 10, 25)) == canonical(46320) == canonical("2026-10-25")
    True
    >>> canonical(None), canonical(" a\r\nb "), canonical(0.5), canonical("0.50")
    ('', 'a\nb', '0.5', '0.5')
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, date):
        return _number(_serial(value))
    try:
        return _number(float(value))
    except (TypeError, ValueError):
        return _text(str(value))


def _serial(day: date) -> float:
    if isinstance(day, datetime):
        return (day - _EPOCH).total_seconds() / 86_400
    return float((datetime(day.year, day.month, day.day) - _EPOCH).days)


def _text(value: str) -> str:
    text = value.replace("_x000D_", "").replace("\r\n", "\n").replace("\r", "\n").strip()
    if not (text[:1].isdigit() or text[:1] in {"+", "-"}):
        return text
    if _NUMBER.fullmatch(text):
        return _number(float(text))
    if _DAY.fullmatch(text):
        try:
            return canonical(date.fromisoformat(text))
        except ValueError:
            return text
    return text


def _number(value: float) -> str:
    return f"{value + 0.0:.12g}"


def _digest(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Digest rows in whatever order they stand: people sort."""
    told = sorted(hashlib.sha256("\x1f".join(row).encode()).digest() for row in rows)
    whole = hashlib.sha256("\x1f".join(heads).encode())
    for one in told:
        whole.update(one)
    return whole.hexdigest()


def _mac(seal: Seal, key: bytes | None) -> str:
    parts = (_VERSION, seal.run, seal.kind, str(seal.rows), seal.keys, seal.cells, seal.method)
    text = "\x1f".join(parts).encode()
    if key is None:
        return hashlib.sha256(text).hexdigest()
    return hmac.new(key, text, hashlib.sha256).hexdigest()
