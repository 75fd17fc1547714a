"""A scoring run: its id, its folder and its manifest."""

import hashlib
import json
import math
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from contract.errors import DataError
from features.declare import Text
from pipeline.config import Config
from pipeline.storage import write_json
from pipeline.tracking import Registered
from reports.facts import METRICS, Compared, RunFacts

MANIFEST = "manifest.json"
# Names the newest list among the runs of a folder.
CURRENT = "current.json"


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a run was made from and what it holds; the same inputs give the same bytes.

    Attributes:
        run: The run's id: the day and a digest of everything that decides its content.
        counts: Customers, bills and rows by what became of them.
        call_capacity: Bills that can be called in this round.
        comparison: The model and the simple rules on the months held out of its training.
        accepted: Gates that did not hold and that a person let it through: gate, reason, who, and
            the note on the list's cover.
    """

    run: str
    as_of: str
    cycle: int
    model_name: str
    model_version: str
    model_sha256: str
    data_fingerprint: str
    code_commit: str
    config: dict[str, Any]
    counts: dict[str, int]
    call_capacity: int
    comparison: list[dict[str, Any]]
    warnings: list[str]
    absent_tables: list[str]
    versions: dict[str, str]
    accepted: list[dict[str, str]] = field(default_factory=list)

    def facts(self) -> RunFacts:
        """Return what a list says about the run that made it."""
        return RunFacts(
            run_id=self.run,
            as_of=date.fromisoformat(self.as_of),
            cycle=self.cycle,
            model_version=self.model_version,
            data_fingerprint=self.data_fingerprint,
            customers_scored=self.counts["customers"],
            bills_scored=self.counts["bills_scored"],
            listed=self.counts["listed"],
            capacity=self.call_capacity,
            warnings=tuple(self.warnings),
            comparison=compared(self.comparison),
            notes=(*self.absent_tables, *(one["note"] for one in self.accepted)),
        )


def compared(judged: list[dict[str, Any]]) -> tuple[Compared, ...]:
    """Return how the model and the simple rules did, from the JSON kept with the model."""
    return tuple(
        Compared(
            id=one["id"],
            name=Text(zh=one["zh"], en=one["en"]),
            figures={
                figure: math.nan if value is None else value
                for figure, value in one["figures"].items()
                if figure in METRICS
            },
        )
        for one in judged
    )


def run_id(config: Config, as_of: date, *, fingerprint: str, registered: Registered) -> str:
    """Name a run by its day and a digest of data, model and settings.

    A rerun with the same inputs has the same id; with others it is another run, and the first
    stays as it is (design 6).
    """
    decides = {
        "data": fingerprint,
        "model": registered.model.sha256,
        "config": scoring_settings(config),
    }
    text = json.dumps(decides, sort_keys=True, default=str)
    return f"{as_of.isoformat()}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def scoring_settings(config: Config) -> dict[str, Any]:
    """Return the settings that decide what a list says; places and training are left out.

    Of those on scoring only what differs from its default, so that a new one renames no run.
    """
    settings = config.model_dump(mode="json", include={"bands", "target"})
    told = config.scoring.model_dump(
        mode="json", exclude_defaults=True, exclude={"engine", "workers"}
    )
    return settings | ({"scoring": told} if told else {})


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest, with the SHA-256 of every other file of the run beside it."""
    files = {path.name: _digest(path) for path in sorted(folder.iterdir())}
    write_json(folder / MANIFEST, {**asdict(manifest), "files": files})


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a finished run, after checking each file against it.

    Raises:
        DataError: The folder is no finished run, or a file is not the one that was written.
    """
    try:
        content = json.loads((folder / MANIFEST).read_text("utf-8"))
        files = TypeAdapter(dict[str, str]).validate_python(content.pop("files"))
        content.setdefault("accepted", [])  # of a run from before there were gates
        told = {one.name: content[one.name] for one in fields(Manifest)}
        manifest = TypeAdapter(Manifest).validate_python(told)
        manifest.facts()
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DataError(
            f"{folder}: not a finished run ({MANIFEST} is missing or not what a run writes)."
            " Give the folder that duewatch score named, or remove this one and score again."
        ) from error
    for name, digest in files.items():
        is_own = Path(name).name == name and (folder / name).is_file()
        if not is_own or _digest(folder / name) != digest:
            raise DataError(
                f"{folder / name}: missing or changed since the run. A list that is out is never"
                " changed: restore it, or remove the folder and score again."
            )
    return manifest


def current_run(outputs: Path) -> Path | None:
    """Return the folder of the newest published run; None when none was published.

    Raises:
        DataError: What names it is unreadable, or the run is not the one that was published.
    """
    path = outputs / CURRENT
    if not path.exists():
        return None
    try:
        told = json.loads(path.read_text("utf-8"))
        place, digest = outputs / str(told["folder"]), str(told["manifest_sha256"])
        is_right = "/" not in told["folder"] and _digest(place / MANIFEST) == digest
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(_not_current(path)) from error
    if not is_right:
        raise DataError(_not_current(path))
    return place


def previous_run(run: Path) -> Path | None:
    """Return the newest published run of the same question before a run's day, beside it.

    Of one day's runs the last by name; None where there is none. Nothing of a run is checked here
    but that its manifest can be read.
    """
    mine = _told(run)
    before = [
        (told["as_of"], path.parent.name, path.parent)
        for path in run.resolve().parent.glob(f"*/{MANIFEST}")
        if (told := _told(path.parent))
        and told["model_name"] == mine.get("model_name")
        and told["as_of"] < mine["as_of"]
    ]
    return max(before)[-1] if before else None


def _told(run: Path) -> dict[str, str]:
    """Return what a run's manifest says of its day and question; nothing of what is no run."""
    try:
        told = json.loads((run / MANIFEST).read_text("utf-8"))
        return {name: str(told[name]) for name in ("as_of", "model_name")}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def make_current(place: Path, manifest: Manifest) -> None:
    """Name a published run the newest list beside it, unless one of a later day is that.

    Called again for a run that is there already, it mends what a killed process left unsaid.
    """
    path = place.parent / CURRENT
    told = {
        "run": manifest.run,
        "folder": place.name,
        "as_of": manifest.as_of,
        "manifest_sha256": _digest(place / MANIFEST),
    }
    named = _named(path)
    if named == told or (named and _is_of_later_day(named, told, place.parent)):
        return
    write_json(path, told)


def _named(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _is_of_later_day(named: dict[str, Any], told: dict[str, Any], outputs: Path) -> bool:
    """Whether what is named is a run that is there and looks from a later day."""
    there = (outputs / str(named.get("folder")) / MANIFEST).is_file()
    return there and str(named.get("as_of")) > str(told["as_of"])


def _not_current(path: Path) -> str:
    return (
        f"{path}: it does not name a published run as it was written. Run duewatch score again"
        " for the newest list's day, which mends it, or remove the file."
    )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
