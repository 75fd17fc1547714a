"""How near a prepaid customer is to being cut off. Rows: days of balance, and cuts of supply.

The unit is the customer, not a bill: what is asked is whether supply will be cut for lack of
balance. A day's balance is known on the next day (contract.md).
"""

from features.declare import Feature, Reason, Text, spread
from features.windows import M3, M12

LOW_FEN = 3000  # domain.md 2.2: one grid reminds below 30 yuan


def _daily_mean(stem: str, days: int) -> Feature:
    return Feature(
        stem=stem,
        family="prepaid",
        over="balance_facts",
        unit="CNY",
        sql=f"CAST(sum(cost_fen) FILTER (WHERE k <= {days}) AS DOUBLE)"
        f" / NULLIF(100 * count(*) FILTER (WHERE k <= {days}), 0)",
        description=Text(zh=f"近{days}日平均日电费", en=f"mean cost a day, last {days} days"),
    )


PREPAID: tuple[Feature, ...] = (
    Feature(
        stem="balance_cny",
        family="prepaid",
        over="balance_facts",
        unit="CNY",
        sql="CAST(max(balance_fen) FILTER (WHERE k = 1) AS DOUBLE) / 100",
        direction=-1,
        description=Text(zh="最近一日余额", en="balance of the newest known day"),
        risk=Reason(when=">= 0", text=Text(zh="余额{balance_cny}", en="balance {balance_cny}")),
        relief=Reason(when=">= 0", text=Text(zh="余额{balance_cny}", en="balance {balance_cny}")),
    ),
    Feature(
        stem="balance_age_days",
        family="prepaid",
        over="balance_facts",
        unit="days",
        sql="min($as_of - on_day)",
        description=Text(zh="余额数据距今天数", en="days since the newest known balance"),
    ),
    _daily_mean("cost_mean_7d", 7),
    _daily_mean("cost_mean_30d", 30),
    Feature(
        stem="balance_days_left",
        family="prepaid",
        over="row",
        unit="days",
        sql="balance_cny / NULLIF(cost_mean_7d, 0)",
        direction=-1,
        description=Text(
            zh="余额按近7日电费还能用的天数",
            en="days that the balance lasts at the last week's cost",
        ),
        risk=Reason(
            when="in 0..7",
            text=Text(
                zh="余额{balance_cny}，约够用{balance_days_left}天",
                en="balance {balance_cny}, enough for about {balance_days_left} days",
            ),
            at_zero=Text(
                zh="余额{balance_cny}，已不够用一天",
                en="balance {balance_cny}, not enough for a day",
            ),
        ),
        relief=Reason(
            when=">= 15",
            text=Text(
                zh="余额约够用{balance_days_left}天",
                en="balance enough for about {balance_days_left} days",
            ),
        ),
    ),
    Feature(
        stem="balance_min_30d",
        family="prepaid",
        over="balance_facts",
        unit="CNY",
        sql="CAST(min(balance_fen) FILTER (WHERE k <= 30) AS DOUBLE) / 100",
        direction=-1,
        description=Text(zh="近30日最低余额", en="lowest balance, last 30 days"),
    ),
    Feature(
        stem="low_days_30d",
        family="prepaid",
        over="balance_facts",
        unit="count",
        sql=f"count(*) FILTER (WHERE balance_fen < {LOW_FEN} AND k <= 30)",
        empty=0.0,
        direction=1,
        description=Text(zh="近30日余额低于30元的天数", en="days below 30 yuan, last 30 days"),
        risk=Reason(
            when="> 0",
            text=Text(
                zh="近30日有{low_days_30d}天余额低于30元",
                en="below 30 yuan on {low_days_30d} of the last 30 days",
            ),
        ),
        relief=Reason(
            when="== 0",
            given="balance_age_days <= 7",
            text=Text(zh="近30日余额都在30元以上", en="never below 30 yuan in the last 30 days"),
        ),
    ),
    Feature(
        stem="negative_days_30d",
        family="prepaid",
        over="balance_facts",
        unit="count",
        sql="count(*) FILTER (WHERE balance_fen < 0 AND k <= 30)",
        empty=0.0,
        direction=1,
        description=Text(zh="近30日余额为负的天数", en="days in debt, last 30 days"),
        risk=Reason(
            when="> 0",
            text=Text(
                zh="近30日有{negative_days_30d}天余额为负",
                en="in debt on {negative_days_30d} of the last 30 days",
            ),
        ),
    ),
    Feature(
        stem="cost_rise",
        family="prepaid",
        over="row",
        unit="ratio",
        sql="cost_mean_7d / NULLIF(cost_mean_30d, 0)",
        direction=1,
        description=Text(
            zh="近7日日均电费与近30日之比", en="the last week's cost over the month's"
        ),
        risk=Reason(
            when=">= 1.2",
            text=Text(
                zh="近7日用电费用为近30日的{cost_rise}倍",
                en="the last week cost {cost_rise} times the month's daily mean",
            ),
        ),
    ),
    Feature(
        stem="topup_gap_mean",
        window=M12,
        family="prepaid",
        over="payment_facts",
        unit="days",
        sql="CAST(max(on_day) FILTER (WHERE paid AND {w}) - min(on_day) FILTER (WHERE paid AND {w})"
        " AS DOUBLE) / NULLIF(count(*) FILTER (WHERE paid AND {w}) - 1, 0)",
        description=Text(
            zh="近12个月平均充值间隔天数", en="mean days between top-ups, last 12 months"
        ),
    ),
    Feature(
        stem="topup_days",
        family="prepaid",
        over="row",
        unit="days",
        sql="payment_mean_12m / NULLIF(cost_mean_30d, 0)",
        direction=-1,
        description=Text(
            zh="平均每笔充值够用天数", en="days of cost that a top-up covers on average"
        ),
        risk=Reason(
            when="<= 15",
            text=Text(
                zh="每笔充值只够用{topup_days}天", en="a top-up lasts only {topup_days} days"
            ),
            at_zero=Text(zh="每笔充值不够用一天", en="a top-up does not last a day"),
        ),
    ),
    Feature(
        stem="issued_to_topup_ratio",
        family="prepaid",
        over="row",
        unit="ratio",
        # L09 in the reading of C-01: above 1.6 the customer pays small amounts, many times.
        sql="amount_mean_12m / NULLIF(payment_mean_12m, 0)",
        direction=1,
        description=Text(
            zh="平均每期电费与平均每笔充值之比", en="mean bill over mean top-up, last 12 months"
        ),
        risk=Reason(
            when="> 1.6",
            text=Text(
                zh="小额多次充值，月电费为每笔充值的{issued_to_topup_ratio}倍",
                en="small top-ups: a bill is {issued_to_topup_ratio} of them",
            ),
        ),
    ),
    *spread(
        M3,
        M12,
        stem="cuts_count",
        family="prepaid",
        over="cut_facts",
        unit="count",
        sql="count(*) FILTER (WHERE {w})",
        empty=0.0,
        direction=1,
        description=Text(zh="<window>停电次数", en="cuts of supply, <window>"),
        risk=Reason(
            when="> 0",
            text=Text(
                zh="<window>停电{cuts_count_<w>}次", en="cut off {cuts_count_<w>} times (<window>)"
            ),
        ),
    ),
    Feature(
        stem="days_since_cut",
        family="prepaid",
        over="cut_facts",
        unit="days",
        sql="min($as_of - on_day)",
        direction=-1,
        description=Text(zh="距最近一次停电天数", en="days since the last cut of supply"),
    ),
    Feature(
        stem="hours_off_mean",
        window=M12,
        family="prepaid",
        over="cut_facts",
        unit="number",
        sql="CAST(sum(minutes_off) FILTER (WHERE {w}) AS DOUBLE)"
        " / NULLIF(60 * count(*) FILTER (WHERE {w}), 0)",
        description=Text(
            zh="近12个月平均停电小时数(未复电的计至今)",
            en="mean hours without supply, last 12 months (up to as_of while it is off)",
        ),
    ),
    Feature(
        stem="is_cut_off",
        family="prepaid",
        over="cut_facts",
        unit="flag",
        sql="CAST(coalesce(bool_or(is_off), false) AS INTEGER)",
        empty=0.0,
        direction=1,
        description=Text(zh="目前处于停电状态", en="supply is cut off now"),
        risk=Reason(when="> 0", text=Text(zh="目前处于停电状态", en="supply is cut off now")),
    ),
)
