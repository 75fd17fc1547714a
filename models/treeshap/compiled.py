"""Functions compiled by numba, which run without the interpreter's lock."""

from collections.abc import Callable
from typing import Any

import numba


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile at the first call; sums keep their order, so no number depends on the machine.

    Compiled code is kept between processes in the folder that NUMBA_CACHE_DIR names, if numba can
    write there. Unasked it would write beside the source, which may be read-only or shared, so
    otherwise each process compiles for itself.
    """
    folder = str(numba.config.CACHE_DIR)
    if folder:
        try:
            kept = numba.njit(nogil=True, cache=True)(function)
        except RuntimeError:  # there is no folder that numba can write to
            return numba.njit(nogil=True)(function)
        if kept.stats.cache_path.startswith(folder):
            return kept
    return numba.njit(nogil=True)(function)
