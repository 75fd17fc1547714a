"""A plan of the simulated town, handed out."""

import json

import openpyxl
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from collection.policy import load_policy
from contract.errors import ConfigError, DataError
from pipeline.cli import app
from pipeline.commands.handouts import language_of
from pipeline.handing_out import Asked, hand_out
from pipeline.planning import plan
from pipeline.refreshing import refresh_plan


@pytest.fixture(scope="module")
def planned(town, run):
    """A plan of the 7th, when first messages are due."""
    config = town.config.model_copy(update={"outputs": run.folder.parent})
    return plan(config, town.prepared, load_policy(), day=town.prepared.as_of)


@pytest.fixture(scope="module")
def handed(town, planned, tmp_path_factory):
    out = tmp_path_factory.mktemp("handed") / "out"
    return hand_out(town.config, planned.folder, out, Asked())


def contacts(planned):
    table = pq.read_table(planned.folder / "plan.parquet").to_pylist()
    return [row for row in table if row["outcome"] == "contact"]


def test_contact_lists_hold_the_contacts_of_the_plan(handed, planned):
    rows = handed.rows
    listed = ("screening", "messages", "calls", "visits", "by_hand", "notices")
    assert sum(rows.get(name, 0) for name in listed) == len(contacts(planned))
    assert rows["grid_push"] == len(contacts(planned))
    assert handed.text().startswith("  ")
    assert handed.as_dict()["files"] == len(handed.files)


def test_index_names_the_plan_and_its_policy(handed, planned):
    index = json.loads((handed.folder / "index.json").read_text("utf-8"))
    assert index["run"] == planned.about["plan"]
    assert index["policy"] == load_policy().version


def test_screening_sheets_that_come_back_become_the_message_file(town, planned, handed, tmp_path):
    sheets = sorted(handed.folder.glob("*-screening.xlsx"))
    assert sheets
    returned = []
    for sheet in sheets:
        workbook = openpyxl.load_workbook(sheet)
        cells = workbook.worksheets[0]
        (at,) = [cell.column for cell in cells[3] if cell.value == "decision"]
        for row in range(5, cells.max_row + 1):
            cells.cell(row, at).value = "发送" if row % 2 else "不发送"
        returned.append(tmp_path / sheet.name)
        workbook.save(returned[-1])
    made = hand_out(town.config, planned.folder, tmp_path / "out", Asked(screened=tuple(returned)))
    assert "screening" not in made.rows
    sent = made.rows["messages"] + made.rows.get("held_back", 0)
    assert sent == handed.rows["screening"] + handed.rows.get("messages", 0)


def test_names_are_left_out_or_masked_when_asked(town, planned, tmp_path):
    bare = hand_out(town.config, planned.folder, tmp_path / "bare", Asked(identities=False))
    masked = hand_out(town.config, planned.folder, tmp_path / "masked", Asked(mask=True))
    assert phones(bare.folder) == set()
    assert phones(masked.folder)
    assert all("*" in phone for phone in phones(masked.folder))


def phones(folder):
    """Return what stands under phone on a sheet that has that column when it is known."""
    cells = openpyxl.load_workbook(min(folder.glob("*-calls.xlsx"))).worksheets[0]
    at = [cell.column for cell in cells[3] if cell.value == "phone"]
    return {cells.cell(row, column).value for column in at for row in range(5, cells.max_row + 1)}


def test_refreshed_plan_is_handed_out_under_its_own_name(town, planned, tmp_path):
    made = refresh_plan(planned.folder, town.prepared)
    asked = Asked(refreshed=made.path, identities=False)
    handed = hand_out(town.config, planned.folder, tmp_path / "out", asked)
    index = json.loads((handed.folder / "index.json").read_text("utf-8"))
    assert index["edition"] == made.path.stem
    assert handed.rows["grid_push"] == made.left
    elsewhere = Asked(refreshed=tmp_path / made.path.name)
    with pytest.raises(DataError, match=r"not a refresh of plan-"):
        hand_out(town.config, planned.folder, tmp_path / "other", elsewhere)


def test_data_that_the_plan_was_not_made_from_are_refused(town, planned, tmp_path):
    copied = tmp_path / "plan"
    copied.mkdir()
    for path in planned.folder.iterdir():
        (copied / path.name).write_bytes(path.read_bytes())
    about = json.loads((copied / "plan.json").read_text("utf-8"))
    (copied / "plan.json").write_text(
        json.dumps({**about, "data_fingerprint": "another"}), encoding="utf-8"
    )
    with pytest.raises(DataError, match=r"not the data that .* was made from"):
        hand_out(town.config, copied, tmp_path / "out", Asked())
    with pytest.raises(DataError, match=r"not a plan \(plan.json is missing"):
        hand_out(town.config, tmp_path, tmp_path / "out", Asked())


def test_verb_writes_the_lists_of_a_plan(town, planned, tmp_path):
    config = tmp_path / "town.yaml"
    places = {name: str(getattr(town.config, name)) for name in ("data", "stores", "outputs")}
    config.write_text(json.dumps({**places, "buckets": 3}), "utf-8")
    arguments = ["handouts", str(planned.folder), "--out", str(tmp_path / "out"), "-c", str(config)]
    told = CliRunner().invoke(app, [*arguments, "--language", "en", "--json"])
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout.splitlines()[-1])["rows"]["calls"] > 0
    again = CliRunner().invoke(app, arguments)
    assert isinstance(again.exception, ConfigError)


def test_language_that_is_none_is_refused():
    with pytest.raises(ConfigError, match=r"fr is none of zh, en and both"):
        language_of("fr")
