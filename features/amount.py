"""How large the bill is, and against what is usual. Rows: bills, the scored one included."""

from features.declare import Feature, Reason, Text, spread
from features.windows import M3, M6, M12

AMOUNT: tuple[Feature, ...] = (
    Feature(
        stem="bill_amount_cny",
        family="amount",
        over="row",
        unit="CNY",
        sql="CAST(amount_fen AS DOUBLE) / 100",
        description=Text(zh="本期应收电费", en="amount of this bill"),
        risk=Reason(text=Text(zh="本期电费{bill_amount_cny}", en="this bill is {bill_amount_cny}")),
        relief=Reason(
            text=Text(zh="本期电费{bill_amount_cny}", en="this bill is {bill_amount_cny}")
        ),
    ),
    *spread(
        M3,
        M6,
        M12,
        stem="amount_mean",
        family="amount",
        over="bill_facts",
        unit="CNY",
        sql="CAST(sum(amount_fen) FILTER (WHERE {w}) AS DOUBLE)"
        " / NULLIF(100 * count(*) FILTER (WHERE {w}), 0)",
        description=Text(zh="<window>平均每期电费", en="mean bill, <window>"),
    ),
    Feature(
        stem="amount_max",
        window=M12,
        family="amount",
        over="bill_facts",
        unit="CNY",
        sql="CAST(max(amount_fen) FILTER (WHERE {w}) AS DOUBLE) / 100",
        description=Text(zh="近12个月最大一期电费", en="largest bill, last 12 months"),
    ),
    *spread(
        M3,
        M12,
        stem="amount_others_mean",
        family="amount",
        over="other_facts",
        unit="CNY",
        sql="CAST(sum(amount_fen) FILTER (WHERE {w}) AS DOUBLE)"
        " / NULLIF(100 * count(*) FILTER (WHERE {w}), 0)",
        description=Text(zh="<window>其他各期平均电费", en="mean of the other bills, <window>"),
    ),
    *spread(
        M3,
        M12,
        stem="amount_shock",
        family="amount",
        over="row",
        unit="ratio",
        sql="bill_amount_cny / NULLIF(amount_others_mean_<w>, 0)",
        description=Text(
            zh="本期电费与<window>其他各期平均之比",
            en="this bill over the mean of the others, <window>",
        ),
        risk=Reason(
            when=">= 1.2",
            text=Text(
                zh="本期电费为平时的{amount_shock_<w>}倍",
                en="this bill is {amount_shock_<w>} times the usual",
            ),
        ),
        relief=Reason(
            when="<= 0.85",
            text=Text(
                zh="本期电费只有平时的{amount_shock_<w>}倍",
                en="this bill is only {amount_shock_<w>} times the usual",
            ),
        ),
    ),
    Feature(
        stem="amount_same_month_last_year",
        family="amount",
        over="other_facts",
        unit="CNY",
        sql="CAST(sum(amount_fen) FILTER (WHERE cycles_before = 12) AS DOUBLE) / 100",
        description=Text(zh="去年同月电费", en="the bill of the same month last year"),
    ),
    Feature(
        stem="amount_over_last_year",
        family="amount",
        over="row",
        unit="ratio",
        sql="bill_amount_cny / NULLIF(amount_same_month_last_year, 0)",
        description=Text(
            zh="本期电费与去年同月之比", en="this bill over the same month of last year"
        ),
        risk=Reason(
            when=">= 1.2",
            text=Text(
                zh="本期电费为去年同月的{amount_over_last_year}倍",
                en="this bill is {amount_over_last_year} times that of the same month last year",
            ),
        ),
        relief=Reason(
            when="<= 0.85",
            text=Text(
                zh="本期电费只有去年同月的{amount_over_last_year}倍",
                en="this bill is only {amount_over_last_year} times that of a year ago",
            ),
        ),
    ),
    Feature(
        stem="amount_spread_ratio",
        window=M12,
        family="amount",
        over="bill_facts",
        unit="ratio",
        sql="CAST(count(*) FILTER (WHERE {w})"
        " * (max(amount_fen) FILTER (WHERE {w}) - min(amount_fen) FILTER (WHERE {w})) AS DOUBLE)"
        " / NULLIF(sum(amount_fen) FILTER (WHERE {w}), 0)",
        description=Text(
            zh="近12个月电费极差与平均之比",
            en="largest minus smallest bill over the mean, last 12 months",
        ),
        risk=Reason(
            when=">= 1.5",
            text=Text(
                zh="近12个月电费起伏大，最高一期{amount_max_12m}",
                en="bills vary widely, up to {amount_max_12m} in the last 12 months",
            ),
        ),
    ),
    Feature(
        stem="billed",
        window=M12,
        family="amount",
        over="bill_facts",
        unit="CNY",
        sql="CAST(sum(amount_fen) FILTER (WHERE {w}) AS DOUBLE) / 100",
        empty=0.0,
        description=Text(zh="近12个月应收合计", en="money billed, last 12 months"),
    ),
    Feature(
        stem="amount_median",
        window=M12,
        family="amount",
        over="bill_facts",
        unit="CNY",
        sql="CAST(quantile_disc(amount_fen, 0.5) FILTER (WHERE {w}) AS DOUBLE) / 100",
        description=Text(zh="近12个月每期电费中位数", en="median bill, last 12 months"),
    ),
    Feature(
        stem="amount_previous",
        family="amount",
        over="other_facts",
        unit="CNY",
        sql="CAST(max(amount_fen) FILTER (WHERE k = 1) AS DOUBLE) / 100",
        description=Text(zh="前一期电费", en="the bill before this one"),
    ),
    Feature(
        stem="amount_over_previous",
        family="amount",
        over="row",
        unit="ratio",
        sql="bill_amount_cny / NULLIF(amount_previous, 0)",
        description=Text(zh="本期电费与前一期之比", en="this bill over the one before"),
        risk=Reason(
            when=">= 1.2",
            text=Text(
                zh="本期电费为前一期的{amount_over_previous}倍",
                en="this bill is {amount_over_previous} times the one before",
            ),
        ),
        relief=Reason(
            when="<= 0.85",
            text=Text(
                zh="本期电费只有前一期的{amount_over_previous}倍",
                en="this bill is only {amount_over_previous} times the one before",
            ),
        ),
    ),
    Feature(
        stem="amount_rank",
        window=M12,
        family="amount",
        over="other_facts",
        unit="share",
        sql="CAST(count(*) FILTER (WHERE amount_fen < own_fen AND {w}) AS DOUBLE)"
        " / NULLIF(count(*) FILTER (WHERE {w}), 0)",
        description=Text(
            zh="近12个月其他各期中比本期少的占比",
            en="share of the other bills that are smaller than this one, last 12 months",
        ),
        risk=Reason(
            when=">= 0.99",
            given="bills_issued_12m >= 6",
            text=Text(
                zh="本期电费为近12个月最高({bill_amount_cny})",
                en="the largest bill of the last 12 months ({bill_amount_cny})",
            ),
        ),
    ),
    Feature(
        stem="amount_score",
        window=M12,
        family="amount",
        over="other_facts",
        unit="number",
        # (own - mean) / standard deviation of the others, n^2 variance = n sum x^2 - (sum x)^2.
        sql="CAST(max(own_fen) * count(*) FILTER (WHERE {w})"
        " - sum(amount_fen) FILTER (WHERE {w}) AS DOUBLE)"
        " / NULLIF(sqrt(CAST(count(*) FILTER (WHERE {w})"
        " * sum(CAST(amount_fen AS HUGEINT) * amount_fen) FILTER (WHERE {w})"
        " - sum(amount_fen) FILTER (WHERE {w}) * sum(amount_fen) FILTER (WHERE {w})"
        " AS DOUBLE)), 0)",
        description=Text(
            zh="本期电费高出近12个月其他各期几个标准差",
            en="standard deviations by which this bill exceeds the others, last 12 months",
        ),
    ),
    Feature(
        stem="amount_rank_in_month",
        family="amount",
        over="row",
        unit="share",
        sql="CAST(2 * month_below + month_equal AS DOUBLE) / NULLIF(2 * month_bills, 0)",
        description=Text(
            zh="本期电费在同月同类用户中的位次(0最低 1最高)",
            en="rank of this bill among the segment's bills of the same month (0 least, 1 most)",
        ),
        risk=Reason(
            when=">= 0.9",
            text=Text(
                zh="本期电费高于{amount_rank_in_month}的同类用户",
                en="this bill is larger than {amount_rank_in_month} of its segment's this month",
            ),
        ),
        relief=Reason(
            when="<= 0.3",
            text=Text(
                zh="本期电费在同类用户中较低({bill_amount_cny})",
                en="a small bill for its segment this month ({bill_amount_cny})",
            ),
        ),
    ),
    Feature(
        stem="amount_over_segment",
        family="amount",
        over="row",
        unit="ratio",
        sql="CAST(amount_fen AS DOUBLE) * month_bills / NULLIF(month_fen, 0)",
        description=Text(
            zh="本期电费与同月同类用户平均之比",
            en="this bill over the mean of the segment's bills of the same month",
        ),
    ),
)
