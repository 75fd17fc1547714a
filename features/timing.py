"""When bills are settled, from issue and against the due day. Rows: bills with a known outcome.

``slack`` is due day minus settlement day: positive is early, negative is late; a bill still open
counts as settled on as_of, so it says at least how late it is.
"""

from features.declare import Feature, Reason, Text, spread
from features.windows import B3, B6, M3, M6, M12

TIMING: tuple[Feature, ...] = (
    Feature(
        stem="slack_last",
        family="timing",
        over="outcome_facts",
        unit="days",
        sql="max(slack_days) FILTER (WHERE k = 1)",
        direction=-1,
        description=Text(
            zh="上一期结清日距截止日天数(正为提前)",
            en="days before due that the last bill was settled",
        ),
        risk=Reason(
            when="in 0..3",
            text=Text(
                zh="上一期结清时离截止日只剩{slack_last}天",
                en="the last bill was settled with {slack_last} days left before it was due",
            ),
            at_zero=Text(
                zh="上一期到截止日当天才结清",
                en="the last bill was settled on the very day it was due",
            ),
        ),
        relief=Reason(
            when="> 3",
            text=Text(
                zh="上一期提前{slack_last}天结清",
                en="the last bill was settled {slack_last} days early",
            ),
        ),
    ),
    *spread(
        M3,
        M6,
        M12,
        stem="slack_mean",
        family="timing",
        over="outcome_facts",
        unit="days",
        sql="CAST(sum(slack_days) FILTER (WHERE {w}) AS DOUBLE)"
        " / NULLIF(count(*) FILTER (WHERE {w}), 0)",
        direction=-1,
        description=Text(
            zh="<window>平均提前结清天数", en="mean days settled before due, <window>"
        ),
        risk=Reason(
            when="in 0.6..4",
            text=Text(
                zh="<window>平均只提前{slack_mean_<w>}天结清",
                en="settles only {slack_mean_<w>} days before due on average (<window>)",
            ),
        ),
        relief=Reason(
            when="> 4",
            text=Text(
                zh="<window>平均提前{slack_mean_<w>}天结清",
                en="settles {slack_mean_<w>} days early on average (<window>)",
            ),
        ),
    ),
    Feature(
        stem="slack_min",
        window=M6,
        family="timing",
        over="outcome_facts",
        unit="days",
        sql="min(slack_days) FILTER (WHERE {w})",
        direction=-1,
        description=Text(
            zh="近6个月最少提前结清天数", en="fewest days settled before due, last 6 months"
        ),
        risk=Reason(
            when="<= -1",
            text=Text(
                zh="近6个月最晚的一期过截止日{slack_min_6m:abs}天",
                en="the latest bill of the last 6 months ran {slack_min_6m:abs} days past due",
            ),
        ),
        relief=Reason(
            when=">= 1",
            text=Text(
                zh="近6个月每期至少提前{slack_min_6m}天结清",
                en="every bill of the last 6 months settled at least {slack_min_6m} days early",
            ),
        ),
    ),
    Feature(
        stem="slack_median",
        window=M12,
        family="timing",
        over="outcome_facts",
        unit="days",
        sql="quantile_disc(slack_days, 0.5) FILTER (WHERE {w})",
        direction=-1,
        description=Text(
            zh="近12个月提前结清天数中位数", en="median days settled before due, last 12 months"
        ),
        risk=Reason(
            when="<= 0",
            given="bills_known_12m >= 3",
            text=Text(
                zh="近12个月至少一半的电费没有在截止日前交清",
                en="at least half of the last 12 months' bills were not settled before due",
            ),
        ),
        relief=Reason(
            when=">= 3",
            given="bills_known_12m >= 3",
            text=Text(
                zh="近12个月至少一半的电费提前{slack_median_12m}天以上结清",
                en="at least half of the last 12 months' bills settled"
                " {slack_median_12m} or more days early",
            ),
        ),
    ),
    Feature(
        stem="settle_days_last",
        family="timing",
        over="outcome_facts",
        unit="days",
        sql="max(settle_days) FILTER (WHERE k = 1)",
        direction=1,
        description=Text(zh="上一期发行到结清天数", en="days from issue to settlement, last bill"),
    ),
    *spread(
        M3,
        M12,
        stem="settle_days_mean",
        family="timing",
        over="outcome_facts",
        unit="days",
        sql="CAST(sum(settle_days) FILTER (WHERE {w}) AS DOUBLE)"
        " / NULLIF(count(*) FILTER (WHERE {w}), 0)",
        direction=1,
        description=Text(
            zh="<window>发行到结清平均天数", en="mean days from issue to settlement, <window>"
        ),
        risk=Reason(
            when=">= 10",
            text=Text(
                zh="<window>平均发行后{settle_days_mean_<w>}天才交清",
                en="takes {settle_days_mean_<w>} days from issue to settle on average (<window>)",
            ),
        ),
        relief=Reason(
            when="<= 7",
            text=Text(
                zh="<window>平均发行后{settle_days_mean_<w>}天就交清",
                en="settles {settle_days_mean_<w>} days after issue on average (<window>)",
            ),
            at_zero=Text(
                zh="<window>平均发行当天就交清",
                en="settles on the day of issue on average (<window>)",
            ),
        ),
    ),
    Feature(
        stem="term_used_mean",
        window=M6,
        family="timing",
        over="outcome_facts",
        unit="ratio",
        sql="CAST(sum(settle_days) FILTER (WHERE {w}) AS DOUBLE)"
        " / NULLIF(sum(term_days) FILTER (WHERE {w}), 0)",
        direction=1,
        description=Text(
            zh="近6个月用去的交费期比例(1为到截止日)",
            en="share of the payment term used, last 6 months (1 = the due day)",
        ),
    ),
    *spread(
        B3,
        stem="near_due_share",
        family="timing",
        over="outcome_facts",
        unit="share",
        sql="CAST(count(*) FILTER (WHERE near_due AND {w}) AS DOUBLE)"
        " / NULLIF(count(*) FILTER (WHERE {w}), 0)",
        direction=1,
        description=Text(
            zh="<window>在截止日前两天内或逾期结清的比例",
            en="share settled in the last two days or late, <window>",
        ),
        risk=Reason(
            when="== 1",
            given="bills_seen >= 3",
            text=Text(
                zh="<window>都拖到最后两天或逾期",
                en="all of the <window> left to the final two days or later",
            ),
        ),
        relief=Reason(
            when="== 0",
            given="bills_seen >= 3",
            text=Text(
                zh="<window>都在截止日两天以前结清",
                en="all of the <window> settled two days or more before due",
            ),
        ),
    ),
    *spread(
        B6,
        stem="near_due_share",
        family="timing",
        over="outcome_facts",
        unit="share",
        sql="CAST(count(*) FILTER (WHERE near_due AND {w}) AS DOUBLE)"
        " / NULLIF(count(*) FILTER (WHERE {w}), 0)",
        direction=1,
        description=Text(
            zh="<window>在截止日前两天内或逾期结清的比例",
            en="share settled in the last two days or late, <window>",
        ),
        risk=Reason(
            when=">= 0.5",
            text=Text(
                zh="<window>有{near_due_share_<w>}拖到最后两天或逾期",
                en="{near_due_share_<w>} of the <window> left to the final two days or later",
            ),
        ),
        relief=Reason(
            when="== 0",
            given="bills_seen >= 6",
            text=Text(
                zh="<window>都在截止日两天以前结清",
                en="all of the <window> settled two days or more before due",
            ),
        ),
    ),
    *spread(
        B6,
        stem="slack_mean",
        family="timing",
        over="outcome_facts",
        unit="days",
        sql="CAST(sum(slack_days) FILTER (WHERE {w}) AS DOUBLE)"
        " / NULLIF(count(*) FILTER (WHERE {w}), 0)",
        direction=-1,
        description=Text(
            zh="<window>平均提前结清天数", en="mean days settled before due, <window>"
        ),
    ),
)
