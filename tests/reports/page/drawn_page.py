"""A drawn page's parts: a list with names that try to become markup, and all that is around it."""

import importlib.util
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from collection.policy import read_plan_wording
from features.declare import Text
from reports import Compared, RunFacts, read_wording
from reports.changes import Scoring, why_changed
from reports.outcome import what_became
from reports.page import (
    Extras,
    Happened,
    Pushes,
    how_it_moved,
    look_at,
    read_page_words,
    render_page,
)

AS_OF, BEFORE = date(2026, 10, 8), date(2026, 9, 8)
SCRIPTS = ("</script><img src=x onerror=alert(1)>", '"><svg onload=alert(2)>', "{{7*7}}", "张*伟")
FAMILIES = ("lateness", "timing", "arrears", "amount", "payment", "channel", "habit", "contact")
CHANNELS = ("wechat", "alipay", "bank_counter", "counter")


def _drawn_lists():
    place = Path(__file__).parents[1] / "conftest.py"
    spec = importlib.util.spec_from_file_location("drawn_lists", place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


make_listed = _drawn_lists().make_listed


def make_hostile(rows: int, *, planted: str = "") -> pd.DataFrame:
    """A list on which every text that a source gives tries to become markup."""
    listed = make_listed(rows)
    texts = [f"<img src={planted}>" if planted and n % 2 else SCRIPTS[n % 4] for n in range(rows)]
    reasons = [[*told, texts[n]] for n, told in enumerate(listed["reasons_zh"])]
    english = [[*told, texts[n]] for n, told in enumerate(listed["reasons_en"])]
    return listed.assign(
        name=texts, reasons_zh=reasons, reasons_en=english, grid_id=listed["grid_id"] + texts[0]
    )


def make_happened(customers: pd.Series, *, seed: int = 3, cycles: int = 12) -> Happened:
    """A drawn year of bills, the payments that settled them, and some contacts."""
    draw, size = np.random.default_rng(seed), len(customers) * cycles
    back = np.tile(np.arange(cycles), len(customers))
    month = 2026 * 12 + 9 - back
    due = pd.to_datetime(
        pd.DataFrame({"year": month // 12, "month": month % 12 + 1, "day": 25})
    ).astype("datetime64[us]")
    ids = np.repeat(customers.to_numpy(), cycles)
    amount = np.round(np.exp(draw.normal(9, 1, size))).astype(np.int64) + 1
    lag = pd.to_timedelta(draw.integers(-20, 30, size), unit="D")
    cleared = (due + lag).where((due + lag < pd.Timestamp(AS_OF)) & (back > 0))
    bills = pd.DataFrame(
        {
            "customer_id": ids,
            "bill_id": [f"H{n:08d}" for n in range(size)],
            "cycle": month // 12 * 100 + month % 12 + 1,
            "issued_on": due - pd.Timedelta(days=20),
            "due_on": due,
            "amount_fen": amount,
            "open_fen": np.where(cleared.isna(), amount, 0),
            "cleared_on": cleared,
        }
    )
    whole = bills[cleared.notna()]
    payments = pd.DataFrame(
        {
            "customer_id": whole["customer_id"],
            "paid_on": whole["cleared_on"],
            # One in seven pays in two parts.
            "amount_fen": np.where(np.arange(len(whole)) % 7, whole["amount_fen"], 1),
            "channel": draw.choice(CHANNELS, len(whole)),
            "kind": "ok",
        }
    )
    rounds = np.repeat(customers.to_numpy(), cycles)
    made = pd.Timestamp(AS_OF) - pd.to_timedelta(draw.integers(1, 360, len(rounds)), unit="D")
    contacts = pd.DataFrame(
        {
            "customer_id": rounds,
            "made_on": made,
            "method": draw.choice(["sms", "phone", "visit"], len(rounds)),
            "outcome": draw.choice(["delivered", "answered", "no_answer", "promised"], len(rounds)),
            "promised_on": pd.Series(pd.NaT, index=range(len(rounds)), dtype="datetime64[us]"),
        }
    )
    contacts.loc[contacts["outcome"] == "promised", "promised_on"] = made[0]
    return Happened(bills=bills, payments=payments, contacts=contacts)


def make_pushes(listed: pd.DataFrame, happened: Happened, *, seed: int = 5) -> Pushes:
    """Drawn pushes: the first sentence of each bill rests on its customer's two newest bills."""
    draw = np.random.default_rng(seed)
    speaking = pd.DataFrame(
        [
            (bill, number, FAMILIES[number])
            for bill, told in zip(listed["bill_id"], listed["reasons_zh"], strict=True)
            for number in range(min(3, len(told)))
        ],
        columns=["of_bill_id", "number", "family"],
    )
    newest = happened.bills.groupby("customer_id").head(2)[["customer_id", "bill_id"]]
    of = listed[["customer_id", "bill_id"]].rename(columns={"bill_id": "of_bill_id"})
    return Pushes(
        bill_id=listed["bill_id"],
        base=np.full(len(listed), -1.5),
        families=pd.DataFrame(draw.normal(0, 0.6, (len(listed), len(FAMILIES))), columns=FAMILIES),
        speaking=speaking,
        evidence=newest.merge(of, on="customer_id").assign(number=0),
    )


def make_plans(listed: pd.DataFrame) -> pd.DataFrame:
    at = np.arange(len(listed))
    called = at % 2 == 0
    return pd.DataFrame(
        {
            "customer_id": listed["customer_id"],
            "planned": np.where(called, "phone", "none"),
            "plan_zh": np.where(called, "第1轮，电话", ""),
            "plan_en": np.where(called, "round 1: call", ""),
            "why_not_zh": np.where(called, "", "未到平时交费时间"),
            "why_not_en": np.where(called, "", "the usual time has not passed"),
            "labels": np.where(called, "L02 L05", ""),
        }
    )


def make_forecast() -> dict:
    days = [f"2026-10-{day:02d}" for day in range(8, 32)]
    curve = [
        {
            "scope": "cycle",
            "on": on,
            "rate": 0.2 + n / 40,
            "rate_low": 0.15 + n / 45,
            "rate_high": 0.25 + n / 38,
        }
        for n, on in enumerate(days)
    ]
    money = {"expected_cny": 900.5, "low_cny": 800.25, "high_cny": 1000.0}
    return {
        "cycle": 202610,
        "month_end": days[-1],
        "level": 0.9,
        "receivable_cny": 2000.0,
        "collected_cny": 400.0,
        "rate_now": 0.2,
        "month_end_expected": {"all": money},
        "month_end_rate": {"rate": 0.775, "rate_low": 0.66, "rate_high": 0.855},
        "curve": curve,
    }


def make_months() -> list[dict]:
    known = {"told": 0.18, "late_rate": 0.175, "late_low": 0.17, "late_high": 0.18}
    figures = {"caught": 0.6, "margin": 0.03, "ece": 0.01, "score_psi": 0.02, "alarms": ""}
    common = {"rows": 1180, "expected_late_rate": 0.181, "expected_caught": 0.61}
    past = [common | known | figures | {"month": f"2026-{month:02d}-08"} for month in (8, 9)]
    unknown = dict.fromkeys([*known, "caught", "margin", "ece"])
    return [*past, common | unknown | {"month": "2026-10-08", "score_psi": 0.03, "alarms": "psi"}]


def make_gates() -> list[dict]:
    told = {"found_zh": "每日都有交费", "found_en": "payments came every day"}
    return [told | {"gate": f"gate-{n}", "passed": n == 0} for n in range(3)]


def as_scoring(bills: pd.DataFrame, as_of: date) -> Scoring:
    ranked = bills.assign(why_not="", rank=np.arange(1, len(bills) + 1))
    return Scoring(run=f"run of {as_of}", as_of=as_of, model="one", bills=ranked)


def make_extras(listed: pd.DataFrame) -> Extras:
    happened = make_happened(listed["customer_id"].drop_duplicates())
    before = listed.iloc[len(listed) // 3 :]
    scored = before.assign(band=np.where(np.arange(len(before)) % 2, "call", "watch"))
    bills = pd.DataFrame(
        {
            "bill_id": scored["bill_id"],
            "due_on": pd.Timestamp("2026-09-25"),
            "cleared_at": pd.Timestamp("2026-09-20")
            + pd.to_timedelta(scored["rank"] % 9, unit="D"),
        }
    )
    contacts = pd.DataFrame(
        {
            "customer_id": scored["customer_id"],
            "bill_id": scored["bill_id"],
            "contacted_at": pd.Timestamp("2026-09-21"),
            "outcome": "delivered",
        }
    )
    return Extras(
        gates=make_gates(),
        accepted=frozenset({"gate-1"}),
        movement=how_it_moved(
            listed.iloc[: -len(listed) // 4],
            before,
            scores=listed,
            scores_before=before.assign(dpd=5),
            since=BEFORE,
            run="20260908-monthly",
        ),
        changes=why_changed(as_scoring(listed.head(90), AS_OF), as_scoring(before, BEFORE)),
        outcome=what_became(scored, bills, contacts, since=BEFORE, until=AS_OF),
        forecast=make_forecast(),
        months=make_months(),
        happened=happened,
        pushes=make_pushes(listed, happened),
        plans=make_plans(listed),
    )


def make_facts() -> RunFacts:
    return RunFacts(
        run_id="20261008-monthly-3f9a2c",
        as_of=AS_OF,
        cycle=202610,
        model_version="12",
        data_fingerprint="9f2b41c07de1",
        customers_scored=1200,
        bills_scored=1180,
        listed=120,
        capacity=24,
        warnings=(f"bills.kwh: {SCRIPTS[0]}",),
        comparison=(
            Compared(id="model", name=Text(zh="模型", en="Model"), figures={"auc": 0.791}),
            Compared(id="count", name=Text(zh="逾期次数", en="Late count"), figures={}),
        ),
        notes=(),
    )


def make_page(listed: pd.DataFrame, extras: Extras) -> str:
    """The page of a drawn list, with all that may be known around it."""
    scores = listed.assign(org_id="33401")
    return render_page(
        make_facts(),
        look_at(scores, listed, listed["customer_id"].head(50)),
        listed,
        extras,
        words=read_page_words(),
        wording=read_wording(),
        plan_words=read_plan_wording(),
    )
