from datetime import date
from pathlib import Path

import pytest
import yaml

from collection.law import (
    Law,
    citations,
    in_force,
    law_markdown,
    load_law,
    shipped_laws,
    to_confirm,
)
from contract.errors import ConfigError

LAWS = ("china", "china_county", "gb", "us_cold_weather")


@pytest.fixture
def written(tmp_path: Path):
    """Write a law that is China's with some parts changed, and return its path."""

    def write(**parts: object) -> Path:
        text = yaml.safe_dump({"based_on": "china"} | parts, allow_unicode=True)
        (tmp_path / "own.yaml").write_text(text, "utf-8")
        return tmp_path / "own.yaml"

    return write


def figures(law: Law, on: date) -> set[str]:
    return {cited.path for cited in to_confirm(law, on)}


@pytest.mark.parametrize("name", LAWS)
def test_every_shipped_law_cites_each_of_its_figures(name: str) -> None:
    law = load_law(name)
    assert law.name == name
    assert citations(law)
    assert all(cited.source for cited in citations(law))


def test_shipped_laws_are_all_on_the_page_with_what_to_confirm() -> None:
    page = law_markdown()
    assert shipped_laws() == LAWS
    for name in LAWS:
        assert f"\n## {name}: " in page
    unconfirmed = [c for name in LAWS for c in citations(load_law(name)) if not c.confirmed]
    assert page.count("| **to confirm** |") == len(unconfirmed)


def test_edition_of_2024_must_be_confirmed_by_a_person() -> None:
    today = figures(load_law("china"), date(2026, 11, 22))
    assert "late_fee.2024-06-01.per_day.other_carried_over" in today
    assert "late_fee.2024-06-01.minimum_yuan" in today
    assert "disconnection.2024-06-01.other_notice.at_least" in today
    assert "disconnection.2024-06-01.overdue_more_than_days" not in today  # read in full
    assert not [path for path in today if "1996-10-08" in path and "prepaid" not in path]


def test_what_is_to_come_is_to_be_confirmed_beforehand() -> None:
    before = figures(load_law("china"), date(2024, 5, 1))
    assert "late_fee.2024-06-01.minimum_yuan" in before
    assert "late_fee.1996-10-08.minimum_yuan" in before


def test_county_changes_the_late_fee_and_keeps_the_rest() -> None:
    china, county = load_law("china"), load_law("china_county")
    assert county.disconnection == china.disconnection
    assert county.prepaid == china.prepaid
    assert county.late_fee != china.late_fee


def test_version_of_a_day_is_the_last_that_has_begun() -> None:
    law = load_law("china")
    for on, began in ((date(2024, 5, 31), date(1996, 10, 8)), (date(2024, 6, 1),) * 2):
        assert in_force(law.late_fee, on, what="late fee").effective_from == began
    with pytest.raises(ConfigError, match="no late fee is in force on 1990-01-01"):
        in_force(law.late_fee, date(1990, 1, 1), what="late fee")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"late_fees": []}, "own.yaml: late_fees is not a key here. Remove it"),
        ({"residential": ["resident"]}, "own.yaml: residential.0: input should be 'residential'"),
        ({"late_fee": [{"effective_from": "2024-01-01"}]}, "late_fee.0.per_day: field required"),
        (
            {"based_on": "atlantis"},
            "atlantis: no such file; give the path of a law's YAML, or one of",
        ),
    ],
)
def test_wrong_law_is_refused_with_its_path(written, change: dict, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        load_law(written(**change))


def test_versions_must_rise(written) -> None:
    china = yaml.safe_load(
        (Path(__file__).parents[2] / "configs" / "law" / "china.yaml").read_text("utf-8")
    )
    with pytest.raises(ConfigError, match=r"late_fee: .*effective_from must rise"):
        load_law(written(late_fee=china["late_fee"][::-1]))


def test_figure_without_evidence_is_refused(written) -> None:
    china = yaml.safe_load(
        (Path(__file__).parents[2] / "configs" / "law" / "china.yaml").read_text("utf-8")
    )
    del china["prepaid"][0]["grace_days"]["evidence"]
    with pytest.raises(ConfigError, match=r"prepaid\.0\.grace_days\.evidence: field required"):
        load_law(written(prepaid=china["prepaid"]))


@pytest.mark.parametrize(
    ("content", "says"),
    [("[1", "cannot be read as YAML"), ("- 1", "holds list; expected settings by name")],
)
def test_file_that_is_no_law_is_refused(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "own.yaml").write_text(content, "utf-8")
    with pytest.raises(ConfigError, match=says):
        load_law(tmp_path / "own.yaml")
