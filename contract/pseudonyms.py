"""Pseudonyms: ids that nobody can trace to a customer without the key or the kept-apart list.

A pseudonym is the HMAC-SHA256 of an id under the utility's key, made once, at import, in every
table. The dataset's folder ``source_ids`` keeps what each stands for, as personal as
``identities`` and beside it: by it lists for people carry the utility's own numbers, and what
people send back is matched, without the key.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pyarrow as pa

from contract import engine
from contract.dataset import engine_files
from contract.errors import ConfigError, DataError

Kind = Literal["customer", "bill", "payment", "contact"]

ABOUT = "pseudonyms.json"
SOURCE_IDS = "source_ids"

# The columns that identify, in whatever table they stand.
KINDS: Mapping[str, Kind] = {
    "customer_id": "customer",
    "bill_id": "bill",
    "payment_id": "payment",
    "reverses_id": "payment",
    "contact_id": "contact",
}
# What people may write in these columns could be a name; nothing is reckoned from it.
FREE_TEXT = frozenset({("events", "note")})
# Of these a list for people may speak, by their table.
_KEPT: Mapping[str, str] = {
    "customers": "customer_id",
    "bills": "bill_id",
    "payments": "payment_id",
}

_SCHEME = "hmac-sha256-128"
# Half of the digest, the least that RFC 2104 (section 5) advises: 32 hex digits.
_DIGITS = 32
_BLOCK = 64  # bytes that SHA-256 takes at a time (RFC 2104)
_LEAST_KEY = 32  # characters; 16 random bytes in hex


@dataclass(frozen=True)
class Key:
    """The utility's key; it is never written anywhere, only its check value is."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse a key that could be guessed."""
        if len(self.secret) < _LEAST_KEY or len(set(self.secret)) < _LEAST_KEY // 4:
            raise ConfigError(
                "the key of pseudonyms is too short or too plain; give 32 or more random"
                " characters (openssl rand -hex 32) and keep them where backups of the data"
                " are not."
            )

    @property
    def check(self) -> str:
        """What tells two keys apart and gives neither away: 8 hex digits of an HMAC."""
        return hmac.new(self.secret, b"duewatch key check", "sha256").hexdigest()[:8]

    def register(self, connection: engine.Connection) -> None:
        """Lend the key to a connection as a relation, so that it stands in no statement."""
        short = hashlib.sha256(self.secret).digest() if len(self.secret) > _BLOCK else self.secret
        whole = short.ljust(_BLOCK, b"\0")
        pads = {"ipad": 0x36, "opad": 0x5C}  # RFC 2104
        connection.register(
            "_pseudonym_key",
            pa.table(
                {
                    pad: pa.array([bytes(one ^ byte for one in whole)], pa.binary())
                    for pad, byte in pads.items()
                }
            ),
        )


def pseudonym(kind: Kind, column: str) -> str:
    """Return SQL for the pseudonym of a column of text, over a connection that has the key.

    The kind is part of what is hashed: a customer and a bill of one number do not look alike.
    """
    message = f"encode({engine.text(kind + ':')} || {column})"
    inner = f"unhex(sha256((SELECT ipad FROM _pseudonym_key) || {message}))"
    return f"left(sha256((SELECT opad FROM _pseudonym_key) || {inner}), {_DIGITS})"


def pseudonymous(table: str, columns: tuple[str, ...], rows: str) -> str:
    """Return a query of the same rows with pseudonyms for ids; free text is left out."""
    changed = [f"{pseudonym(KINDS[c], c)} AS {c}" for c in columns if c in KINDS]
    changed += [f"CAST(NULL AS VARCHAR) AS {c}" for c in columns if (table, c) in FREE_TEXT]
    return f"SELECT * REPLACE ({', '.join(changed)}) FROM ({rows})"


def write_source_ids(
    connection: engine.Connection, table: str, rows: str, folder: Path
) -> Path | None:
    """Keep what each pseudonym of a table's own key stands for; None for a table without one."""
    if table not in _KEPT:
        return None
    column = _KEPT[table]
    place = folder / SOURCE_IDS
    place.mkdir(exist_ok=True)
    path = place / f"{KINDS[column]}.parquet"
    connection.execute(
        f"""COPY (SELECT {pseudonym(KINDS[column], "source_id")} AS pseudonym, source_id
            FROM (SELECT DISTINCT {column} AS source_id FROM ({rows})) ORDER BY pseudonym)
        TO {engine.text(path)} (FORMAT parquet, COMPRESSION zstd)"""
    )
    return path


def write_about(folder: Path, key: Key) -> None:
    """Say beside the tables that their ids are pseudonyms, and by the check value of which key."""
    about = {"scheme": _SCHEME, "key_check": key.check}
    (folder / ABOUT).write_text(json.dumps(about, indent=1) + "\n", "utf-8")


def key_check_of(folder: Path) -> str | None:
    """Return the check value of the key of a dataset; None where its ids are the source's own.

    Raises:
        DataError: The dataset says something else of its ids than duewatch writes.
    """
    path = folder / ABOUT
    if not path.exists():
        return None
    try:
        about = json.loads(path.read_text("utf-8"))
        scheme, check = about["scheme"], about["key_check"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: cannot be read. Import the source again.") from error
    if scheme != _SCHEME or not isinstance(check, str):
        raise DataError(f"{path}: of a scheme that is not known here. Import the source again.")
    return check


def own_ids(folder: Path, rows: pa.Table, columns: Mapping[str, Kind] = KINDS) -> pa.Table:
    """Return rows with the source's own ids in place of pseudonyms, for a list for people.

    Args:
        folder: The dataset; one without pseudonyms gives the rows back.
        rows: Any table, of some columns.
        columns: What the columns that are looked up identify.
    """
    return _looked_up(folder, rows, columns, known="pseudonym", wanted="source_id")


def pseudonyms_of(folder: Path, rows: pa.Table, columns: Mapping[str, Kind] = KINDS) -> pa.Table:
    """Return rows with pseudonyms in place of the source's ids; what is one already stays."""
    return _looked_up(folder, rows, columns, known="source_id", wanted="pseudonym")


def _looked_up(
    folder: Path, rows: pa.Table, columns: Mapping[str, Kind], *, known: str, wanted: str
) -> pa.Table:
    files = {c: _source_ids(folder, columns[c]) for c in rows.column_names if c in columns}
    found = {column: file for column, file in files.items() if file}
    if key_check_of(folder) is None or not found or not rows.num_rows:
        return rows
    place = pa.array(range(rows.num_rows), pa.int64())
    with engine.connect() as connection:
        connection.register("_given", rows.append_column("_place", place))
        new = ", ".join(f"coalesce(t{i}.{wanted}, _given.{c})" for i, c in enumerate(found))
        joins = "\n".join(
            f"LEFT JOIN {file} AS t{i} ON t{i}.{known} = _given.{c}"
            for i, (c, file) in enumerate(found.items())
        )
        told = engine.to_arrow(connection, f"SELECT {new} FROM _given {joins} ORDER BY _place")
    for at, column in enumerate(found):
        own = rows.schema.get_field_index(column)
        rows = rows.set_column(own, rows.schema.field(own), told.column(at))
    return rows


def _source_ids(folder: Path, kind: Kind) -> str | None:
    path = folder / SOURCE_IDS / f"{kind}.parquet"
    return engine_files((path,)) if path.is_file() else None
