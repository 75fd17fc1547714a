import re
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from pipeline.cli import app
from pipeline.config import parse_config
from pipeline.docs import pages

PROJECT = Path(__file__).parent.parent.parent
COMMANDS = get_command(app).commands
WRITTEN = (PROJECT / "README.md", *sorted((PROJECT / "docs" / "guides").glob("*.md")))
# A command at the start of a line, after a prompt, after the folder it is installed in, or alone
# between backquotes.
USED = re.compile(r"(?:^|^\$ |`|bin/)duewatch ([a-z]+)([^\n`#]*)", re.MULTILINE)


@pytest.mark.parametrize("page", sorted(pages()))
def test_generated_page_is_current(page):
    assert (PROJECT / "docs" / page).read_text("utf-8") == pages()[page], "run: make docs"


def test_every_setting_has_a_meaning():
    rows = [r for r in pages()["config.md"].splitlines() if r.startswith("| `")]
    assert len(rows) > 20
    assert [row for row in rows if row.rstrip().endswith("|  |")] == []


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_command_says_what_it_does_in_one_sentence(name):
    assert re.fullmatch(r"[A-Z].*\.", COMMANDS[name].help.strip().splitlines()[0])


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.name)
def test_commands_in_written_pages_exist_with_their_options(page):
    used = USED.findall(page.read_text("utf-8"))
    assert len(used) >= 5
    for name, rest in used:
        assert name in COMMANDS, name
        verb, first = COMMANDS[name], rest.split()[:1]
        if hasattr(verb, "commands") and first and not first[0].startswith("-"):
            verb = verb.commands[first[0]]
        known = {option for p in verb.params for option in (*p.opts, "--help")}
        assert set(re.findall(r"(--[a-z-]+|(?<= )-[a-z]\b)", rest)) <= known, rest


@pytest.mark.parametrize("path", sorted((PROJECT / "configs" / "runs").glob("*.yaml")), ids=str)
def test_shipped_run_config_is_valid(path):
    parse_config(yaml.safe_load(path.read_text("utf-8")), source=path.name)
