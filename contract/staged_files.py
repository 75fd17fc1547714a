"""The files of a staged store, each with its size and digest, so that damage is noticed."""

import hashlib
import json
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from contract.side_by_side import side_by_side

ABOUT = "store.json"
FILES = "files"  # in ABOUT: a file's path below the store, its size in bytes and its SHA-256

Described = tuple[int, str]


def describe_files(folder: Path) -> dict[str, Described]:
    """Return size and digest of every Parquet file below a folder, by its path there."""
    paths = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.parquet"))
    return dict(zip(paths, _described(folder, paths), strict=True))


def find_damage(folder: Path) -> str:
    """Say which file of a store is not the one that was staged; empty when all are.

    Sizes are compared first, which costs nothing; then every file is read, several at a time.
    """
    try:
        files: dict[str, list[int | str]] = json.loads((folder / ABOUT).read_text("utf-8"))[FILES]
        sizes = {path: size for path, (size, _) in files.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"{folder / ABOUT} is not what staging wrote"
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*.parquet")}
    if strangers := sorted(there - sizes.keys()):
        return f"{folder / strangers[0]} was not staged there"
    for path, size in sizes.items():
        place = folder / path
        if not place.is_file():
            return f"{place} is missing"
        if place.stat().st_size != size:
            return f"{place} has {place.stat().st_size} bytes, not {size}"
    found = _described(folder, files)
    for (path, written), (_, digest) in zip(files.items(), found, strict=True):
        if written[1] != digest:
            return f"{folder / path} was changed since it was staged"
    return ""


def _described(folder: Path, paths: Iterable[str]) -> list[Described]:
    return list(side_by_side(list(paths), partial(_describe, folder)))


def _describe(folder: Path, path: str) -> Described:
    with (folder / path).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return (folder / path).stat().st_size, digest
