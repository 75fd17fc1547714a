"""Reading a law file, the version in force on a day, and what a person must still confirm."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from collection.law.model import (
    CONFIRMED,
    Disconnection,
    Evidence,
    Figure,
    LateFee,
    Law,
    Prepaid,
    Window,
)
from contract.errors import ConfigError
from contract.yaml_file import read_settings

Dated = TypeVar("Dated", LateFee, Disconnection, Prepaid)


@dataclass(frozen=True, kw_only=True)
class Cited:
    """One figure of a law with its path in the file.

    Attributes:
        path: Such as ``late_fee.2024-06-01.minimum_yuan``.
        value: What is applied, as text.
    """

    path: str
    value: str
    evidence: Evidence
    source: str

    @property
    def confirmed(self) -> bool:
        """Whether its text was read; if not, a person must confirm it."""
        return self.evidence in CONFIRMED


def shipped_laws() -> tuple[str, ...]:
    """Return the names of the laws that come with duewatch."""
    folder = files("configs") / "law"
    return tuple(sorted(e.name.removesuffix(".yaml") for e in folder.iterdir()))


def load_law(name_or_path: str | Path) -> Law:
    """Load a shipped law by its name, or a law file by its path.

    A file with ``based_on`` takes every part that it does not state from that law.

    Raises:
        ConfigError: There is no such file, or it is no law; each fault is a line with its path.
    """
    label, values = _whole(str(name_or_path), ())
    try:
        return Law.model_validate({**values, "name": label})
    except ValidationError as error:
        lines = (_fault(str(name_or_path), fault) for fault in error.errors())
        raise ConfigError("\n".join(lines)) from error


def in_force(versions: tuple[Dated, ...], on: date, *, what: str) -> Dated:
    """Return the version in force on a day.

    Raises:
        ConfigError: The law has none for that day.
    """
    held = [version for version in versions if version.effective_from <= on]
    if not held:
        raise ConfigError(
            f"law: no {what} is in force on {on}. Add a version with an earlier effective_from."
        )
    return held[-1]


def citations(law: Law) -> tuple[Cited, ...]:
    """Return every figure of a law in the order of its file."""
    return tuple(cited for version in _versions(law) for cited in _figures(*version))


def to_confirm(law: Law, on: date) -> tuple[Cited, ...]:
    """Return the figures in force on a day, or later, whose text nobody has read."""
    gone = {
        path
        for versions in _parts(law)
        for path, version in versions[:-1]
        if any(version.effective_from < v.effective_from <= on for _, v in versions)
    }
    return tuple(
        cited
        for path, version in _versions(law)
        if path not in gone
        for cited in _figures(path, version)
        if not cited.confirmed
    )


def _versions(law: Law) -> Iterator[tuple[str, LateFee | Disconnection | Prepaid]]:
    return (version for versions in _parts(law) for version in versions)


def _parts(law: Law) -> Iterator[list[tuple[str, LateFee | Disconnection | Prepaid]]]:
    """Give the versions of each part with their paths in the file."""
    yield [(f"late_fee.{v.effective_from}", v) for v in law.late_fee]
    yield [(f"disconnection.{v.effective_from}", v) for v in law.disconnection]
    yield [(f"prepaid.{v.effective_from}", v) for v in law.prepaid]


def _figures(path: str, version: BaseModel) -> Iterator[Cited]:
    for name in type(version).model_fields:
        value = getattr(version, name)
        here = f"{path}.{name}"
        if isinstance(value, Figure):
            yield Cited(
                path=here, value=str(value.value), evidence=value.evidence, source=value.source
            )
        elif isinstance(value, BaseModel):
            yield from _figures(here, value)
        elif isinstance(value, tuple):
            for window in (item for item in value if isinstance(item, Window)):
                yield Cited(
                    path=f"{here}.{window.id}",
                    value=f"{window.from_day} to {window.to_day}",
                    evidence=window.evidence,
                    source=window.source,
                )


def _whole(name: str, above: tuple[str, ...]) -> tuple[str, dict[str, Any]]:
    """Return the label of a law and its parts, with those of the laws that it is based on."""
    if name in above:
        raise ConfigError(f"{above[-1]}: based_on leads back to {name}. Name another law.")
    label, values = _read(name)
    if "based_on" in values:
        _, base = _whole(str(values.pop("based_on")), (*above, name))
        values = base | values
    return label, values


def _read(name_or_path: str | Path) -> tuple[str, dict[str, Any]]:
    shipped = str(name_or_path) in shipped_laws()
    place = files("configs") / "law" / f"{name_or_path}.yaml" if shipped else Path(name_or_path)
    label = str(name_or_path) if shipped else Path(name_or_path).stem
    values = read_settings(
        Path(str(place)),
        label=str(name_or_path),
        remedy=f"give the path of a law's YAML, or one of {', '.join(shipped_laws())}",
    )
    if not values:
        raise ConfigError(f"{name_or_path}: expected keys such as late_fee; found none.")
    return label, values


def _fault(label: str, fault: Any) -> str:
    place = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        return f"{label}: {place} is not a key here. Remove it or correct its name."
    message = fault["msg"]
    return f"{label}: {place}: {message[0].lower()}{message[1:]}."
