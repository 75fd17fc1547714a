"""Dirt on request: every kind is caught by the check it names, or undone by reading."""

from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from contract.checks import check_dataset
from contract.dataset import open_dataset
from contract.errors import ConfigError, DataError
from contract.importing import import_tables
from contract.mapping import load_mapping
from contract.simulator import simulate
from contract.simulator.dirt import KINDS, Dirt, spoil

AS_OF = date(2026, 10, 6)


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clean")
    simulate(folder / "data", folder / "truth", customers=300, cycles=12, seed=3)
    return folder / "data"


def _import(files: Path, out: Path) -> Path:
    import_tables(files, load_mapping("en"), out)
    return out


def _rows(dataset: Path, table: str) -> list[dict]:
    rows = pq.read_table(dataset / f"{table}.parquet").to_pylist()
    return sorted(rows, key=str)


def _named(kinds: tuple[Dirt, ...]) -> list:
    return [pytest.param(kind, id=kind.name) for kind in kinds]


SAID = {
    "repeated-key": "repeat the key",
    "empty": "are empty",
    "unknown-code": "unknown code: 030146",
    "due-before-issue": "before the issue day",
    "unreadable": "cannot be read as a day",
}
ERRORS = tuple(k for k in KINDS if k.caught_by in SAID)
WARNINGS = tuple(
    k
    for k in KINDS
    if k.caught_by in {"duplicate-payment", "volume-drop", "stale-payments", "live-only"}
)
UNDONE = tuple(k for k in KINDS if not k.caught_by)


def test_every_kind_is_tested_once() -> None:
    rest = [k.name for k in KINDS if k not in (*ERRORS, *WARNINGS, *UNDONE)]
    assert rest == ["merged_heads"]


def test_clean_files_come_back_as_they_were_and_without_a_breach(
    clean: Path, tmp_path: Path
) -> None:
    spoil(clean, tmp_path / "files", [])
    back = _import(tmp_path / "files", tmp_path / "back")
    for path in clean.glob("*.parquet"):
        assert _rows(back, path.stem) == _rows(clean, path.stem), path.stem
    assert check_dataset(open_dataset(clean), as_of=AS_OF).breaches == ()


@pytest.mark.parametrize("kind", _named(ERRORS))
def test_an_error_stops_the_import_and_names_the_rule(
    clean: Path, tmp_path: Path, kind: Dirt
) -> None:
    spoil(clean, tmp_path / "files", [kind.name])
    with pytest.raises(DataError, match=rf"{kind.table}\.\w+: .*{SAID[kind.caught_by]}"):
        _import(tmp_path / "files", tmp_path / "back")


@pytest.mark.parametrize("kind", _named(WARNINGS))
def test_a_warning_names_the_rule_on_the_list_day(clean: Path, tmp_path: Path, kind: Dirt) -> None:
    spoil(clean, tmp_path / "files", [kind.name])
    back = _import(tmp_path / "files", tmp_path / "back")
    report = check_dataset(open_dataset(back), as_of=AS_OF)
    assert kind.caught_by in {breach.rule for breach in report.warnings}


@pytest.mark.parametrize("kind", _named(UNDONE))
def test_reading_undoes_what_is_only_form(clean: Path, tmp_path: Path, kind: Dirt) -> None:
    spoil(clean, tmp_path / "files", [kind.name])
    back = _import(tmp_path / "files", tmp_path / "back")
    for table in ("bills", "identities"):
        assert _rows(back, table) == _rows(clean, table), kind.name


def test_kinds_of_dirt_add_up(clean: Path, tmp_path: Path) -> None:
    spoil(clean, tmp_path / "files", ["missing_due_dates", "thousands", "changed_codes", "gbk"])
    with pytest.raises(DataError, match=r"bills\.due_on: .*empty[\s\S]*payments\.channel: .*code"):
        _import(tmp_path / "files", tmp_path / "back")


def test_merged_heads_are_refused_with_the_columns(clean: Path, tmp_path: Path) -> None:
    spoil(clean, tmp_path / "files", ["merged_heads"])
    with pytest.raises(DataError, match="merged cells"):
        _import(tmp_path / "files", tmp_path / "back")


def test_gbk_and_bom_files_are_really_so(clean: Path, tmp_path: Path) -> None:
    spoil(clean, tmp_path / "gbk", ["gbk"])
    spoil(clean, tmp_path / "bom", ["bom"])
    assert "用户".encode("gb18030") in (tmp_path / "gbk" / "identities.csv").read_bytes()
    assert (tmp_path / "bom" / "identities.csv").read_bytes()[:3] == b"\xef\xbb\xbf"


def test_unknown_kind_of_dirt_is_refused(clean: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'mud' is not one of duplicates"):
        spoil(clean, tmp_path, ["mud"])
