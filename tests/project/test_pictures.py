"""The README's pictures and excerpt are the ones that ``make pictures`` made, and are small."""

import re
import struct
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.pictures import excerpt
from reports.wording import read_wording

PROJECT = Path(__file__).parent.parent.parent
PICTURES = PROJECT / "docs" / "pictures"
READMES = sorted(PROJECT.glob("README*.md"))
PAGES = (*READMES, *(PROJECT / "docs").glob("guides/*.md"))
SHOWN = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)")


def shown(page):
    return [
        (text, (page.parent / place).resolve())
        for text, place in SHOWN.findall(page.read_text("utf-8"))
    ]


@pytest.mark.parametrize("page", READMES, ids=lambda page: page.name)
def test_readme_shows_pictures_in_its_own_language(page):
    found = shown(page)
    assert len(found) >= 2
    for text, place in found:
        assert place.parent == PICTURES
        assert (".zh." in place.name) == (".zh." in page.name)
        assert len(text) >= 8, "a picture says in words what it shows"


def test_pictures_are_few_small_and_all_shown():
    kept = sorted(PICTURES.glob("*.png"))
    assert 2 <= len(kept) <= 8
    for path in kept:
        head = path.read_bytes()[:24]
        assert head.startswith(b"\x89PNG")
        assert struct.unpack(">I", head[16:20])[0] <= 1200, path.name
        assert path.stat().st_size < 150_000, path.name
    assert {place for page in PAGES for _, place in shown(page)} == set(kept)


@pytest.mark.parametrize("page", READMES, ids=lambda page: page.name)
def test_excerpt_of_the_readme_is_the_one_that_was_made(page):
    blocks = re.findall(r"^```\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert blocks[0] == (PICTURES / "list.txt").read_text("utf-8"), "run: make pictures"


def test_excerpt_says_the_first_rows_of_a_list_in_both_languages():
    listed = pd.DataFrame(
        {
            "rank": [1, 2, 3],
            "customer_id": ["30001", "30002", "30003"],
            "p_late": [0.852, 0.47, 0.1],
            "open_cny": [25242.42, 410.5, 3.0],
            "strip": ["--X--XX#5!!?", "√√-√√√√√--!?", "············"],
            "reasons_zh": [["近3期有3期逾期", "第二"], [], ["三"]],
            "reasons_en": [["late in 3 of the last 3 bills", "second"], [], ["third"]],
        }
    )
    lines = excerpt(listed, read_wording(), rows=2).splitlines()
    assert [line.split() for line in lines[2:]] == [
        ["1", "30001", "85%", "25,242.42", "--X--XX#5!!?", "近3期有3期逾期"],
        ["late", "in", "3", "of", "the", "last", "3", "bills"],
        ["2", "30002", "47%", "410.50", "√√-√√√√√--!?"],
        [],
    ]
    assert lines[3].index("late in") == lines[2].index("近3期")
    assert lines[0].startswith("排名")
    assert lines[1].startswith("Rank")
