"""How many days late, and with how much money. Rows: bills with a known outcome."""

from features.declare import Feature, Reason, Text, spread
from features.windows import B3, B6, B12, M3, M6, M12

SEVERITY: tuple[Feature, ...] = (
    Feature(
        stem="days_late_last",
        family="lateness",
        over="outcome_facts",
        unit="days",
        sql="max(days_late) FILTER (WHERE k = 1)",
        direction=1,
        description=Text(zh="最近一期逾期天数", en="days late of the newest bill with an outcome"),
        risk=Reason(
            when="> 0",
            text=Text(
                zh="上一期逾期{days_late_last}天", en="the last bill was {days_late_last} days late"
            ),
        ),
    ),
    *spread(
        B3,
        B6,
        B12,
        stem="days_late_mean",
        family="lateness",
        over="outcome_facts",
        unit="days",
        sql="CAST(sum(days_late) FILTER (WHERE late = 1 AND {w}) AS DOUBLE)"
        " / NULLIF(count(*) FILTER (WHERE late = 1 AND {w}), 0)",
        direction=1,
        description=Text(
            zh="<window>逾期各期的平均逾期天数", en="mean days late of late bills, <window>"
        ),
        risk=Reason(
            when=">= 1",
            text=Text(
                zh="<window>逾期时平均晚{days_late_mean_<w>}天",
                en="{days_late_mean_<w>} days late on average when late (<window>)",
            ),
        ),
    ),
    *spread(
        M3,
        M6,
        M12,
        stem="days_late_max",
        family="lateness",
        over="outcome_facts",
        unit="days",
        sql="max(days_late) FILTER (WHERE {w})",
        direction=1,
        description=Text(zh="<window>最长逾期天数", en="most days late, <window>"),
        risk=Reason(
            when="> 0",
            text=Text(
                zh="<window>最长逾期{days_late_max_<w>}天",
                en="up to {days_late_max_<w>} days late in the <window>",
            ),
        ),
    ),
    Feature(
        stem="late30_count",
        window=M12,
        family="lateness",
        over="outcome_facts",
        unit="count",
        sql="count(*) FILTER (WHERE days_late > 30 AND {w})",
        empty=0.0,
        direction=1,
        description=Text(
            zh="近12个月逾期超过30天的期数", en="bills more than 30 days late, last 12 months"
        ),
        risk=Reason(
            when="> 0",
            text=Text(
                zh="近12个月有{late30_count_12m}期逾期超过30天",
                en="{late30_count_12m} more than 30 days late in the last 12 months",
            ),
        ),
    ),
    Feature(
        stem="days_late_ewma",
        family="lateness",
        over="outcome_facts",
        unit="days",
        sql="CAST(sum(days_late * weight) AS DOUBLE) / NULLIF(sum(weight), 0)",
        direction=1,
        description=Text(
            zh="逾期天数的指数加权平均(每期0.8)",
            en="days late, exponentially weighted by 0.8 a bill",
        ),
    ),
    Feature(
        stem="late_amount_share",
        window=M12,
        family="lateness",
        over="outcome_facts",
        unit="share",
        sql="CAST(sum(amount_fen) FILTER (WHERE late = 1 AND {w}) AS DOUBLE)"
        " / NULLIF(sum(amount_fen) FILTER (WHERE {w}), 0)",
        direction=1,
        description=Text(
            zh="近12个月逾期各期的金额占比", en="share of money on late bills, last 12 months"
        ),
        risk=Reason(
            when=">= 0.1",
            text=Text(
                zh="近12个月有{late_amount_share_12m}的电费金额逾期",
                en="{late_amount_share_12m} of the last 12 months' money was late",
            ),
        ),
    ),
    Feature(
        stem="late7_count",
        window=M12,
        family="lateness",
        over="outcome_facts",
        unit="count",
        sql="count(*) FILTER (WHERE days_late > 7 AND {w})",
        empty=0.0,
        direction=1,
        description=Text(
            zh="近12个月逾期超过7天的期数", en="bills more than 7 days late, last 12 months"
        ),
        risk=Reason(
            when="> 0",
            text=Text(
                zh="近12个月有{late7_count_12m}期逾期超过7天",
                en="{late7_count_12m} more than 7 days late in the last 12 months",
            ),
        ),
    ),
)
