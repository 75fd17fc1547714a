import json

import pytest

from pipeline.storage import new_folder, write_bytes, write_json


def test_folder_appears_only_when_its_block_ends_well(tmp_path):
    place = tmp_path / "runs" / "one"
    with pytest.raises(ZeroDivisionError, match="zero"), new_folder(place) as beside:
        (beside / "half").write_text(str(1 / 0), "utf-8")
    assert list(place.parent.iterdir()) == []
    with new_folder(place) as beside:
        (beside / "whole").write_text("x", "utf-8")
        assert not place.exists()
    assert [path.name for path in place.iterdir()] == ["whole"]


def test_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "facts.json"
    write_json(path, {"b": 1, "a": "欠费"})
    before = path.read_bytes()
    with pytest.raises(TypeError, match="bytes-like object is required"):
        write_bytes(path, None)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    assert json.loads(before) == {"a": "欠费", "b": 1}


def test_equal_values_give_equal_bytes(tmp_path):
    write_json(tmp_path / "one", {"a": 1, "b": 2})
    write_json(tmp_path / "two", {"b": 2, "a": 1})
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
