"""Every KPI of collection, defined once (domain 2.3, R000-11, R001-06, R002-01)."""

from collection.kpis.declare import Kpi, Measure, amount, share
from features.declare import Text

# Days past due, as operations look at them, and years since issue, as accounts do (domain 2.3).
AGES: tuple[tuple[int, int | None], ...] = (
    (1, 30),
    (31, 60),
    (61, 90),
    (91, 180),
    (181, 365),
    (366, None),
)
YEARS: tuple[tuple[int, int | None], ...] = ((0, 1), (1, 2), (2, 3), (3, None))
# Buckets of a customer by its oldest bill overdue (style 22).
BUCKETS = ("M0", "M1", "M2", "M3", "M4")

_RECOVERY = (
    share(
        "recovery_amount_month",
        Text(zh="当月电费回收率", en="collected of this month's bills"),
        Text(
            zh="本月账期实收电费（已到账） / 本月账期应收电费",
            en="cash posted on bills of this cycle / their amount",
        ),
        over="bill",
        part="sum(paid_fen) FILTER (in_month)",
        whole="sum(amount_fen) FILTER (in_month)",
    ),
    share(
        "recovery_amount_year",
        Text(zh="累计电费回收率", en="collected of this year's bills"),
        Text(
            zh="本年各账期实收电费（已到账） / 应收电费",
            en="cash posted on bills of this year's cycles / their amount",
        ),
        over="bill",
        part="sum(paid_fen) FILTER (in_year)",
        whole="sum(amount_fen) FILTER (in_year)",
    ),
    share(
        "recovery_customers_month",
        Text(zh="当月户数回收率", en="customers settled this month"),
        Text(
            zh="本月账期全部结清的户数 / 本月账期出账户数",
            en="customers whose bills of this cycle are all settled / customers billed in it",
        ),
        over="payer",
        part="count(*) FILTER (billed_month AND settled_month)",
        whole="count(*) FILTER (billed_month)",
    ),
    share(
        "recovery_customers_year",
        Text(zh="累计户数回收率", en="customers settled this year"),
        Text(
            zh="本年各账期全部结清的户数 / 本年出账户数",
            en="customers whose bills of this year's cycles are all settled / customers billed",
        ),
        over="payer",
        part="count(*) FILTER (billed_year AND settled_year)",
        whole="count(*) FILTER (billed_year)",
    ),
    share(
        "collected_by_due",
        Text(zh="到期日前回收率", en="collected by the due date"),
        Text(
            zh="本期内到期账单在截止日（含）前交纳的金额（按交费时间） / 其应收金额",
            en="of bills that fell due in the period, the amount that customers had paid by the"
            " end of the due day (by paid_at) / their amount",
        ),
        over="bill",
        part="sum(paid_by_due_fen) FILTER (fell_due)",
        whole="sum(amount_fen) FILTER (fell_due)",
    ),
    Kpi(
        id="cash_received",
        name=Text(zh="本期到账电费", en="cash received"),
        formula=Text(
            zh="本期内到账（按到账时间）的交费合计，扣除冲正",
            en="payments posted in the period (by posted_at), less reversals",
        ),
        numerator=Measure(over="payment", sql="sum(amount_fen)"),
        scale=0.01,
        unit="yuan",
    ),
)

