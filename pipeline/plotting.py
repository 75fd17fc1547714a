"""Draw the pictures of a finished run for slides, from what lies around it."""

import io
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from contract.errors import ConfigError, DataError
from pipeline.mlflow_door import Tracking, registry_is_there
from pipeline.page_extras import Around, gather_extras
from pipeline.runs import Manifest, read_manifest
from pipeline.showing import read_list
from pipeline.storage import write_bytes
from pipeline.tracking import load, read_text
from pipeline.training_evidence import CALIBRATION, GAINS
from reports.page import look_at, read_page_words
from reports.plots import Evidence, Language, Speaker, Told, chinese_font, draw_slides
from reports.plots import read_plot_words as read_words
from reports.wording import read_wording


def plot_language(name: str) -> Language:
    """Return the language of that name.

    Raises:
        ConfigError: There is no such language.
    """
    if name not in {"zh", "en"}:
        raise ConfigError(f"--language: {name} is none of zh and en.")
    return "zh" if name == "zh" else "en"


def write_plots(
    run: Path, folder: Path, previous: Path | None, tracking: Tracking, language: Language
) -> tuple[list[Path], list[str]]:
    """Write the pictures of a run as PNG; return their paths, and what is not drawn and why.

    Args:
        run: Folder of a finished run.
        folder: Where to write; pictures of the same names are replaced.
        previous: The run of the last list.
        tracking: Where the model's evidence is kept, if it is.
        language: Of the texts; English where the machine has no font with Chinese.

    Raises:
        DataError: The folder is no finished run, or what lies beside it is not what a run writes.
    """
    manifest, wording, words = read_manifest(run), read_wording(), read_words()
    can = language == "en" or chinese_font() is not None
    say = Speaker(words, language if can else "en")
    listed = read_list(run / "list.csv")
    scores = pq.read_table(run / "scores.parquet", filters=[("rank", ">", 0)]).to_pandas()
    extras = gather_extras(run, manifest, listed, Around(previous=previous), read_page_words())
    moves = extras.movement
    told = Told(
        facts=manifest.facts(),
        groups=look_at(scores, listed).groups,
        risks=scores["p_late"].to_numpy(),
        evidence=read_evidence(manifest, tracking),
        moved=next(iter(moves.groups.values()), None) if moves else None,
        since=moves.since if moves else None,
        forecast=extras.forecast,
        months=extras.months,
    )
    pictures, absent = draw_slides(told, wording.bands, say)
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures.items():
        write_bytes(folder / name, picture)
    why = [f"{name}: {say.of(words.absent[name])}" for name in absent]
    return [folder / name for name in pictures], why if can else [
        say.of(words.absent["font"]),
        *why,
    ]


def read_evidence(manifest: Manifest, tracking: Tracking) -> Evidence | None:
    """Return what training kept of a run's model; None where it is not at hand.

    A registry whose version is another model than the run's is not asked.
    """
    if not registry_is_there(tracking):
        return None
    own = tracking.model_copy(update={"model_name": manifest.model_name})
    try:
        registered = load(own, manifest.model_version)
        if registered.model.sha256 != manifest.model_sha256:
            return None
        tables = [
            pd.read_csv(io.StringIO(read_text(registered.run_id, name, own)))
            for name in (GAINS, CALIBRATION)
        ]
    except (ConfigError, DataError):
        return None
    return Evidence(gains=tables[0], calibration=tables[1])
