"""The pages of docs/ that say what the code says: features, settings, commands, KPIs, rules."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from typer.main import get_command

from collection.kpis import kpis_markdown
from collection.law import law_markdown
from collection.policy import policy_markdown
from features.catalogue import FEATURES, PREPAID_FEATURES
from features.dictionary import dictionary_markdown
from pipeline.config import Config
from reports.handoff import handoffs_markdown

DOCS = Path(__file__).parent.parent / "docs"
GENERATED = "<!-- Made by `duewatch docs`; edit the code instead. -->\n\n"


def pages() -> dict[str, str]:
    """Return the generated pages by file name."""
    return {
        "features.md": dictionary_markdown(FEATURES, PREPAID_FEATURES),
        "config.md": config_markdown(),
        "commands.md": commands_markdown(),
        "kpis.md": GENERATED + kpis_markdown(),
        "law.md": GENERATED + law_markdown(),
        "policy.md": GENERATED + policy_markdown(),
        "handoffs.md": GENERATED + handoffs_markdown(),
    }


def write_docs() -> list[Path]:
    """Write the generated pages and return their paths."""
    written = []
    for name, text in pages().items():
        (DOCS / name).write_text(text, "utf-8")
        written.append(DOCS / name)
    return written


def config_markdown() -> str:
    """Return the page of settings: path in the YAML, what it takes, default, meaning."""
    rows = "\n".join(
        f"| `{path}` | {kind} | `{default}` | {meaning} |"
        for path, kind, default, meaning in _settings(Config(), ())
    )
    return (
        f"{GENERATED}# Settings\n\nOne YAML file a run, given with `--config`; what is left out"
        " keeps its default. A key that is not here is an error.\n\n"
        f"| setting | takes | default | meaning |\n|---|---|---|---|\n{rows}\n"
    )


def commands_markdown() -> str:
    """Return the page of commands, as ``--help`` shows them."""
    from typer.testing import CliRunner  # noqa: PLC0415 - only this page needs it

    from pipeline.cli import app  # noqa: PLC0415 - cli imports this module

    def _help(runner: CliRunner, path: tuple[str, ...]) -> str:
        return runner.invoke(app, [*path, "--help"]).output.strip()

    runner = CliRunner(env={"TERMINAL_WIDTH": "100", "COLUMNS": "100"})
    parts = [
        f"## duewatch {' '.join(path)}\n\n```\n{_help(runner, path)}\n```\n"
        for path in sorted(_verbs(get_command(app), ()))
    ]
    return (
        f"{GENERATED}# Commands\n\nExit codes: 0 done; 2 a setting or argument is wrong; 3 the"
        " data break the contract or cannot answer; 4 a challenger is kept back, or monitor"
        " --strict rings; 5 the machine refuses, such as a full disk; 6 another process is at the"
        " same run; 7 the list is made but a gate keeps it from being published; 1 a bug, with its"
        " traceback. Results go to standard output, progress to standard error; with `--json` the"
        " last line is one JSON object.\n\n" + "\n".join(parts)
    )


def _verbs(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Return the path of each verb; a group that runs by itself is one, too."""
    below = getattr(command, "commands", {})
    if path and (not below or command.invoke_without_command):
        yield path
    for name, verb in below.items():
        yield from _verbs(verb, (*path, name))


def _settings(at: BaseModel, path: tuple[str, ...]) -> Iterator[tuple[str, str, object, str]]:
    meanings = _meanings(type(at))
    schema = type(at).model_json_schema()["properties"]
    for name in type(at).model_fields:
        here = (*path, name)
        if isinstance(getattr(at, name), BaseModel):
            yield from _settings(getattr(at, name), here)
        else:
            default = getattr(at, name)
            yield ".".join(here), _kind(schema[name]), default, meanings.get(name, "")


def _kind(schema: dict[str, Any]) -> str:
    options = schema.get("anyOf", [schema])
    kinds = [option.get("format") or option.get("type", "value") for option in options]
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    return " or ".join("none" if kind == "null" else kind for kind in kinds)


def _meanings(model: type[BaseModel]) -> dict[str, str]:
    """Read what each setting means from the Attributes section of its model's docstring."""
    lines = (model.__doc__ or "").partition("Attributes:")[2].splitlines()
    found: dict[str, str] = {}
    for line in lines:
        name, colon, text = line.strip().partition(": ")
        if colon and name.isidentifier():
            found[name] = text
        elif found and line.strip():
            last = next(reversed(found))
            found[last] += " " + line.strip()
    return found
