"""The compiled code of explanations kept on disk, so that not each process compiles for itself."""

import hashlib
import tempfile
from pathlib import Path
from typing import Any

import numba

from contract.own_folder import is_trusted
from models import treeshap
from models.treeshap.shapley import fill
from models.treeshap.walking import explain

# What Python calls; what these call is compiled into them.
_ENTRIES: tuple[Any, ...] = (explain, fill)


def keep_compiled(folder: Path) -> None:
    """Keep what this process compiles below a folder, and take from there what others kept.

    Sources have a folder by their digest: numba looks at one file alone, while code compiled from
    another may be part of what it keeps. Nothing changes where NUMBA_CACHE_DIR names a folder,
    where others than this user may write, for what is kept is run, and where nobody can.
    """
    if numba.config.CACHE_DIR or not is_trusted(folder):
        return
    sources = sorted(path for home in treeshap.__path__ for path in Path(home).glob("*.py"))
    digest = hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()
    place = folder / digest[:16]
    try:
        place.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=place).close()
    except OSError:  # each process compiles for itself
        return
    numba.config.CACHE_DIR = str(place)
    try:
        for entry in _ENTRIES:
            entry.enable_caching()
    finally:
        numba.config.CACHE_DIR = ""
