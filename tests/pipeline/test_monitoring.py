import json
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from contract.errors import ConfigError
from features import build
from features.declare import Text
from models.metrics import Ranking
from models.monitoring.alarms import Alarm
from models.parameters import Parameters
from models.snapshots import Snapshots
from models.target import known_outcomes, label
from pipeline.cli import app
from pipeline.mlflow_door import Tracking, open_mlflow
from pipeline.monitored import show_monitored
from pipeline.monitoring import monitor
from pipeline.preparing import prepare
from pipeline.tracking import Evidence, register
from pipeline.training import build_past, hold_out, train_today
from pipeline.training_evidence import as_json


@pytest.fixture(scope="module")
def watched(town):
    """What monitoring says of a model that was trained four months before the town's day."""
    as_of = town.prepared.as_of
    then = (date(as_of.year, as_of.month, 6) - pd.DateOffset(months=4)).date()
    config = town.config.model_copy(
        update={
            "as_of": then,
            "tracking": Tracking(folder=town.folder / "watched"),
            "snapshots": Snapshots(days_of_month=(6,), learn_months=3, test_months=1),
        }
    )
    prepared = prepare(config)
    matrix = build_past(config, prepared, months=1)
    judged = as_json(hold_out(config, prepared, matrix).judged())
    model = train_today(config, prepared, matrix, judged=judged).model
    example = pd.DataFrame(model.encode(matrix.head()), columns=model.card.features)
    register(model, example, Evidence(parameters={}, metrics={}, tags={}), config.tracked)
    config = config.model_copy(update={"as_of": None})
    made = monitor(config, town.prepared, which="challenger")
    return SimpleNamespace(config=config, made=made, trained=then, prepared=prepared, matrix=matrix)


def test_months_are_those_since_training_and_the_newest_is_estimated(watched, town):
    months = watched.made.months
    assert months["month"].iloc[0] == watched.trained.isoformat()
    assert (pd.to_datetime(months["month"]) <= pd.Timestamp(town.prepared.as_of)).all()
    assert len(months) == 5
    assert months["caught"].notna().tolist() == [True] * 4 + [False]
    assert months["expected_caught"].notna().tolist() == [False] * 2 + [True] * 3
    assert months["score_psi"].notna().all()


def test_realised_figures_are_those_of_the_labelled_rows(watched, town):
    line = watched.made.months.iloc[1]
    matrix = build(
        town.prepared.store, date.fromisoformat(line["month"]), features=town.prepared.features
    )
    known = known_outcomes(town.prepared.store, town.prepared.as_of, watched.config.target)
    rows = label(matrix, known, cut=town.prepared.as_of, target=watched.config.target)
    p = watched.made.model.model.predict(rows.matrix)
    assert line["labelled"] == len(rows.late)
    assert line["late_rate"] == pytest.approx(rows.late.mean())
    assert line["told"] == pytest.approx(p.mean())
    assert line["auc"] == pytest.approx(Ranking(rows.late, p).auc())


def test_treatments_of_a_month_add_up_to_its_labelled_rows(watched):
    by_month = watched.made.treatments.groupby("month")["rows"].sum()
    months = watched.made.months.dropna(subset=["labelled"]).set_index("month")["labelled"]
    assert by_month.to_dict() == months.to_dict()


