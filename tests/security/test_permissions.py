"""What is written is for its user alone, or for the group where a setting says so."""

import os
import stat

import pytest

from pipeline.privacy import Privacy, keep_private
from pipeline.storage import new_folder, write_bytes


def test_a_months_work_writes_nothing_that_others_can_read(month):
    looked_at = 0
    for place in ("data", "stores", "outputs", "mlruns", "lists", "reconciled"):
        folder = month.folder / place
        for path in (folder, *folder.rglob("*")):
            mode = stat.S_IMODE(path.lstat().st_mode)
            if not path.is_symlink():
                assert mode == (0o700 if path.is_dir() else 0o600), f"{path}: {mode:o}"
                looked_at += 1
    assert looked_at > 80


@pytest.mark.parametrize(
    ("group", "file", "folder"),
    [("none", 0o600, 0o700), ("read", 0o640, 0o750), ("write", 0o660, 0o770)],
)
def test_a_setting_lets_the_group_in(group, file, folder, tmp_path):
    before = os.umask(0o022)
    try:
        keep_private(Privacy(group=group))
        with new_folder(tmp_path / "run") as beside:
            write_bytes(beside / "below" / "list.csv", b"")
    finally:
        os.umask(before)
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "run").rglob("*")}
    assert modes == {"below": folder, "list.csv": file}
    assert stat.S_IMODE((tmp_path / "run").stat().st_mode) == folder
