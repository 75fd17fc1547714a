"""A page of very many listed bills: the first in rank, below five megabytes."""

import base64
import gzip
import json
import re

import numpy as np
import pandas as pd
import pytest
from drawn_page import FAMILIES, make_extras, make_facts, make_happened, make_listed, make_page

from reports.page import Extras, Pushes
from reports.page.page import MOST_LISTED

FIVE_MB = 5_000_000


def carried(text):
    (data,) = re.findall(r'id="data">([^<]*)</script>', text)
    return json.loads(gzip.decompress(base64.b64decode(data)))


@pytest.fixture(scope="module")
def most():
    """A list longer than a page shows, with a drawn year of each of its customers."""
    listed = make_listed(MOST_LISTED + 500)
    draw = np.random.default_rng(1)
    # As uneven as what people are: every id, name, risk and sentence of its own.
    ids = draw.integers(10**12, 10**13, len(listed)).astype(str)
    reasons = [
        [f"近6期有{a}期逾期，平均晚{b}天"] * 3 for a, b in draw.integers(1, 40, (len(ids), 2))
    ]
    listed = listed.assign(
        customer_id=ids, bill_id=ids, name=ids, reasons_zh=reasons, reasons_en=reasons
    )
    happened = make_happened(listed["customer_id"].head(MOST_LISTED))
    pushes = Pushes(
        bill_id=listed["bill_id"],
        base=np.full(len(listed), -1.5),
        families=pd.DataFrame(draw.normal(0, 0.4, (len(listed), 8)), columns=FAMILIES),
        speaking=pd.DataFrame({"of_bill_id": [], "number": [], "family": []}),
        evidence=pd.DataFrame({"of_bill_id": [], "number": [], "bill_id": []}),
    )
    return listed, make_page(listed, Extras(happened=happened, pushes=pushes))


def test_page_of_twenty_thousand_stays_below_five_megabytes(most):
    assert len(most[1].encode()) < FIVE_MB


def test_first_in_rank_are_shown_and_the_others_are_counted(most):
    listed, page = most
    told = carried(page)
    assert (told["list"]["rows"], told["left_out"]) == (MOST_LISTED, 500)
    assert (
        told["list"]["columns"]["customer_id"]["v"]
        == listed["customer_id"].head(MOST_LISTED).tolist()
    )
    tiles = {name: value for name, value, _ in told["tiles"]}
    assert tiles["listed"] == len(listed)


def test_page_says_nothing_of_what_nobody_knows():
    listed = make_listed(24)
    told = carried(make_page(listed, Extras()))
    unknown = ("gates", "moves", "became", "forecast", "months", "history", "pushes", "plans")
    assert [name for name in unknown if told[name] is not None] == []
    assert told["run"]["as_of"] == make_facts().as_of.isoformat()


def test_page_of_everything_carries_each_part():
    listed = make_listed(24)
    told = carried(make_page(listed, make_extras(listed)))
    assert all(value is not None for value in told.values())
    assert [one["verdict"] for one in told["gates"]] == ["passed", "accepted", "failed"]
    fates = np.array(list(told["became"]["fates"].values()))
    assert fates.sum(axis=(0, 1)).tolist() == list(told["became"]["listed"])
    for picture in told["forecast"]["pictures"] | told["months"]["pictures"]:
        assert picture in {"zh", "en"}
    assert "预计" in told["forecast"]["pictures"]["zh"]
    assert "<script" not in json.dumps(told["forecast"]["pictures"])
