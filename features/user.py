"""Features that a user declares outside the package, in YAML or Python, under the same checks.

A YAML file holds a list of entries as in ``UserFeature``; a Python file holds ``FEATURES``, a
tuple of ``features.Feature``. Both read the fact views of features/facts.py, the columns already
computed (``over: row``) and the extra columns of the source, and nothing else: an expression that
could reach past its view, and so past as_of, is refused.
"""

import re
import runpy
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from contract.errors import ConfigError
from contract.yaml_file import read_yaml
from features.admission import check_names, check_reach
from features.declare import Feature, Reason, Text, Unit, View, Window, spread

_WINDOW = re.compile(r"([1-9][0-9]*)([mb])")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Wording(_Strict):
    """One wording in both languages."""

    zh: str
    en: str


class UserReason(_Strict):
    """A sentence and when it may be said; see features.declare.Reason."""

    zh: str
    en: str
    when: str = ""
    given: str = ""
    at_zero: Wording | None = None


class UserFeature(_Strict):
    """One entry of a YAML file; see features.declare.Feature for what each field means.

    Attributes:
        windows: Windows such as ``6m`` (months) or ``3b`` (bills), one column each; ``<w>`` and
            ``<window>`` in SQL and wording stand for the window. None for no window.
    """

    stem: str
    over: View
    sql: str
    unit: Unit
    description: Wording
    windows: tuple[str, ...] = ()
    direction: Literal[-1, 0, 1] = 0
    empty: float | None = None
    levels: tuple[str, ...] = ()
    risk: UserReason | None = None
    relief: UserReason | None = None


class UserFeatures(_Strict):
    """The section ``features`` of a run's configuration.

    Attributes:
        files: YAML or Python files that declare features.
    """

    files: tuple[Path, ...] = ()


def load_user_features(config: UserFeatures, folder: Path = Path()) -> tuple[Feature, ...]:
    """Read the declared features of every file named, in order.

    ``features.check_against`` then holds them against a store.

    Raises:
        ConfigError: A file is missing or not understood, a name is taken, or an expression
            reaches out of its view.
    """
    declared = tuple(feature for path in config.files for feature in _read(folder / path))
    check_names(declared)
    for feature in declared:
        check_reach(feature)
    return declared


def _read(path: Path) -> tuple[Feature, ...]:
    if not path.is_file():
        raise ConfigError(f"{path.name}: no such file of features; name one that exists.")
    if path.suffix == ".py":
        return _of_python(path)
    if path.suffix in (".yaml", ".yml"):
        return _of_yaml(path)
    raise ConfigError(f"{path.name}: features are declared in .yaml or .py files.")


def _of_python(path: Path) -> tuple[Feature, ...]:
    try:
        declared = runpy.run_path(str(path)).get("FEATURES")
    except Exception as fault:  # a user's own code may raise anything, and is theirs to mend
        raise ConfigError(
            f"{path.name}: does not run ({type(fault).__name__}: {fault})."
        ) from fault
    if not isinstance(declared, tuple) or not all(isinstance(f, Feature) for f in declared):
        raise ConfigError(f"{path.name}: expected FEATURES, a tuple of features.Feature.")
    return declared


def _of_yaml(path: Path) -> tuple[Feature, ...]:
    values = read_yaml(path, label=path.name) or []
    if not isinstance(values, list):
        raise ConfigError(f"{path.name}: expected a list of features; each begins with - stem:.")
    try:
        entries = TypeAdapter(tuple[UserFeature, ...]).validate_python(values)
    except ValidationError as fault:
        first = fault.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{path.name}: {where}: {first['msg']}.") from fault
    return tuple(feature for entry in entries for feature in _of_entry(entry, path))


def _of_entry(entry: UserFeature, path: Path) -> tuple[Feature, ...]:
    fields: dict[str, Any] = {
        "stem": entry.stem,
        "family": "extra",
        "over": entry.over,
        "sql": entry.sql,
        "unit": entry.unit,
        "description": Text(zh=entry.description.zh, en=entry.description.en),
        "direction": entry.direction,
        "empty": entry.empty,
        "levels": entry.levels,
        "risk": _reason(entry.risk),
        "relief": _reason(entry.relief),
    }
    if not entry.windows:
        return (Feature(**fields),)
    return spread(*(_window(written, entry, path) for written in entry.windows), **fields)


def _window(written: str, entry: UserFeature, path: Path) -> Window:
    found = _WINDOW.fullmatch(written)
    if not found:
        raise ConfigError(
            f"{path.name}: {entry.stem}: window {written!r} is not understood;"
            " write 6m for months or 3b for bills."
        )
    count = int(found[1])
    return Window(months=count) if found[2] == "m" else Window(bills=count)


def _reason(said: UserReason | None) -> Reason | None:
    if said is None:
        return None
    return Reason(
        text=Text(zh=said.zh, en=said.en),
        when=said.when,
        given=said.given,
        at_zero=Text(zh=said.at_zero.zh, en=said.at_zero.en) if said.at_zero else None,
    )
