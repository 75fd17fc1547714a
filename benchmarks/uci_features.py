"""What a card has and a meter has not: a limit, and statements that may be paid in part.

Declared over the contract's extra columns of `contract.uci_credit`, as a utility would declare
features of its own extras. Statement 1 is the newest, September's; a larger number is older.
"""

from features.declare import Feature, Text


def _own(stem: str, sql: str, *, en: str, zh: str) -> Feature:
    return Feature(
        stem=stem,
        family="extra",
        over="row",
        unit="ratio",
        sql=sql,
        description=Text(zh=zh, en=en),
    )


def _behind(months: int) -> Feature:
    return Feature(
        stem=f"months_behind_{months}m_ago",
        family="arrears",
        over="bill_facts",
        unit="count",
        sql=f"count(*) FILTER (WHERE due_on < $as_of - INTERVAL {months} MONTH AND "
        f"(cleared_on IS NULL OR cleared_on >= $as_of - INTERVAL {months} MONTH))",
        description=Text(
            zh=f"{months}个月前的逾期未结清期数", en=f"bills open past due {months} months ago"
        ),
    )


def _statement(k: int) -> str:
    return f"x_statement_amount_at_{k}b"


def _paid(k: int) -> str:
    """What was paid in the month of statement k, against the statement before it."""
    return f"x_paid_amount_at_{k}b"


FEATURES: tuple[Feature, ...] = (
    *(
        _own(
            f"utilisation_{k}",
            f"{_statement(k)} / NULLIF(x_limit_bal, 0)",
            en=f"statement {k} over the limit",
            zh=f"第{k}期账单占额度之比",
        )
        for k in range(1, 7)
    ),
    *(
        _own(
            f"paid_ratio_{k}",
            f"{_paid(k)} / NULLIF({_statement(k + 1)}, 0)",
            en=f"paid of statement {k + 1}",
            zh=f"第{k + 1}期账单已付比例",
        )
        for k in range(1, 6)
    ),
    *(
        _own(
            f"carried_{k}",
            f"({_statement(k + 1)} - {_paid(k)}) / NULLIF(x_limit_bal, 0)",
            en=f"left unpaid of statement {k + 1}, over the limit",
            zh=f"第{k + 1}期账单未付部分占额度之比",
        )
        for k in range(1, 6)
    ),
    *(
        _own(
            f"spent_{k}",
            f"({_statement(k)} - {_statement(k + 1)} + {_paid(k)}) / NULLIF(x_limit_bal, 0)",
            en=f"newly spent on statement {k}, over the limit",
            zh=f"第{k}期新增消费占额度之比",
        )
        for k in range(1, 6)
    ),
    _own(
        "utilisation_mean",
        "x_statement_amount_mean_6b / NULLIF(x_limit_bal, 0)",
        en="mean statement over the limit",
        zh="平均账单占额度之比",
    ),
    _own(
        "paid_ratio_mean",
        "x_paid_amount_mean_6b / NULLIF(x_statement_amount_mean_6b, 0)",
        en="mean payment over the mean statement",
        zh="平均付款与平均账单之比",
    ),
    _own(
        "paid_to_limit_mean",
        "x_paid_amount_mean_6b / NULLIF(x_limit_bal, 0)",
        en="mean payment over the limit",
        zh="平均付款占额度之比",
    ),
    *(_behind(months) for months in range(1, 6)),
)
