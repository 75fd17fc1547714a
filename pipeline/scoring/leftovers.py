"""What a run that was killed left behind: kept where it can be gone on with, else removed."""

import hashlib
from contextlib import suppress
from pathlib import Path

from contract.errors import BusyError
from models.predictor import Model
from pipeline.code_version import git_commit
from pipeline.preparing import Prepared
from pipeline.scoring.lock import clear, locked
from pipeline.storage import write_bytes


def clear_leftovers(work: Path) -> None:
    """Remove the work of a run that was killed after its folder had appeared."""
    if work.exists():
        with suppress(BusyError), locked(work):
            clear(work, lock_too=True)


def forget_other_work(work: Path, model: Model, prepared: Prepared) -> None:
    """Empty a work folder unless what lies in it was made by this code from this store."""
    stamp = work / "made-by"
    made_by = git_commit(), model.card.versions, prepared.store, prepared.features
    own = hashlib.sha256(repr(made_by).encode()).digest()
    if not stamp.exists() or stamp.read_bytes() != own:
        clear(work, lock_too=False)
        write_bytes(stamp, own)
