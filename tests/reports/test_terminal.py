"""What the command line shows: rows that fit, and the model beside the rules."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from reports import METRICS, comparison_table, first_rows


def shown(table, width=120):
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(table)
    return console.export_text()


def test_first_ten_rows_are_shown_with_reason_in_both_languages(listed, wording):
    text = shown(first_rows(listed, wording=wording))
    for bill in listed.head(10).to_dict("records"):
        assert bill["customer_id"] in text
        assert bill["reasons_zh"][0] in text
        assert bill["reasons_en"][0] in text
    assert listed["customer_id"][10] not in text


def test_names_never_reach_the_terminal(listed, wording):
    text = shown(first_rows(listed, wording=wording, rows=len(listed)))
    assert not any(name in text for name in listed["name"])


@pytest.mark.parametrize("width", [80, 100])
def test_strip_and_amount_survive_a_narrow_terminal(listed, wording, width):
    text = shown(first_rows(listed, wording=wording), width)
    for bill in listed.head(10).to_dict("records"):
        assert bill["strip"] in text
        assert f"{bill['open_cny']:,.2f}" in text


def test_text_that_looks_like_markup_is_shown_as_it_is(listed, wording):
    reasons = [["[red]x[/red]"]] * len(listed)
    text = shown(first_rows(listed.assign(reasons_en=reasons), wording=wording))
    assert "[red]x[/red]" in text


def test_comparison_shows_a_dash_for_an_unknown_figure(facts, wording):
    text = shown(comparison_table(facts.comparison, wording=wording))
    model, rule = (line for line in text.splitlines() if line.startswith((" 模型", " 逾期次数")))
    assert model.split()[-3:] == ["41.2%", "0.791", "0.084"]
    assert rule.split()[-3:] == ["30.1%", "–", "–"]


def test_five_figures_fit_a_narrow_terminal(facts, wording):
    figures = dict(zip(METRICS, (0.11, 0.12, 0.13, 0.14, 0.15, 0.16), strict=False))
    wide = replace(facts, comparison=(replace(facts.comparison[0], figures=figures),))
    text = shown(comparison_table(wide.comparison, wording=wording), 80)
    assert all(value in text for value in ("11.0%", "12.0%", "13.0%", "0.140", "0.150"))
    assert "0.160" not in text
