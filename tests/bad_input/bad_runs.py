"""Runs, plans, scopes and models that are missing, damaged or of something else."""

# fmt: off
from breaking import changed, cut, flipped, gone, link, put, values
from case import case

C = "--config run.yaml"


def _without(key):
    return lambda about: about.pop(key) and None


def _with(**given):
    return lambda about: about.update(given)


def run(name, says, *steps, command="report a-run"):
    return case(f"run: {name}", command, 3, says, *steps)


RUNS = (
    run("none", r"nowhere: not a finished run.*Give the folder that duewatch score named", command="report nowhere"),
    run("a file", r"run\.yaml: not a finished run", command="report run.yaml"),
    run("a plan", r"a-plan: not a finished run", command="report a-plan"),
    run("no manifest", r"a-run: not a finished run \(manifest\.json is missing", gone("a-run/manifest.json")),
    run("half a manifest", r"a-run: not a finished run", cut("a-run/manifest.json", 0.5)),
    run("an empty manifest", r"a-run: not a finished run", put("a-run/manifest.json", "")),
    run("a manifest that is a list", r"a-run: not a finished run", put("a-run/manifest.json", "[]")),
    run("a manifest of bytes", r"a-run: not a finished run", put("a-run/manifest.json", bytes(range(256)))),
    run("a manifest nested beyond all bounds", r"a-run: not a finished run", put("a-run/manifest.json", "[" * 100_000)),
    run("a manifest in itself", r"a-run: not a finished run", link("a-run/manifest.json", "manifest.json")),
    run("a manifest without files", r"a-run: not a finished run", values("a-run/manifest.json", _without("files"))),
    run("a manifest whose files are a list", r"a-run: not a finished run", values("a-run/manifest.json", _with(files=["list.csv"]))),
    run("a manifest whose digests are numbers", r"a-run/\S+: missing or changed|not a finished run", values("a-run/manifest.json", _with(files={"list.csv": 5}))),
    run("a manifest without counts", r"a-run: not a finished run", values("a-run/manifest.json", _without("counts"))),
    run("a manifest of counts in words", r"a-run: not a finished run", values("a-run/manifest.json", _with(counts="many"))),
    run("a manifest of an impossible day", r"a-run: not a finished run", values("a-run/manifest.json", _with(as_of="2026-02-30"))),
    run("a manifest of no comparison", r"a-run: not a finished run", values("a-run/manifest.json", _with(comparison=[5]))),
    run("a manifest of a file elsewhere", r"a-run/\.\./run\.yaml: missing or changed", values("a-run/manifest.json", _with(files={"../run.yaml": "0"}))),
    run("a list that was changed", r"a-run/list\.csv: missing or changed since the run\. A list that is out is never changed", changed("a-run/list.csv", lambda c: c + b"\n")),
    run("no list", r"a-run/list\.csv: missing or changed", gone("a-run/list.csv")),
    run("no scores", r"a-run/scores\.parquet: missing or changed", gone("a-run/scores.parquet")),
)

