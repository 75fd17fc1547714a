"""A hand-off file on disk: a folder with the file and its digest, whole or not at all."""

import csv
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from contract.errors import DataError
from contract.pseudonyms import own_ids
from pipeline.exporting.tables import read_plan
from pipeline.storage import new_folder
from reports.handoff import READ, About, Form, build_handoff

_HEADS = ("customer_id", "account")


@dataclass(frozen=True, kw_only=True)
class HandedOff:
    """A hand-off; ``made`` is False when it was there already."""

    folder: Path
    contacts: int
    open_fen: int
    sha256: str
    made: bool

    def as_dict(self) -> dict[str, Any]:
        """Return what a machine needs to know of it."""
        return {
            "output": str(self.folder),
            "contacts": self.contacts,
            "open_fen": self.open_fen,
            "sha256": self.sha256,
            "made": self.made,
        }


def hand_off(
    plan: Path,
    form: Form,
    out: Path,
    *,
    data: Path | None = None,
    accounts: Path | None = None,
    refreshed: Path | None = None,
) -> HandedOff:
    """Write the contacts of a plan in a form.

    Args:
        plan: Folder of a plan.
        form: The form.
        out: The folder to write a folder into.
        data: The dataset of the plan; where it has pseudonyms, they become the utility's own ids,
            for nobody else knows a pseudonym.
        accounts: A CSV of customer_id and account.
        refreshed: The refreshed plan to hand off in place of the plan as it was made.

    Raises:
        DataError: The folder is no plan, a customer has no account, a value does not fit its
            field, or a folder of this name holds something else.
        ConfigError: The form lacks a code.
    """
    about = read_plan(plan)
    edition = _edition(plan, refreshed)
    content, contacts, open_fen = build_handoff(
        _contacts(refreshed or plan / "plan.parquet", data),
        form,
        About(
            run=about["plan"],
            as_of=date.fromisoformat(about["as_of"]),
            policy=about["policy"]["version"],
            edition=edition,
        ),
        accounts=_read_accounts(accounts) if accounts else None,
    )
    place = out / "-".join(filter(None, (about["plan"], edition, form.name)))
    name = f"{form.name}.txt"
    digest = hashlib.sha256(content).hexdigest()
    made = not place.exists()
    if made:
        with new_folder(place) as beside:
            (beside / name).write_bytes(content)
            (beside / f"{name}.sha256").write_text(f"{digest}  {name}\n", "utf-8")
    else:
        _check_same(place / name, content)
    return HandedOff(folder=place, contacts=contacts, open_fen=open_fen, sha256=digest, made=made)


def _contacts(path: Path, data: Path | None) -> pa.Table:
    try:
        rows = pq.read_table(path, filters=[("outcome", "=", "contact")], columns=list(READ))
    except (pa.ArrowInvalid, pa.ArrowKeyError, OSError) as error:
        raise DataError(
            f"{path}: not the table of a plan. Give the plan as it was made."
        ) from error
    return own_ids(data, rows, {"customer_id": "customer"}) if data else rows


def _edition(plan: Path, refreshed: Path | None) -> str:
    if refreshed is None:
        return ""
    if refreshed.resolve().parent != plan.resolve() or not refreshed.is_file():
        raise DataError(
            f"{refreshed}: not a refresh of {plan.name}. Give the file that duewatch plan refresh"
            " wrote into the plan's folder."
        )
    return refreshed.stem


def _read_accounts(path: Path) -> Mapping[str, str]:
    """Return the account of each customer."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            f"{path}: cannot be read. Give a CSV in UTF-8 with the heads {', '.join(_HEADS)}."
        ) from error
    if not rows or tuple(rows[0]) != _HEADS:
        raise DataError(f"{path}: line 1 must be the heads {','.join(_HEADS)}.")
    accounts: dict[str, str] = {}
    for line, row in enumerate(rows[1:], start=2):
        if len(row) != len(_HEADS) or not all(row) or row[0] in accounts:
            raise DataError(
                f"{path}: line {line} is no customer and account, or a customer that stands twice."
                " Correct it."
            )
        accounts[row[0]] = row[1]
    return accounts


def _check_same(path: Path, content: bytes) -> None:
    if not path.is_file() or path.read_bytes() != content:
        raise DataError(
            f"{path.parent}: holds something else than this hand-off. What is out is never changed:"
            " give another --out."
        )
