from pathlib import Path

from features import FEATURES, PREPAID_FEATURES
from features.dictionary import FAMILIES, dictionary_markdown

PAGE = Path(__file__).parents[2] / "docs" / "features.md"


def test_page_in_docs_is_current():
    assert PAGE.read_text("utf-8") == dictionary_markdown(FEATURES, PREPAID_FEATURES), (
        "run duewatch docs"
    )


def test_every_feature_has_its_line_under_its_family():
    page = dictionary_markdown(FEATURES)
    sections = {part.split(":")[0]: part for part in page.split("\n## ")[1:]}
    for feature in FEATURES:
        assert f"| `{feature.name}` | {feature.description.zh} |" in sections[feature.family]
    assert list(sections) == list(dict.fromkeys(f.family for f in FEATURES))


def test_every_family_is_named_in_both_languages():
    assert {feature.family for feature in FEATURES} <= set(FAMILIES)


def test_every_line_has_the_same_cells():
    lines = [x for x in dictionary_markdown(FEATURES).splitlines() if x.startswith("| `")]
    assert len(lines) == len(FEATURES)
    assert {line.replace("\\|", "").count("|") for line in lines} == {10}


def test_prepaid_columns_are_told_once():
    page = dictionary_markdown(FEATURES, PREPAID_FEATURES)
    for feature in PREPAID_FEATURES:
        assert page.count(f"\n| `{feature.name}` |") == 1
    assert "`payments_count_3m`" in page.partition("# Prepaid customers")[2]
