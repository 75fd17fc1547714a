"""The words of the model card and the validation report, from configs/model_card.yaml."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from features.declare import Text
from reports.wording import Words, read_words, wording_of

CARD_WORDING = Path(__file__).parent.parent / "configs" / "model_card.yaml"

# One code a line would hide the module behind its lists.
# fmt: off
PAGES = ("card", "report")
TITLES = (
    "glance", "purpose", "misuse", "data", "attrition", "target", "method", "protocol", "results",
    "acceptance", "slices", "calibration", "drivers", "stability", "limits", "reproduce",
    "signoff", "appendix",
)
PROSE = (
    "purpose", "misuse", "data", "data_extra", "attrition", "target", "method", "protocol",
    "protocol_rolling",
    "protocol_held_out", "protocol_twin", "results", "acceptance", "slices", "calibration",
    "drivers", "stability", "limits", "limits_absent", "reproduce", "signoff",
)
IDENTITY = (
    "model", "version", "run", "kind", "as_of", "digest", "fingerprint", "commit", "versions",
)
REASONS = (
    "already_overdue", "already_off", "left", "cancelled_later",
    "final_bill", "on_hold", "collected_by_agent", "label_not_mature", "kept",
)
SLICES = (
    "all", "history", "customer", "billing", "segment", "voltage", "urban_rural",
    "pay_arrangement", "tariff", "protected", "org_id",
)
HEADS = (
    "absent", "alarms", "alike", "amount", "auc", "brier", "by", "caught",
    "check", "chosen", "clean", "customers", "cycles", "date", "days", "decision", "direction",
    "ece", "ends", "feature", "figure", "found", "gap", "group", "intercept", "interval", "kind",
    "ks", "late", "late_rate", "lead", "lift", "log_loss", "month", "moved", "name", "no_checks",
    "none_absent", "part", "period", "pr_auc", "precision", "probability", "ranking", "reason",
    "role", "rows", "same_family", "same_feature", "scorecard_auc", "setting", "share",
    "signature", "slope", "still_told", "trend", "value", "worse", "worst",
)
PHRASES = (
    "accepted", "refused", "evidence", "catches", "scores", "by_month", "by_group", "choice",
    "selected", "fairness_gaps", "all_slices", "bound", "free", "constraints", "settings",
    "no_stability", "cold_rule", "cold_model", "for_purpose", "not_for", "remarks", "one_row",
)
FIGURES = (
    "months", "gains", "calibration", "shap_summary", "shap_dependence", "shap_first",
    "shap_clean", "shap_relieved", "shap_new", "shap_median",
)
# fmt: on


def _prose_of_all(prose: dict[str, tuple[Text, ...]]) -> dict[str, tuple[Text, ...]]:
    wrong = sorted(set(PROSE) ^ set(prose)) + [code for code, said in prose.items() if not said]
    if wrong:
        raise ValueError(f"missing, empty or unknown: {', '.join(wrong)}")
    return prose


class CardWording(BaseModel):
    """The wording of the page, section by section; each section is keyed by code."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pages: Annotated[dict[str, Words], wording_of(*PAGES)]
    titles: Annotated[dict[str, Words], wording_of(*TITLES)]
    asked: Annotated[dict[str, Words], wording_of("late", "late_30", "cutoff")]
    prose: Annotated[dict[str, tuple[Words, ...]], AfterValidator(_prose_of_all)]
    identity: Annotated[dict[str, Words], wording_of(*IDENTITY)]
    kinds: Annotated[dict[str, Words], wording_of("trees", "scorecard", "blend", "rule")]
    stretches: Annotated[dict[str, Words], wording_of("rolling", "held_out")]
    parts: Annotated[dict[str, Words], wording_of("train", "stop", "calibrate")]
    reasons: Annotated[dict[str, Words], wording_of(*REASONS)]
    slices: Annotated[dict[str, Words], wording_of(*SLICES)]
    levels: dict[str, Words]
    heads: Annotated[dict[str, Words], wording_of(*HEADS)]
    phrases: Annotated[dict[str, Words], wording_of(*PHRASES)]
    roles: Annotated[dict[str, Words], wording_of("developer", "validator", "owner")]
    figures: Annotated[dict[str, Words], wording_of(*FIGURES)]

    def said(self, section: str, facts: Mapping[str, Text]) -> tuple[Text, ...]:
        """Return a section's paragraphs with ``<fact>`` replaced in each language."""
        return tuple(filled(text, facts) for text in self.prose[section])


def filled(text: Text, facts: Mapping[str, Text]) -> Text:
    """Return a wording with each ``<key>`` replaced by the fact of that key."""
    zh, en = text.zh, text.en
    for key, fact in facts.items():
        zh, en = zh.replace(f"<{key}>", fact.zh), en.replace(f"<{key}>", fact.en)
    return Text(zh=zh, en=en)


def read_card_wording(path: Path = CARD_WORDING) -> CardWording:
    """Read the wording of the card.

    Raises:
        ConfigError: As of reports.wording.read_wording.
    """
    return read_words(path, CardWording)
