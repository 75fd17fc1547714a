"""Every text that people see is there in Chinese and in English, and both say the same things."""

import re
from pathlib import Path

import pytest

from contract.yaml_file import read_yaml

CONFIGS = Path(__file__).parents[2] / "configs"
CHINESE = re.compile(r"[㐀-鿿]")
HELD = re.compile(r"\{[^{}]*\}|<[a-z_]+>")

# Terms that Chinese readers know by their Latin letters.
LATIN = {"AUC", "KS", "PR-AUC"}
# Each side of the button names the other language.
SWITCH = "page.yaml phrases.language"


def texts(node, place):
    """Yield every mapping with a text in a language, and where it stands."""
    if isinstance(node, dict):
        if {"zh", "en"} & set(node):
            yield place, node
        else:
            for key, value in node.items():
                yield from texts(value, f"{place}.{key}" if " " in place else f"{place} {key}")
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from texts(value, f"{place}.{number}")


def held(text):
    """Return the places for values in a text; in quotation marks (!r) or not is its own matter."""
    return {found.replace("!r", "") for found in HELD.findall(str(text))}


TEXTS = [
    found
    for path in sorted(CONFIGS.rglob("*.yaml"))
    for found in texts(read_yaml(path, label=path.name), path.name)
]


def test_all_configs_with_words_are_read():
    files = {place.split()[0] for place, _ in TEXTS}
    assert files >= {"wording.yaml", "page.yaml", "customer_card.yaml", "handouts.yaml"}
    assert len(TEXTS) > 1_000


def test_no_text_is_missing_or_untranslated():
    wrong = []
    for place, text in TEXTS:
        zh, en = str(text.get("zh") or "").strip(), str(text.get("en") or "").strip()
        if not zh or not en:
            wrong.append(f"{place}: a language is missing")
        elif place == SWITCH:
            continue
        elif CHINESE.search(en):
            wrong.append(f"{place}: Chinese in en: {en}")
        elif not CHINESE.search(zh) and zh not in LATIN and HELD.sub("", zh).strip("（）() ·-"):
            wrong.append(f"{place}: no Chinese in zh: {zh}")
    assert wrong == []


@pytest.mark.parametrize("place", sorted({place.split()[0] for place, _ in TEXTS}))
def test_both_languages_hold_the_same_places_for_values(place):
    wrong = [
        where
        for where, text in TEXTS
        if where.split()[0] == place and held(text.get("zh")) != held(text.get("en"))
    ]
    assert wrong == []
