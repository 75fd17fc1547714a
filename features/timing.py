"""When bills are settled, from issue and against the due day. Rows: bills with a known outcome.

``slack`` is due day minus settlement day: positive is early, negative is late; a bill still open
counts as settled on as_of, so it says at least how late it is.
"""

from features.declare import Feature, Reason, Text, spread
from features.windows import B3, B6, M3, M6, M12

# Least squares of slack on time over the last six bills, by exact integer moments; k counts
# backwards, so the sign is turned (libraries.md 1.3).
_SLOPE = (
    "CAST(sum(k) FILTER (WHERE {w}) * sum(slack_days) FILTER (WHERE {w})"
    " - count(*) FILTER (WHERE {w}) * sum(k * slack_days) FILTER (WHERE {w}) AS DOUBLE)"
    " / NULLIF(count(*) FILTER (WHERE {w}) * sum(k * k) FILTER (WHERE {w})"
    " - sum(k) FILTER (WHERE {w}) * sum(k) FILTER (WHERE {w}), 0)"
)
_SPREAD = (
    "sqrt(CAST(count(*) FILTER (WHERE {w}) * sum(slack_days * slack_days) FILTER (WHERE {w})"
    " - sum(slack_days) FILTER (WHERE {w}) * sum(slack_days) FILTER (WHERE {w}) AS DOUBLE)"
    " / NULLIF(count(*) FILTER (WHERE {w}) * (count(*) FILTER (WHERE {w}) - 1), 0))"
)

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
                zh="上一期在截止日前{slack_last}天才结清",
                en="the last bill was settled only {slack_last} days before it was due",
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
            when="in 0..4",
            text=Text(
                zh="<window>平均在截止日前{slack_mean_<w>}天结清",
                en="settles {slack_mean_<w>} days before due on average (<window>)",
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
    ),
    Feature(
        stem="slack_spread",
        window=B6,
        family="timing",
        over="outcome_facts",
        unit="days",
        sql=_SPREAD,
        description=Text(
            zh="近6期提前结清天数的标准差",
            en="standard deviation of days settled before due, last 6 bills",
        ),
        risk=Reason(
            when=">= 5",
            text=Text(
                zh="近6期交费时间波动大(标准差{slack_spread_6b}天)",
                en="payment time varies a lot (by {slack_spread_6b} days over the last 6 bills)",
            ),
        ),
    ),
    Feature(
        stem="slack_slope",
        window=B6,
        family="timing",
        over="outcome_facts",
        unit="days",
        sql=_SLOPE,
        direction=-1,
        description=Text(
            zh="近6期提前结清天数每期变化(负为越来越晚)",
            en="change of days settled before due, a bill, over the last 6",
        ),
        risk=Reason(
            when="<= -1",
            text=Text(
                zh="近6期交费越来越晚(每期约{slack_slope_6b}天)",
                en="settling later and later (about {slack_slope_6b} days a bill over the last 6)",
            ),
        ),
    ),
    Feature(
        stem="slack_last_minus_mean",
        family="timing",
        over="row",
        unit="days",
        sql="slack_last - slack_mean_12m",
        direction=-1,
        description=Text(
            zh="上一期提前天数减近12个月平均",
            en="days settled before due, last bill minus the 12-month mean",
        ),
        risk=Reason(
            when="<= -3",
            text=Text(
                zh="上一期比平时晚交{slack_last_minus_mean}天",
                en="the last bill was settled later than usual (by {slack_last_minus_mean} days)",
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
                zh="<window>有{near_due_share_<w>}拖到最后两天或逾期才结清",
                en="{near_due_share_<w>} of the <window> settled in the final two days or late",
            ),
        ),
    ),
)
