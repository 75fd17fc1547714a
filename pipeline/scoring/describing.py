"""What a run's manifest says: what it was made from, its counts, and what people accepted."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from pipeline.code_version import git_commit
from pipeline.config import Config
from pipeline.gates.judging import Judgement
from pipeline.preparing import Prepared
from pipeline.runs import Manifest, scoring_settings
from pipeline.scoring.ranking import LISTED_BANDS, count_bands
from pipeline.tracking import Registered


def describe_run(
    run: str,
    *,
    config: Config,
    prepared: Prepared,
    registered: Registered,
    parts: Sequence[Mapping[str, Any]],
) -> Manifest:
    """Return the manifest of a run whose bills are scored.

    Args:
        run: Its id.
        parts: What `score_bucket` told of each bucket.
    """
    counts = _counts(parts, config)
    cycles = _sum(told["cycles"] for told in parts)
    return Manifest(
        run=run,
        as_of=prepared.as_of.isoformat(),
        cycle=max((count, int(cycle)) for cycle, count in cycles.items())[1],
        model_name=config.tracked.model_name,
        model_version=registered.version,
        model_sha256=registered.model.sha256,
        data_fingerprint=prepared.store.fingerprint,
        code_commit=git_commit(),
        config=scoring_settings(config),
        counts=counts,
        call_capacity=config.bands.call.size(counts["bills_scored"]),
        comparison=list(registered.model.card.about.get("judged", ())),
        warnings=[breach.message() for breach in prepared.checks.warnings],
        absent_tables=list(prepared.absent),
        versions=registered.model.card.versions,
    )


def with_acceptances(manifest: Manifest, judgement: Judgement) -> Manifest:
    """Return the manifest with each gate that a person let the run through, and its note."""
    told = zip(judgement.accepted, judgement.notes(), strict=True)
    return replace(manifest, accepted=[asdict(one) | {"note": note} for one, note in told])


def _counts(parts: Sequence[Mapping[str, Any]], config: Config) -> dict[str, int]:
    """Return customers and bills by what became of them; a customer lies in one bucket."""
    scored = sum(told["scored"] for told in parts)
    left_out = _sum(told["why_not"] for told in parts)
    banded = count_bands(scored, config.bands)
    counts = {
        "customers": sum(told["customers"] for told in parts),
        "bills_open": sum(told["rows"] for told in parts),
        "bills_scored": scored,
        **{f"bills_{reason}": count for reason, count in left_out.items()},
        "listed": sum(banded[band] for band in LISTED_BANDS),
        **{f"band_{band}": count for band, count in banded.items() if count},
    }
    shown = config.scoring.workbook_rows
    return counts | ({"workbook": shown} if shown < counts["listed"] else {})


def _sum(counted: Iterable[Mapping[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for each in counted:
        total.update(each)
    return total
