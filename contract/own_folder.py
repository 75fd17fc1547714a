"""Folders of one's own: of this process alone, gone when its work ends, or of this user alone."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def own_folder(parent: Path, *, prefix: str) -> Iterator[Path]:
    """Give a new folder below ``parent`` and remove it when the block ends.

    The folder is locked while its process lives, and the kernel gives the lock back however that
    ends. So folders that nobody holds were left by processes that were killed: they are removed.
    """
    with _locked(parent):
        _remove_abandoned(parent, prefix)
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        held = _lock(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


def is_trusted(place: Path | str) -> bool:
    """Say whether none but this user can have put files into a folder; one to be made is fine."""
    folder = Path(place)
    if not folder.exists():
        return not folder.is_symlink()
    return all(
        one.stat().st_uid == os.geteuid() and not one.stat().st_mode & 0o022
        for one in (folder, *(path for path in folder.rglob("*") if path.is_dir()))
    )


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    held = _lock(folder)
    try:
        yield
    finally:
        os.close(held)


def _lock(folder: Path, how: int = fcntl.LOCK_EX) -> int:
    number = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(number, how)
    except OSError:
        os.close(number)
        raise
    return number


def _remove_abandoned(parent: Path, prefix: str) -> None:
    for folder in parent.glob(f"{prefix}*"):
        try:
            held = _lock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)
