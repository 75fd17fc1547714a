"""The scores that a plan goes by: those of a scoring run below outputs/, or made now."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from contract.engine import connect, text, to_arrow
from contract.errors import ConfigError, DataError
from pipeline.config import Config
from pipeline.preparing import Prepared
from pipeline.progress import console
from pipeline.runs import MANIFEST, Manifest, read_manifest
from pipeline.scoring import score
from pipeline.tracking import load


@dataclass(frozen=True, kw_only=True)
class Scored:
    """Scores and where they are from.

    Attributes:
        table: bill_id, p_late, expected_late_fen, band; None when nothing could be scored.
        run: The id of the scoring run; empty without one.
    """

    table: pa.Table | None
    run: str

    @property
    def digest(self) -> str:
        """What tells these scores from others."""
        if self.table is None:
            return ""
        rows = self.table.to_pandas().to_csv(index=False)
        return hashlib.sha256(rows.encode()).hexdigest()


def scores_for(config: Config, prepared: Prepared, run: Path | None) -> Scored:
    """Return the scores for a plan: of the run given, of this day's, or of the newest before it.

    Without a run of this day the champion scores now, as ``duewatch score`` would. Where that is
    impossible (no champion, or no bill left that is not yet due) an earlier run of the same data
    is used, and without one nothing is known of who will be late.
    """
    if run is not None:
        return _read(run, read_manifest(run))
    before = _runs(config, prepared)
    if before and before[-1][1].as_of == prepared.as_of.isoformat():
        return _read(*before[-1])
    try:
        made = score(config, prepared, load(config.tracked))
    except (ConfigError, DataError) as error:
        console.print(f"  no new scores: {error}", markup=False, soft_wrap=True)
    else:
        return _read(made.folder, made.manifest)
    return _read(*before[-1]) if before else Scored(table=None, run="")


def _runs(config: Config, prepared: Prepared) -> list[tuple[Path, Manifest]]:
    """Return the scoring runs of these data up to the day, the newest last."""
    found = [
        (path.parent, read_manifest(path.parent))
        for path in sorted(config.outputs.glob(f"*/{MANIFEST}"))
        if (path.parent / "scores.parquet").exists()
    ]
    return sorted(
        (one for one in found if _speaks_of(one[1], config, prepared)),
        key=lambda one: (one[1].as_of, one[1].run),
    )


def _speaks_of(manifest: Manifest, config: Config, prepared: Prepared) -> bool:
    return (
        manifest.as_of <= prepared.as_of.isoformat()
        and manifest.data_fingerprint == prepared.store.fingerprint
        and manifest.model_name == config.tracked.model_name
    )


def _read(folder: Path, manifest: Manifest) -> Scored:
    with connect(ordered=True) as connection:
        table = to_arrow(
            connection,
            f"""SELECT bill_id, p_late, band,
                CAST(round(expected_late_cny * 100) AS BIGINT) AS expected_late_fen
            FROM read_parquet({text(folder / "scores.parquet")}) ORDER BY bill_id""",
        )
    return Scored(table=table, run=manifest.run)