_ARREARS = (
    amount(
        "new_arrears",
        Text(zh="新欠", en="new arrears"),
        Text(zh="本年到期、已逾期未交的金额", en="open and overdue, fallen due this year"),
        where="is_overdue AND due_on >= $year",
    ),
    amount(
        "old_arrears",
        Text(zh="陈欠", en="old arrears"),
        Text(
            zh="往年到期、跨年仍未交的金额",
            en="open and overdue, fallen due before this year: the cut of the 3‰ late fee",
        ),
        where="is_overdue AND due_on < $year",
    ),
    amount(
        "arrears_this_month",
        Text(zh="当月欠费", en="arrears of this month's bills"),
        Text(zh="新欠中本月账期的部分", en="of the new arrears, bills of this cycle or later"),
        where="is_overdue AND due_on >= $year AND cycle >= $month",
    ),
    amount(
        "arrears_earlier_months",
        Text(zh="往月欠费", en="arrears of earlier months' bills"),
        Text(zh="新欠中以前账期的部分", en="of the new arrears, bills of earlier cycles"),
        where="is_overdue AND due_on >= $year AND cycle < $month",
    ),
    share(
        "old_arrears_recovered",
        Text(zh="陈欠回收率", en="old arrears recovered"),
        Text(
            zh="年初陈欠中本年已收回的金额 / 年初陈欠",
            en="of what was open on 1 January from earlier years, the part that is no longer open",
        ),
        over="bill",
        part="sum(greatest(old_fen - open_fen, 0))",
        whole="sum(old_fen)",
    ),
    Kpi(
        id="arrears_customers",
        name=Text(zh="欠费户数", en="customers in arrears"),
        formula=Text(zh="有逾期未交账单的户数", en="customers with an open, overdue bill"),
        numerator=Measure(over="payer", sql="count(*) FILTER (in_arrears)"),
        unit="count",
    ),
    Kpi(
        id="arrears_bills",
        name=Text(zh="欠费笔数", en="bills in arrears"),
        formula=Text(zh="逾期未交的账单数", en="open, overdue bills"),
        numerator=Measure(over="bill", sql="count(*) FILTER (is_overdue)"),
        unit="count",
    ),
    share(
        "repeat_arrears",
        Text(zh="重复欠费率", en="repeat arrears"),
        Text(
            zh="近6个月逾期2次及以上的户数 / 近6个月有逾期的户数",
            en="customers with two or more bills late in the last 6 months / with one or more"
            " (late by paid_at, or overdue and open)",
        ),
        over="payer",
        part="count(*) FILTER (late_bills >= 2)",
        whole="count(*) FILTER (late_bills >= 1)",
    ),
)

_DUNNING = (
    share(
        "dunning_completion",
        Text(zh="催费完成率", en="arrears dunned"),
        Text(
            zh="到期日之后已催费的欠费笔数 / 欠费笔数（不含锁定中的账单）",
            en="overdue bills whose customer was contacted about them after due day / overdue"
            " bills, those on hold left out; a contact held out is none",
        ),
        over="bill",
        part="count(*) FILTER (is_overdue AND NOT is_held AND is_dunned)",
        whole="count(*) FILTER (is_overdue AND NOT is_held)",
    ),
    amount(
        "undunned_amount",
        Text(zh="未催费金额", en="arrears not dunned"),
        Text(zh="尚未催费的欠费金额（不含锁定中的账单）", en="open amount of the others"),
        where="is_overdue AND NOT is_held AND NOT is_dunned",
    ),
    Kpi(
        id="undunned_customers",
        name=Text(zh="未催费户数", en="customers not dunned"),
        formula=Text(zh="有尚未催费欠费的户数", en="customers with such a bill"),
        numerator=Measure(over="payer", sql="count(*) FILTER (undunned)"),
        unit="count",
    ),
    Kpi(
        id="contacts_per_1000_bills",
        name=Text(zh="每千笔账单催费次数", en="contacts per 1,000 bills"),
        formula=Text(
            zh="本期催费次数 / 本期发行账单数 × 1000",
            en="contacts made in the period / bills issued in it x 1000",
        ),
        numerator=Measure(over="contact", sql="count(*)"),
        denominator=Measure(over="bill", sql="count(*) FILTER (in_period)"),
        scale=1000,
        unit="count",
    ),
)

