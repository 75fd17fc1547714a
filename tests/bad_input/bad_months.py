"""What a month's work is told: gates, cycle, export, databases, Spark, monitoring, laws, forms."""

# fmt: off
from breaking import cut, flipped, put
from case import case

C = "--config run.yaml"
DATA = "data: data\nstores: stores\noutputs: outputs\nbuckets: 1\n"


def setting(content, says, run="features out.parquet --config own.yaml", **more):
    return case(content, run, 2, says, put("own.yaml", content + "\n"), **more)


def month(content, says, run="run --cycle 2026-10 --config own.yaml", code=2, **more):
    return case(f"month: {content}", run, code, says, put("own.yaml", DATA + content + "\n"), **more)


def _with_tracking(here):
    """Let own.yaml keep models where run.yaml does."""
    tracking = next(line for line in (here / "run.yaml").read_text("utf-8").split("tracking:")[1:])
    put("own.yaml", (here / "own.yaml").read_text("utf-8") + "tracking:" + tracking)(here)


GATES = (
    setting("gates: {payment_silent_days: 3}", r"own\.yaml: gates\.payment_silent_days is not a setting; did you mean payments_silent_days\?"),
    setting("gates: {payments_silent_days: -1}", r"own\.yaml: gates\.payments_silent_days is -1"),
    setting("gates: {payments_silent_days: 3.5}", r"own\.yaml: gates\.payments_silent_days is 3\.5"),
    setting("gates: {payments_share: 1}", r"own\.yaml: gates\.payments_share is 1"),
    setting("gates: {bills_share: 0}", r"own\.yaml: gates\.bills_share is 0"),
    setting("gates: {org_share: most}", r"own\.yaml: gates\.org_share is 'most'"),
    setting("gates: {customers_change: 0}", r"own\.yaml: gates\.customers_change is 0"),
    setting("gates: {columns: maybe}", r"own\.yaml: gates\.columns is 'maybe'"),
    setting("gates: {new_codes_share: 1}", r"own\.yaml: gates\.new_codes_share is 1"),
    setting("gates: {repeated_share: -0.1}", r"own\.yaml: gates\.repeated_share is -0\.1"),
    setting("gates: {amount_factor: 1}", r"own\.yaml: gates\.amount_factor is 1"),
    setting("gates: {population_psi: .nan}", r"own\.yaml: gates\.population_psi is nan"),
    setting("gates: {population_weight: 1}", r"own\.yaml: gates\.population_weight is 1"),
    setting("gates: {score_psi: .inf}", r"own\.yaml: gates\.score_psi is inf"),
    setting("gates: {model_age_months: old}", r"own\.yaml: gates\.model_age_months is 'old'"),
    setting("gates: {list_least: null}", r"own\.yaml: gates\.list_least is None"),
    setting("gates: {list_least: 0}", r"own\.yaml: gates\.list_least is 0"),
    setting("gates: {list_factor: 1}", r"own\.yaml: gates\.list_factor is 1"),
    setting("gates: {churn_fall: 2}", r"own\.yaml: gates\.churn_fall is 2"),
    setting("gates: off", r"own\.yaml: gates is False"),
    case("accept: no gate", f"score --accept weather --reason calm {C}", 2, r"--accept: 'weather' is no gate; there are payments-fresh"),
    case("accept: no reason", f"score --accept churn {C}", 2, r"--accept: 1 gates with 0 reasons"),
    case("accept: a blank reason", f"score --accept churn --reason ' ' {C}", 2, r"give each gate its own --reason, in words"),
    case("accept: a reason alone", f"score --reason why {C}", 2, r"--accept: 0 gates with 1 reasons"),
    case("accept: twice", f"score --accept churn --reason a --accept churn --reason b {C}", 2, r"--accept: a gate is named twice"),
    case("accept: what cannot be", f"run --cycle 2026-10 --accept champion --reason why {C}", 2, r"the gate champion cannot be accepted\. Run duewatch train"),
    case("accept: what passed", f"score --accept payments-fresh --reason why {C}", 2, r"--accept: the gate payments-fresh passed \(", adds=("stores", "outputs/.")),
    case("a gate does not hold", "score --config own.yaml", 7, r"run \S+ is made but not published, 1 of 21 gates do not hold(.|\n)+gate list-least: \d+ bills are listed, at least 999,999 are expected", put("own.yaml", DATA + "gates: {list_least: 999999}\n"), _with_tracking, adds=("stores", "outputs/.")),
)


