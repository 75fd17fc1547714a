"""Gates on the model and on the list that it made."""

import statistics

from features.declare import Feature, Text
from models.predictor import Model
from pipeline.gates.data_gates import nothing_before
from pipeline.gates.facts import Facts
from pipeline.gates.gate import Finding, Gate
from pipeline.gates.settings import Gates

# A list's index may be so much larger than that of any earlier month before it stands out.
_SEASONS = 1.5
# What changes with the calendar, or grows with each month, is no shift of the population.
_FAMILIES_THAT_MOVE = {"calendar"}


def _judge_champion(facts: Facts, gates: Gates) -> Finding:
    del gates
    faults = incompatible(facts.model, facts.features, facts.target)
    found = Text(
        zh="冠军模型与特征" + ("不兼容：" + "；".join(faults) if faults else "兼容"),
        en="the model does not fit these features: " + "; ".join(faults)
        if faults
        else "the model fits these features",
    )
    return Finding(passed=not faults, figure=float(len(faults)), limit=0.0, found=found)


def incompatible(model: Model, features: tuple[Feature, ...], target: str) -> list[str]:
    """Return in which ways a model cannot read the features: question, names, kinds, words."""
    card, given = model.card, {feature.name: feature for feature in features}
    faults = []
    if card.target != target:
        faults.append(f"it answers {card.target}, asked is {target}")
    for name in card.features:
        feature = given.get(name)
        if feature is None:
            faults.append(f"{name} is gone")
        elif feature.is_categorical != (name in card.levels):
            faults.append(f"{name} changed between number and code")
        elif feature.levels and list(feature.levels) != card.levels.get(name):
            faults.append(f"{name} has other codes than the model learned")
    return faults


def _judge_age(facts: Facts, gates: Gates) -> Finding:
    told = str(facts.model.card.about.get("as_of", facts.as_of.isoformat()))
    year, month = int(told[:4]), int(told[5:7])
    age = max((facts.as_of.year - year) * 12 + facts.as_of.month - month, 0)
    limit = float(gates.model_age_months or 0)
    found = Text(
        zh=f"模型训练于 {told}，已 {age} 个月，最多 {limit:g} 个月",
        en=f"the model was trained as of {told}, {age} months ago, at most {limit:g} are allowed",
    )
    return Finding(passed=age <= limit, figure=float(age), limit=limit, found=found)


def _judge_population(facts: Facts, gates: Gates) -> Finding:
    families = {feature.name: feature.family for feature in facts.features}
    shifts = {
        name: (shift, weight)
        for name, weight in sorted(facts.weights.items())
        if weight > 0 and families.get(name) not in _FAMILIES_THAT_MOVE
        if (shift := facts.shift(name)) is not None
    }
    if not shifts:
        return nothing_before()
    moved = {
        name: weight
        for name, (shift, weight) in shifts.items()
        if shift.psi > max(gates.population_psi, shift.by_chance, _SEASONS * shift.season)
    }
    carried, limit = sum(moved.values()), float(gates.population_weight or 0)
    worst = max(moved or shifts, key=lambda name: (shifts[name][0].psi, name))
    psi = shifts[worst][0].psi
    found = Text(
        zh=f"{len(moved)} 个特征分布漂移，占模型依据的 {carried:.0%}，最多 {limit:.0%}"
        f"（最大：{worst}，PSI {psi:.2f}）",
        en=f"{len(moved)} features are distributed otherwise than before and carry {carried:.0%} of"
        f" what the model goes by, at most {limit:.0%} may (largest: {worst}, PSI {psi:.2f})",
    )
    return Finding(passed=carried <= limit, figure=carried, limit=limit, found=found)


def _judge_score(facts: Facts, gates: Gates) -> Finding:
    shift = facts.shift(None)
    if shift is None:
        return nothing_before()
    limit = max(float(gates.score_psi or 0), shift.by_chance, _SEASONS * shift.season)
    found = Text(
        zh=f"评分分布 PSI {shift.psi:.3f}，最多 {limit:.3f}",
        en=f"the score's PSI against earlier months is {shift.psi:.3f}, at most {limit:.3f} is"
        " usual",
    )
    return Finding(passed=shift.psi <= limit, figure=shift.psi, limit=limit, found=found)


