"""The scope of the simulated town: frozen, tracked, and moved for a reason."""

import json
from dataclasses import replace
from datetime import timedelta

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from collection.policy import load_policy
from collection.scope import ScopeRule
from contract.errors import ConfigError, DataError
from pipeline.cli import app
from pipeline.frozen_scopes import read_scope
from pipeline.handing_out import Asked
from pipeline.preparing import prepare
from pipeline.scope_scores import same_model, scope_scores
from pipeline.scoping import Basis, freeze, track_scope
from pipeline.trend import read_trend


@pytest.fixture(scope="module")
def basis(promoted):
    version = promoted.challenger.version
    return Basis(rule=ScopeRule(share=0.1), trend={}, policy=load_policy(), model=version)


@pytest.fixture(scope="module")
def early(town):
    """The town a month before its data end, so that the scope has a later."""
    day = town.prepared.as_of - timedelta(days=30)
    return prepare(town.config.model_copy(update={"as_of": day}))


@pytest.fixture(scope="module")
def config(town, tmp_path_factory):
    return town.config.model_copy(update={"outputs": tmp_path_factory.mktemp("scoped")})


@pytest.fixture(scope="module")
def frozen(config, early, basis):
    return freeze(config, early, basis, month=None)


def track_to(config, prepared, frozen, basis, out):
    asked = Asked(identities=False)
    return track_scope(config, prepared, frozen, basis=basis, out=out, asked=asked)


def test_scope_says_what_it_was_made_from(frozen, early, basis):
    about = frozen.about
    month = early.as_of.year * 100 + early.as_of.month
    assert (about["month"], about["version"], about["again"]) == (month, 1, "")
    assert about["model"]["version"] == basis.model
    assert frozen.customers().num_rows == about["customers"] > 0
    assert frozen.threshold.cut_fen == about["cut_fen"] > 0
    assert f"Scope {about['scope']}:" in frozen.text()


def test_month_is_frozen_once_unless_a_reason_is_given(config, early, basis, frozen):
    before = frozen.customers()
    with pytest.raises(ConfigError, match=r"is frozen already .*give\s+--again and the reason"):
        freeze(config, early, basis, month=None)
    second = freeze(config, early, basis, month=None, again="industry flags came late")
    assert (second.about["version"], second.about["again"]) == (2, "industry flags came late")
    assert read_scope(frozen.folder).customers().equals(before)


def test_frozen_scope_that_was_changed_is_refused(frozen, tmp_path):
    for path in frozen.folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "policy.json").write_text("{}", "utf-8")
    with pytest.raises(DataError, match=r"policy.json: missing or changed since it was frozen"):
        read_scope(tmp_path)
    with pytest.raises(DataError, match="not a frozen scope"):
        read_scope(frozen.folder.parent)


def test_same_day_moves_nobody(config, early, frozen, basis, tmp_path):
    made = track_to(config, early, frozen, basis, tmp_path / "out")
    assert made.facts["moves"] == {
        move: {"facts": 0, "model": 0, "threshold": 0} for move in ("left", "entered")
    }
    assert made.facts["paid_fen"] == 0
    tracking = pq.read_table(tmp_path / "out" / "tracking.parquet").to_pylist()
    assert {row["facts_changed"] for row in tracking} == {False}
    assert {row["risk_move"] for row in tracking} <= {"same", "none"}


def test_later_day_tells_what_was_paid_and_who_moved(config, town, frozen, basis, tmp_path):
    made = track_to(config, town.prepared, frozen, basis, tmp_path / "out")
    tracking = pq.read_table(tmp_path / "out" / "tracking.parquet").to_pylist()
    moved = pq.read_table(tmp_path / "out" / "movement.parquet").to_pylist()
    assert len(tracking) == frozen.customers().num_rows
    assert made.facts["paid_fen"] == sum(row["paid_fen"] for row in tracking) > 0
    left = {row["customer_id"] for row in moved if row["move"] == "left"}
    assert left == {row["customer_id"] for row in tracking if not row["still_in"]}
    # One model throughout: it is nobody's reason.
    assert {row["cause"] for row in moved} == {"facts", "threshold"}
    assert "yuan paid" in made.text()
    assert (tmp_path / "out" / "risk_manager-scope_movement.csv").exists()


