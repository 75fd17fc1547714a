"""The feature dictionary: every feature in words, generated from its declaration."""

from collections.abc import Iterable

from features.declare import Feature

# What each family speaks of, in the words of domain.md 3.4.
FAMILIES: dict[str, tuple[str, str]] = {
    "timing": ("交费时间", "when bills are settled"),
    "lateness": ("逾期", "how often, how long and how lately bills were late"),
    "arrears": ("欠费", "what stands open"),
    "amount": ("电费金额", "how large the bill is against what is usual"),
    "payment": ("交费", "money that came in"),
    "channel": ("交费渠道", "by which channels"),
    "habit": ("交费习惯", "on which days of the month"),
    "contact": ("催费反应", "what earlier contacts met with"),
    "consumption": ("电量", "how much electricity was used"),
    "calendar": ("时间", "where the bill stands in its term and in the year"),
    "account": ("客户", "who the customer is to the utility"),
    "neighbourhood": ("同网格、同类用户", "how the grid and the segment pay"),
    "prepaid": ("预付费", "how near a prepaid customer is to being cut off"),
    "extra": ("来源附加", "columns that the source added"),
}

DIRECTIONS = {1: "+ (大则险 riskier)", -1: "- (大则稳 safer)", 0: "open 未定"}

_HEAD = """# Feature dictionary 特征字典

Generated from `features/` by `duewatch docs`; do not edit. Each row of the matrix is one bill
that is open at `as_of`, and each column is what was known of its customer before that day began.
Windows of months are `[as_of - n months, as_of)`; `k` counts back from the newest row.
*Direction* is the monotone constraint: whether a larger value may only raise (+) or lower (-) the
risk. *Empty* is the value of a customer without rows in the window. *View* is the fact view of
`features/facts.py` whose rows the formula sums; `{w}` in a formula is the window's condition.

"""

_PREPAID = """# Prepaid customers 预付费客户

A second matrix (`features.build_prepaid`): one row a customer who is prepaid at `as_of` and whose
balance came in within a month. It has the columns below, and of those above: {shared}.
"""


def dictionary_markdown(features: Iterable[Feature], prepaid: Iterable[Feature] = ()) -> str:
    """Return the dictionary as a Markdown page, one table a family, in the matrix's order.

    Args:
        features: Of the matrix of open bills.
        prepaid: Of the matrix of prepaid customers; those that both have are told once.
    """
    declared = tuple(features)
    own = tuple(f for f in prepaid if f not in declared)
    parts = _sections(declared)
    if own:
        shared = ", ".join(f"`{f.name}`" for f in prepaid if f in declared)
        parts.append(_PREPAID.format(shared=shared))
        parts += _sections(own)
    return f"{_HEAD}{len(declared)} columns of bills, {len(own)} more of prepaid customers.\n\n" + (
        "\n".join(parts)
    )


def _sections(features: tuple[Feature, ...]) -> list[str]:
    families = dict.fromkeys(feature.family for feature in features)
    return [_section(family, [f for f in features if f.family == family]) for family in families]


def _section(family: str, features: list[Feature]) -> str:
    zh, en = FAMILIES[family]
    head = (
        "| column | 含义 | meaning | unit | window | direction | empty | view | formula |\n"
        "|---|---|---|---|---|---|---|---|---|\n"
    )
    return f"## {family}: {zh} - {en}\n\n{head}" + "".join(map(_row, features))


def _row(feature: Feature) -> str:
    window = feature.window.text if feature.window else None
    cells = (
        f"`{feature.name}`",
        feature.description.zh,
        feature.description.en,
        ", ".join(feature.levels) if feature.is_categorical else feature.unit,
        f"{window.zh} {window.en}" if window else "",
        DIRECTIONS[feature.direction],
        "missing" if feature.empty is None else f"{feature.empty:g}",
        feature.over,
        f"`{_formula(feature)}`",
    )
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


def _formula(feature: Feature) -> str:
    return " ".join(feature.sql.split())