def _judge_least(facts: Facts, gates: Gates) -> Finding:
    limit = float(gates.list_least)
    found = Text(
        zh=f"名单 {facts.listed:,} 笔，至少 {limit:,.0f} 笔",
        en=f"{facts.listed:,} bills are listed, at least {limit:,.0f} are expected",
    )
    return Finding(
        passed=facts.listed >= limit, figure=float(facts.listed), limit=limit, found=found
    )


def _judge_size(facts: Facts, gates: Gates) -> Finding:
    known = [(one.as_of, one.listed) for one in facts.earlier if one.listed]
    if not known or not facts.listed:
        return nothing_before()
    (day, then), limit = known[-1], float(gates.list_factor or 0)
    factor = max(facts.listed / then, then / facts.listed)
    found = Text(
        zh=f"名单 {facts.listed:,} 笔，{day} 为 {then:,} 笔，相差最多 {limit:g} 倍",
        en=f"{facts.listed:,} bills are listed where {day} gave {then:,}; a factor"
        f" of {limit:g} is usual at most",
    )
    return Finding(passed=factor <= limit, figure=factor, limit=limit, found=found)


def _judge_churn(facts: Facts, gates: Gates) -> Finding:
    """Hold the share of listed customers that stay against the usual of earlier pairs of lists.

    A new cycle has new bills, so customers are counted; how many stay depends on the utility.
    """
    past = [one.stayed for one in facts.earlier if one.stayed is not None]
    if facts.stayed is None or not past:
        return nothing_before()
    ordinary = statistics.median(past)
    limit = ordinary * (1 - float(gates.churn_fall or 0))
    found = Text(
        zh=f"上期名单客户有 {facts.stayed:.0%} 仍在名单，常态 {ordinary:.0%}，至少 {limit:.0%}",
        en=f"{facts.stayed:.0%} of the last list's customers are listed again where"
        f" {ordinary:.0%} are usual, at least {limit:.0%} are expected",
    )
    return Finding(passed=facts.stayed >= limit, figure=facts.stayed, limit=limit, found=found)


_LOOK = Text(
    zh="请先看 duewatch monitor 与数据来源。",
    en="Look for a broken source with duewatch monitor before the list goes out.",
)
_TRAIN = Text(zh="请重新训练并晋升模型。", en="Run duewatch train, then duewatch promote.")
_BANDS = Text(
    zh="请核对 bands 与数据是否完整。",
    en="Check the capacities in bands and whether data are whole.",
)
LIST_GATES: tuple[Gate, ...] = (
    Gate(
        id="champion",
        name=Text(zh="模型与特征兼容", en="model fits the features"),
        setting="",
        judge=_judge_champion,
        remedy=_TRAIN,
        acceptable=False,
    ),
    Gate(
        id="model-age",
        name=Text(zh="模型年龄", en="age of the model"),
        setting="model_age_months",
        judge=_judge_age,
        remedy=_TRAIN,
    ),
    Gate(
        id="population",
        name=Text(zh="特征分布稳定性", en="population stability"),
        setting="population_weight",
        judge=_judge_population,
        remedy=_LOOK,
    ),
    Gate(
        id="score",
        name=Text(zh="评分分布稳定性", en="score stability"),
        setting="score_psi",
        judge=_judge_score,
        remedy=_LOOK,
    ),
    Gate(
        id="list-least",
        name=Text(zh="名单最少笔数", en="fewest bills listed"),
        setting="list_least",
        judge=_judge_least,
        remedy=_BANDS,
        acceptable=False,
    ),
    Gate(
        id="list-size",
        name=Text(zh="名单规模", en="size of the list"),
        setting="list_factor",
        judge=_judge_size,
        remedy=_BANDS,
    ),
    Gate(
        id="churn",
        name=Text(zh="名单客户更替", en="customers that stay listed"),
        setting="churn_fall",
        judge=_judge_churn,
        remedy=_LOOK,
    ),
)
