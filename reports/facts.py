"""What a list says about its own run: when, on what data, by which model, how good it was."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from features.declare import Text

# The id of the model's own row among the rankings compared.
MODEL = "model"

# The figures a reader of lists is shown, by the names of models.metrics, headline first; each
# with the way it is written. Accuracy is never among them (design 5).
METRICS: dict[str, str] = {
    "late_amount_caught": "0.0%",
    "late_caught": "0.0%",
    "precision": "0.0%",
    "auc": "0.000",
    "clean_auc": "0.000",
    "pr_auc": "0.000",
    "ks": "0.000",
    "brier": "0.000",
    "ece": "0.000",
}
SMALLER_IS_BETTER = frozenset({"brier", "ece"})


@dataclass(frozen=True, kw_only=True)
class Compared:
    """How one ranking did on the bills that both it and the model ranked.

    Attributes:
        id: MODEL, or the id of a baseline.
        figures: Metric id to value; a NaN stands for a figure the rows could not tell.
    """

    id: str
    name: Text
    figures: Mapping[str, float]

    def __post_init__(self) -> None:
        unknown = sorted(set(self.figures) - set(METRICS))
        if unknown:
            raise ValueError(f"{self.id}: no wording for {', '.join(unknown)}; see METRICS.")


@dataclass(frozen=True, kw_only=True)
class RunFacts:
    """One scoring run, as its readers are told about it.

    Attributes:
        as_of: The list uses only what was known before this day began.
        cycle: The billing month scored, as 202610.
        data_fingerprint: Identifies the dataset that was read.
        listed: Bills on the list, out of bills_scored.
        capacity: Bills that staff can call in this round.
        warnings: What the data checks found, one sentence each.
        comparison: The model and the simple rules, on past bills whose outcome is known.
        notes: Anything else a reader must know, such as the tables that were absent.
    """

    run_id: str
    as_of: date
    cycle: int
    model_version: str
    data_fingerprint: str
    customers_scored: int
    bills_scored: int
    listed: int
    capacity: int
    warnings: tuple[str, ...] = ()
    comparison: tuple[Compared, ...] = ()
    notes: tuple[str, ...] = ()


def compared_figures(comparison: Iterable[Compared]) -> tuple[str, ...]:
    """Return the figures that at least one of the rankings has, in the order of METRICS."""
    known = {figure for row in comparison for figure in row.figures}
    return tuple(figure for figure in METRICS if figure in known)
