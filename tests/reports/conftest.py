"""A small drawn list, and the run that made it, for every test of what people read."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from collection import Bands, Capacity, rank_and_band
from features.declare import Text
from reports import MODEL, Compared, RunFacts, Wording, read_wording

NAMES = ("张*伟", "青龙县恒源铸造有限公司", "海棠超市（府前街店）", "=cmd|' /C calc'!A0")
REASONS = (
    ("近6期有4期逾期，平均晚8天", "late in 4 of the last 6, 8 days on average"),
    ("本期电费为平时的1.9倍", "this bill is 1.9 times the usual"),
    ("上期仍欠 ¥126.40", "¥126.40 of the last bill still open"),
)
STRIPS = ("√√√√√√√√√√√?", "-1-1-1-1-1-1", "···√√-9#XP?!", "√√--23#√√√√!")
SEGMENTS = ("residential", "commercial", "industrial", "agricultural")
ARRANGEMENTS = ("none", "bank_debit", "third_party_debit", "entrusted_collection")


def make_listed(rows: int, *, seed: int = 11) -> pd.DataFrame:
    """A seeded list of so many bills, in rank order."""
    draw = np.random.default_rng(seed)
    at = np.arange(rows)
    told = [REASONS[: 1 + n % 3] for n in at]
    amount = np.round(np.exp(draw.normal(5, 1, rows)), 2)
    behind = at % 3 == 0
    bills = pd.DataFrame(
        {
            "customer_id": [f"0310{n:07d}" for n in at],
            "bill_id": [f"B202610{n:05d}" for n in at],
            "name": [NAMES[n % len(NAMES)] for n in at],
            "org_id": "33401",
            "grid_id": [f"WG{n % 5:03d}" for n in at],
            "manager_id": [f"M{n % 7:04d}" for n in at],
            "segment": [SEGMENTS[n % 4] for n in at],
            "pay_arrangement": [ARRANGEMENTS[n % 4] for n in at],
            "cycle": 202610,
            "issued_on": pd.Timestamp("2026-10-03"),
            "due_on": pd.Timestamp("2026-10-25"),
            "amount_cny": amount,
            "open_cny": amount,
            "overdue_cny": np.where(behind, 126.4, 0.0),
            "overdue_bills": behind.astype(int),
            "dpd": behind * 23,
            "p_late": draw.beta(1.4, 3, rows).round(6),
            "strip": [STRIPS[n % 4] for n in at],
            "reasons_zh": [[zh for zh, _ in texts] for texts in told],
            "reasons_en": [[en for _, en in texts] for texts in told],
            "relief_zh": np.where(at % 2, "近12期有9期按时交清", ""),
            "relief_en": np.where(at % 2, "9 of the last 12 paid in time", ""),
            "bills_seen": 1 + at % 30,
            "history": np.where(1 + at % 30 < 3, "insufficient", "sufficient"),
            "protected": at % 8 == 5,
        }
    )
    bills["expected_late_cny"] = bills["p_late"] * bills["open_cny"]
    bands = Bands(call=Capacity(share=0.2), message=Capacity(share=0.3))
    ranked = bills.assign(**rank_and_band(bills, bands))
    return ranked.sort_values("rank").reset_index(drop=True)


@pytest.fixture
def listed() -> pd.DataFrame:
    return make_listed(24)


@pytest.fixture
def facts() -> RunFacts:
    figures = {"late_amount_caught": 0.412, "auc": 0.791, "brier": 0.084}
    rule = {"late_amount_caught": 0.301, "auc": float("nan")}
    return RunFacts(
        run_id="20261008-monthly-3f9a2c",
        as_of=date(2026, 10, 8),
        cycle=202610,
        model_version="duewatch-late/12",
        data_fingerprint="9f2b41c07de1",
        customers_scored=1200,
        bills_scored=1180,
        listed=24,
        capacity=5,
        warnings=("bills.kwh: 37 of 1,180 rows are empty (first: row 118).",),
        comparison=(
            Compared(id=MODEL, name=Text(zh="模型", en="Model"), figures=figures),
            Compared(id="late_count", name=Text(zh="逾期次数", en="Late count"), figures=rule),
        ),
        notes=("no contacts table",),
    )


@pytest.fixture(scope="session")
def wording() -> Wording:
    return read_wording()
