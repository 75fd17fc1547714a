"""Who the customer is to the utility, and how much is known. Rows: the scored bill.

Personal attributes (age, sex, education and the like) are never features (C-13, R001-14).
"""

from contract.tables import BILLS, CUSTOMERS
from features.declare import Feature, Reason, Text, spread
from features.windows import M3, M6, M12


def _code(stem: str, zh: str, en: str) -> Feature:
    table = BILLS if stem == "bill_kind" else CUSTOMERS
    column = "kind" if stem == "bill_kind" else stem
    return Feature(
        stem=stem,
        family="account",
        over="row",
        unit="code",
        sql=column,
        levels=table.column(column).codes,
        description=Text(zh=zh, en=en),
    )


def _flag(stem: str, zh: str, en: str) -> Feature:
    return Feature(
        stem=stem,
        family="account",
        over="row",
        unit="flag",
        sql=f"CAST({stem} AS INTEGER)",
        direction=1,
        description=Text(zh=zh, en=en),
        risk=Reason(when="> 0", text=Text(zh=f"标识：{zh}", en=f"marked: {en}")),
    )


ACCOUNT: tuple[Feature, ...] = (
    _code("segment", "用电类别", "segment"),
    _code("voltage", "电压等级", "voltage"),
    _code("pay_arrangement", "代扣方式", "payment arrangement"),
    _code("urban_rural", "城乡标志", "urban or rural"),
    _code("bill_kind", "费用类型", "kind of bill"),
    Feature(
        stem="billing_months",
        family="account",
        over="row",
        unit="number",
        sql="billing_months",
        description=Text(zh="抄表周期(月)", en="months between bills"),
    ),
    Feature(
        stem="capacity_kva",
        family="account",
        over="row",
        unit="kVA",
        sql="capacity_kva",
        description=Text(zh="合同容量", en="contracted capacity"),
    ),
    Feature(
        stem="has_agent",
        family="account",
        over="row",
        unit="flag",
        sql="CAST(agent_id IS NOT NULL AS INTEGER)",
        description=Text(zh="由代管单位收费", en="collected by an agent"),
    ),
    _flag("newly_commissioned", "新投产", "newly commissioned"),
    _flag("resumed_after_arrears", "欠费复产", "resumed after arrears"),
    _flag("dishonest_listed", "失信惩戒", "listed as dishonest"),
    Feature(
        stem="account_days",
        family="account",
        over="row",
        unit="days",
        sql="$as_of - account_since",
        description=Text(
            zh="立户或过户至今天数", en="days since the account was opened or changed owner"
        ),
        risk=Reason(
            when="< 365",
            text=Text(
                zh="立户或过户才{account_days}天", en="with this owner for {account_days} days only"
            ),
        ),
        relief=Reason(
            when=">= 1825",
            text=Text(
                zh="立户或过户已{account_days}天", en="with this owner for {account_days} days"
            ),
        ),
    ),
    *spread(
        M3,
        M12,
        stem="bills_issued",
        family="account",
        over="bill_facts",
        unit="count",
        sql="count(*) FILTER (WHERE {w})",
        empty=0.0,
        description=Text(zh="<window>发行期数", en="bills issued, <window>"),
    ),
    *spread(
        M6,
        M12,
        stem="bills_known",
        family="account",
        over="outcome_facts",
        unit="count",
        sql="count(*) FILTER (WHERE {w})",
        empty=0.0,
        description=Text(zh="<window>已有结果的期数", en="bills with a known outcome, <window>"),
    ),
    Feature(
        stem="bills_seen",
        family="account",
        over="outcome_facts",
        unit="count",
        sql="count(*)",
        empty=0.0,
        description=Text(zh="已有结果的全部期数", en="bills with a known outcome, all history"),
        risk=Reason(
            when="< 3",
            text=Text(
                zh="只有{bills_seen}期以往电费可供参考",
                en="only {bills_seen} bills of the past to go by",
            ),
            at_zero=Text(zh="没有以往电费可供参考", en="no bill of the past to go by"),
        ),
    ),
    Feature(
        stem="owner_changed",
        window=M12,
        family="account",
        over="row",
        unit="flag",
        sql="CAST(coalesce(since >= CAST($as_of - INTERVAL 12 MONTH AS DATE), false) AS INTEGER)",
        description=Text(zh="近12个月内过户", en="changed owner in the last 12 months"),
        risk=Reason(
            when="> 0",
            text=Text(zh="近12个月内刚过户", en="changed owner within the last 12 months"),
        ),
    ),
    Feature(
        stem="irregular_bills",
        window=M12,
        family="account",
        over="bill_facts",
        unit="count",
        # L01: transfers aside, an abnormal issue is a refund, a supplement or a small bill.
        sql="count(*) FILTER (WHERE kind <> 'regular' AND {w})",
        empty=0.0,
        description=Text(zh="近12个月异常发行期数", en="irregular bills, last 12 months"),
    ),
    Feature(
        stem="disputed_bills",
        window=M12,
        family="account",
        over="bill_facts",
        unit="count",
        sql="count(*) FILTER (WHERE disputed AND {w})",
        empty=0.0,
        description=Text(zh="近12个月有争议的期数", en="disputed bills, last 12 months"),
        risk=Reason(
            when="> 0",
            text=Text(
                zh="近12个月有{disputed_bills_12m}期电费有争议",
                en="bills disputed in the last 12 months: {disputed_bills_12m}",
            ),
        ),
    ),
)
