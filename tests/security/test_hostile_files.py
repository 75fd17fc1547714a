"""Files made to harm whoever opens them: each is refused in one line, soon and in little memory."""

import io
import re
import zipfile
from pathlib import Path

import openpyxl
import pytest

from collection.policy import read_plan_wording
from contract.delimited import read_delimited
from contract.errors import ConfigError, DataError
from contract.mapping import load_mapping
from contract.simulator.world import read_world
from contract.staged import Layout
from contract.workbook import read_workbook, refuse_hostile
from contract.yaml_file import read_settings
from features.user import UserFeatures, load_user_features
from pipeline.config import load_config
from reports.wording import read_wording

LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGES = "a: &a {x: 1}\n" + "".join(
    f"{new}: &{new} {{<<: [{','.join([f'*{old}'] * 9)}], {new}: 1}}\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LAUGHS, "aliases repeat each other without end"),
        (MERGES, "aliases repeat each other without end"),
        ("a: &a [*a]", "aliases repeat each other without end"),
        ("data: !!python/object/apply:os.system ['touch ran']", "could not determine a constr"),
        ("data: !!python/name:os.system", "could not determine a constructor"),
        ("buckets: " + "9" * 10_000, "is no value"),
        ("buckets: 1.0e+999", "buckets is inf"),
        ("[" * 100_000, "nested too deeply"),
        ("as_of: 2026-13-45", "is no value"),
    ],
)
def test_a_hostile_config_is_refused_and_runs_nothing(text, message, tmp_path):
    path = tmp_path / "run.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=message) as told:
        load_config(path)
    assert len(str(told.value)) < 600
    assert not list(tmp_path.glob("ran"))


@pytest.mark.parametrize("text", [LAUGHS, "- !!python/object/apply:os.system ['touch ran']"])
def test_hostile_features_are_refused_and_run_nothing(text, tmp_path):
    (tmp_path / "own.yaml").write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=r"own.yaml"):
        load_user_features(UserFeatures(files=("own.yaml",)), tmp_path)
    assert not list(tmp_path.glob("ran"))


HOSTILE = (LAUGHS, MERGES, "a: &a [*a]", "- !!python/object/apply:os.system ['touch ran']")


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("read", [load_mapping, read_wording, read_plan_wording, read_world])
def test_every_other_yaml_is_read_as_a_config_is(text, read, tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=r"own.yaml") as told:
        read(path)
    assert len(str(told.value)) < 600
    assert not list(tmp_path.glob("ran"))


def test_nothing_but_the_one_reader_loads_yaml():
    project = Path(__file__).parent.parent.parent
    found = [
        f"{path.relative_to(project)}: {word}"
        for package in ("contract", "features", "models", "collection", "reports", "pipeline")
        for path in (project / package).rglob("*.py")
        for word in re.findall(
            r"yaml\.(?:\w*load\w*|\w*Loader|scan|parse|compose)\b|from yaml|ruamel",
            path.read_text("utf-8"),
        )
    ]
    assert {line.partition(":")[0] for line in found} == {"contract/yaml_file.py"}, found


def test_an_honest_alias_is_read(tmp_path):
    (tmp_path / "run.yaml").write_text("a: &a {x: 1}\nb: {<<: *a, y: 2}\n", "utf-8")
    assert read_settings(tmp_path / "run.yaml")["b"] == {"x": 1, "y": 2}


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path):
    bomb = tmp_path / "bills.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/worksheets/sheet1.xml", b" " * (80 * 2**20))
    with pytest.raises(DataError, match=r"bills.xlsx: unpacks to 84 MB, more than is read"):
        read_workbook(bomb, "bills.xlsx", Layout(), tmp_path)


@pytest.mark.parametrize(
    "declared",
    [
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>',
        '<!doctype x SYSTEM "http://example.invalid/x.dtd">',
    ],
)
def test_a_workbook_with_entities_is_refused(declared, tmp_path):
    content = io.BytesIO()
    book = openpyxl.Workbook()
    book.active["A1"] = "customer_id"
    book.save(content)
    hostile = tmp_path / "people.xlsx"
    with zipfile.ZipFile(content) as old, zipfile.ZipFile(hostile, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            new.writestr(name, declared.encode() + text if "sheet1" in name else text)
    with pytest.raises(DataError, match=r"people.xlsx: .*sheet1.xml declares a document type"):
        read_workbook(hostile, "people.xlsx", Layout(), tmp_path)


@pytest.mark.parametrize("at", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_a_workbook_of_broken_parts_is_refused_in_one_line(at, tmp_path):
    content = io.BytesIO()
    book = openpyxl.Workbook()
    for number in range(200):
        book.active.append([f"customer {number}", number])
    book.save(content)
    with zipfile.ZipFile(content) as parts:
        sheet = next(one for one in parts.infolist() if "sheet1" in one.filename)
    packed = bytearray(content.getvalue())
    begin = sheet.header_offset + 60 + int(at * (sheet.compress_size - 80))
    packed[begin : begin + 8] = b"\xff" * 8
    (tmp_path / "broken.xlsx").write_bytes(packed)
    with pytest.raises(DataError, match=r"broken.xlsx: not a readable .xlsx workbook"):
        read_workbook(tmp_path / "broken.xlsx", "broken.xlsx", Layout(), tmp_path)


def test_an_honest_workbook_passes():
    content = io.BytesIO()
    book = openpyxl.Workbook()
    book.save(content)
    refuse_hostile(content, "honest.xlsx")
    assert content.tell() == 0


def test_one_endless_line_is_refused_as_a_table(tmp_path):
    (tmp_path / "bills.csv").write_bytes(b"bill_id," + b"x" * 20_000_000)
    with pytest.raises(DataError, match=r"line 1 has more than 100,000 characters"):
        read_delimited(tmp_path / "bills.csv", "bills.csv", Layout(), tmp_path)
