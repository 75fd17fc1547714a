"""The months of a model as a page to read, in Markdown, one a language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from features.declare import Text
from models.monitoring.alarms import TREATED, Alarm

Language = Literal["zh", "en"]
_SHARE, _PLAIN, _WHOLE = "{:.1%}", "{:.3f}", "{:,.0f}"

# Column of the page: heading and form.
_MONTHS: Mapping[str, tuple[Text, str]] = {
    "month": (Text(zh="计划日", en="Planning day"), "{}"),
    "rows": (Text(zh="评分数", en="Scored"), _WHOLE),
    "late_rate": (Text(zh="实际逾期率", en="Late"), _SHARE),
    "told": (Text(zh="预测逾期率", en="Told"), _SHARE),
    "auc": (Text(zh="AUC", en="AUC"), _PLAIN),
    "expected_auc": (Text(zh="AUC估计", en="AUC estimated"), _PLAIN),
    "caught": (Text(zh="命中逾期金额", en="Late amount caught"), _SHARE),
    "expected_caught": (Text(zh="命中估计", en="Caught, estimated"), _SHARE),
    "margin": (Text(zh="比规则多命中", en="More than the rule"), "{:+.1%}"),
    "score_psi": (Text(zh="评分PSI", en="PSI of the score"), _PLAIN),
    "worst_feature": (Text(zh="变化最大的特征", en="Feature that moved most"), "{}"),
    "worst_psi": (Text(zh="其PSI", en="Its PSI"), _PLAIN),
}
_TREATMENTS: Mapping[str, tuple[Text, str]] = {
    "month": _MONTHS["month"],
    "treatment": (Text(zh="处理", en="Treatment"), "{}"),
    "rows": (Text(zh="账单数", en="Bills"), _WHOLE),
    "late_rate": _MONTHS["late_rate"],
    "told": _MONTHS["told"],
}
_ALARMS: Mapping[str, tuple[Text, str]] = {
    "month": _MONTHS["month"],
    "level": (Text(zh="级别", en="Level"), "{}"),
    "what": (Text(zh="指标", en="Figure"), "{}"),
    "value": (Text(zh="数值", en="Value"), _PLAIN),
    "limit": (Text(zh="限值", en="Limit"), _PLAIN),
    "cost": (Text(zh="意味着", en="What it means"), "{}"),
}
_LEVELS = {"watch": Text(zh="关注", en="watch"), "act": Text(zh="越限", en="breach")}
_KINDS = {
    "score": Text(zh="评分分布", en="spread of the score"),
    "caught": Text(zh="命中优势", en="advantage over the rule"),
    "calibration": Text(zh="概率水平", en="level of the probability"),
}
_TITLE = Text(zh="模型逐月监测：第<version>版", en="Model version <version>, month by month")
_HEADINGS = {
    "alarms": Text(zh="告警", en="Alarms"),
    "months": Text(zh="各月", en="Months"),
    "treatments": Text(zh="已提醒与未提醒分开", en="Reminded and not reminded, apart"),
    "reading": Text(zh="怎样读", en="How to read this"),
}
_GO_ON = Text(
    zh="没有指标连续两个月越限：继续使用该模型。",
    en="No limit was breached in two months in a row: go on with the model.",
)
_RETRAIN = Text(
    zh="<kinds>连续两个月越限：建议训练挑战者模型，再运行 duewatch promote。"
    "不会自动训练或更换模型。",
    en="Two months in a row breached: <kinds>. Train a challenger, then duewatch promote; nothing"
    " is trained or replaced by itself.",
)
_NO_ALARM = Text(zh="没有告警。", en="None.")
_READING = Text(
    zh="“关注”只请人查看，“越限”才计入建议。空格表示标签尚未到期，或已知月份不足两个而无法估计。"
    "命中逾期金额逐月随少数大户和节令变动，因此与同月规则名单比较。估计值已减去以往各月的平均误差。"
    "提醒有效时，已提醒账单的实际逾期率会低于预测；以随机对照和未提醒的账单判断模型是否有误。",
    en="A watch asks somebody to look; only a breach counts towards the advice. An empty cell is of"
    " labels that are not mature, or of fewer than two known months to estimate from. What a list"
    " catches moves with a few large customers and the calendar, so it is held against the rule's"
    " list of the same month. Estimates have lost the mean error of earlier ones. Where reminders"
    " work, the reminded are late less often than told: judge the model by those held out and not"
    " reminded.",
)


@dataclass(frozen=True, kw_only=True)
class Page:
    """What a page tells.

    Attributes:
        months: One row a month; treatments: one row a month and treatment.
        retrain: The kinds breached in two months in a row.
    """

    version: str
    months: pd.DataFrame
    treatments: pd.DataFrame
    alarms: Sequence[Alarm]
    retrain: Sequence[str]


def render_page(page: Page, language: Language) -> str:
    """Return the page as Markdown: the advice first, then why, then the figures."""

    def say(text: Text) -> str:
        return str(getattr(text, language))

    kinds = ("、" if language == "zh" else ", ").join(say(_KINDS[kind]) for kind in page.retrain)
    alarms = [
        {**vars(one), "level": say(_LEVELS[one.level]), "what": _named(one, language)}
        | {"cost": say(one.cost)}
        for one in page.alarms
    ]
    treatments = [
        {**line, "treatment": say(TREATED[line["treatment"]])} for line in _lines(page.treatments)
    ]
    parts = [
        f"# {say(_TITLE).replace('<version>', page.version)}",
        say(_RETRAIN).replace("<kinds>", kinds) if page.retrain else say(_GO_ON),
        f"## {say(_HEADINGS['alarms'])}",
        _table(alarms, _ALARMS, language) if alarms else say(_NO_ALARM),
        f"## {say(_HEADINGS['months'])}",
        _table(_lines(page.months), _MONTHS, language),
    ]
    if treatments:
        parts.append(f"## {say(_HEADINGS['treatments'])}")
        parts.append(_table(treatments, _TREATMENTS, language))
    parts += [f"## {say(_HEADINGS['reading'])}", say(_READING)]
    return "\n\n".join(parts) + "\n"


def _named(alarm: Alarm, language: Language) -> str:
    known = _KINDS.get(alarm.kind)
    return f"`{alarm.what}`" if known is None else str(getattr(known, language))


def _lines(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in line.items()} for line in table.to_dict("records")]


def _table(
    lines: Sequence[Mapping[str, Any]],
    columns: Mapping[str, tuple[Text, str]],
    language: Language,
) -> str:
    headings = [str(getattr(heading, language)) for heading, _ in columns.values()]
    rows = [headings, ["---"] * len(columns)]
    rows += [[_cell(line[name], form) for name, (_, form) in columns.items()] for line in lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _cell(value: Any, form: str) -> str:
    missing = isinstance(value, float) and np.isnan(value)
    return "" if missing else form.format(value).replace("|", "\\|")
