"""Money that came in, in how many parts, by which channels. Rows: payments posted before as_of."""

from features.declare import Feature, Reason, Text, spread
from features.windows import M3, M6, M12

# Channels through which a person has to act at a counter (domain.md 2.4, PAY_MODE 01 and 0201).
_BY_HAND = "('counter', 'bank_counter', 'kiosk', 'pos', 'collector', 'agent')"

PAYMENT: tuple[Feature, ...] = (
    *spread(
        M3,
        M6,
        M12,
        stem="paid_amount",
        family="payment",
        over="payment_facts",
        unit="CNY",
        sql="CAST(sum(amount_fen) FILTER (WHERE paid AND {w}) AS DOUBLE) / 100",
        empty=0.0,
        description=Text(zh="<window>回款金额", en="cash received, <window>"),
    ),
    *spread(
        M3,
        M12,
        stem="payments_count",
        family="payment",
        over="payment_facts",
        unit="count",
        sql="count(*) FILTER (WHERE paid AND {w})",
        empty=0.0,
        description=Text(zh="<window>交费笔数", en="payments, <window>"),
        risk=Reason(
            when="== 0",
            given="bills_issued_3m >= 2",
            text=Text(zh="<window>没有交费记录", en="no payment in the <window>"),
        ),
    ),
    Feature(
        stem="days_since_payment",
        family="payment",
        over="payment_facts",
        unit="days",
        sql="min($as_of - on_day) FILTER (WHERE paid)",
        description=Text(zh="距最近一次交费天数", en="days since the last payment"),
        risk=Reason(
            when=">= 45",
            text=Text(
                zh="已{days_since_payment}天没有交费",
                en="no payment for {days_since_payment} days",
            ),
        ),
        relief=Reason(
            when="<= 20",
            text=Text(
                zh="{days_since_payment}天前刚交过费", en="paid {days_since_payment} days ago"
            ),
        ),
    ),
    Feature(
        stem="in_parts_share",
        window=M12,
        family="payment",
        over="outcome_facts",
        unit="share",
        sql="CAST(count(*) FILTER (WHERE payments > 1 AND {w}) AS DOUBLE)"
        " / NULLIF(count(*) FILTER (WHERE {w}), 0)",
        direction=1,
        description=Text(
            zh="近12个月分次交费的期数占比", en="share of bills paid in parts, last 12 months"
        ),
        risk=Reason(
            when="> 0",
            text=Text(
                zh="近12个月有{in_parts_share_12m}的电费分次才交清",
                en="{in_parts_share_12m} of the last 12 months' bills were paid in parts",
            ),
        ),
    ),
    *spread(
        M3,
        M12,
        stem="failed_debits",
        family="payment",
        over="payment_facts",
        unit="count",
        sql="count(*) FILTER (WHERE failed AND {w})",
        empty=0.0,
        direction=1,
        description=Text(zh="<window>代扣失败次数", en="failed debits, <window>"),
        risk=Reason(
            when="> 0",
            text=Text(
                zh="<window>代扣失败{failed_debits_<w>}次",
                en="debits failed in the <window>: {failed_debits_<w>}",
            ),
        ),
    ),
    Feature(
        stem="reversals",
        window=M12,
        family="payment",
        over="payment_facts",
        unit="count",
        sql="count(*) FILTER (WHERE reversal AND {w})",
        empty=0.0,
        direction=1,
        description=Text(zh="近12个月冲正次数", en="reversed payments, last 12 months"),
        risk=Reason(
            when="> 0",
            text=Text(
                zh="近12个月有{reversals_12m}笔交费到账后又退回",
                en="payments taken back in the last 12 months: {reversals_12m}",
            ),
        ),
    ),
    *spread(
        M6,
        M12,
        stem="channels_used",
        family="channel",
        over="payment_facts",
        unit="count",
        sql="count(DISTINCT channel) FILTER (WHERE paid AND {w})",
        empty=0.0,
        description=Text(zh="<window>交费渠道数", en="distinct payment channels, <window>"),
        risk=Reason(
            when=">= 3",
            text=Text(
                zh="<window>用过{channels_used_<w>}种交费渠道，没有固定渠道",
                en="{channels_used_<w>} payment channels in the <window>, no settled habit",
            ),
        ),
        relief=Reason(
            when="== 1",
            given="payments_count_12m >= 3",
            text=Text(
                zh="<window>一直用同一渠道交费", en="always the same payment channel (<window>)"
            ),
        ),
    ),
    Feature(
        stem="channel_switches",
        window=M12,
        family="channel",
        over="payment_facts",
        unit="count",
        sql="count(*) FILTER (WHERE switched AND paid AND {w})",
        empty=0.0,
        description=Text(zh="近12个月更换渠道次数", en="changes of channel, last 12 months"),
        risk=Reason(
            when=">= 2",
            text=Text(
                zh="近12个月更换交费渠道{channel_switches_12m}次",
                en="payment channel changed {channel_switches_12m} times in the last 12 months",
            ),
        ),
    ),
    Feature(
        stem="by_hand_share",
        window=M12,
        family="channel",
        over="payment_facts",
        unit="share",
        sql=f"CAST(count(*) FILTER (WHERE channel IN {_BY_HAND} AND paid AND {{w}}) AS DOUBLE)"
        " / NULLIF(count(*) FILTER (WHERE paid AND {w}), 0)",
        description=Text(
            zh="近12个月柜台等人工渠道占比", en="share paid over a counter, last 12 months"
        ),
        risk=Reason(
            when=">= 0.5",
            text=Text(
                zh="近12个月{by_hand_share_12m}的交费走柜台等人工渠道",
                en="{by_hand_share_12m} of the last 12 months' payments made over a counter",
            ),
        ),
        relief=Reason(
            when="== 0",
            text=Text(
                zh="近12个月全部线上或代扣交费",
                en="all payments of the last 12 months online or by debit",
            ),
        ),
    ),
    Feature(
        stem="debited_share",
        window=M6,
        family="channel",
        over="payment_facts",
        unit="share",
        sql="CAST(count(*) FILTER (WHERE channel IN"
        " ('bank_debit', 'third_party_debit', 'entrusted_collection') AND paid AND {w}) AS DOUBLE)"
        " / NULLIF(count(*) FILTER (WHERE paid AND {w}), 0)",
        direction=-1,
        description=Text(zh="近6个月代扣交费占比", en="share paid by debit, last 6 months"),
        relief=Reason(
            when=">= 0.5",
            text=Text(
                zh="近6个月{debited_share_6m}由代扣交费",
                en="{debited_share_6m} paid by automatic debit in the last 6 months",
            ),
        ),
    ),
    Feature(
        stem="payment_mean",
        window=M12,
        family="payment",
        over="payment_facts",
        unit="CNY",
        sql="CAST(sum(amount_fen) FILTER (WHERE paid AND {w}) AS DOUBLE)"
        " / NULLIF(100 * count(*) FILTER (WHERE paid AND {w}), 0)",
        description=Text(zh="近12个月平均每笔交费", en="mean payment, last 12 months"),
    ),
    Feature(
        stem="payments_per_bill",
        window=M12,
        family="payment",
        over="row",
        unit="ratio",
        sql="payments_count_12m / NULLIF(bills_issued_12m, 0)",
        description=Text(zh="近12个月平均每期交费笔数", en="payments a bill, last 12 months"),
    ),
    Feature(
        stem="paid_to_billed",
        window=M12,
        family="payment",
        over="row",
        unit="ratio",
        sql="paid_amount_12m / NULLIF(billed_12m, 0)",
        direction=-1,
        description=Text(zh="近12个月回款与应收之比", en="cash over money billed, last 12 months"),
    ),
    Feature(
        stem="days_since_failed_debit",
        family="payment",
        over="payment_facts",
        unit="days",
        sql="min($as_of - on_day) FILTER (WHERE failed)",
        direction=-1,
        description=Text(zh="距最近一次代扣失败天数", en="days since the last failed debit"),
        risk=Reason(
            when="<= 45",
            text=Text(
                zh="{days_since_failed_debit}天前代扣失败",
                en="a debit failed {days_since_failed_debit} days ago",
            ),
        ),
    ),
    Feature(
        stem="failed_debit_share",
        window=M12,
        family="payment",
        over="payment_facts",
        unit="share",
        sql="CAST(count(*) FILTER (WHERE failed AND {w}) AS DOUBLE)"
        " / NULLIF(count(*) FILTER (WHERE (failed OR paid) AND {w}), 0)",
        direction=1,
        description=Text(
            zh="近12个月失败交费占比", en="share of payment attempts that failed, last 12 months"
        ),
    ),
    Feature(
        stem="channel_concentration",
        window=M12,
        family="channel",
        over="payment_facts",
        unit="share",
        # Sum of squared shares: what entropy measures, in whole numbers and one division.
        sql="CAST(list_sum(list_transform(map_values("
        "histogram(channel) FILTER (WHERE paid AND {w})), lambda used: used * used)) AS DOUBLE)"
        " / NULLIF(count(*) FILTER (WHERE paid AND {w}) * count(*) FILTER (WHERE paid AND {w}), 0)",
        description=Text(
            zh="近12个月交费渠道集中度(1为只用一种)",
            en="concentration of payment channels, last 12 months (1 = a single one)",
        ),
    ),
    Feature(
        stem="days_since_switch",
        family="channel",
        over="payment_facts",
        unit="days",
        sql="min($as_of - on_day) FILTER (WHERE switched AND paid)",
        description=Text(
            zh="距最近一次更换交费渠道天数", en="days since the payment channel changed"
        ),
    ),
    Feature(
        stem="weekend_pay_share",
        window=M12,
        family="habit",
        over="payment_facts",
        unit="share",
        sql="CAST(count(*) FILTER (WHERE isodow(on_day) >= 6 AND paid AND {w}) AS DOUBLE)"
        " / NULLIF(count(*) FILTER (WHERE paid AND {w}), 0)",
        description=Text(zh="近12个月周末交费占比", en="share paid at weekends, last 12 months"),
    ),
)