_RECEIVABLES = (
    Kpi(
        id="dso",
        name=Text(zh="应收账款周转天数", en="days sales outstanding"),
        formula=Text(
            zh="应收余额 / 近3个月发行电费 × 天数",
            en="open amount / amount issued in the last 3 months x days in them",
        ),
        numerator=Measure(over="bill", sql="sum(open_fen) * $window_days"),
        denominator=Measure(over="bill", sql="sum(amount_fen) FILTER (issued_on >= $window)"),
        unit="days",
    ),
    share(
        "cei",
        Text(zh="回收效率指数", en="collection effectiveness index"),
        Text(
            zh="(期初应收余额 + 本期发行 − 期末应收余额)"
            " / (期初应收余额 + 本期发行 − 期末未到期余额)",
            en="(opening receivables + issued in the period - closing receivables) / (opening"
            " receivables + issued in the period - closing receivables not yet due)",
        ),
        over="bill",
        part="sum(open_before_fen + CASE WHEN in_period THEN amount_fen ELSE 0 END - open_fen)",
        whole="sum(open_before_fen + CASE WHEN in_period THEN amount_fen ELSE 0 END"
        " - CASE WHEN is_overdue THEN 0 ELSE open_fen END)",
    ),
)


def _ageing(first: int, last: int | None) -> Kpi:
    upper = f" AND dpd <= {last}" if last else ""
    label = f"{first}–{last}" if last else f"{first - 1}+"
    return amount(
        f"overdue_{first}_{last or 'up'}_days",
        Text(zh=f"逾期{label}天", en=f"overdue {label} days"),
        Text(zh=f"逾期{label}天的未交金额", en=f"open amount of bills {label} days past due"),
        where=f"is_overdue AND dpd >= {first}{upper}",
    )


def _age(first: int, last: int | None) -> Kpi:
    start = f" AND issued_on > $as_of - INTERVAL {last} YEAR" if last else ""
    end = f"issued_on <= $as_of - INTERVAL {first} YEAR" if first else "true"
    label = f"{first}–{last}" if last else f"{first}+"
    return amount(
        f"aged_{first}_{last or 'up'}_years",
        Text(zh=f"账龄{label}年", en=f"aged {label} years"),
        Text(
            zh=f"自发行日起{label}年的未交金额",
            en=f"open amount of bills issued {label} years ago, due or not",
        ),
        where=f"{end}{start}",
    )


def _roll(place: int) -> Kpi:
    bucket = BUCKETS[place]
    return share(
        f"roll_{bucket.lower()}",
        Text(zh=f"{bucket}滚动率", en=f"roll rate of {bucket}"),
        Text(
            zh=f"期初处于{bucket}桶的客户余额中，期末进入更差逾期桶的比例",
            en=f"of the balance of customers in {bucket} when the period began, the share of those"
            " in a worse bucket when it ended",
        ),
        over="payer",
        part=f"sum(open_before_fen) FILTER (bucket_before = {place} AND bucket_now > {place})",
        whole=f"sum(open_before_fen) FILTER (bucket_before = {place})",
    )


def _cure(place: int) -> Kpi:
    bucket = BUCKETS[place]
    return share(
        f"cure_{bucket.lower()}",
        Text(zh=f"{bucket}治愈率", en=f"cure rate of {bucket}"),
        Text(
            zh=f"期初处于{bucket}桶的客户余额中，期末已无逾期的比例",
            en=f"of the balance of customers in {bucket} when the period began, the share of those"
            " with nothing overdue when it ended",
        ),
        over="payer",
        part=f"sum(open_before_fen) FILTER (bucket_before = {place} AND bucket_now = 0)",
        whole=f"sum(open_before_fen) FILTER (bucket_before = {place})",
    )


_AGEING = (
    amount(
        "not_due",
        Text(zh="未到期", en="not due"),
        Text(zh="未到期的未交金额", en="open amount of bills not past due"),
        where="NOT is_overdue",
    ),
    *(_ageing(first, last) for first, last in AGES),
    *(_age(first, last) for first, last in YEARS),
)
_MOVES = (*map(_roll, range(4)), *map(_cure, range(1, 5)))

KPIS: tuple[Kpi, ...] = (*_RECOVERY, *_ARREARS, *_DUNNING, *_RECEIVABLES, *_AGEING, *_MOVES)
