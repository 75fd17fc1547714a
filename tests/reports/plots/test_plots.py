"""The pictures for slides: what their titles say, that all of it can be seen, always the same."""

import string
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from matplotlib import font_manager
from matplotlib.text import Text as Drawn

from contract.errors import ConfigError
from features.declare import Text
from reports.facts import Compared, RunFacts
from reports.page.glance import AGING
from reports.plots import Evidence, Speaker, Told, chinese_font, draw_slides, read_plot_words
from reports.plots.deck import draw_figures
from reports.plots.slide import CHINESE, style, to_png
from reports.plots.words import PLOT_WORDS, SLIDES
from reports.wording import read_wording

LANGUAGES = pytest.mark.parametrize("language", ["zh", "en"])

RULES = {
    "model": ("本模型", "duewatch", 0.62),
    "scorecard": ("评分卡", "Scorecard", 0.60),
    "expected": ("平滑历史逾期率乘金额", "Smoothed past late rate x amount", 0.59),
    "months_behind": ("按欠费期数排序", "Months behind, then count", 0.2),
    "random": ("随机", "Random", 0.05),
}  # fmt: skip


def compared(**changes):
    """Return rankings by what each catches; a change replaces a figure."""
    return tuple(
        Compared(
            id=id_,
            name=Text(zh=zh, en=en),
            figures={"late_amount_caught": changes.get(id_, caught)},
        )
        for id_, (zh, en, caught) in RULES.items()
    )


def facts(**changes):
    told = {
        "run_id": "2026-10-06-f6579a81",
        "as_of": date(2026, 10, 6),
        "cycle": 202610,
        "model_version": "3",
        "data_fingerprint": "ab",
        "customers_scored": 900,
        "bills_scored": 1_000,
        "listed": 250,
        "capacity": 50,
        "comparison": compared(),
    }
    return RunFacts(**(told | changes))


def groups(codes, *, count=10, fen=1_000_00):
    """Return a row a code, each a little less than the one before it."""
    steps = np.arange(len(codes), 0, -1)
    return pd.DataFrame(
        {"code": codes, "count": count * steps, "fen": fen * steps, "expected_fen": fen * steps}
    )


def month(name, told, late):
    ends = {} if late is None else {"late_low": late - 0.01, "late_high": late + 0.01}
    return {"month": name, "told": told, "late_rate": late, **ends}


@pytest.fixture
def told():
    """A run of which everything is known."""
    listed = np.linspace(0, 1, 21)
    gains = [
        pd.DataFrame({"ranking": id_, "listed": listed, "late_amount_caught": listed**power})
        for id_, power in zip(RULES, (0.2, 0.25, 0.3, 0.6, 1), strict=True)
    ]
    calibration = pd.DataFrame(
        {"mean_p": [0.1, 0.3], "late_rate": [0.11, 0.29], "rows": [500, 500]}
    ).assign(low=[0.08, 0.25], high=[0.14, 0.33])
    curve = [
        {"scope": scope, "on": f"2026-10-{day}", "rate": 0.5, "rate_low": 0.4, "rate_high": 0.6}
        for day in range(10, 32)
        for scope in ("all", "cycle")
    ]
    moved = pd.DataFrame(
        {"code": ["o1", "o2", "?"], "now": [9, 5, 1], "came": [4, 1, 0], "stayed": [5, 4, 1]}
    ).assign(left=[3, 2, 0])
    return Told(
        facts=facts(),
        groups={
            "band": groups(["call", "message", "watch"]),
            "aging": groups(["current", "to_30", "to_90", "to_365", "over"]),
            "org": groups(["o1", "o2", "?"]),
            "grid": groups([*(f"G{n:08}" for n in range(12)), ""]),
        },
        risks=np.linspace(0.01, 0.99, 1_000) ** 3,
        evidence=Evidence(gains=pd.concat(gains), calibration=calibration),
        moved=moved,
        since=date(2026, 9, 6),
        forecast={
            "cycle": 202610,
            "month_end": "2026-10-31",
            "level": 0.9,
            "curve": curve,
            "month_end_rate": {"rate": 0.9, "rate_low": 0.87, "rate_high": 0.93},
        },
        months=[
            month("2026-08-06", 0.18, 0.181),
            month("2026-09-06", 0.18, 0.2),
            month("2026-10-06", 0.17, None),
        ],
    )


def drawn(told, language):
    """Return the figures by name."""
    say = Speaker(read_plot_words(), language)
    with style(language):
        return dict(draw_figures(told, read_wording().bands, say))


def title_of(figure):
    return figure.texts[0].get_text().replace("\n", " ").replace("\N{NO-BREAK SPACE}", " ")


@LANGUAGES
def test_all_that_is_known_is_drawn_and_numbered(told, language):
    made, absent = draw_slides(told, read_wording().bands, Speaker(read_plot_words(), language))
    assert list(made) == [f"{at:02}-{name}.png" for at, name in enumerate(SLIDES, 1)]
    assert absent == ()
    assert all(picture.startswith(b"\x89PNG") for picture in made.values())