def test_rule_that_reads_no_agents_is_watched_without_their_bills(watched, town):
    then = watched.config.model_copy(
        update={
            "as_of": watched.trained,
            "parameters": Parameters(kind="rule", rule="months_behind", threads=1),
            "tracking": Tracking(folder=town.folder / "watched-rule"),
        }
    )
    judged = as_json(hold_out(then, watched.prepared, watched.matrix).judged())
    model = train_today(then, watched.prepared, watched.matrix, judged=judged).model
    assert "has_agent" not in model.card.features
    example = pd.DataFrame(model.encode(watched.matrix.head()), columns=model.card.features)
    register(model, example, Evidence(parameters={}, metrics={}, tags={}), then.tracked)

    now = then.model_copy(update={"as_of": None})
    made = monitor(now, town.prepared, which="challenger", months=3)
    line = made.months.iloc[0]
    open_bills = build(
        town.prepared.store, date.fromisoformat(line["month"]), features=town.prepared.features
    )
    not_due = open_bills["due_on"] >= open_bills["as_of"]
    own = open_bills[not_due & (open_bills["has_agent"] != 1)]
    assert (open_bills[not_due]["has_agent"] == 1).any()
    known = known_outcomes(town.prepared.store, town.prepared.as_of, now.target)
    rows = label(own, known, cut=town.prepared.as_of, target=now.target)
    assert line["labelled"] == len(rows.late)
    assert made.months["score_psi"].notna().all()


def test_files_and_metrics_hold_what_was_seen(watched):
    made = watched.made
    told = json.loads((made.folder / "monitor.json").read_text("utf-8"))
    assert told == json.loads(json.dumps(made.as_dict()))
    kept = pd.read_csv(made.folder / "months.csv")
    assert np.allclose(kept["score_psi"], made.months["score_psi"])
    with open_mlflow(watched.config.tracked) as mlflow:
        client = mlflow.MlflowClient()
        found = client.get_experiment_by_name(watched.config.tracked.experiment)
        (run,) = client.search_runs([found.experiment_id], "tags.monitored_version = '1'")
        steps = client.get_metric_history(run.info.run_id, "score_psi")
    assert [one.value for one in steps] == pytest.approx(made.months["score_psi"].tolist())
    assert np.diff([one.step for one in steps]).tolist() == [1] * (len(steps) - 1)


def test_command_looks_at_the_months_asked_for_and_writes_them(watched, tmp_path):
    path = tmp_path / "run.yaml"
    path.write_text(watched.config.model_dump_json(), "utf-8")
    asked = ["monitor", "--config", str(path), "--months", "1", "--model", "challenger"]
    ended = CliRunner().invoke(app, [*asked, "--out", str(tmp_path / "out"), "--json"])
    told = json.loads(ended.stdout.splitlines()[-1])
    assert ended.exit_code == 0
    assert json.loads((tmp_path / "out" / "monitor.json").read_text("utf-8")) == told
    assert [one["month"] for one in told["months"]] == watched.made.months["month"].tolist()[-1:]


@pytest.mark.parametrize(("rings", "strict", "code"), [(1, 1, 4), (1, 0, 0), (0, 1, 0)])
def test_only_strict_ends_with_a_code_when_it_rings(watched, monkeypatch, rings, strict, code):
    breach = Alarm(
        month="2026-07-06",
        kind="caught",
        what="caught",
        level="act",
        value=0,
        limit=1,
        cost=Text(zh="", en="x"),
    )
    made = replace(watched.made, alarms=(breach,) * rings)
    monkeypatch.setattr("pipeline.monitoring.monitor", lambda *_, **__: made)
    monkeypatch.setattr("pipeline.preparing.prepare", lambda _: None)
    ended = CliRunner().invoke(app, ["monitor", *(["--strict"] * strict)])
    assert ended.exit_code == code
    assert ("2026-07-06 act: caught" in ended.stdout) == bool(rings)


def test_the_terminal_shows_a_line_a_month_and_the_advice(watched):
    text = show_monitored(watched.made)
    assert all(month in text for month in watched.made.months["month"])
    assert ("train a challenger" in text) == bool(watched.made.retrain)


def test_a_day_before_the_training_has_nothing_to_watch(watched):
    earlier = watched.config.model_copy(update={"as_of": date(2026, 4, 6)})
    with pytest.raises(ConfigError, match=r"no planning day lies between that and 2026-04-06"):
        monitor(earlier, prepare(earlier), which="challenger")
