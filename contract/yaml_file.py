"""YAML files that people write: read once, here, with one clear line for whatever is wrong."""

from pathlib import Path
from typing import Any

import yaml

from contract.errors import ConfigError


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice: YAML would take the last and drop the first in silence."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        """Return a mapping whose keys are told apart."""
        seen: set[Any] = set()
        for key, _ in node.value:
            name = key.value
            if name in seen and key.tag != "tag:yaml.org,2002:merge":
                raise yaml.constructor.ConstructorError(
                    None, None, f"{name} stands twice", key.start_mark
                )
            seen.add(name)
        return super().construct_mapping(node, deep)


def read_settings(path: Path, *, label: str = "", remedy: str = "") -> dict[str, Any]:
    """Return the settings of a file by name; an empty file has none.

    Args:
        path: A YAML file in UTF-8.
        label: What the file is called in errors; its path by default.
        remedy: What to give instead where there is no such file.

    Raises:
        ConfigError: There is no such file, it is no YAML in UTF-8, a key stands twice, or it
            holds something else than settings by name.
    """
    label = label or str(path)
    try:
        values = yaml.load(path.read_text("utf-8"), Loader=_Loader)  # noqa: S506 - a safe loader
    except FileNotFoundError as error:
        remedy = remedy or "give the path of a YAML file"
        raise ConfigError(f"{label}: no such file; {remedy}.") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        detail = " ".join(str(error).split())
        raise ConfigError(f"{label}: cannot be read as YAML in UTF-8 ({detail}).") from error
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise ConfigError(f"{label}: holds {type(values).__name__}; expected settings by name.")
    return values
