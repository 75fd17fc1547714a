"""The words of the page: none is missing, none is left over, in neither language."""

import re
from pathlib import Path

import pytest
import yaml

from contract.errors import ConfigError
from reports.page.words import PAGE_WORDS, PHRASES, read_page_words

ASSETS = Path("reports/page/assets")
SAID = re.compile(r'\bsay\("(\w+)"|\["(\w+)", \(row\)|pair\("(\w+)"|\["\w+", "(\w+)"\]')
# Said by a name that is put together, or in lists of names.
MADE_UP = {
    *("gate_passed", "gate_failed", "gate_accepted", "ascending", "descending"),
    *("now", "came", "stayed", "left", "plan", "why_not", "yes", "no", "too_old", "damaged"),
    *("glance", "moves", "list", "became", "health", "overdue", "customers", "open", "bills"),
    *("plan_contact", "plan_next", "plan_rule", "planned_none", "up", "down"),
}


def drawn_words():
    return yaml.safe_load(PAGE_WORDS.read_text("utf-8"))


@pytest.mark.parametrize("section", list(drawn_words()))
def test_text_that_is_missing_in_a_language_is_refused(section, tmp_path):
    words = drawn_words()
    code = next(iter(words[section]))
    del words[section][code]["en"]
    path = tmp_path / "page.yaml"
    path.write_text(yaml.safe_dump(words, allow_unicode=True), "utf-8")
    with pytest.raises(ConfigError, match=rf"{section}\.{code}: no text in en"):
        read_page_words(path)


def test_every_phrase_of_the_scripts_is_worded_and_every_word_is_said():
    text = "\n".join(path.read_text("utf-8") for path in sorted(ASSETS.glob("*.js")))
    said = {name for found in SAID.findall(text) for name in found if name}
    pictured = {name for name in PHRASES if name.startswith("drawn_")}
    assert said - set(PHRASES) == set()
    assert set(PHRASES) - said - MADE_UP - pictured == set()


def test_places_to_be_filled_are_the_same_in_both_languages():
    for section in ("phrases",):
        for code, text in getattr(read_page_words(), section).items():
            places = [re.findall(r"\{\w+\}|<\w+>", one) for one in (text.zh, text.en)]
            assert sorted(places[0]) == sorted(places[1]), code
