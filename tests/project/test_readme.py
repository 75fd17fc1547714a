"""Each page that exists in both languages says the same in both."""

import re
from collections import Counter
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent.parent
TWINS = [
    pytest.param(page.with_name(page.name.replace(".zh.md", ".md")), page, id=page.name)
    for page in sorted((PROJECT / "README.zh.md", *(PROJECT / "docs").glob("guides/*.zh.md")))
]
BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)]+)\)")
FIGURE = re.compile(r"\d+(?:[.,]\d+)*")
SPAN = re.compile(r"`[^`\n]+`")


def sections(page: Path) -> list[str]:
    """Return the prose of a page by heading, without its blocks of code."""
    return re.split(r"^(?=#)", BLOCK.sub("", page.read_text("utf-8")), flags=re.MULTILINE)


def found(pattern: re.Pattern[str], page: Path) -> list[Counter[str]]:
    """Return what matches in each section; a twin's own links count as the other's."""
    return [
        Counter(match.replace(".zh.", ".") for match in pattern.findall(section))
        for section in sections(page)
    ]


@pytest.mark.parametrize(("english", "chinese"), TWINS)
def test_twin_pages_have_the_same_headings(english, chinese):
    levels = [[section.split(" ")[0] for section in sections(page)] for page in (english, chinese)]
    assert levels[0] == levels[1]


@pytest.mark.parametrize(("english", "chinese"), TWINS)
def test_twin_pages_have_identical_code_blocks(english, chinese):
    assert BLOCK.findall(chinese.read_text("utf-8")) == BLOCK.findall(english.read_text("utf-8"))


@pytest.mark.parametrize("pattern", [FIGURE, SPAN], ids=["figures", "commands and names"])
@pytest.mark.parametrize(("english", "chinese"), TWINS)
def test_twin_sections_have_the_same_figures_and_names(english, chinese, pattern):
    assert found(pattern, chinese) == found(pattern, english)


@pytest.mark.parametrize(("english", "chinese"), TWINS)
def test_twin_tables_have_the_same_figures_row_by_row(english, chinese):
    rows = [
        [
            [FIGURE.findall(cell) for cell in line.split("|")]
            for line in page.read_text("utf-8").splitlines()
            if line.startswith("|")
        ]
        for page in (english, chinese)
    ]
    assert rows[0] == rows[1]


@pytest.mark.parametrize(("english", "chinese"), TWINS)
def test_twin_pages_link_to_each_other_and_to_the_same_places(english, chinese):
    links = [sum(found(LINK, page), Counter()) for page in (english, chinese)]
    assert links[0] == links[1]
    for page, other in ((english, chinese), (chinese, english)):
        first_lines = "\n".join(page.read_text("utf-8").splitlines()[:5])
        assert f"]({other.name})" in first_lines


@pytest.mark.parametrize(("english", "chinese"), TWINS)
def test_places_that_twin_pages_link_to_exist(english, chinese):
    for page in (english, chinese):
        for target in LINK.findall(BLOCK.sub("", page.read_text("utf-8"))):
            assert (page.parent / target.split("#")[0]).exists(), f"{page.name}: {target}"