MONTHS = (
    case("month: none", f"run {C}", 2, r"Missing option '--cycle'"),
    case("month: a word", f"run --cycle october {C}", 2, r"--cycle: october is no month; give it as 2026-10"),
    case("month: 13", f"run --cycle 2026-13 {C}", 2, r"--cycle: 2026-13 is no month"),
    case("month: a day", f"run --cycle 2026-10-06 {C}", 2, r"--cycle: 2026-10-06 is no month"),
    case("month: a number", f"run --cycle 202610 {C}", 2, r"--cycle: 202610 is no month"),
    case("month: empty", f"run --cycle '' {C}", 2, r"--cycle: .* is no month"),
    case("month: a preview of no month", f"run --cycle soon --dry-run {C}", 2, r"--cycle: soon is no month"),
    case("month: a preview of no data", f"run --cycle 2026-10 --dry-run --data nowhere {C}", 3, r"nowhere: no such folder"),
    case("month: before the data", f"run --cycle 2001-01 {C}", 3, r"data: no bill was known before 2001-01-06; the first was issued on 20\d\d-\d\d-\d\d\. Give a later as_of", adds=("stores", "outputs/.", "outputs/health.json", "outputs/cycles")),
    month("cycle: {steps: [score, score]}", r"own\.yaml: cycle\.steps.*name each step once"),
    month("cycle: {steps: [plan]}", r"own\.yaml: cycle\.steps.*plan needs the step score"),
    month("cycle: {steps: [score, handouts]}", r"own\.yaml: cycle\.steps.*handouts needs the step plan"),
    month("cycle: {steps: [dance]}", r"own\.yaml: cycle\.steps"),
    month("cycle: {steps: score}", r"own\.yaml: cycle\.steps is 'score'"),
    month("cycle: {day: 31}", r"own\.yaml: cycle\.day is 31"),
    month("cycle: {months_after: 3}", r"own\.yaml: cycle\.months_after is 3"),
    month("cycle: {dunning_day: 0}", r"own\.yaml: cycle\.dunning_day is 0"),
    month("cycle: {stale_after_days: 0}", r"own\.yaml: cycle\.stale_after_days is 0"),
    month("cycle: {rates: {worker_mb: 0}}", r"own\.yaml: cycle\.rates\.worker_mb is 0"),
    month("cycle: {export: 5}", r"own\.yaml: cycle\.export"),
    month("logging: {level: loud}", r"own\.yaml: logging\.level is 'loud'"),
    month("logging: {file: data}", r"data: Is a directory; nothing can be logged there", code=5),
    month("logging: {terminal: morse}", r"own\.yaml: logging\.terminal is 'morse'"),
    case("health: a broken list", "health --config run.yaml", 3, r"outputs", put("outputs/current.json", "[")),
)

MONITORING = (
    setting("monitoring: {psi_act: 0}", r"own\.yaml: monitoring\.psi_act is 0"),
    setting("monitoring: {psi_watch: 0.5, psi_act: 0.2}", r"own\.yaml: monitoring is .*psi_watch lies above psi_act"),
    setting("monitoring: {caught_loss: 2}", r"own\.yaml: monitoring\.caught_loss is 2"),
    setting("monitoring: {calibration: -1}", r"own\.yaml: monitoring\.calibration is -1"),
    setting("monitoring: {colour: red}", r"own\.yaml: monitoring\.colour is not a setting"),
    case("monitor: no such model", f"monitor --model 9 {C}", 2, r"has no version 9", adds=("stores",)),
    case("monitor: months in words", f"monitor --months all {C}", 2, r"Invalid value for '--months'"),
    case("monitor: another target", f"monitor --target late_30 {C}", 2, r"duewatch-late_30: the registry has no alias champion", adds=("stores",)),
    case("monitor: a target that is none", f"monitor --target rich {C}", 2, r"target\.name is 'rich'"),
    case("monitor: before the training", f"monitor --as-of 2026-08-06 {C}", 2, r"was trained|2026-08-06", adds=("stores",)),
    case("monitor: into what is there", f"monitor --out data {C}", 2, r"data: exists and is not empty"),
    case("monitor: into a file", f"monitor --out run.yaml {C}", 2, r"run\.yaml: .*(folder|exists)"),
)