def test_new_threshold_alone_is_found_as_the_reason(config, early, frozen, basis, tmp_path):
    stricter = Basis(
        rule=ScopeRule(share=0.02, labels=()), trend={}, policy=basis.policy, model=basis.model
    )
    made = track_to(config, early, frozen, stricter, tmp_path / "out")
    causes = made.facts["moves"]["left"]
    assert causes["threshold"] > 0
    assert (causes["facts"], causes["model"]) == (0, 0)


def test_new_model_alone_is_never_told_as_facts(
    config, early, frozen, basis, tmp_path, monkeypatch
):
    """A model that turns every probability upside down; the facts are those of the freeze."""

    def upside_down(*given):
        scores = scope_scores(*given)
        p = pc.subtract(1.0, scores.table["p_late"])
        table = scores.table.set_column(1, "p_late", p)
        return replace(scores, table=table, sha256="another")

    monkeypatch.setattr("pipeline.scoping.scope_scores", upside_down)
    made = track_to(config, early, frozen, basis, tmp_path / "out")
    moves = made.facts["moves"]
    assert moves["left"]["facts"] == moves["entered"]["facts"] == 0
    assert moves["left"]["model"] > 0
    assert moves["entered"]["model"] > 0


def test_scope_whose_model_is_another_now_is_refused(config, early, frozen, basis):
    now = scope_scores(config, early, basis.model)
    then = {**frozen.about["model"], "sha256": "gone"}
    assert same_model(config, early, frozen.about["model"], now) is now
    with pytest.raises(ConfigError, match=r"is not the one that the scope was frozen with"):
        same_model(config, early, then, now)


def test_tracking_before_the_freeze_is_refused(config, town, frozen, basis, tmp_path):
    before = town.config.model_copy(update={"as_of": frozen.as_of - timedelta(days=1)})
    with pytest.raises(ConfigError, match=r"lies before the scope's .* later --as-of"):
        track_to(config, prepare(before), frozen, basis, tmp_path / "out")


def test_trend_is_read_by_industry(tmp_path):
    path = tmp_path / "trend.csv"
    path.write_text("\ufeffindustry,factor\nsteel,1.5\nretail,0.9\n", "utf-8")
    assert read_trend(path) == {"steel": 1.5, "retail": 0.9}
    assert read_trend(None) == {}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("industry,factor\nsteel,much\n", r"1 of 1 rows .*first: line 2"),
        ("industry,factor\nsteel,1\nsteel,2\n", r"1 of 2 rows .*first: line 3"),
        ("industry,factor\nsteel,-1\n", "1 of 1 rows"),
        ("sector,factor\nsteel,1\n", "1 of 1 rows"),
        ("industry,factor\n", "0 of 0 rows"),
    ],
)
def test_trend_that_is_none_is_refused(tmp_path, text, what):
    path = tmp_path / "trend.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(DataError, match=what):
        read_trend(path)


def test_month_that_is_none_is_refused(config, early, basis):
    with pytest.raises(ConfigError, match="202613 is no month"):
        freeze(config, early, basis, month=202613)


def test_verbs_freeze_and_track(config, basis, early, tmp_path):
    file = tmp_path / "town.yaml"
    places = {name: str(getattr(config, name)) for name in ("data", "stores", "outputs")}
    tracking = {"folder": str(config.tracking.folder)}
    file.write_text(json.dumps({**places, "buckets": 3, "tracking": tracking}), "utf-8")
    day = ["--as-of", early.as_of.isoformat()]
    common = [*day, "-c", str(file), "--model", basis.model, "--json"]
    froze = CliRunner().invoke(app, ["scope", "freeze", "--month", "202512", *common])
    assert froze.exit_code == 0, froze.output
    about = json.loads(froze.stdout.splitlines()[-1])
    assert about["scope"] == "202512-1"
    out = ["--out", str(tmp_path / "tracked"), "--no-identities"]
    tracked = CliRunner().invoke(app, ["scope", "track", about["output"], *out, *common])
    assert tracked.exit_code == 0, tracked.output
    assert json.loads(tracked.stdout.splitlines()[-1])["customers"] == about["customers"]
