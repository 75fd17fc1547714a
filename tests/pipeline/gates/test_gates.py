"""Each gate against the trouble that it is there for, on drawn facts and on spoiled data."""

import copy
import shutil
from datetime import date, timedelta
from types import SimpleNamespace

import pytest

from contract import engine
from contract.dataset import open_dataset
from contract.errors import ConfigError, GateError
from contract.simulator.dirt import KINDS
from contract.staging import stage
from features.declare import Text
from pipeline.gates import Accepted, Gates
from pipeline.gates.catalogue import GATES
from pipeline.gates.counting import GRID, add, count_bucket
from pipeline.gates.facts import Earlier, Facts, trained_on
from pipeline.gates.judging import judge, pair_acceptances

AS_OF = date(2026, 10, 6)
MODEL = SimpleNamespace(
    card=SimpleNamespace(
        target="late", features=["owed", "kind"], levels={"kind": ["a", "b"]}, about={}
    )
)
FEATURES = tuple(
    SimpleNamespace(name=name, family="amount", is_categorical=levels != (), levels=levels)
    for name, levels in (("owed", ()), ("kind", ("a", "b")))
)


CHANNELS = {
    "now": {"wechat": 900, "alipay": 100},
    "before": {"wechat": 9000, "alipay": 900, "ussd": 50},
}


def calm_profile():
    every_day = {str(ago): 100 for ago in range(400)}
    monthly = {str(month): 900 for month in range(14)}
    return {
        "days": {
            "payments": every_day,
            "bills": {ago: n for ago, n in every_day.items() if _day(ago).day <= 5},
            "contacts": {"20": 40, "50": 40, "81": 30},
        },
        "orgs": {"north": monthly, "south": {**monthly}},
        "codes": {"payments.channel": dict(CHANNELS)},
        "customers": 3000,
        "missing": {"tariff": 30},
        "rows": 2000,
        "features": {
            "owed": {"25": 1000, "30": 990, "73": 10},
            "kind": {"0": 1500, "1": 500},
        },
        "score": {"3": 1000, "5": 1000},
        "columns": {"bills.amount": "DECIMAL(18,2)", "bills.x_note": "VARCHAR"},
    }


def _day(ago):
    return AS_OF - timedelta(days=int(ago) + 1)


def facts(profile=None, **changed):
    runs = [
        Earlier(
            as_of=AS_OF - timedelta(days=days),
            profile=calm_profile(),
            folder="there",
            listed=400,
            stayed=stayed,
        )
        for days, stayed in ((61, None), (30, 0.7))
    ]
    given = {
        "as_of": AS_OF,
        "profile": profile or calm_profile(),
        "model": MODEL,
        "features": FEATURES,
        "target": "late",
        "earlier": tuple(runs),
        "stayed": 0.68,
        "listed": 410,
        "weights": {"owed": 0.6, "kind": 0.4},
    }
    return Facts(**{**given, **changed})


def failed(given, gates=None):
    return {gate.id for gate, _ in judge(given, gates or Gates(), ()).failed()}


def test_calm_month_passes_every_gate():
    assert failed(facts()) == set()


def test_first_run_of_all_passes_what_has_no_past():
    assert failed(facts(earlier=(), stayed=None)) == set()


def _silence(table, days):
    def spoil(profile):
        kept = {ago: n for ago, n in profile["days"][table].items() if int(ago) >= days}
        profile["days"][table] = kept

    return spoil


def _lose_days(table, first, last):
    def spoil(profile):
        for ago in range(first, last):
            profile["days"][table].pop(str(ago), None)

    return spoil


def _put(*path, value):
    def spoil(profile):
        at = profile
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = value

    return spoil


