"""Functions compiled by numba, which run without the interpreter's lock."""

import os
from collections.abc import Callable
from typing import Any

import numba


def _keeps_code() -> bool:
    """Whether compiled code may be kept between processes.

    Unasked, numba writes beside the source, which may be read-only or under version control; it
    is asked by naming a folder in NUMBA_CACHE_DIR. Otherwise each process compiles for itself.
    """
    folder = str(numba.config.CACHE_DIR)
    return bool(folder) and os.access(folder, os.W_OK)


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile at the first call; sums keep their order, so no number depends on the machine."""
    return numba.njit(nogil=True, cache=_keeps_code())(function)