EXPORTS = (
    case("export: nothing", f"export nowhere --to csv --out out {C}", 3, r"nowhere: no such folder"),
    case("export: a dataset", f"export data --to csv --out out {C}", 3, r"data: not a finished run|data: "),
    case("export: to nowhere", f"export a-run --to csv {C}", 2, r"--out is missing\. Give the folder to write csv to"),
    case("export: by pigeon", f"export a-run --to pigeon --out out {C}", 2, r"pigeon"),
    case("export: no destination", f"export a-run --out out {C}", 2, r"Missing option '--to'"),
    case("export: into a file", f"export a-run --to parquet --out run.yaml {C}", 2, r"--out: run\.yaml is a file\. Give a folder"),
    case("export: below a file", f"export a-run --to parquet --out run.yaml/out {C}", 2, r"--out: run\.yaml is a file"),
    case("export: a changed run", f"export a-run --to csv --out out {C}", 3, r"a-run/scores\.parquet: missing or changed", cut("a-run/scores.parquet", 0.5)),
    case("export: a changed plan", f"export a-plan --to parquet --out out {C}", 3, r"a-plan/plan\.parquet: missing or changed", flipped("a-plan/plan.parquet", 0.5)),
    case("hand off: a run", f"export a-run --to handoff --out out {C}", 3, r"a-run: not a plan"),
    case("hand off: no such form", f"export a-plan --to handoff --out out --form mine {C}", 2, r"mine: no such file|mine"),
    case("hand off: a form that is no YAML", f"export a-plan --to handoff --out out --form own.yaml {C}", 2, r"own\.yaml: cannot be read as YAML", put("own.yaml", "columns: [")),
    case("hand off: a form without columns", f"export a-plan --to handoff --out out --form own.yaml {C}", 2, r"own\.yaml: .*columns", put("own.yaml", "version: '1'\n")),
    case("hand off: a form of a name", f"export a-plan --to handoff --out out --form own.yaml {C}", 2, r"own\.yaml: NAME: name is neither codes of this form nor one of account", put("own.yaml", "version: '1'\ntitle: {zh: 一, en: one}\ndelimiter: ';'\ndates: '%Y'\ncolumns:\n- {field: NAME, value: name, width: 9, meaning: {zh: 名, en: name}, evidence: memory, source: x}\n")),
    case("hand off: no accounts there", f"export a-plan --to handoff --out out --accounts none.csv {C}", 3, r"none\.csv: (no such file|cannot be read)"),
    case("hand off: accounts without heads", f"export a-plan --to handoff --out out --accounts a.csv {C}", 3, r"a\.csv: line 1 must be the heads customer_id,account", put("a.csv", "1,2\n")),
    case("hand off: accounts in bytes", f"export a-plan --to handoff --out out --accounts a.csv {C}", 3, r"a\.csv", put("a.csv", b"\xff\xfe\x00")),
    case("hand off: a customer without account", f"export a-plan --to handoff --out out --accounts a.csv {C}", 3, r"account", put("a.csv", "customer_id,account\nnobody,1\n")),
    case("hand off: a customer with two accounts", f"export a-plan --to handoff --out out --accounts a.csv {C}", 3, r"a\.csv", put("a.csv", "customer_id,account\n1,1\n1,2\n")),
    case("hand off: another's refresh", f"export a-plan --to handoff --out out --refreshed a-run/scores.parquet {C}", 3, r"a-run/scores\.parquet: not a refresh of a-plan"),
)