TROUBLES = {
    "payments stop four days ago": (_silence("payments", 4), {"payments-fresh"}),
    "payments stop two weeks ago": (
        _silence("payments", 15),
        {"payments-fresh", "payments-volume"},
    ),
    "a past month of payments is lost": (_lose_days("payments", 67, 97), {"payments-volume"}),
    "no bill of the cycle is issued": (_silence("bills", 31), {"bills-volume"}),
    "no contact for three months": (_silence("contacts", 81), {"contacts-fresh"}),
    "one organisation is missing": (_put("orgs", "south", "0", value=10), {"org-volume"}),
    "a fifth of the customers is missing": (_put("customers", value=2400), {"customers"}),
    "a column is gone": (_put("columns", value={"bills.amount": "DECIMAL(18,2)"}), {"columns"}),
    "a column has another type": (_put("columns", "bills.x_note", value="DOUBLE"), {"columns"}),
    "a new channel": (
        _put("codes", "payments.channel", "now", value={**CHANNELS["now"], "030146": 30}),
        {"codes"},
    ),
    "a channel is gone": (
        _put("codes", "payments.channel", "now", value={"wechat": 1000}),
        {"codes"},
    ),
    "a code that the model never saw": (
        _put("features", "kind", value={"0": 1490, "1": 500, "2": 10}),
        {"codes"},
    ),
    "a column of customers is emptied": (_put("missing", "tariff", value=900), {"missing"}),
    "what the model goes by most is another": (
        _put("features", "owed", value={"40": 2000}),
        {"population"},
    ),
    "the scores are others": (_put("score", value={"1": 1800, "8": 200}), {"score"}),
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_gate_stops_the_trouble_it_is_there_for(trouble):
    spoil, stopped_by = TROUBLES[trouble]
    profile = copy.deepcopy(calm_profile())
    spoil(profile)
    assert failed(facts(profile)) == stopped_by


@pytest.mark.parametrize(
    ("changed", "stopped_by"),
    [
        ({"listed": 1000}, {"list-size"}),
        ({"listed": 0}, {"list-least"}),
        ({"stayed": 0.3}, {"churn"}),
        ({"target": "late_30"}, {"champion"}),
        ({"features": FEATURES[:1]}, {"champion"}),
        ({"features": (FEATURES[1], FEATURES[1])}, {"champion"}),
    ],
)
def test_gate_on_model_and_list_stops_what_is_unusual(changed, stopped_by):
    assert failed(facts(**changed)) == stopped_by


def without_alipay(profile):
    profile["codes"]["payments.channel"]["now"] = {"wechat": 1000}
    return profile


def test_code_that_is_gone_is_held_against_the_months_before_on_a_first_run():
    assert failed(facts(without_alipay(calm_profile()), earlier=())) == {"codes"}


def test_code_that_went_with_leave_is_not_told_of_again():
    seen = Earlier(
        as_of=AS_OF - timedelta(days=30),
        profile=without_alipay(calm_profile()),
        folder="there",
        listed=400,
        stayed=0.7,
    )
    assert failed(facts(without_alipay(calm_profile()), earlier=(seen,))) == set()


def test_code_that_was_renamed_is_told_as_gone_and_as_new():
    profile = calm_profile()
    profile["codes"]["payments.channel"]["now"] = {"wechat": 900, "030146": 100}
    [(_, finding)] = judge(facts(profile), Gates(), ()).failed()
    assert "'alipay', 10.0% of rows before" in finding.found.en
    assert "10.00% of rows, at most 0.10% may (most: payments.channel '030146')" in finding.found.en


def test_rare_code_without_a_row_in_the_last_month_is_chance():
    few = {"now": {"wechat": 190}, "before": {"wechat": 9000, "alipay": 900}}
    profile = calm_profile()
    profile["codes"]["payments.channel"] = few
    assert failed(facts(profile, earlier=())) == set()


def test_days_of_training_stand_for_the_past_that_a_first_run_lacks():
    day = {"grid": GRID, "share": 0.5}
    bins = {name: calm_profile()[name] for name in ("rows", "features", "score")}
    tables = {name: calm_profile()[name] for name in ("codes", "customers", "missing", "columns")}
    tables["customers"] //= 2
    kept = {"2026-08-06": day | bins, "2026-08-16": day | bins, "2026-09-06": day | tables}
    card = SimpleNamespace(**{**vars(MODEL.card), "about": {"profiles": kept}})
    earlier = trained_on(SimpleNamespace(card=card), AS_OF)
    assert [one.as_of.isoformat() for one in earlier] == ["2026-08-06", "2026-09-06"]

    spoiled = calm_profile()
    for name in (
        "a fifth of the customers is missing",
        "a column is gone",
        "the scores are others",
    ):
        TROUBLES[name][0](spoiled)
    assert failed(facts(earlier=earlier)) == set()
    assert failed(facts(spoiled, earlier=earlier)) == {"customers", "columns", "score"}


def test_profiles_of_another_grid_are_not_compared():
    card = SimpleNamespace(about={"profiles": {"2026-08-06": {"grid": GRID + 1, "rows": 5}}})
    assert trained_on(SimpleNamespace(card=card), AS_OF) == ()


def test_old_model_is_stopped_by_its_age():
    card = SimpleNamespace(**{**vars(MODEL.card), "about": {"as_of": "2024-09-06"}})
    assert failed(facts(model=SimpleNamespace(card=card))) == {"model-age"}


@pytest.mark.parametrize("gate", [gate for gate in GATES if gate.acceptable], ids=lambda g: g.id)
def test_gate_set_to_null_judges_nothing(gate):
    told = judge(facts(), Gates.model_validate({gate.setting: None}), ())
    assert gate.id not in {one.id for one, _ in told.findings}


def test_every_failed_gate_is_told_at_once_with_its_way_out():
    profile = copy.deepcopy(calm_profile())
    _silence("payments", 5)(profile)
    told = judge(facts(profile, stayed=0.1, target="late_30"), Gates(), ())
    with pytest.raises(
        GateError,
        match=r"3 of 21 gates do not hold(.|\n)+gate payments-fresh: no payments in the last 5 days"
        r"(.|\n)+--accept payments-fresh(.|\n)+gate champion: .+late_30.+cannot be accepted"
        r"(.|\n)+gate churn: 10% of the last list's customers",
    ):
        told.raise_on_failed("2026-10-06-abc")


def test_accepted_gate_lets_through_and_is_named_with_who_and_why():
    accepted = Accepted(gate="churn", reason="new bureau", who="operator")
    told = judge(facts(stayed=0.1), Gates(), (accepted,))
    told.raise_on_failed("run")
    (note,) = told.notes()
    assert all(said in note for said in ("operator", "new bureau", "名单客户更替"))
    assert told.as_dict()["accepted"] == [vars(accepted)]


def test_accepting_what_passed_or_is_off_is_refused():
    accepted = (Accepted(gate="churn", reason="why", who="operator"),)
    with pytest.raises(ConfigError, match=r"the gate churn passed \(68% of the last list"):
        judge(facts(), Gates(), accepted)
    with pytest.raises(ConfigError, match="the gate churn is switched off"):
        judge(facts(), Gates(churn_fall=None), accepted)


@pytest.mark.parametrize(
    ("accept", "reasons", "told"),
    [
        (["nothing"], ["why"], r"'nothing' is no gate; there are payments-fresh"),
        (["champion"], ["why"], r"champion cannot be accepted. Run duewatch train"),
        (["churn"], [], r"1 gates with 0 reasons; give each gate its own --reason"),
        (["churn"], ["  "], r"give each gate its own --reason"),
        ([], ["why"], r"0 gates with 1 reasons"),
        (["churn", "churn"], ["one", "two"], r"named twice"),
    ],
)
def test_wrong_acceptance_is_refused_before_anything_is_done(accept, reasons, told):
    with pytest.raises(ConfigError, match=told):
        pair_acceptances(accept, reasons)


def test_gates_have_their_own_ids_words_and_settings():
    assert len({gate.id for gate in GATES}) == len(GATES)
    assert {gate.setting for gate in GATES} - {""} <= set(Gates.model_fields)
    assert all(isinstance(gate.name, Text) and gate.remedy.zh and gate.remedy.en for gate in GATES)


@pytest.fixture(scope="module")
def profile_of(town, tmp_path_factory):
    """The counts of the town's data, spoiled by a kind of the simulator's dirt."""

    def count(kind):
        folder = tmp_path_factory.mktemp("spoiled")
        data = shutil.copytree(town.config.data, folder / "data")
        if kind:
            dirt = next(one for one in KINDS if one.name == kind)
            with engine.connect() as connection:
                path = data / f"{dirt.table}.parquet"
                source = town.config.data / path.name
                connection.execute(
                    f"CREATE VIEW {dirt.table} AS FROM read_parquet({engine.text(source)})"
                )
                sql = dirt.sql.format(few="true", many="hash(payment_id) % 5 = 0")
                connection.execute(f"COPY ({sql}) TO {engine.text(path)} (FORMAT parquet)")
        store = stage(open_dataset(data), folder / "stores", buckets=1)
        return count_bucket(store, 0, town.prepared.as_of, threads=1)

    return count


@pytest.mark.parametrize(
    ("kind", "stopped_by"),
    [
        ("", set()),
        ("late_postings", {"payments-fresh"}),
        ("lost_month", {"payments-volume"}),
    ],
)
def test_simulated_dirt_is_stopped_by_its_gate(kind, stopped_by, town, profile_of):
    counted = {**calm_profile(), **profile_of(kind), "missing": {}}
    given = facts(counted, as_of=town.prepared.as_of, earlier=(), stayed=None)
    assert failed(given) == stopped_by


def test_counts_of_buckets_add_up_to_those_of_the_whole(town, profile_of):
    parts = [count_bucket(town.prepared.store, bucket, town.prepared.as_of) for bucket in range(3)]
    assert add(parts) == profile_of("")
