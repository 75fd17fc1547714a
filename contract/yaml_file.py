"""YAML files that people write: read once, here, with one clear line for whatever is wrong."""

import reprlib
from pathlib import Path
from typing import Any

import yaml

from contract.errors import ConfigError

# Nodes of a file once every alias stands for what it names; a policy has some thousands.
_MOST_NODES = 200_000
# So much of what is wrong is told; a file may hold a value of megabytes, or one within itself.
_MOST_TOLD = 300
_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 60
_SHORT.maxlevel = 2


class _Guarded(yaml.composer.Composer, yaml.constructor.BaseConstructor):
    """Refuses a key that stands twice: YAML would take the last and drop the first in silence."""

    def get_single_node(self) -> Any:
        """Return the file's one node, unless its aliases make it larger than any file is."""
        node = super().get_single_node()
        if node is not None and _size(node, {}) > _MOST_NODES:
            raise yaml.constructor.ConstructorError(
                None, None, "its aliases repeat each other without end", node.start_mark
            )
        return node

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        """Return a mapping whose keys are told apart."""
        seen: set[Any] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(
                    None, None, "a key must be one word", key.start_mark
                )
            name = key.value
            if name in seen and key.tag != "tag:yaml.org,2002:merge":
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {name} stands twice", key.start_mark
                )
            seen.add(name)
        return super().construct_mapping(node, deep)

    def construct_object(self, node: Any, deep: bool = False) -> Any:  # noqa: FBT001, FBT002 - PyYAML's signature
        """Return the value of a node, or say where a day or number stands that there cannot be."""
        try:
            return super().construct_object(node, deep)
        except ValueError as error:
            raise yaml.constructor.ConstructorError(
                None, None, f"{shown(node.value)} is no value ({error})", node.start_mark
            ) from error


class _Loader(_Guarded, yaml.SafeLoader):
    """Reads values as YAML means them."""


class _TextLoader(_Guarded, yaml.BaseLoader):
    """Reads every scalar as text, so that the code 01 stays 01 and the column ``on`` a word."""


def _size(node: Any, known: dict[int, int]) -> int:
    """Return the nodes below one with its aliases written out; one within itself is endless."""
    if isinstance(node, yaml.ScalarNode):
        return 1
    if id(node) not in known:
        known[id(node)] = _MOST_NODES + 1  # counts where it is met again inside itself
        inside = node.value
        if isinstance(node, yaml.MappingNode):
            inside = [one for pair in node.value for one in pair]
        known[id(node)] = 1 + sum(_size(one, known) for one in inside)
    return known[id(node)]


def shown(value: object) -> str:
    """Return a value as a message may hold it, however long or deep it is.

    >>> shown(3), shown("x" * 1000)[-3:]
    ('3', "xx'")
    """
    return _SHORT.repr(value)


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
    values = read_yaml(path, label=label, remedy=remedy)
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise ConfigError(f"{label}: holds {type(values).__name__}; expected settings by name.")
    return values


def read_yaml(path: Path, *, label: str, remedy: str = "") -> Any:
    """Return what a file holds; None where it is empty.

    Raises:
        ConfigError: There is no such file, it is no YAML in UTF-8, or a key stands twice.
    """
    try:
        return yaml.load(path.read_text("utf-8"), Loader=_Loader)  # noqa: S506 - a safe loader
    except FileNotFoundError as error:
        remedy = remedy or "give the path of a YAML file"
        raise ConfigError(f"{label}: no such file; {remedy}.") from error
    except RecursionError as error:
        raise ConfigError(f"{label}: nested too deeply. Correct the YAML.") from error
    except OSError as error:
        raise ConfigError(f"{label}: cannot be read ({error.strerror}).") from error
    except (ValueError, yaml.YAMLError) as error:
        detail = " ".join(str(error).split())[:_MOST_TOLD]
        raise ConfigError(f"{label}: cannot be read as YAML in UTF-8 ({detail}).") from error


def parse_texts(content: str, *, label: str) -> Any:
    """Return what a text in YAML holds, every scalar of it as text.

    Raises:
        ConfigError: It is no YAML, nested too deeply, repeats itself without end, or a key stands
            twice.
    """
    try:
        return yaml.load(content, Loader=_TextLoader)  # noqa: S506 - a loader of text alone
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "not YAML"
        raise ConfigError(f"{label}{place}: {problem}. Correct the YAML.") from error
    except RecursionError as error:
        raise ConfigError(f"{label}: nested too deeply. Correct the YAML.") from error
