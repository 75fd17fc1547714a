import re
from datetime import date

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.errors import ConfigError
from features.declare import Text
from reports.customer_card import (
    CARD_WORDS,
    Card,
    ListedBill,
    Why,
    as_json,
    read_card_words,
    render_card,
)
from reports.wording import read_wording

WORDS, WORDING = read_card_words(), read_wording()
HOSTILE = "</style><script>alert(1)</script>\"'{{7*7}}"


def make_card(*, name="某某", p_late=0.47, listed=True, open_fen=12_345):
    bill = ListedBill(
        cycle=202610,
        due_on=date(2026, 10, 25),
        amount_fen=12_345,
        open_fen=12_345,
        p_late=p_late,
        reasons=(Why(text=Text(zh="上一期逾期11天", en="11 days late"), cycles=(202609,)),),
        in_favour=Text(zh="本期较少", en="this bill is small"),
    )
    days = pd.to_datetime(["2026-10-04", "2026-10-25"])
    return Card(
        run="2026-10-06-abc",
        as_of=date(2026, 10, 6),
        customer_id="5101",
        name=name,
        listed=(bill,) if listed else (),
        bills=pd.DataFrame(
            {
                "cycle": [202610],
                "issued_on": days[:1],
                "due_on": days[1:],
                "amount_fen": [12_345],
                "open_fen": [open_fen],
                "cleared_on": [pd.NaT if open_fen else days[1]],
            }
        ),
        payments=pd.DataFrame(
            {
                "paid_on": pd.to_datetime(["2026-09-02"]),
                "amount_fen": [-700],
                "channel": ["counter"],
                "kind": ["reversal"],
            }
        ),
        contacts=pd.DataFrame({"made_on": pd.to_datetime([]), "method": []}),
    )


def test_card_says_it_in_both_languages_with_the_bills_behind():
    page = render_card(make_card(), WORDS, WORDING)
    zh, en = page.split('<section lang="en">')
    for part, told in ((zh, "上一期逾期11天"), (en, "11 days late")):
        for text in (told, "2026-09", "123.45", "-7.00", "2026-10-25", "47", "53"):
            assert text in part
    assert WORDING.channels["counter"].zh in zh
    assert not re.search(r"[一-鿿]", re.sub("某某", "", en.split("</section>")[0]))


def test_page_loads_and_runs_nothing_and_escapes_what_is_not_ours():
    page = render_card(make_card(name=HOSTILE), WORDS, WORDING)
    assert "<script" not in page
    assert "&lt;/style&gt;&lt;script&gt;" in page
    assert "{{7*7}}" in page
    assert not re.search(r"\b(?:src|href)=|url\(", page)
    assert "default-src 'none'" in page


@given(st.floats(0, 1))
def test_estimate_is_never_told_as_certain(p_late):
    card = make_card(p_late=p_late)
    late = card.listed[0].late_of_100
    assert 1 <= late <= 99
    assert abs(late - 100 * p_late) <= 1
    told = as_json(card)["listed_bills"][0]
    assert told["late_of_100_such_bills"] == late


@pytest.mark.parametrize(("open_fen", "phrase"), [(12_345, "open_not_listed"), (0, "nothing_open")])
def test_customer_who_is_not_listed_is_told_so(open_fen, phrase):
    card = make_card(listed=False, open_fen=open_fen)
    page = render_card(card, WORDS, WORDING)
    assert WORDS.phrases["not_listed"].zh in page
    assert WORDS.phrases[phrase].en in page
    assert WORDS.phrases["how_often"].en[:12] not in page
    assert as_json(card)["on_the_list"] is False


def test_text_without_its_other_language_is_refused(tmp_path):
    text = CARD_WORDS.read_text("utf-8")
    broken = tmp_path / "card.yaml"
    broken.write_text(text.replace("{zh: 户号, en: Customer number}", "{zh: 户号}"), "utf-8")
    with pytest.raises(ConfigError, match=r"phrases\.customer.*no text in en"):
        read_card_words(broken)
