"""How often, how long and how lately bills were paid late. Rows: bills with a known outcome."""

from features.declare import Feature, Reason, Text, spread
from features.windows import B3, B6, B12, M1, M3, M6, M12

# Weight of the segment's rate against a customer's own bills (domain.md 3.5, alpha).
PRIOR_BILLS = 4

LATENESS: tuple[Feature, ...] = (
    *spread(
        M1,
        M3,
        M6,
        M12,
        stem="late_count",
        family="lateness",
        over="outcome_facts",
        unit="count",
        sql="count(*) FILTER (WHERE late = 1 AND {w})",
        empty=0.0,
        direction=1,
        description=Text(zh="<window>逾期期数", en="late bills, <window>"),
        risk=Reason(
            when="> 0",
            text=Text(
                zh="<window>有{late_count_<w>}期逾期", en="{late_count_<w>} late in the <window>"
            ),
        ),
        relief=Reason(
            when="== 0",
            given="bills_known_12m >= 3",
            text=Text(zh="<window>无逾期", en="nothing late in the <window>"),
        ),
    ),
    *spread(
        B3,
        B6,
        B12,
        stem="late_count",
        family="lateness",
        over="outcome_facts",
        unit="count",
        sql="count(*) FILTER (WHERE late = 1 AND {w})",
        empty=0.0,
        direction=1,
        description=Text(zh="<window>逾期期数", en="late bills among the <window>"),
        risk=Reason(
            when="> 0",
            given="bills_seen >= <n>",
            text=Text(
                zh="<window>有{late_count_<w>}期逾期，平均晚{days_late_mean_<w>}天",
                en="late in {late_count_<w>} of the <window>, {days_late_mean_<w>} days on average",
            ),
        ),
        relief=Reason(
            when="== 0",
            given="bills_seen >= <n>",
            text=Text(zh="<window>均按时交清", en="on time in all of the <window>"),
        ),
    ),
    *spread(
        M3,
        M6,
        M12,
        stem="late_share",
        family="lateness",
        over="outcome_facts",
        unit="share",
        sql="CAST(count(*) FILTER (WHERE late = 1 AND {w}) AS DOUBLE)"
        " / NULLIF(count(*) FILTER (WHERE {w}), 0)",
        direction=1,
        description=Text(zh="<window>逾期期数占比", en="share of bills paid late, <window>"),
    ),
    Feature(
        stem="late_last",
        family="lateness",
        over="outcome_facts",
        unit="flag",
        sql="max(late) FILTER (WHERE k = 1)",
        direction=1,
        description=Text(zh="最近一期是否逾期", en="the newest bill with an outcome was late"),
        risk=Reason(
            when="> 0",
            text=Text(
                zh="上一期逾期{days_late_last}天", en="the last bill was {days_late_last} days late"
            ),
        ),
        relief=Reason(
            when="== 0", text=Text(zh="上一期按时交清", en="the last bill was paid on time")
        ),
    ),
    Feature(
        stem="late_ewma",
        family="lateness",
        over="outcome_facts",
        unit="share",
        sql="CAST(sum(late * weight) AS DOUBLE) / NULLIF(sum(weight), 0)",
        direction=1,
        description=Text(
            zh="逾期的指数加权平均(每期0.8)", en="late flags, exponentially weighted by 0.8 a bill"
        ),
    ),
    Feature(
        stem="late_streak",
        family="lateness",
        over="outcome_facts",
        unit="count",
        sql="coalesce(min(k) FILTER (WHERE late = 0) - 1, count(*))",
        empty=0.0,
        direction=1,
        description=Text(zh="最近连续逾期期数", en="late bills in a row up to the newest"),
        risk=Reason(
            when=">= 2",
            text=Text(zh="已连续{late_streak}期逾期", en="{late_streak} bills late in a row"),
        ),
    ),
    Feature(
        stem="on_time_streak",
        family="lateness",
        over="outcome_facts",
        unit="count",
        sql="coalesce(min(k) FILTER (WHERE late = 1) - 1, count(*))",
        empty=0.0,
        direction=-1,
        description=Text(zh="最近连续按时期数", en="on-time bills in a row up to the newest"),
        relief=Reason(
            when=">= 3",
            text=Text(
                zh="已连续{on_time_streak}期按时交清", en="{on_time_streak} bills on time in a row"
            ),
        ),
    ),
    Feature(
        stem="days_since_late",
        family="lateness",
        over="outcome_facts",
        unit="days",
        sql="min($as_of - due_on) FILTER (WHERE late = 1)",
        direction=-1,
        description=Text(
            zh="距最近一次逾期截止日的天数", en="days since the due day of the last late bill"
        ),
        risk=Reason(
            when="<= 60",
            text=Text(
                zh="{days_since_late}天前到期的电费逾期",
                en="a bill that fell due {days_since_late} days ago was late",
            ),
        ),
        relief=Reason(
            when=">= 180",
            text=Text(
                zh="最近一次逾期已过{days_since_late}天",
                en="the last late bill fell due {days_since_late} days ago",
            ),
        ),
    ),
    Feature(
        stem="smoothed_late_rate",
        family="lateness",
        over="row",
        unit="share",
        sql=f"(late_count_12m + {PRIOR_BILLS} * segment_rate)"
        f" / NULLIF(bills_known_12m + {PRIOR_BILLS}, 0)",
        direction=1,
        description=Text(
            zh="平滑逾期率：近12个月逾期期数与用电类别逾期率加权",
            en="late rate of the last 12 months, smoothed toward the segment's",
        ),
    ),
    Feature(
        stem="smoothed_grid_rate",
        family="lateness",
        over="row",
        unit="share",
        sql=f"(late_count_12m + {PRIOR_BILLS} * grid_late_rate)"
        f" / NULLIF(bills_known_12m + {PRIOR_BILLS}, 0)",
        direction=1,
        description=Text(
            zh="平滑逾期率：近12个月逾期期数与所在网格逾期率加权",
            en="late rate of the last 12 months, smoothed toward the grid's",
        ),
    ),
    Feature(
        stem="late_same_month_last_year",
        family="lateness",
        over="other_facts",
        unit="flag",
        sql="max(late) FILTER (WHERE cycles_before = 12)",
        direction=1,
        description=Text(zh="去年同月是否逾期", en="the bill of the same month last year was late"),
        risk=Reason(
            when="> 0",
            text=Text(zh="去年同月也逾期", en="late in the same month last year, too"),
        ),
        relief=Reason(
            when="== 0",
            text=Text(zh="去年同月按时交清", en="on time in the same month last year"),
        ),
    ),
)
