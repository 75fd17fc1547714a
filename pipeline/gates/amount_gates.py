"""Gates on the amounts of bills and payments: the unit that they were in before.

A source that turns from yuan to fen, or to units of ten thousand, breaks no rule of the contract,
and a model of late bills goes little by it; but every sum on the list would be wrong.
"""

import math
import statistics
from collections.abc import Mapping
from functools import partial

from features.declare import Text
from pipeline.gates.data_gates import nothing_before
from pipeline.gates.facts import Facts
from pipeline.gates.gate import Finding, Gate
from pipeline.gates.settings import Gates

# A month of fewer rows has no usual amount.
_TELLING_ROWS = 50
_NAMES = {"bills": Text(zh="账单", en="bill"), "payments": Text(zh="缴费", en="payment")}


def _judge_amounts(facts: Facts, gates: Gates, *, table: str) -> Finding:
    """Hold the usual amount of each month against the same month's when last looked at.

    A month that is new is held against the median of the other months, so that a change of unit
    is told in its first month, and not again after a person let it through.
    """
    now, before = _usual(facts.calendar(table)), _usual(facts.calendar_before(table))
    factors = {
        month: max(amount / then, then / amount)
        for month, amount in now.items()
        if (then := before.get(month) or _median_without(month, before or now))
    }
    if not factors:
        return nothing_before()
    worst, limit = max(factors, key=lambda month: (factors[month], month)), gates.amount_factor
    factor, name = factors[worst], _NAMES[table]
    found = Text(
        zh=f"{worst[:4]}年{worst[4:]}月{name.zh}金额（几何平均）与常态相差 {factor:,.1f} 倍，"
        f"最多 {limit:g} 倍",
        en=f"the usual {name.en} of {worst[:4]}-{worst[4:]} (geometric mean) differs by a factor"
        f" of {factor:,.1f} from what it was, {limit:g} is usual at most",
    )
    return Finding(passed=factor <= float(limit or 0), figure=factor, limit=limit, found=found)


def _usual(months: Mapping[str, Mapping[str, int]]) -> dict[str, float]:
    """Return the geometric mean of a month's amounts in fen; few large ones do not bend it."""
    return {
        month: math.exp(told["logs"] / told["rows"] / 1000)
        for month, told in months.items()
        if told["rows"] >= _TELLING_ROWS
    }


def _median_without(month: str, usual: Mapping[str, float]) -> float | None:
    others = [amount for other, amount in usual.items() if other != month]
    return statistics.median(others) if len(others) > 1 else None


AMOUNT_GATES: tuple[Gate, ...] = tuple(
    Gate(
        id=f"{table}-amounts",
        name=Text(zh=f"{_NAMES[table].zh}金额", en=f"amounts of {table}"),
        setting="amount_factor",
        judge=partial(_judge_amounts, table=table),
        remedy=Text(
            zh="请核对金额单位（元或分）与字段映射。",
            en="Check the unit of the amounts (yuan or fen) and what is mapped onto them.",
        ),
    )
    for table in ("bills", "payments")
)
