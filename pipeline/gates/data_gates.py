"""Gates on the data: fresh, whole, and of the shape and codes that they had before."""

import statistics
from functools import partial
from itertools import pairwise

from features.declare import Text
from pipeline.gates.counting import Profile
from pipeline.gates.facts import Facts, usual
from pipeline.gates.gate import Finding, Gate
from pipeline.gates.settings import Gates

# Rows that a code must be expected on before its absence is more than chance.
_TELLING_ROWS = 20
# Bills in its usual month from which an organisation is looked at by itself.
_ORG_BILLS = 50
_NAMES = {"payments": Text(zh="缴费", en="payments"), "bills": Text(zh="账单", en="bills")}
_NAMES["contacts"] = Text(zh="联系记录", en="contacts")
_NOTHING_BEFORE = Text(
    zh="没有更早的运行或训练记录可比", en="no earlier run or training record to compare with"
)


def nothing_before() -> Finding:
    """Return what a gate finds that has nothing to compare with."""
    return Finding(passed=True, figure=None, limit=None, found=_NOTHING_BEFORE)


def _judge_fresh(facts: Facts, gates: Gates, *, table: str) -> Finding:
    """Compare the silence before as_of with the setting, or with usual silence where longer.

    The usual is the median of the longest silences of past months, so that holidays count as
    usual where they come every month, and one hole in the past does not.
    """
    days = sorted(int(ago) for ago in facts.profile["days"].get(table, {}))
    what = _NAMES[table]
    if not days:
        none = Text(zh=f"近13个月没有{what.zh}", en=f"no {what.en} in the last 13 months")
        return Finding(passed=table == "contacts", figure=None, limit=None, found=none)
    longest: dict[int, int] = {}
    for newer, older in pairwise(days):
        longest[newer // 30] = max(longest.get(newer // 30, 0), older - newer - 1)
    setting = float(getattr(gates, f"{table}_silent_days"))
    limit = max(setting, 1.5 * statistics.median(longest.values()) if longest else 0.0)
    silence = (
        Text(
            zh=f"{what.zh}在取数日前 {days[0]} 天没有任何记录",
            en=f"no {what.en} in the last {days[0]} days before {facts.as_of}",
        )
        if days[0]
        else Text(
            zh=f"{what.zh}的记录直到取数日前一天",
            en=f"there are {what.en} up to the day before {facts.as_of}",
        )
    )
    found = Text(
        zh=f"{silence.zh}，最多允许 {limit:g} 天没有记录",
        en=f"{silence.en}, at most {limit:g} days may be silent",
    )
    return Finding(passed=days[0] <= limit, figure=float(days[0]), limit=limit, found=found)


def _judge_volume(facts: Facts, gates: Gates, *, table: str) -> Finding:
    months, what = facts.months(table), _NAMES[table]
    if len(months) < 3:
        return nothing_before()
    shares = [rows / (usual(months[:at] + months[at + 1 :]) or 1) for at, rows in enumerate(months)]
    worst = min(range(len(shares)), key=shares.__getitem__)
    limit = float(getattr(gates, f"{table}_share"))
    found = Text(
        zh=f"{what.zh}在取数日前第 {worst + 1} 个月为常态的 {shares[worst]:.0%}，"
        f"至少应有 {limit:.0%}",
        en=f"{what.en} in month {worst + 1} before {facts.as_of} are {shares[worst]:.0%} of the"
        f" usual number, at least {limit:.0%} are expected",
    )
    return Finding(passed=shares[worst] >= limit, figure=shares[worst], limit=limit, found=found)


def _judge_orgs(facts: Facts, gates: Gates) -> Finding:
    shares = {}
    covered = max(
        (int(month) for months in facts.profile["orgs"].values() for month in months), default=0
    )
    for org, months in facts.profile["orgs"].items():
        past = [months.get(str(month), 0) for month in range(1, min(covered, 13))]
        if len(past) >= 2 and usual(past) >= _ORG_BILLS:
            shares[org] = months.get("0", 0) / usual(past)
    if not shares:
        return nothing_before()
    limit = float(gates.org_share or 0)
    low = [org for org, share in shares.items() if share < limit]
    worst = min(shares, key=lambda org: (shares[org], org))
    found = Text(
        zh=f"{len(low)} 个供电单位最近一个月账单不足常态的 {limit:.0%}"
        f"（最低：{worst}，{shares[worst]:.0%}）",
        en=f"{len(low)} of {len(shares)} organisations have less than {limit:.0%} of their usual"
        f" bills in the last month (least: {worst}, {shares[worst]:.0%})",
    )
    return Finding(passed=not low, figure=shares[worst], limit=limit, found=found)


def _judge_customers(facts: Facts, gates: Gates) -> Finding:
    known = [one for one in facts.earlier if one.profile.get("customers")]
    if not known:
        return nothing_before()
    last = known[-1]
    now, then = facts.profile["customers"], last.profile["customers"] / last.profile.get("share", 1)
    change, limit = abs(now - then) / then, float(gates.customers_change or 0)
    found = Text(
        zh=f"客户数 {now:,}，{last.as_of} 为 {then:,.0f}，变动 {change:.1%}，最多允许 {limit:.1%}",
        en=f"{now:,} customers where {last.as_of} had {then:,.0f}, a change of"
        f" {change:.1%}, at most {limit:.1%} is usual",
    )
    return Finding(passed=change <= limit, figure=change, limit=limit, found=found)


def _judge_columns(facts: Facts, gates: Gates) -> Finding:
    del gates
    known = [one.profile["columns"] for one in facts.earlier if one.profile.get("columns")]
    if not known:
        return nothing_before()
    now = facts.profile["columns"]
    lost = [name for name, kind in sorted(known[-1].items()) if now.get(name) != kind]
    first = lost[0] if lost else ""
    state = "gone" if first not in now else f"{now[first]}, was {known[-1][first]}"
    found = Text(
        zh=f"{len(lost)} 个字段缺失或类型改变" + (f"（首个：{first}）" if lost else ""),
        en=f"{len(lost)} columns are gone or of another type"
        + (f" (first: {first}, {state})" if lost else ""),
    )
    return Finding(passed=not lost, figure=float(len(lost)), limit=0.0, found=found)


def _judge_codes(facts: Facts, gates: Gates) -> Finding:
    limit, worst, where = float(gates.new_codes_share or 0), 0.0, ""
    for column, codes in sorted(facts.profile["codes"].items()):
        seen = _seen_before(facts, column)
        total = sum(codes.get("now", {}).values())
        for code, rows in sorted(codes.get("now", {}).items()):
            if seen and code not in seen and rows / total > worst:
                worst, where = rows / total, f"{column} {code!r}"
    for column in facts.model.card.levels:
        share = _unknown_share(facts, column)
        if share > worst:
            worst, where = share, f"{column}, a code that the model never saw"
    found = Text(
        zh=f"从未见过的代码最多占 {worst:.2%}" + (f"（{where}）" if where else ""),
        en=f"codes never seen before make up to {worst:.2%} of rows, at most {limit:.2%} may"
        + (f" (most: {where})" if where else ""),
    )
    new = Finding(passed=worst <= limit, figure=worst, limit=limit, found=found)
    gone = _gone_codes(facts, float(gates.gone_codes_share))
    return _lost_codes(gone, new, limit=float(gates.gone_codes_share)) if gone else new


def _gone_codes(facts: Facts, limit: float) -> dict[str, float]:
    """Return the codes with no row in the last month, by their share of rows before.

    Before is the last month of the newest run or training that is known, so that a code that went
    with a person's leave is not told of again; without one, the months before.
    """
    gone = {}
    for column, codes in sorted(facts.profile["codes"].items()):
        told = [one.profile.get("codes", {}).get(column, {}) for one in facts.earlier]
        before = next(
            (one["now"] for one in reversed(told) if one.get("now")), codes.get("before", {})
        )
        rows, total = sum(before.values()), sum(codes.get("now", {}).values())
        for code, n in before.items():
            is_telling = n / rows > limit and n / rows * total >= _TELLING_ROWS
            if is_telling and code not in codes["now"]:
                gone[f"{column} {code!r}"] = n / rows
    return gone


def _lost_codes(gone: dict[str, float], new: Finding, *, limit: float) -> Finding:
    """Return what is found when codes are gone, together with new ones that may stand for them."""
    worst = max(sorted(gone), key=gone.__getitem__)
    share = gone[worst]
    found = Text(
        zh=f"{len(gone)} 个原有代码最近一个月不再出现（最多：{worst}，原占 {share:.1%}），"
        f"原占不超过 {limit:.1%} 的不计；{new.found.zh}",
        en=f"{len(gone)} codes that were there before have no row in the last month (most: {worst},"
        f" {share:.1%} of rows before), those of up to {limit:.1%} are not looked at;"
        f" {new.found.en}",
    )
    return Finding(passed=False, figure=share, limit=limit, found=found)


def _seen_before(facts: Facts, column: str) -> set[str]:
    told = [facts.profile["codes"][column].get("before", {})]
    for one in facts.earlier:
        told += one.profile.get("codes", {}).get(column, {}).values()
    return {code for codes in told for code in codes}


def _unknown_share(facts: Facts, column: str) -> float:
    sketch = facts.profile["features"].get(column, {})
    return float(sketch.get(str(len(facts.model.card.levels[column])), 0)) / facts.profile["rows"]


def _judge_missing(facts: Facts, gates: Gates) -> Finding:
    before: list[Profile] = [one.profile for one in facts.earlier]
    known: dict[str, float] = {}
    for profile in before:
        for column, share in facts.missing(profile).items():
            known[column] = max(known.get(column, 0.0), share)
    if not known:
        return nothing_before()
    now = facts.missing(facts.profile)
    rises = {column: now[column] - share for column, share in known.items() if column in now}
    worst, limit = max(sorted(rises), key=rises.__getitem__), float(gates.missing_rise or 0)
    bad = sum(rise > limit for rise in rises.values())
    found = Text(
        zh=f"{bad} 个字段缺失率上升超过 {limit:.0%}（最大：{worst}，"
        f"原 {known[worst]:.1%}，现 {now[worst]:.1%}）",
        en=f"{bad} columns miss more values than before by over {limit:.0%} (most: {worst},"
        f" {known[worst]:.1%} before, {now[worst]:.1%} now)",
    )
    return Finding(passed=not bad, figure=rises[worst], limit=limit, found=found)


_EXPORT = Text(
    zh="请补导数据后重新运行。", en="Export what is missing and run again with the new data."
)
DATA_GATES: tuple[Gate, ...] = (
    *(
        Gate(
            id=f"{table}-fresh",
            name=Text(zh=f"{_NAMES[table].zh}是否及时", en=f"{_NAMES[table].en} are fresh"),
            setting=f"{table}_silent_days",
            judge=partial(_judge_fresh, table=table),
            remedy=_EXPORT,
        )
        for table in ("payments", "bills", "contacts")
    ),
    *(
        Gate(
            id=f"{table}-volume",
            name=Text(zh=f"{_NAMES[table].zh}数量", en=f"volume of {_NAMES[table].en}"),
            setting=f"{table}_share",
            judge=partial(_judge_volume, table=table),
            remedy=_EXPORT,
        )
        for table in ("payments", "bills")
    ),
    Gate(
        id="org-volume",
        name=Text(zh="各供电单位账单数量", en="bills of each organisation"),
        setting="org_share",
        judge=_judge_orgs,
        remedy=_EXPORT,
    ),
    Gate(
        id="customers",
        name=Text(zh="客户数变动", en="number of customers"),
        setting="customers_change",
        judge=_judge_customers,
        remedy=_EXPORT,
    ),
    Gate(
        id="columns",
        name=Text(zh="字段是否齐全", en="columns that were there before"),
        setting="columns",
        judge=_judge_columns,
        remedy=Text(zh="请恢复字段或其类型。", en="Bring them back as they were."),
    ),
    Gate(
        id="codes",
        name=Text(zh="代码新增或消失", en="codes that are new or gone"),
        setting="new_codes_share",
        judge=_judge_codes,
        remedy=Text(
            zh="请核对代码映射与数据来源；若确有代码新增或停用，请重新训练。",
            en="Check the mapping of codes and the source; if a code came or went indeed, train"
            " again.",
        ),
    ),
    Gate(
        id="missing",
        name=Text(zh="缺失率", en="share of missing values"),
        setting="missing_rise",
        judge=_judge_missing,
        remedy=_EXPORT,
    ),
)
