"""Whether bills are settled earlier or later than before, and how regularly. Rows: as in timing."""

from features.declare import Feature, Reason, Text
from features.windows import B6, M12

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

TREND: tuple[Feature, ...] = (
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
                zh="近6期交费时间忽早忽晚，一般相差{slack_spread_6b}天",
                en="payment time varies by about {slack_spread_6b} days over the last 6 bills",
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
                zh="近6期交费越来越晚，每期约晚{slack_slope_6b:abs}天",
                en="settling ever later, by about {slack_slope_6b:abs} days a bill over the last 6",
            ),
        ),
        relief=Reason(
            when=">= 1",
            text=Text(
                zh="近6期交费越来越早，每期约早{slack_slope_6b}天",
                en="settling ever earlier, by about {slack_slope_6b} days a bill over the last 6",
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
                zh="上一期比平时晚{slack_last_minus_mean:abs}天",
                en="the last bill ran {slack_last_minus_mean:abs} days later than usual",
            ),
        ),
        relief=Reason(
            when=">= 3",
            text=Text(
                zh="上一期比平时早{slack_last_minus_mean}天结清",
                en="the last bill was settled {slack_last_minus_mean} days earlier than usual",
            ),
        ),
    ),
    Feature(
        stem="slack_previous",
        family="timing",
        over="outcome_facts",
        unit="days",
        sql="max(slack_days) FILTER (WHERE k = 2)",
        direction=-1,
        description=Text(
            zh="上上期结清日距截止日天数",
            en="days before due that the last bill but one was settled",
        ),
    ),
    Feature(
        stem="slack_change",
        family="timing",
        over="row",
        unit="days",
        sql="slack_last - slack_previous",
        description=Text(
            zh="上一期提前天数减上上期",
            en="days settled before due, last bill minus the one before",
        ),
        risk=Reason(
            when="<= -3",
            text=Text(
                zh="上一期比再上一期晚{slack_change:abs}天",
                en="the last bill ran {slack_change:abs} days later than the one before",
            ),
        ),
        relief=Reason(
            when=">= 3",
            text=Text(
                zh="上一期比再上一期早{slack_change}天结清",
                en="the last bill was settled {slack_change} days earlier than the one before",
            ),
        ),
    ),
    Feature(
        stem="slack_ewma",
        family="timing",
        over="outcome_facts",
        unit="days",
        sql="CAST(sum(slack_days * weight) AS DOUBLE) / NULLIF(sum(weight), 0)",
        direction=-1,
        description=Text(
            zh="提前结清天数的指数加权平均(每期0.8)",
            en="days settled before due, exponentially weighted by 0.8 a bill",
        ),
    ),
    Feature(
        stem="slack_mad",
        window=M12,
        family="timing",
        over="outcome_facts",
        unit="days",
        # Medians of whole days and of their halves are exact in binary.
        sql="mad(slack_days) FILTER (WHERE {w})",
        description=Text(
            zh="近12个月提前结清天数的绝对中位差",
            en="median absolute deviation of days settled before due, last 12 months",
        ),
    ),
    Feature(
        stem="slack_quarter_minus_year",
        family="timing",
        over="row",
        unit="days",
        sql="slack_mean_3m - slack_mean_12m",
        direction=-1,
        description=Text(
            zh="近3个月平均提前天数减近12个月平均",
            en="mean days settled before due, last 3 months minus last 12",
        ),
        risk=Reason(
            when="<= -2",
            text=Text(
                zh="近3个月比全年平均晚{slack_quarter_minus_year:abs}天",
                en="the last 3 months ran {slack_quarter_minus_year:abs} days later than the year",
            ),
        ),
    ),
)
