"""The site of docs/ builds without a broken link and asks nobody for anything."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent.parent
# What a page loads by itself; a link that a reader may follow is none of it.
LOADED = re.compile(
    r"<(?:script|img|iframe|source)[^>]+src=[\"']?([^\"' >]+)|<link[^>]+href=[\"']?([^\"' >]+)"
    r"|url\([\"']?([^\"')]+)|@import\s+[\"']([^\"']+)"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    pytest.importorskip("properdocs", reason="needs properdocs, of duewatch[docs]")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "properdocs", "build", "--quiet", "--site-dir", folder]
    built = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return folder


def test_site_has_a_page_for_every_page_of_docs(site):
    docs = PROJECT / "docs"
    for page in docs.rglob("*.md"):
        assert (site / page.relative_to(docs).with_suffix(".html")).is_file(), page.name


def test_site_loads_nothing_from_elsewhere(site):
    for path in (*site.rglob("*.html"), *site.rglob("*.css")):
        for found in LOADED.findall(path.read_text("utf-8")):
            place = next(filter(None, found))
            assert not re.match(r"(?:https?:)?//", place), f"{path.name}: {place}"


def test_every_decision_is_in_the_menu(site):
    menu = (site / "index.html").read_text("utf-8")
    for page in (PROJECT / "docs" / "decisions").glob("*.md"):
        assert f"decisions/{page.stem}.html" in menu
