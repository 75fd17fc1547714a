"""Functions compiled by numba, which run without the interpreter's lock."""

from collections.abc import Callable
from typing import Any

import numba

from contract.own_folder import is_trusted


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile at the first call; sums keep their order, so no number depends on the machine.

    Compiled code is kept between processes in the folder that NUMBA_CACHE_DIR names, if numba can
    write there. Unasked it would write beside the source, which may be read-only or shared, so
    otherwise each process compiles for itself. So it does where others may write to that folder:
    numba loads what it kept by pickle, which runs whatever was put there.
    """
    folder = str(numba.config.CACHE_DIR)
    if folder and is_trusted(folder):
        try:
            kept = numba.njit(nogil=True, cache=True)(function)
        except RuntimeError:  # there is no folder that numba can write to
            return numba.njit(nogil=True)(function)
        if kept.stats.cache_path.startswith(folder):
            return kept
    return numba.njit(nogil=True)(function)
