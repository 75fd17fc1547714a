"""A mapping file: how a source's files, columns and codes become the contract's tables.

Every scalar of the YAML is read as text, so that the code 01 stays 01, and the column ``on``
and the code Y are words. Presets lie in configs/mappings.
"""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from contract.errors import ConfigError
from contract.mapping_model import Mapping, TableMapping
from contract.yaml_file import parse_texts

__all__ = ["Mapping", "TableMapping", "load_mapping", "presets"]


def presets() -> tuple[str, ...]:
    """Return the names of the mappings that come with duewatch."""
    folder = files("configs") / "mappings"
    return tuple(sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir()))


def load_mapping(name_or_path: str | Path) -> Mapping:
    """Load a preset by its name, or a mapping file by its path.

    Raises:
        ConfigError: There is no such file, or it is not a mapping; each fault is a line with the
            file and the path in its YAML.
    """
    label, content = _content(name_or_path)
    raw = _parse(label, content)
    try:
        return Mapping.model_validate({"name": Path(label).stem} | raw)
    except ValidationError as fault:
        lines = [line for error in fault.errors() for line in _explain(error, raw)]
        raise ConfigError("\n".join(f"{label}: {line}" for line in lines)) from fault


def _content(name_or_path: str | Path) -> tuple[str, str]:
    preset = files("configs") / "mappings" / f"{name_or_path}.yaml"
    if str(name_or_path) in presets():
        return f"{name_or_path}.yaml", preset.read_text(encoding="utf-8")
    path = Path(name_or_path)
    try:
        return path.name, path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as fault:
        raise ConfigError(f"{name_or_path}: not in UTF-8. Save the mapping in UTF-8.") from fault
    except (OSError, ValueError) as fault:
        raise ConfigError(
            f"{name_or_path}: no such mapping. Give a YAML file in UTF-8, "
            f"or one of {', '.join(presets())}."
        ) from fault


def _parse(label: str, content: str) -> dict[str, Any]:
    raw = parse_texts(content, label=label)
    if not isinstance(raw, dict):
        raise ConfigError(f"{label}: expected keys such as tables; found none.")
    return raw


def _explain(error: Any, raw: dict[str, Any]) -> Iterator[str]:
    """Say a fault of validation with its path in the YAML as it was written."""
    if error["type"] == "value_error" and not error["loc"]:
        yield from (f"{line}." for line in str(error["ctx"]["error"]).splitlines())
        return
    path = _written(error["loc"], raw)
    if error["type"] == "extra_forbidden":
        yield f"{path} is not a key here. Remove it or correct its name."
    elif error["type"] == "missing":
        yield f"{path} is missing."
    else:
        message = error["msg"]
        yield f"{path}: {message[0].lower()}{message[1:]}."


def _written(loc: tuple[Any, ...], raw: Any) -> str:
    """Return the path of a fault as a reader of the YAML would follow it.

    The models hold a list where the YAML may have one word or one part, and name the kind of
    value that they tried; neither stands in the file.
    """
    parts: list[str] = []
    for step in loc:
        if isinstance(step, int) and not isinstance(raw, list):
            continue
        if str(step).startswith(("[key]", "dict[", "tuple[", "function-")):
            continue
        parts.append(str(step))
        if isinstance(raw, dict):
            raw = raw.get(step)
        elif isinstance(raw, list) and isinstance(step, int):
            raw = raw[step] if step < len(raw) else None
        else:
            raw = None
    return ".".join(parts)