NOBODY = {"DUEWATCH_POSTGRES": "postgresql://nobody@127.0.0.1:1/none?connect_timeout=2"}
POSTGRES = (
    case("postgres: no address", f"import postgres out --mapping en {C}", 2, r"PostgreSQL|DUEWATCH_POSTGRES", environment={"DUEWATCH_POSTGRES": "", "PGHOST": "/nowhere"}),
    case("postgres: an address that is none", f"import postgres out --mapping en {C}", 2, r"DUEWATCH_POSTGRES|PostgreSQL", environment={"DUEWATCH_POSTGRES": "postgres:/ /x"}),
    case("postgres: an address with an unknown word", f"import postgres out --mapping en {C}", 2, r"PostgreSQL|DUEWATCH_POSTGRES", environment={"DUEWATCH_POSTGRES": "host=127.0.0.1 colour=red"}),
    case("postgres: nobody answers", f"import postgres out --mapping en {C}", 2, r"PostgreSQL", environment=NOBODY),
    case("postgres: nobody takes the run", f"export a-run --to postgres {C}", 2, r"PostgreSQL", environment=NOBODY),
    case("postgres: a form that no database has", f"import postgres out --mapping uci_credit {C}", 2, r"mapping: uci_credit reads a file, not postgres"),
    case("postgres: no such mapping", f"import postgres out --mapping mine {C}", 2, r"mine: no such mapping", environment=NOBODY),
    case("postgres: a schema without name", f"export a-run --to postgres --schema '' {C}", 2, r"postgres\.list_schema", environment=NOBODY),
    case("postgres: a schema too long", f"export a-run --to postgres --schema {'x' * 64} {C}", 2, r"postgres\.list_schema", environment=NOBODY),
    setting("postgres: {readers: 0}", r"own\.yaml: postgres\.readers is 0"),
    setting("postgres: {chunk_mb: 0}", r"own\.yaml: postgres\.chunk_mb is 0"),
    setting("postgres: {dsn_env: ''}", r"own\.yaml: postgres\.dsn_env"),
    setting("postgres: {dsn: 'postgresql://a:b@c/d'}", r"own\.yaml: postgres\.dsn holds an address with a password"),
)

SPARK = (
    setting("spark: {wait_seconds: 0}", r"own\.yaml: spark\.wait_seconds is 0"),
    setting("spark: {conf: {executor.memory: 4g}}", r"own\.yaml: spark\.conf.*executor\.memory is no setting of Spark; its names begin with spark"),
    setting("spark: {conf: {spark.ssl.keyPassword: x}}", r"own\.yaml: spark\.conf.*set it in spark-defaults\.conf"),
    setting("spark: {conf: {spark.task.cpus: [2]}}", r"own\.yaml: spark\.conf"),
    setting("spark: {conf: 4g}", r"own\.yaml: spark\.conf is '4g'"),
    setting("spark: {url: spark://a}", r"own\.yaml: spark\.url is not a setting"),
    setting("scoring: {engine: ray}", r"own\.yaml: scoring\.engine is 'ray'"),
    case("spark: no cluster", "score --config own.yaml", 2, r"(?i)spark", put("own.yaml", DATA + "scoring: {engine: spark}\nspark: {wait_seconds: 1}\n"), _with_tracking, environment={"SPARK_CONF_DIR": "/nowhere", "JAVA_HOME": "/nowhere", "PATH": "/nowhere"}, adds=("stores", "outputs/.")),
)


def law(name, says, content):
    return case(f"law: {name}", f"plan --run a-run --policy own.yaml {C}", 2, says, put("own.yaml", "based_on: china\nlaw: law.yaml\n"), put("law.yaml", content))


LAWS = (
    case("law: none", f"plan --run a-run --policy own.yaml {C}", 2, r"nowhere\.yaml: no such file", put("own.yaml", "based_on: china\nlaw: nowhere.yaml\n")),
    law("no YAML", r"law\.yaml: cannot be read as YAML", "late_fee: ["),
    law("a list", r"law\.yaml: holds list; expected settings by name", "- 1\n"),
    law("empty", r"law\.yaml: ", ""),
    law("an unknown part", r"law\.yaml: .*colour", "based_on: china\ncolour: red\n"),
    law("based on nothing", r"none: no such file|none", "based_on: none\n"),
    law("based on a list", r"law|\[", "based_on: [a]\n"),
    law("based on itself", r"law\.yaml: based_on leads back to law\.yaml\. Name another law", "based_on: law.yaml\n"),
    law("a fee in words", r"law\.yaml: .*late_fee", "based_on: china\nlate_fee: much\n"),
    law("a fee without source", r"law\.yaml: .*late_fee\.0", "based_on: china\nlate_fee: [{effective_from: 1996-10-08, per_day: {residential: {value: 0.001}}}]\n"),
    law("a fee since never", r"law\.yaml: .*effective_from|cannot be read as YAML", "based_on: china\nlate_fee: [{effective_from: 2026-02-30}]\n"),
    law("repeats without end", r"law\.yaml: .*aliases repeat each other", "late_fee: &a [*a]\n"),
)

CASES = (*GATES, *MONTHS, *MONITORING, *EXPORTS, *POSTGRES, *SPARK, *LAWS)
