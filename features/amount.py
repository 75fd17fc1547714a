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
)
