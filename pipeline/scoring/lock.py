"""One process at a time makes a run; a process that died holds nothing."""

import fcntl
import json
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TextIO

from contract.errors import BusyError

LOCK = "lock"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a work folder, which is made if it is not there.

    The kernel gives the lock back when its process ends, however it ends, so there is no stale
    lock to remove.

    Raises:
        BusyError: Another process holds it; it is named.
    """
    file = _take(folder)
    with file:
        file.truncate(0)
        about = {
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "since": datetime.now().isoformat(" ", "seconds"),
        }
        file.write(json.dumps(about))
        file.flush()
        yield


def is_held(folder: Path) -> bool:
    """Say whether a process holds a folder at this moment."""
    try:
        with (folder / LOCK).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def clear(folder: Path, *, lock_too: bool) -> None:
    """Empty a work folder that this process holds; with its lock, the folder goes as well."""
    for path in sorted(folder.iterdir()):
        if path.name == LOCK:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    if lock_too:
        (folder / LOCK).unlink()
        folder.rmdir()


def _take(folder: Path) -> TextIO:
    path = folder / LOCK
    while True:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            file = path.open("a+", encoding="utf-8")
        except FileNotFoundError:  # removed between the two lines by the process that was done
            continue
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            with file:
                raise BusyError(_busy(folder, file)) from error
        if _is_still(path, file):
            return file
        file.close()  # the holder was done and took its folder away: begin with a new one


def _is_still(path: Path, file: TextIO) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _busy(folder: Path, file: TextIO) -> str:
    file.seek(0)
    try:
        holder = json.loads(file.read())
        told = f"process {holder['pid']} on {holder['host']} since {holder['since']}"
    except (ValueError, KeyError, TypeError):  # it has only just taken the lock
        told = "another process"
    return (
        f"{folder}: this run is being made by {told}. Wait until that is done, or end it and"
        " run again: what is done of the run is kept."
    )
