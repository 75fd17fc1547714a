"""What is planned for the listed customers, in words, and their portraits."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from collection.policy.wording import PlanWording
from features.declare import Text

_LANGUAGES = ("zh", "en")
NOBODY = "none"


def plans_in_words(
    plan: pd.DataFrame,
    labels: pd.DataFrame,
    *,
    rules: Mapping[str, Text],
    words: PlanWording,
    phrases: Mapping[str, Text],
) -> pd.DataFrame:
    """Return a row a customer: customer_id, planned, labels, plan_zh, why_not_zh and in English.

    Args:
        plan: A plan's rows (collection.plan).
        labels: The portraits: customer_id, label.
        rules: What each rule of the policy says, by its id.
        words: The words of plans.
        phrases: The page's own, of which ``plan_*`` are filled.
    """
    rows: list[Any] = plan.to_dict("records")
    told = [_in_words(row, rules, words, phrases) for row in rows]
    sets = labels.sort_values(["customer_id", "label"]).groupby("customer_id")["label"]
    found = pd.DataFrame(told, columns=["customer_id", "planned", *_columns()])
    return found.assign(labels=found["customer_id"].map(sets.agg(" ".join)).fillna(""))


def _columns() -> list[str]:
    return [f"{name}_{language}" for name in ("plan", "why_not") for language in _LANGUAGES]


def _in_words(
    row: Mapping[str, Any],
    rules: Mapping[str, Text],
    words: PlanWording,
    phrases: Mapping[str, Text],
) -> dict[str, Any]:
    contacted = row["outcome"] == "contact"
    told = _contact(row, words, phrases) if contacted else _nobody(row, words, phrases)
    rule = rules.get(str(row["rule"]))
    by = phrases["plan_rule"].fill(rule=row["rule"])
    end = Text(zh=f" {by.zh}{rule.zh}", en=f" {by.en}{rule.en}") if rule else Text(zh="", en="")
    name, other = ("plan", "why_not") if contacted else ("why_not", "plan")
    return {
        "customer_id": row["customer_id"],
        "planned": row["method"] if contacted else NOBODY,
        **{f"{name}_{one}": getattr(told, one) + getattr(end, one) for one in _LANGUAGES},
        **{f"{other}_{one}": "" for one in _LANGUAGES},
    }


def _contact(row: Mapping[str, Any], words: PlanWording, phrases: Mapping[str, Text]) -> Text:
    method, role = words.methods[str(row["method"])], words.roles.get(str(row["owner_role"]))
    common = {"round": int(float(str(row["round"]))), "owner": row["owner_id"] or ""}
    days = {"from": row["earliest_on"], "to": row["latest_on"]}
    filled = phrases["plan_contact"].fill(**common, **days)
    return Text(
        zh=filled.fill(method=method.zh, role=role.zh if role else "").zh,
        en=filled.fill(method=method.en, role=role.en if role else "").en,
    )


def _nobody(row: Mapping[str, Any], words: PlanWording, phrases: Mapping[str, Text]) -> Text:
    why = words.reasons.get(str(row["why_not"]), words.outcomes["none"])
    if not row["next_on"] or pd.isna(row["next_on"]):
        return why
    then = phrases["plan_next"].fill(on=row["next_on"])
    return Text(zh=why.zh + then.zh, en=why.en + then.en)
