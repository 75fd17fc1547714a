"""What the machine refuses, said in one line: no space, no permission, a file too large."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from contract.engine import EngineError
from contract.errors import ConfigError, MachineError

_MOST_OF_A_PATH = 300
_FULL = "Free space there, or point outputs and stores elsewhere"
_FORBIDDEN = "Give this user the right to write there, or point outputs and stores elsewhere"
_REMEDIES = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: "Raise the limit on the size of files (ulimit -f), or use more buckets",
    errno.EACCES: _FORBIDDEN,
    errno.EPERM: _FORBIDDEN,
    errno.EROFS: _FORBIDDEN,
}


# What a path is that cannot be read or written there, whatever the machine.
_NO_PLACE = {errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EEXIST}


@contextmanager
def path_troubles() -> Iterator[None]:
    """Turn a path that cannot be into one clear line, wherever it was met.

    Raises:
        ConfigError: A file stands where a folder is asked for, or a folder where a file is; a
            link leads back to itself; a path is too long.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_PLACE or error.filename is None:
            raise
        raise ConfigError(
            f"{str(error.filename)[:_MOST_OF_A_PATH]}: {os.strerror(error.errno)}. Give another"
            " path."
        ) from error


@contextmanager
def machine_troubles(folder: Path) -> Iterator[None]:
    """Turn what the machine refuses below a folder into one clear line.

    Raises:
        MachineError: The disk is full, a file too large, or writing not permitted.
    """
    try:
        yield
    except OSError as error:
        raise_if_mendable(error.errno, error, folder)
        raise
    except EngineError as error:
        said = str(error)
        raise_if_mendable(
            next((number for number in _REMEDIES if os.strerror(number) in said), None),
            error,
            folder,
        )
        raise


def raise_if_mendable(number: int | None, error: Exception, folder: Path) -> None:
    """Raise the clear line if the user can do something about it."""
    if number not in _REMEDIES:
        return
    where = getattr(error, "filename", None) or folder
    raise MachineError(
        f"{where}: {os.strerror(number)}{_free(folder)}. {_REMEDIES[number]}; then run the same"
        " command again: it goes on where it was, and finished runs are as they were."
    ) from error


def _free(folder: Path) -> str:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        return f" ({shutil.disk_usage(folder).free / 1e6:,.0f} MB free)"
    except OSError:
        return ""
