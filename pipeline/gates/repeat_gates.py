"""Gates on rows that came twice: the same bill or payment under another id.

A key that stands twice is refused by the check. An export that is loaded twice under new ids is
not, for a customer may well pay the same sum twice in a minute; how often that is usual, the
months before tell.
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

# So many repeats in a month, at least: a few are twins by chance, whatever their share.
_TELLING_REPEATS = 5
# Standard errors by which a month may be over the usual share.
_BY_CHANCE = 3.0
_WHAT = {
    "bills": (
        Text(zh="账单", en="bills"),
        Text(zh="同户同账期同金额的账单重复", en="customer, cycle, days and amount"),
    ),
    "payments": (
        Text(zh="缴费", en="payments"),
        Text(zh="同账单同金额同一分钟的缴费重复", en="bill, amount and minute"),
    ),
}


def _judge_repeats(facts: Facts, gates: Gates, *, table: str) -> Finding:
    """Hold each month's share of repeats against the usual share, or its own when last looked at.

    A month that a person let through once is so not told of again.
    """
    months = facts.calendar(table)
    if not months:
        return nothing_before()
    before = {month: _share(told) for month, told in facts.calendar_before(table).items()}
    usual = statistics.median(before.values()) if before else 0.0
    setting = float(gates.repeated_share or 0)

    def limit(month: str) -> float:
        share = max(before.get(month, 0.0), usual)
        chance = _BY_CHANCE * math.sqrt(share * (1 - share) / months[month]["rows"])
        return share + setting + chance

    def excess(month: str) -> tuple[float, str]:
        telling = months[month]["repeats"] >= _TELLING_REPEATS
        return (_share(months[month]) if telling else 0.0) - limit(month), month

    worst = max(months, key=excess)
    return _told(table, worst, months[worst], limit=limit(worst), passed=excess(worst)[0] <= 0)


def _told(
    table: str, month: str, counted: Mapping[str, int], *, limit: float, passed: bool
) -> Finding:
    name, same = _WHAT[table]
    share, more = _share(counted), counted["repeats"]
    year, of_year = month[:4], month[4:]
    found = Text(
        zh=f"{year}年{of_year}月{name.zh}中 {more:,} 笔（{share:.1%}）以另一标识重复"
        f"（{same.zh}），最多 {limit:.1%}",
        en=f"{more:,} {name.en} of {year}-{of_year} ({share:.1%}) repeat another's {same.en} under"
        f" another id, at most {limit:.1%} may",
    )
    return Finding(passed=passed, figure=share, limit=limit, found=found)


def _share(counted: Mapping[str, int]) -> float:
    return counted["repeats"] / counted["rows"]


REPEAT_GATES: tuple[Gate, ...] = tuple(
    Gate(
        id=f"{table}-repeated",
        name=Text(zh=f"重复的{_WHAT[table][0].zh}", en=f"{table} that came twice"),
        setting="repeated_share",
        judge=partial(_judge_repeats, table=table),
        remedy=Text(
            zh="请核对是否重复导入，去除重复行后重新导入。",
            en="Check whether an export was loaded twice, and import again without the repeats.",
        ),
    )
    for table in ("payments", "bills")
)
