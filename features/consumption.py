"""How much electricity was used. Rows: bills that carry kWh."""

from features.declare import Feature, Reason, Text, spread
from features.windows import M6, M12

CONSUMPTION: tuple[Feature, ...] = (
    Feature(
        stem="kwh_last",
        family="consumption",
        over="row",
        unit="kWh",
        sql="kwh",
        description=Text(zh="本期电量", en="kWh of this bill"),
    ),
    *spread(
        M6,
        M12,
        stem="kwh_median",
        family="consumption",
        over="bill_facts",
        unit="kWh",
        sql="quantile_disc(kwh, 0.5) FILTER (WHERE {w})",
        description=Text(zh="<window>电量中位数", en="median kWh a bill, <window>"),
    ),
    Feature(
        stem="kwh_ratio",
        family="consumption",
        over="row",
        unit="ratio",
        sql="kwh_last / NULLIF(kwh_median_12m, 0)",
        description=Text(zh="本期电量与中位数之比", en="kWh of this bill over the median"),
        risk=Reason(
            when="in 0.05..0.5",
            text=Text(
                zh="本期电量只有平时的{kwh_ratio}倍", en="use fell to {kwh_ratio} times the usual"
            ),
        ),
        relief=Reason(
            when="in 0.8..1.25",
            text=Text(
                zh="本期电量与平时相当({kwh_ratio}倍)", en="use as usual ({kwh_ratio} times)"
            ),
        ),
    ),
    Feature(
        stem="near_zero_count",
        window=M12,
        family="consumption",
        over="bill_facts",
        unit="count",
        sql="count(*) FILTER (WHERE kwh <= 10 AND {w})",
        empty=0.0,
        description=Text(
            zh="近12个月小电量(≤10千瓦时)期数", en="bills of 10 kWh or less, last 12 months"
        ),
        risk=Reason(
            when="> 0",
            text=Text(
                zh="近12个月有{near_zero_count_12m}期几乎不用电",
                en="next to no use in {near_zero_count_12m} of the last 12 months",
            ),
        ),
    ),
    Feature(
        stem="kwh_same_month_last_year",
        family="consumption",
        over="other_facts",
        unit="kWh",
        sql="max(kwh) FILTER (WHERE cycles_before = 12)",
        description=Text(zh="去年同月电量", en="kWh of the same month last year"),
    ),
    Feature(
        stem="kwh_over_last_year",
        family="consumption",
        over="row",
        unit="ratio",
        sql="kwh_last / NULLIF(kwh_same_month_last_year, 0)",
        description=Text(zh="本期电量与去年同月之比", en="kWh over the same month last year"),
        risk=Reason(
            when=">= 1.3",
            text=Text(
                zh="本期电量为去年同月的{kwh_over_last_year}倍",
                en="use is {kwh_over_last_year} times that of the same month last year",
            ),
        ),
    ),
    Feature(
        stem="near_zero_streak",
        family="consumption",
        over="bill_facts",
        unit="count",
        sql="coalesce(min(k) FILTER (WHERE kwh > 10 OR kwh IS NULL) - 1, count(*))",
        empty=0.0,
        description=Text(
            zh="最近连续小电量期数", en="bills of 10 kWh or less in a row up to the newest"
        ),
        risk=Reason(
            when=">= 2",
            text=Text(
                zh="已连续{near_zero_streak}期几乎不用电",
                en="next to no use for {near_zero_streak} bills in a row",
            ),
        ),
    ),
    Feature(
        stem="price_per_kwh_cny",
        family="consumption",
        over="row",
        unit="CNY",
        sql="bill_amount_cny / NULLIF(kwh_last, 0)",
        description=Text(zh="本期平均电价(元/千瓦时)", en="mean price of this bill, yuan a kWh"),
    ),
)
