"""The facts that gates judge a run by: its counts, its model, and the runs before it.

A model that cannot read the data is refused before anything is scored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from contract.engine import connect, text
from contract.errors import DataError, GateError
from models.predictor import Model
from pipeline.config import Config
from pipeline.gates.counting import GRID, add
from pipeline.gates.facts import Earlier, Facts, read_earlier, trained_on
from pipeline.gates.list_gates import incompatible
from pipeline.gates.reference import columns_of
from pipeline.preparing import Prepared
from pipeline.scoring.ranking import LISTED_BANDS, count_bands

# Of the customers of two lists; more of them than fit go to the disk.
_MEMORY = "2GB"


def check_model(run: str, config: Config, prepared: Prepared, model: Model) -> None:
    """Refuse before anything is scored what no gate could let through afterwards.

    Raises:
        DataError: The model needs a feature that the data do not give.
        GateError: The model does not fit the features or the question.
    """
    given = {feature.name for feature in prepared.features}
    lacking = [name for name in model.card.features if name not in given]
    if lacking:
        raise DataError(
            f"model: it needs {len(lacking)} features that these data do not give (first:"
            f" {lacking[0]}). Bring the columns they come from, or train on these data."
        )
    if faults := incompatible(model, prepared.features, config.target.name):
        raise GateError(
            f"run {run} is not made. gate champion: the model does not fit these features:"
            f" {'; '.join(faults)}. Run duewatch train, then duewatch promote. This gate cannot be"
            " accepted."
        )


def gather_facts(
    *,
    config: Config,
    prepared: Prepared,
    model: Model,
    parts: Sequence[Mapping[str, Any]],
    ordered: Path,
    listed: int,
) -> Facts:
    """Return the facts of a scored run.

    Args:
        parts: What `score_bucket` told of each bucket.
        ordered: The bills of all parts, the listed ones first.
        listed: How many there are of these.
    """
    trained = (_with_list(one, config) for one in trained_on(model, prepared.as_of))
    earlier = read_earlier(config.outputs, config.tracked.model_name, prepared.as_of)
    own = {"columns": columns_of(prepared), "grid": GRID}
    return Facts(
        as_of=prepared.as_of,
        profile={**add(told["profile"] for told in parts), **own},
        model=model,
        features=prepared.features,
        target=config.target.name,
        earlier=(*trained, *earlier),
        stayed=_share_that_stays(earlier[-1], ordered, listed) if earlier else None,
        listed=listed,
        weights=model.importance(),
    )


def _with_list(one: Earlier, config: Config) -> Earlier:
    """Say of a day of training how many bills its list would have had."""
    rows = one.profile.get("rows", 0) / one.profile["share"]
    banded = count_bands(round(rows), config.bands)
    return replace(one, listed=sum(banded[band] for band in LISTED_BANDS))


def _share_that_stays(last: Earlier, ordered: Path, listed: int) -> float | None:
    """Return the share of the last list's customers that are listed again."""
    if last.folder is None:
        return None
    scores = text(last.folder / "scores.parquet")
    bands = ", ".join(text(band) for band in LISTED_BANDS)
    with connect(memory_limit=_MEMORY, spill=ordered.parent / "spill") as connection:
        found = connection.execute(f"""
            WITH last AS (
                SELECT DISTINCT customer_id FROM read_parquet({scores})
                WHERE band IN ({bands})
            ),
            present AS (
                SELECT DISTINCT customer_id, true AS stays
                FROM read_parquet({text(ordered)}, file_row_number = true)
                WHERE file_row_number < {listed}
            )
            SELECT count(stays), count(*) FROM last LEFT JOIN present USING (customer_id)
            """).fetchone()
    stay, before = found or (0, 0)
    return float(stay / before) if before else None
