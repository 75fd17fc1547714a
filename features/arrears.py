"""What stands open beside the scored bill. Rows: bills of the present owner known at as_of."""

from features.declare import Feature, Reason, Text
from features.windows import M12

# A month before as_of, and what then stood open past its due day (known by now).
_THEN = "CAST($as_of - INTERVAL 1 MONTH AS DATE)"
_OVERDUE_THEN = f"due_on < {_THEN} AND (cleared_on IS NULL OR cleared_on >= {_THEN})"


def _bucket(days: str) -> str:
    """Aging buckets (domain.md 2.3): 0 none, 1 up to 30 days past due, 2 to 60, 3 to 90, 4 over."""
    return f"least((coalesce({days}, 0) + 29) // 30, 4)"


ARREARS: tuple[Feature, ...] = (
    Feature(
        stem="months_behind",
        family="arrears",
        over="bill_facts",
        unit="count",
        sql="count(*) FILTER (WHERE is_overdue)",
        empty=0.0,
        direction=1,
        description=Text(zh="逾期未结清期数", en="bills open past their due day"),
        risk=Reason(
            when="> 0",
            text=Text(
                zh="尚有{months_behind}期逾期未结清，共{overdue_open_cny}",
                en="still open past due: {months_behind}, together {overdue_open_cny}",
            ),
        ),
        relief=Reason(when="== 0", text=Text(zh="目前没有逾期欠费", en="nothing open past due")),
    ),
    Feature(
        stem="overdue_open_cny",
        family="arrears",
        over="bill_facts",
        unit="CNY",
        sql="CAST(sum(open_fen) FILTER (WHERE is_overdue) AS DOUBLE) / 100",
        empty=0.0,
        direction=1,
        description=Text(zh="逾期未结清金额", en="money open past due"),
        risk=Reason(
            when="> 0",
            text=Text(
                zh="逾期欠费{overdue_open_cny}未结清", en="{overdue_open_cny} still open past due"
            ),
        ),
    ),
    Feature(
        stem="overdue_days_max",
        family="arrears",
        over="bill_facts",
        unit="days",
        sql="max($as_of - due_on) FILTER (WHERE is_overdue)",
        empty=0.0,
        direction=1,
        description=Text(zh="最早欠费已逾期天数", en="days past due of the oldest open bill"),
        risk=Reason(
            when="> 0",
            text=Text(
                zh="最早一期欠费已逾期{overdue_days_max}天",
                en="the oldest open bill is {overdue_days_max} days past due",
            ),
        ),
    ),
    Feature(
        stem="open_bills",
        family="arrears",
        over="bill_facts",
        unit="count",
        sql="count(*) FILTER (WHERE is_open)",
        empty=0.0,
        direction=1,
        description=Text(zh="未结清期数(含本期)", en="open bills, this one included"),
        risk=Reason(
            when=">= 2",
            text=Text(
                zh="连同本期共有{open_bills}期未结清",
                en="{open_bills} bills open, this one included",
            ),
        ),
    ),
    Feature(
        stem="overdue_to_usual_ratio",
        family="arrears",
        over="row",
        unit="ratio",
        sql="overdue_open_cny / NULLIF(amount_mean_12m, 0)",
        direction=1,
        description=Text(
            zh="逾期欠费与平均月电费之比", en="money open past due over the usual bill"
        ),
        risk=Reason(
            when=">= 1",
            text=Text(
                zh="逾期欠费为平时电费的{overdue_to_usual_ratio}倍",
                en="past-due money is {overdue_to_usual_ratio} times the usual bill",
            ),
        ),
    ),
    Feature(
        stem="part_paid_share",
        family="arrears",
        over="row",
        unit="share",
        sql="CAST(greatest(paid_fen, 0) AS DOUBLE) / NULLIF(amount_fen, 0)",
        description=Text(zh="本期已交比例", en="share of this bill already paid"),
        risk=Reason(
            when="> 0",
            text=Text(
                zh="本期只交了{part_paid_share}", en="only {part_paid_share} of this bill is paid"
            ),
            at_zero=Text(zh="本期只交了不到1%", en="less than 1% of this bill is paid"),
        ),
        relief=Reason(
            when=">= 0.01",
            text=Text(
                zh="本期已交{part_paid_share}", en="{part_paid_share} of this bill is already paid"
            ),
        ),
    ),
    Feature(
        stem="short_at_due_share",
        window=M12,
        family="arrears",
        over="outcome_facts",
        unit="share",
        sql="CAST(sum(amount_fen - greatest(least(paid_by_due_fen, amount_fen), 0))"
        " FILTER (WHERE {w}) AS DOUBLE)"
        " / NULLIF(sum(amount_fen) FILTER (WHERE {w}), 0)",
        direction=1,
        description=Text(
            zh="近12个月截止日未交金额占比",
            en="share of money not paid by the due day, last 12 months",
        ),
        risk=Reason(
            when=">= 0.05",
            text=Text(
                zh="近12个月到截止日有{short_at_due_share_12m}的电费未交",
                en="{short_at_due_share_12m} of the last 12 months' money was unpaid when due",
            ),
        ),
    ),
    Feature(
        stem="arrears_bucket",
        family="arrears",
        over="row",
        unit="number",
        sql=_bucket("CAST(overdue_days_max AS INTEGER)"),
        direction=1,
        description=Text(
            zh="最早欠费的账龄档(0无 1:1-30 2:31-60 3:61-90 4:90以上)",
            en="aging bucket of the oldest open bill (0 none, 1 to 30 days, 2 to 60, 3 to 90, 4)",
        ),
    ),
    Feature(
        stem="arrears_bucket_before",
        family="arrears",
        over="bill_facts",
        unit="number",
        sql=_bucket(f"max({_THEN} - due_on) FILTER (WHERE {_OVERDUE_THEN})"),
        empty=0.0,
        description=Text(zh="一个月前的账龄档", en="aging bucket a month before"),
    ),
    Feature(
        stem="arrears_roll",
        family="arrears",
        over="row",
        unit="number",
        sql="arrears_bucket - arrears_bucket_before",
        direction=1,
        description=Text(
            zh="账龄档一个月内的变化(正为恶化)",
            en="change of the aging bucket within a month (positive: worse)",
        ),
        risk=Reason(
            when="> 0", text=Text(zh="欠费拖得比上月更久", en="arrears older than a month ago")
        ),
        relief=Reason(
            when="< 0", text=Text(zh="欠费拖得没有上月久", en="arrears younger than a month ago")
        ),
    ),
    Feature(
        stem="open_total_cny",
        family="arrears",
        over="bill_facts",
        unit="CNY",
        sql="CAST(sum(open_fen) FILTER (WHERE is_open) AS DOUBLE) / 100",
        empty=0.0,
        description=Text(zh="未结清总额(含本期)", en="money open, this bill included"),
    ),
    Feature(
        stem="overdue30_open_cny",
        family="arrears",
        over="bill_facts",
        unit="CNY",
        sql="CAST(sum(open_fen) FILTER (WHERE is_overdue AND due_on < $as_of - 30) AS DOUBLE)"
        " / 100",
        empty=0.0,
        direction=1,
        description=Text(zh="逾期超过30天未结清金额", en="money open more than 30 days past due"),
        risk=Reason(
            when="> 0",
            text=Text(
                zh="有{overdue30_open_cny}逾期超过30天未结清",
                en="{overdue30_open_cny} open more than 30 days past due",
            ),
        ),
    ),
    Feature(
        stem="old_arrears_cny",
        family="arrears",
        over="bill_facts",
        unit="CNY",
        # 陈欠: carried over from an earlier year (domain.md 2.3).
        sql="CAST(sum(open_fen) FILTER (WHERE is_overdue AND year(due_on) < year($as_of))"
        " AS DOUBLE) / 100",
        empty=0.0,
        direction=1,
        description=Text(zh="陈欠金额(往年到期)", en="arrears carried over from an earlier year"),
        risk=Reason(
            when="> 0",
            text=Text(
                zh="往年欠费{old_arrears_cny}仍未交",
                en="arrears of earlier years: {old_arrears_cny}",
            ),
        ),
    ),
    Feature(
        stem="part_paid_bills",
        family="arrears",
        over="bill_facts",
        unit="count",
        sql="count(*) FILTER (WHERE is_open AND paid_fen > 0)",
        empty=0.0,
        description=Text(zh="只交了一部分的期数", en="open bills that are partly paid"),
    ),
)
