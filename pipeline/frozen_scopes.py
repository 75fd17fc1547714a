"""A frozen scope on disk: its customers and what it was made from; read only when it is whole."""

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import TypeAdapter

from collection.scope import ScopeRule, Threshold
from contract.errors import DataError

ABOUT = "scope.json"


@dataclass(frozen=True, kw_only=True)
class Frozen:
    """A frozen scope on disk; ``about`` is what scope.json says."""

    folder: Path
    about: dict[str, Any]

    @property
    def as_of(self) -> date:
        """The day it was made."""
        return date.fromisoformat(self.about["as_of"])

    @property
    def threshold(self) -> Threshold:
        """What let its customers in."""
        return Threshold(
            rule=ScopeRule.model_validate(self.about["rule"]),
            cut_fen=self.about["cut_fen"],
            trend=self.about["trend"],
        )

    def customers(self) -> pa.Table:
        """Return its customers, as they were."""
        return pq.read_table(self.folder / "scope.parquet")

    def text(self) -> str:
        """Return it in a sentence, for the terminal."""
        by = ", ".join(f"{count:,} by {what}" for what, count in self.about["chosen_by"].items())
        cut = self.about["cut_fen"]
        amount = "nobody is in by amount" if cut is None else f"from {cut / 100:,.2f} yuan"
        return (
            f"Scope {self.about['scope']}: {self.about['customers']:,} customers ({by};"
            f" expected late {amount}).\nWrote {self.folder}."
        )

    def as_dict(self) -> dict[str, Any]:
        """Return what a machine needs to know of it."""
        return {**self.about, "output": str(self.folder)}


def read_scope(folder: Path) -> Frozen:
    """Return a frozen scope, after checking each of its files.

    Raises:
        DataError: The folder is no scope, or a file of it was changed.
    """
    try:
        about: dict[str, Any] = json.loads((folder / ABOUT).read_text("utf-8"))
        files = TypeAdapter(dict[str, str]).validate_python(about.pop("files"))
        date.fromisoformat(about["as_of"])
        ScopeRule.model_validate(about["rule"])
        TypeAdapter(dict[str, float]).validate_python(about["trend"])
        TypeAdapter(int | None).validate_python(about["cut_fen"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(
            f"{folder}: not a frozen scope ({ABOUT} is missing or not what a freeze writes). Give"
            " the folder that duewatch scope freeze named."
        ) from error
    changed = [
        name
        for name, digest in files.items()
        if not (folder / name).is_file() or _digest(folder / name) != digest
    ]
    if changed:
        raise DataError(
            f"{folder / changed[0]}: missing or changed since it was frozen. A frozen scope is"
            " never changed: restore it."
        )
    return Frozen(folder=folder, about=about)


def digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file of a folder, by name."""
    return {path.name: _digest(path) for path in sorted(folder.iterdir())}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
