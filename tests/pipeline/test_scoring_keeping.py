from types import SimpleNamespace

import numba
import pytest

from pipeline.scoring import keeping


@pytest.fixture
def entry(monkeypatch):
    made = numba.njit(lambda number: 2 * number)
    monkeypatch.setattr(keeping, "_ENTRIES", (made,))
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    return made


def test_compiled_code_is_kept_by_the_digest_of_its_sources(tmp_path, entry):
    keeping.keep_compiled(tmp_path / "kept")
    assert entry(4) == 8
    [source] = (tmp_path / "kept").iterdir()
    assert list(source.rglob("*.nbi"))
    assert numba.config.CACHE_DIR == ""


def test_a_folder_that_others_may_write_keeps_nothing(tmp_path, entry):
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    keeping.keep_compiled(shared)
    assert entry(4) == 8
    assert not list(shared.iterdir())


def test_a_place_that_cannot_be_made_stops_nothing(tmp_path, entry):
    (tmp_path / "file").touch()
    keeping.keep_compiled(tmp_path / "file" / "below")
    assert entry(4) == 8
    assert entry.stats.cache_path is None


def test_the_folder_that_the_user_names_comes_first(tmp_path, monkeypatch):
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "own"))
    monkeypatch.setattr(
        keeping, "_ENTRIES", (SimpleNamespace(enable_caching=lambda: pytest.fail("enabled")),)
    )
    keeping.keep_compiled(tmp_path / "kept")
    assert not (tmp_path / "kept").exists()
