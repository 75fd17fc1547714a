"""A run that a gate stops: nothing goes out, and accepting the gate publishes what was made."""

import json

import openpyxl
import pytest

from contract.errors import ConfigError, GateError
from pipeline.gates import Accepted, Gates
from pipeline.runs import current_run, read_manifest
from pipeline.scoring import score

# No month of the town has as many bills as this share of its usual month.
STRICT = Gates(bills_share=0.9999)
GATE = "bills-volume"


@pytest.fixture
def make(town, promoted, tmp_path):
    """Score the town below a folder of its own, with gates and what is accepted."""
    config = town.config.model_copy(update={"outputs": tmp_path / "outputs"})

    def call(gates=STRICT, *accept):
        accepted = tuple(Accepted(gate=one, reason="a holiday", who="operator") for one in accept)
        changed = config.model_copy(update={"gates": gates})
        return score(changed, town.prepared, promoted.challenger, accepted=accepted)

    call.outputs = config.outputs
    return call


def test_stopped_run_is_not_published_and_keeps_its_pieces(make, run):
    with pytest.raises(GateError, match=rf"made but not published(.|\n)+gate {GATE}: bills in mon"):
        make()
    (work,) = make.outputs.iterdir()
    assert work.name == f".{run.folder.name}-work"
    assert current_run(make.outputs) is None
    verdicts = json.loads((work / "gates.json").read_text("utf-8"))
    assert verdicts["failed"] == [GATE]

    pieces = {path: path.stat().st_mtime_ns for path in work.rglob("bucket=*.parquet")}
    assert pieces
    with pytest.raises(GateError, match="gate bills-volume"):
        make()
    kept = {path: path.stat().st_mtime_ns for path in pieces if path.parent.name != "ranks"}
    assert {path: pieces[path] for path in kept} == kept


def test_accepted_gate_publishes_the_same_list_and_says_so(make, run):
    with pytest.raises(GateError, match=GATE):
        make()
    made = make(STRICT, GATE)
    assert made.folder.name == run.folder.name
    assert current_run(make.outputs) == made.folder
    for name in ("scores.parquet", "list.csv", "profile.json"):
        assert (made.folder / name).read_bytes() == (run.folder / name).read_bytes(), name
    (accepted,) = read_manifest(made.folder).accepted
    assert (accepted["gate"], accepted["who"], accepted["reason"]) == (
        GATE,
        "operator",
        "a holiday",
    )
    cover = openpyxl.load_workbook(made.folder / "list.xlsx").worksheets[0]
    told = " ".join(str(cell.value) for row in cover.iter_rows() for cell in row)
    assert "accepted by operator" in told
    assert "由 operator 放行" in told
    assert not make(STRICT, GATE).made


def test_acceptance_of_a_gate_that_holds_is_refused_at_any_time(make):
    with pytest.raises(ConfigError, match="the gate churn passed"):
        make(Gates(), "churn")
    make(Gates())
    with pytest.raises(ConfigError, match=r"is published already and did not need churn accepted"):
        make(Gates(), "churn")


def test_first_run_is_held_against_what_its_model_learned_from(run):
    verdicts = json.loads((run.folder / "gates.json").read_text("utf-8"))
    assert {one["gate"]: one["figure"] for one in verdicts["gates"] if one["figure"] is None} == {
        "churn": None
    }
    assert verdicts["failed"] == []
