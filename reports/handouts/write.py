"""Writing handouts: one file a list, recipient and form, and an index of them all.

A file is named by its recipient; which run, day and policy it comes from stands in it and in
``index.json``. The same tables give the same bytes.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa

from collection.handouts import IDENTITY, Handout
from collection.handouts.declare import Form
from reports.handouts.cells import numbered
from reports.handouts.head import Head, Part
from reports.handouts.identity import Identities, joined
from reports.handouts.machine import as_csv, as_json
from reports.handouts.page import as_page
from reports.handouts.sheet import as_workbook
from reports.handouts.words import Dictionary

INDEX = "index.json"
_WRITERS: dict[Form, Callable[[Part, Head, Dictionary], bytes]] = {
    "xlsx": as_workbook,
    "csv": as_csv,
    "json": as_json,
    "html": as_page,
}
_ROLE = "owner_role"  # where it splits a list, the plan says who has that role


def write_handouts(
    folder: Path,
    tables: Mapping[str, tuple[Handout, pa.Table]],
    head: Head,
    *,
    words: Dictionary,
    identities: Identities,
) -> list[dict[str, Any]]:
    """Write every list, and ``index.json`` beside them; return what the index says.

    A list without rows is no file. Rows stand as in their table, but where a list goes by
    address and addresses are known.

    Args:
        folder: An empty folder.
        tables: Each list's declaration and rows, by its id.
        head: Where they come from.
        words: Every word, in the language asked for.
        identities: Name, phone and address by customer; empty leaves them out.

    Returns:
        One entry a file: file, list, role, recipient, rows, open_cny and sha256.
    """
    index = []
    taken: set[str] = set()
    for handout, table in tables.values():
        for part in parts_of(handout, table, identities):
            stem = _free(file_name(part), taken)
            for form in handout.forms:
                content = _WRITERS[form](part, head, words)
                name = f"{stem}.{form}"
                (folder / name).write_bytes(content)
                index.append(_entry(name, part, content))
    whole = {**head.as_dict(), "files": index}
    text = json.dumps(whole, ensure_ascii=False, indent=1) + "\n"
    (folder / INDEX).write_text(text, "utf-8")
    return index


def parts_of(handout: Handout, table: pa.Table, identities: Identities) -> Iterator[Part]:
    """Give the rows of each recipient of a list, with identities joined and rows numbered."""
    rows = joined(table.to_pylist(), identities)
    for values, own in groupby(rows, key=lambda row: tuple(row[c] for c in handout.split)):
        named = dict(zip(handout.split, values, strict=True))
        role = named.pop(_ROLE, None) or handout.recipient
        who = "-".join(value or "" for value in named.values())
        yield Part(
            handout=handout, role=role, who=who, rows=numbered(_routed(list(own), handout.order))
        )


def _routed(rows: list[dict[str, Any]], order: Sequence[str]) -> list[dict[str, Any]]:
    """Sort by address inside what goes before it, where the list asks for it and it is known."""
    known = [part for part in order if part in IDENTITY]
    if not known or not any(row[part] for row in rows for part in known):
        return rows
    before = order[: order.index(known[0])]
    keys = (*before, *known)
    return sorted(rows, key=lambda row: [(row[key] is None, row[key] or "") for key in keys])


def file_name(part: Part) -> str:
    """Return a file's name without its ending: role, recipient, list; safe on any system.

    A recipient's id that is no plain name is changed and told apart by a digest, so that no id
    leaves the folder and no two become one.
    """
    who = safe(part.who) if part.handout.split else ""
    return "-".join(piece for piece in (part.role, who, part.handout.id) if piece)


def safe(text: str) -> str:
    """Return a text as a part of a file's name.

    >>> safe("WG001"), safe("祖山网格"), safe("")
    ('WG001', '祖山网格', 'unassigned')
    >>> safe("../etc") == safe(".. etc")
    False
    """
    if not text:
        return "unassigned"
    plain = re.sub(r"[^\w.-]", "_", text).strip(".")[:60]
    if plain == text:
        return text
    return f"{plain}~{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _free(name: str, taken: set[str]) -> str:
    """Tell names apart that differ in capitals alone, for systems to which they are one."""
    own = name if name.casefold() not in taken else f"{name}~{len(taken)}"
    taken.add(own.casefold())
    return own


def _entry(name: str, part: Part, content: bytes) -> dict[str, Any]:
    return {
        "file": name,
        "list": part.handout.id,
        "role": part.role,
        "recipient": part.who,
        "rows": len(part.rows),
        "open_cny": f"{part.open_fen / 100:.2f}",
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def total(index: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return rows by list, each counted once however many forms it has."""
    seen = {(one["list"], one["role"], one["recipient"]): one["rows"] for one in index}
    rows: dict[str, int] = {}
    for (name, *_), count in seen.items():
        rows[name] = rows.get(name, 0) + count
    return rows
