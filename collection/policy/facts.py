"""The facts that a rule may speak of: each named once, with what it holds and where it is read.

A row is one open bill of one customer on the dunning day, or a customer without an open bill.
The SQL of a fact reads ``a`` (the account) and ``b`` (the open bill with its score, its round and
the day); no fact is ever null but a number that is not known, of which every bound is false.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from contract.tables import PAY_ARRANGEMENTS, SEGMENTS

Value = bool | int | float | str
Kind = Literal["flag", "code", "number"]

# In the order of the papers (requirements 1.2.1).
LABELS = tuple(f"L{number:02}" for number in range(1, 15))
TIERS = ("Q", "D", "C", "B", "A", "O", "N")
HABITS = ("early", "mid", "late", "none")
BANDS = ("call", "message", "watch", "none")
LAST_ROUND = 4
FINISHED = LAST_ROUND + 1  # the round of a bill whose rounds are all done


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One named fact.

    Attributes:
        sql: Where it is read when a plan is made.
        codes: The values of a code.
        low: The smallest value of a number.
        high: The largest value of a number.
    """

    name: str
    kind: Kind
    sql: str
    zh: str
    codes: tuple[str, ...] = ()
    low: float = 0
    high: float = float("inf")


def _flag(name: str, zh: str, sql: str = "") -> Fact:
    return Fact(name=name, kind="flag", zh=zh, sql=f"coalesce({sql or f'a.{name}'}, false)")


def _code(name: str, zh: str, codes: tuple[str, ...], sql: str = "") -> Fact:
    read = f"coalesce({sql or f'a.{name}'}, '{codes[-1]}')"
    return Fact(name=name, kind="code", zh=zh, codes=codes, sql=read)


def _number(name: str, zh: str, sql: str, *, low: float = 0, high: float = float("inf")) -> Fact:
    return Fact(name=name, kind="number", zh=zh, sql=sql, low=low, high=high)


FACTS: tuple[Fact, ...] = (
    _flag("has_bill", "有未结清电费", "b.bill_id IS NOT NULL"),
    _number("round", "轮次", "b.round", low=1, high=FINISHED),
    _number("last_round", "已完成轮次", "b.last_round", high=LAST_ROUND),
    _flag("overdue", "已逾期", "b.overdue"),
    _number("days_overdue", "逾期天数", "b.days_overdue"),
    _number("days_to_due", "距截止日天数", "b.days_to_due"),
    _number("open_cny", "未交金额(元)", "b.open_fen / 100"),
    _number("month", "催费月份", "month($day)", low=1, high=12),
    _code("hold", "锁定状态", ("debit_in_transit", "disputed", "none"), "b.hold"),
    _flag("served", "已送达催费", "b.reached_at IS NOT NULL"),
    _flag("promise_broken", "违背承诺", "b.promise_broken"),
    _flag("notice_allowed", "可准备书面通知", "b.notice_allowed"),
    # Round 1 alone, and never a customer who is protected (domain 3.8).
    _flag(
        "drawn",
        "首轮随机留出",
        "b.lot AND b.round = 1 AND NOT b.overdue AND NOT coalesce(a.protected, false)",
    ),
    _code("contact_policy", "催费时机", ("portrait", "early_all"), "$contact_policy"),
    _code("billing_mode", "费控方式", ("prepaid", "postpaid")),
    _code("segment", "用电类别", SEGMENTS),
    _code("voltage", "电压等级", ("high", "low")),
    _code("urban_rural", "城乡标志", ("urban", "rural", "none")),
    _code("pay_arrangement", "代扣方式", tuple(reversed(PAY_ARRANGEMENTS))),
    _code("tier", "分类", TIERS),
    _code("habit", "结清习惯", HABITS, "a.primary_habit"),
    _code("band", "风险等级", BANDS, "b.band"),
    _code("excluded", "剔除", ("quality", "debit", "none"), "nullif(a.excluded_why, '')"),
    _flag("candidate", "候选客户"),
    _flag("failed_debit", "代扣失败"),
    _flag("agent", "代管", "a.agent_id IS NOT NULL"),
    _flag("phone_wrong", "电话有误"),
    _flag(
        "topup_met",
        "预存已达建议额",
        "a.mean_topup_fen * 100 >= a.mean_monthly_cost_fen * $advice_percent",
    ),
    _flag("protected", "保护对象"),
    _flag("high_energy", "高耗能"),
    _flag("high_pollution", "高污染"),
    _flag("overcapacity", "产能过剩"),
    _flag("scattered_polluting", "散乱污"),
    _flag("malicious_arrears", "恶意拖欠"),
    _flag("dishonest_listed", "失信惩戒"),
    _flag("newly_commissioned", "新投产"),
    _flag("resumed_after_arrears", "欠费复产"),
    *(_flag(label, label) for label in LABELS),
)

BY_NAME: Mapping[str, Fact] = {fact.name: fact for fact in FACTS}


def can_be(facts: Mapping[str, Value]) -> bool:
    """Say whether facts can hold together, so that a witness is a customer who may exist.

    >>> can_be({"L07": True, "L08": True}), can_be({"round": 3, "overdue": True})
    (False, True)
    """
    return not any(impossible(facts) for impossible in _IMPOSSIBLE)


def _both(one: str, other: str, facts: Mapping[str, Value]) -> bool:
    return bool(facts.get(one)) and bool(facts.get(other))


def _round_before_its_turn(facts: Mapping[str, Value]) -> bool:
    """Rounds run in order: a bill is in the round after the last, or again in the third."""
    now, last = facts.get("round"), facts.get("last_round")
    if now is None or last is None:
        return False
    return (now, last) not in {(1, 0), (2, 0), (2, 1), (3, 2), (3, 3), (4, 3), (5, 4)}


_IMPOSSIBLE = (
    lambda facts: _both("L07", "L08", facts),
    lambda facts: facts.get("round") == 1 and bool(facts.get("overdue")),
    lambda facts: facts.get("round", 0) in {3, 4} and facts.get("overdue") is False,
    lambda facts: (
        bool(facts.get("overdue")) != (facts.get("days_overdue", 0) > 0)
        if {"overdue", "days_overdue"} <= facts.keys()
        else False
    ),
    _round_before_its_turn,
)
