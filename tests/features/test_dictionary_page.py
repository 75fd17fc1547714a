import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from lives import AS_OFS, tables_of
from worlds import world

from features import FEATURES, PREPAID_FEATURES, build
from features.dictionary_page import BARS, dictionary_page, distribution

VOID = {"meta", "input", "br", "rect"}


class Reader(HTMLParser):
    """Checks that tags nest, and gathers rows and text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.rows: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr" and attrs:
            self.rows.append(dict(attrs)["data-text"])

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag


@pytest.fixture(scope="module")
def page():
    matrix = build(world(**tables_of(list(range(30)))), AS_OFS[4])
    weights = {"late_last": 0.25, "late_count_6b": 0.5}
    return dictionary_page(FEATURES, matrix, source="drawn <lives>", importance=weights)


def test_every_feature_has_a_row_to_be_found_by(page):
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    assert sorted(row.split()[0] for row in reader.rows) == sorted(f.name for f in FEATURES)


def test_page_stands_alone_and_escapes_what_it_is_told(page):
    assert not re.search(r"https?://|src=|@import|<link", page)
    assert "drawn &lt;lives&gt;" in page
    assert "settle_day &lt;= 10" in page


def test_importance_is_shown_where_it_is_known(page):
    assert '<meter value="1.0000"></meter> 50.0%' in page
    assert page.count("<meter") == 2


def test_bars_share_out_all_known_values():
    values = pd.Series([*np.random.default_rng(1).normal(size=500), None, None])
    told = distribution(values)
    assert len(told.bars) == BARS
    assert sum(told.bars.values()) == pytest.approx(1)
    assert told.missing == pytest.approx(2 / 502)
    assert told.low < told.middle < told.high


def test_a_constant_a_code_and_an_empty_column_are_described():
    assert distribution(pd.Series([3.0, 3.0])).bars == {"3": 1.0}
    codes = distribution(pd.Series(["low", "high", None, "low"]), is_categorical=True)
    assert codes.bars == {"high": pytest.approx(1 / 3), "low": pytest.approx(2 / 3)}
    assert codes.low is None
    empty = distribution(pd.Series([None, None], dtype=float))
    assert (empty.missing, empty.bars) == (1.0, {})


def test_prepaid_columns_tell_the_prepaid_customers():
    bills = pd.DataFrame({"late_last": [0.0, 1.0]})
    late = tuple(f for f in FEATURES if f.name == "late_last")
    balance = tuple(f for f in PREPAID_FEATURES if f.name == "balance_cny")
    told = pd.DataFrame({"balance_cny": [5.0, 7.0, 9.0]})
    page = dictionary_page(late, bills, prepaid=(balance, told), source="drawn")
    assert "1 columns, 2 open bills; 1 columns, 3 prepaid customers: drawn" in page
    assert "<code>balance_cny</code>" in page
    assert "<b>7</b>" in page
