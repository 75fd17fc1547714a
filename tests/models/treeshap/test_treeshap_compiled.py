import numba
import pytest

from models.treeshap.compiled import compiled


def double(number: int) -> int:
    return 2 * number


def test_code_is_kept_only_in_the_folder_that_is_named(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "kept"))
    assert compiled(double)(4) == 8
    assert list(tmp_path.rglob("*.nbi"))
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    assert compiled(double).stats.cache_path is None


@pytest.mark.parametrize("nowhere", [False, True])
def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path, monkeypatch, nowhere) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "file" / "below"))
    if nowhere:  # as in a read-only installation
        monkeypatch.setattr(numba.core.caching.CacheImpl, "_locator_classes", [])
    made = compiled(double)
    assert made(4) == 8
    assert made.stats.cache_path is None