PLANS = (
    case("plan: none", "plan explain nowhere C1", 3, r"nowhere: not a plan \(plan\.json is missing.*Give the folder that duewatch plan named"),
    case("plan: a run", "plan explain a-run C1", 3, r"a-run: not a plan"),
    case("plan: half of what it says", "plan explain a-plan C1", 3, r"a-plan: not a plan", cut("a-plan/plan.json", 0.5)),
    case("plan: a list", "plan explain a-plan C1", 3, r"a-plan: not a plan", put("a-plan/plan.json", "[]")),
    case("plan: a word", "plan explain a-plan C1", 3, r"a-plan: not a plan", put("a-plan/plan.json", '"plan"')),
    case("plan: nested beyond all bounds", "plan explain a-plan C1", 3, r"a-plan: not a plan", put("a-plan/plan.json", "[" * 100_000)),
    case("plan: files in a list", "plan explain a-plan C1", 3, r"a-plan: not a plan", values("a-plan/plan.json", _with(files=["plan.parquet"]))),
    case("plan: changed", "plan explain a-plan C1", 3, r"a-plan/plan\.parquet: missing or changed since the plan", flipped("a-plan/plan.parquet", 0.5)),
    case("plan: no policy", "plan explain a-plan C1", 3, r"a-plan/policy\.json: missing or changed", gone("a-plan/policy.json")),
    case("plan: no such customer", "plan explain a-plan nobody", 3, r"nobody"),
    case("plan: a run of nobody", f"plan {C} --run nowhere", 3, r"nowhere: not a finished run"),
    case("plan: a plan for a run", f"plan {C} --run a-plan", 3, r"a-plan: not a finished run"),
    case("plan: no such policy", f"plan {C} --run a-run --policy mine", 2, r"mine: no such file; give the path of a policy's YAML, or one of china"),
    case("plan: refresh with older data", f"plan refresh a-plan {C} --as-of 2026-08-06", 2, r"as_of: 2026-08-06 lies before the plan's", adds=("stores",)),
    case("plan: refresh of a run", f"plan refresh a-run {C}", 3, r"a-run: not a plan"),
    case("plan: refresh of a changed plan", f"plan refresh a-plan {C}", 3, r"a-plan/plan\.parquet: missing or changed", put("a-plan/plan.parquet", "")),
    case("hand out nothing", f"handouts nowhere --out out {C}", 3, r"nowhere: not a plan"),
    case("hand out a list", f"handouts a-plan --out out {C}", 3, r"a-plan: not a plan", put("a-plan/plan.json", "[]")),
    case("hand out a plan without a day", f"handouts a-plan --out out {C}", 3, r"a-plan: not a plan", values("a-plan/plan.json", _without("as_of"))),
    case("hand out a changed plan", f"handouts a-plan --out out {C}", 3, r"a-plan/account\.parquet: missing or changed", cut("a-plan/account.parquet", 0.5)),
    case("hand out a plan of other data", f"handouts a-plan --out out {C}", 3, r"data: not the data that plan-\S+ was made from", values("a-plan/plan.json", _with(data_fingerprint="0"))),
    case("hand out in Latin", f"handouts a-plan --out out --language la {C}", 2, r"--language: la is none of zh, en and both"),
    case("hand out another refresh", f"handouts a-plan --out out --refreshed a-run/scores.parquet {C}", 3, r"a-run/scores\.parquet: not a refresh of a-plan"),
    case("hand out with no sheet", f"handouts a-plan --out out --screened none.xlsx {C}", 3, r"none\.xlsx"),
    case("hand out with a sheet that is none", f"handouts a-plan --out out --screened run.yaml {C}", 3, r"run\.yaml"),
    case("hand out with a broken sheet", f"handouts a-plan --out out --screened s.xlsx {C}", 3, r"s\.xlsx", put("s.xlsx", "x")),
    case("hand out into what is there", f"handouts a-plan --out data {C}", 2, r"data: exists and is not empty\. Give a new folder"),
    case("portraits against nothing", f"portraits out --against nowhere {C}", 3, r"nowhere: holds no labels\.parquet"),
    case("portraits against a run", f"portraits out --against a-run {C}", 3, r"a-run: holds no labels\.parquet"),
    case("portraits against broken labels", f"portraits out --against portraits {C}", 3, r"portraits/labels\.parquet", cut("portraits/labels.parquet", 0.5)),
    case("portraits against what are no labels", f"portraits out --against portraits {C}", 3, r"labels: the table does not say of which day", changed("portraits/labels.parquet", lambda _: b""), lambda here: (here / "portraits/labels.parquet").unlink(), lambda here: (here / "portraits/labels.parquet").hardlink_to(here / "data/bills.parquet")),
    case("scope: none", f"scope track nowhere --out out {C}", 3, r"nowhere: not a frozen scope"),
    case("scope: a run", f"scope track a-run --out out {C}", 3, r"a-run: not a frozen scope"),
    case("scope: half", f"scope track scopes/202610-1 --out out {C}", 3, r"scopes/202610-1: not a frozen scope", cut("scopes/202610-1/scope.json", 0.5)),
    case("scope: a list", f"scope track scopes/202610-1 --out out {C}", 3, r"scopes/202610-1: not a frozen scope", put("scopes/202610-1/scope.json", "[]")),
    case("scope: changed", f"scope track scopes/202610-1 --out out {C}", 3, r"scope\.parquet: missing or changed since it was frozen", flipped("scopes/202610-1/scope.parquet", 0.5)),
    case("scope: no day", f"scope track scopes/202610-1 --out out {C}", 3, r"scopes/202610-1: not a frozen scope", values("scopes/202610-1/scope.json", _without("as_of"))),
    case("scope: a rule of no kind", f"scope track scopes/202610-1 --out out {C}", 3, r"scopes/202610-1: not a frozen scope", values("scopes/202610-1/scope.json", _with(rule={"colour": "red"}))),
    case("scope: month 13", f"scope freeze --month 202613 {C}", 2, r"202613"),
    case("scope: a negative month", f"scope freeze --month -1 {C}", 2, r"-1"),
)

NOTHING = r"data: no bill was known before 2001-01-01; the first was issued on 20\d\d-\d\d-\d\d\. Give a later as_of, or more history"
BEFORE = tuple(
    case(f"before the data: {run}", f"{run} --as-of 2001-01-01 {C}", 3, NOTHING)
    for run in ("features out.parquet", "score", "portraits out", "kpis --out out", "forecast --out out", "plan --run a-run", "prove data", "scope freeze", "dictionary out.html")
)

MODELS = (
    case("model: no version", f"score --model 9 {C}", 2, r"has no version 9\. Run duewatch train, then duewatch promote"),
    case("model: no alias", f"score --model best {C}", 2, r"has no alias best"),
    case("model: an empty name", f"score --model '' {C}", 2, r"model|alias"),
    case("model: an impossible name", f"score --model 'a/b:c' {C}", 2, r"has no alias a/b:c"),
    case("model: a version beyond counting", f"score --model {'9' * 40} {C}", 2, r"has no version 9+"),
    case("model: another target's", "scorecard out.csv --target cutoff --config run.yaml", 2, r"duewatch-cutoff: the registry has no alias champion"),
    case("model: no scorecard", f"scorecard out.csv {C}", 2, r"its kind is trees, which has no scorecard\. Train one with --kind scorecard"),
    case("model: a run that is none", f"train --from-run none {C}", 2, r"run none: \S+ is not to be had"),
    case("model: a registry that is a file", "score --config own.yaml", 2, r"mlruns", put("mlruns", "x"), put("own.yaml", "tracking: {folder: mlruns}\n")),
    case("model: a registry that is no database", "score --config own.yaml", 2, r"mlflow\.db", put("mlruns/mlflow.db", "no database, only words" * 100), put("own.yaml", "tracking: {folder: mlruns}\n"), adds=("mlruns",)),
)

CASES = (*RUNS, *PLANS, *BEFORE, *MODELS)
