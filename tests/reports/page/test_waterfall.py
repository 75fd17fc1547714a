"""Pushes as columns: they are those given, and the marks name the right bills."""

import json

import pandas as pd
import pytest
from drawn_page import AS_OF, FAMILIES, make_happened, make_hostile, make_pushes

from reports.page.history import fold
from reports.page.waterfall import fold_pushes


@pytest.fixture(scope="module")
def told():
    listed = make_hostile(40)
    happened = make_happened(listed["customer_id"])
    bills = fold(happened, pd.Index(listed["customer_id"]), AS_OF)["bill"]
    pushes = make_pushes(listed, happened)
    return listed, bills, pushes, fold_pushes(pushes, listed["bill_id"], bills)


def column(told, name):
    found = told["rows"]["columns"][name]
    if "v" in found:
        return found["v"]
    return [None if at < 0 else found["d"][at] for at in found["i"]]


def test_families_and_base_are_hundredths_of_log_odds(told):
    listed, _, pushes, page = told
    assert page["families"] == list(FAMILIES)
    for family in FAMILIES:
        given = pushes.families[family].tolist()
        assert column(page, family) == [round(100 * value) for value in given]
    assert column(page, "base") == [-150] * len(listed)


def test_marks_name_the_bills_that_each_sentence_rests_on(told):
    listed, bills, pushes, page = told
    evidence = pushes.evidence.groupby("of_bill_id")["bill_id"].agg(set)
    for row, (bill, marks) in enumerate(
        zip(listed["bill_id"], column(page, "bills_0"), strict=True)
    ):
        mine = bills[bills["at"] == row]["bill_id"].tolist()
        assert {one for n, one in enumerate(mine) if marks >> n & 1} == evidence[bill]
    assert set(column(page, "bills_1")) == {0}


def test_bill_without_pushes_is_empty_and_all_is_json(told):
    listed, bills, pushes, _ = told
    without = listed["bill_id"].iloc[5]
    left = pushes.bill_id != without
    fewer = type(pushes)(
        bill_id=pushes.bill_id[left],
        base=pushes.base[left.to_numpy()],
        families=pushes.families[left.to_numpy()],
        speaking=pushes.speaking[pushes.speaking["of_bill_id"] != without],
        evidence=pushes.evidence[pushes.evidence["of_bill_id"] != without],
    )
    page = fold_pushes(fewer, listed["bill_id"], bills)
    assert column(page, "base")[5] is None
    assert column(page, "said_0")[5] is None
    assert column(page, "lateness")[4] is not None
    json.dumps(page, allow_nan=False)