def test_same_run_gives_the_same_bytes(told):
    first, again = (
        {name: to_png(figure) for name, figure in drawn(told, "zh").items() if name in few}
        for few in [("caught", "movement", "forecast")] * 2
    )
    assert first == again


@pytest.mark.parametrize(
    ("language", "name"), [("en", "o" * 24), ("zh", "城东供电所营业厅第三服务网格")]
)
def test_every_letter_lies_within_the_slide(told, language, name):
    long = told.groups["org"].assign(code=[name, "o2", "?"])
    told = replace(
        told, groups=told.groups | {"org": long}, moved=told.moved.assign(code=[name, "o2", "?"])
    )
    with style(language):
        _look_for_letters_outside(drawn(told, language))


def _look_for_letters_outside(figures):
    for slide, figure in figures.items():
        figure.canvas.draw()
        width, height = figure.get_size_inches() * figure.dpi
        assert width / height == pytest.approx(16 / 9, abs=0.001)
        for text in figure.findobj(Drawn):
            if text.get_text() and text.get_visible():
                box = text.get_window_extent()
                assert box.x0 >= -1, (slide, text.get_text())
                assert box.y0 >= -1, (slide, text.get_text())
                assert box.x1 <= width + 1, (slide, text.get_text())
                assert box.y1 <= height + 1, (slide, text.get_text())


def test_titles_say_what_was_found(told):
    titles = {name: title_of(figure) for name, figure in drawn(told, "en").items()}
    assert titles == {
        "bands": "30 calls cover 50 % of the money expected to be late",
        "aging": "100 customers owe 10,000 CNY from earlier bills, 30 % of it for over 90 days",
        "bureaus": "o1 expects 3,000 CNY late, 50 % of all",
        "grids": "The first 3 grids hold 40 % of what is expected to be late",
        "spread": "20 % of the bills are more likely late than not; half are below 13 %",
        "caught": "At 5 % of the bills the list catches 62 % of the late money;"
        " “Smoothed past late rate x amount” 59 %",
        "calibration": "The risks hold on average: 20.0 % predicted, 20.0 % came late",
        "movement": "5 of the 15 customers listed are new; 5 have left",
        "forecast": "By 2026-10-31 90.0 % of cycle 202610 is expected to be in (87.0 % to 93.0 %)",
        "months": "In 1 of 2 months predicted and actual lateness differ",
    }


@pytest.mark.parametrize(
    ("late", "said"),
    [(0.20, "hold on average"), (0.29, "were too low"), (0.12, "were too high")],
)
def test_title_of_calibration_goes_by_the_gap(told, late, said):
    seen = told.evidence.calibration.assign(late_rate=late)
    told = replace(told, evidence=replace(told.evidence, calibration=seen))
    assert said in title_of(drawn(told, "en")["calibration"])


def test_a_rule_that_does_as_well_is_said_to(told):
    told = replace(told, facts=facts(comparison=compared(expected=0.63)), evidence=None)
    figures = drawn(told, "en")
    assert "no more than “Smoothed past late rate x amount” (63 %)" in title_of(figures["caught"])
    assert "calibration" not in figures


def test_what_is_not_known_is_named_and_not_drawn(told):
    bare = Told(
        facts=facts(comparison=()),
        groups={name: told.groups[name] for name in ("band", "aging")},
        risks=told.risks,
        months=[month("2026-10-06", 0.17, None)],
    )
    words = read_plot_words()
    made, absent = draw_slides(bare, read_wording().bands, Speaker(words, "en"))
    assert list(made) == ["01-bands.png", "02-aging.png", "07-spread.png"]
    assert set(absent) == set(SLIDES) - {"bands", "aging", "spread"}
    assert set(absent) | {"font"} == set(words.absent)


def test_portfolio_without_arrears_says_so(told):
    none = told.groups["aging"].assign(fen=0, count=0)
    told = replace(told, groups=told.groups | {"aging": none})
    assert title_of(drawn(told, "en")["aging"]) == "Nothing is owed from earlier bills"


def test_both_languages_fill_in_the_same_figures():
    words = read_plot_words()
    for section in (words.titles, words.notes, words.labels):
        for code, text in section.items():
            zh, en = (
                {name for _, name, _, _ in string.Formatter().parse(one) if name}
                for one in (text.zh, text.en)
            )
            assert zh == en, code


def test_ages_of_arrears_all_have_a_label():
    assert set(AGING) <= set(read_plot_words().labels)


def test_text_that_is_missing_is_refused(tmp_path):
    path = tmp_path / "plots.yaml"
    path.write_text(PLOT_WORDS.read_text("utf-8").replace("zh: 随机联系, ", ""), "utf-8")
    with pytest.raises(ConfigError, match=r"labels.random: no text in zh"):
        read_plot_words(path)


def test_a_machine_without_chinese_fonts_is_known(monkeypatch):
    monkeypatch.setattr(font_manager, "get_font_names", lambda: ["DejaVu Sans"])
    monkeypatch.setattr(font_manager, "findSystemFonts", list)
    assert chinese_font() is None
    monkeypatch.setattr(font_manager, "get_font_names", lambda: ["SimHei", CHINESE[0]])
    assert chinese_font() == CHINESE[0]
