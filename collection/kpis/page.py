"""The page of KPIs for people: what each is and how it is reckoned, in both languages."""

from collections.abc import Sequence

from collection.kpis.catalogue import KPIS
from collection.kpis.declare import Kpi, Unit

_UNITS: dict[Unit, str] = {
    "share": "%",
    "yuan": "元 / yuan",
    "count": "次 / count",
    "days": "天 / days",
}

_INTRO = """# KPIs

`duewatch kpis` reckons these as of a day, in all and by bureau, grid and account manager. Each is
defined once, in `collection/kpis/catalogue.py`; this page is made from there.

Only what was known before as_of counts. The period is the month that ends with as_of, the month is
the cycle of the last day before it, the year that day's calendar year. Cash is what was posted
(`posted_at`); whether a bill was late goes by when the customer paid (`paid_at`). Refunds and
cancelled bills are left out; a bill with less than one yuan open is not in arrears. A customer's
bucket is that of its oldest bill overdue: M0 none, M1 1–30 days, M2 31–60, M3 61–90, M4 above.
Amounts are sums of whole fen with one division at the end.

| id | 名称 | name | 公式 | formula | unit |
|---|---|---|---|---|---|
"""


def kpis_markdown(kpis: Sequence[Kpi] = KPIS) -> str:
    """Return the page of KPIs."""
    rows = (
        f"| `{k.id}` | {k.name.zh} | {k.name.en} | {k.formula.zh} | {k.formula.en}"
        f" | {_UNITS[k.unit]} |"
        for k in kpis
    )
    return _INTRO + "\n".join(rows) + "\n"
