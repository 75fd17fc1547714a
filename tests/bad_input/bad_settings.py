"""Settings of a run that cannot be: no YAML, unknown names, wrong values, contradictions."""

# fmt: off
from breaking import link, put
from case import case


def config(name, says, content, code=2, run="features out.parquet --config own.yaml"):
    return case(name, run, code, says, put("own.yaml", content))


def setting(content, says, code=2, run="features out.parquet --config own.yaml"):
    return config(content.splitlines()[0][:60], says, content + "\n", code, run)


FILES = (
    case("no such config", "features out.parquet --config none.yaml", 2, r"none\.yaml: no such file; give the path of a YAML file"),
    case("a folder as config", "features out.parquet --config data", 2, r"data: cannot be read \(Is a directory\)"),
    case("a config that is a link onto itself", "features out.parquet --config own.yaml", 2, r"own\.yaml: cannot be read", link("own.yaml", "own.yaml")),
    case("a config with a path too long", f"features out.parquet --config {'x' * 300}.yaml", 2, r"xxx\.yaml: cannot be read \(File name too long\)"),
    config("a config that is no YAML", r"own\.yaml: cannot be read as YAML in UTF-8 \(.*line 1", "data: [1"),
    config("a config with a tab", r"own\.yaml: cannot be read as YAML", "scoring:\n\tworkers: 1\n"),
    config("a config of bytes", r"own\.yaml: cannot be read as YAML", bytes(range(256))),
    config("a config in GB18030", r"own\.yaml: cannot be read as YAML in UTF-8", "data: 数据".encode("gb18030")),
    config("a config in UTF-16", r"own\.yaml: cannot be read as YAML in UTF-8", "data: data".encode("utf-16")),
    config("a config that is a list", r"own\.yaml: holds list; expected settings by name", "- data\n"),
    config("a config that is a word", r"own\.yaml: holds str; expected settings by name", "data\n"),
    config("two documents", r"own\.yaml: cannot be read as YAML", "data: data\n---\ndata: data\n"),
    config("a key twice", r"own\.yaml: .*data stands twice", "data: data\ndata: data\n"),
    config("an unknown anchor", r"own\.yaml: cannot be read as YAML", "data: *here\n"),
    config("an anchor in itself", r"own\.yaml: ", "scoring: &a\n  workers: *a\n"),
    config("nested beyond all bounds", r"own\.yaml: ", "data: " + "[" * 20_000),
    config("a laugh without end", r"own\.yaml: ", "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(f"{n}: &{n} [{','.join(['*' + p] * 9)}]\n" for p, n in zip("abcdefgh", "bcdefghi", strict=True))),
    config("a key that is a list", r"own\.yaml: ", "? [a, b]\n: 1\n"),
    config("a key that is a number", r"own\.yaml: ", "1: data\n"),
    config("a key that is nothing", r"own\.yaml: ", "~: data\n"),
    config("an object of Python", r"own\.yaml: cannot be read as YAML", "data: !!python/object/apply:os.system ['true']\n"),
    config("a setting of ten megabytes", r"own\.yaml: ", "buckets: " + "x" * 1_000_000),
    config("a number of ten thousand digits", r"own\.yaml: ", "buckets: 1" + "0" * 10_000),
)

SETTINGS = (
    setting("bucket: 3", r"own\.yaml: bucket is not a setting; did you mean buckets\?"),
    setting("scorings: {}", r"own\.yaml: scorings is not a setting; did you mean scoring\?"),
    setting("scoring: {worker: 2}", r"own\.yaml: scoring\.worker is not a setting; did you mean workers\?"),
    setting("colour: red", r"own\.yaml: colour is not a setting; see docs/config\.md"),
    setting("buckets: 0", r"own\.yaml: buckets is 0; .*greater than or equal to 1"),
    setting("buckets: -1", r"own\.yaml: buckets is -1"),
    setting("buckets: 1.5", r"own\.yaml: buckets is 1\.5"),
    setting("buckets: .inf", r"own\.yaml: buckets is inf"),
    setting("buckets: .nan", r"own\.yaml: buckets is nan"),
    setting("buckets: many", r"own\.yaml: buckets is 'many'"),
    setting("buckets: 99999", r"own\.yaml: buckets is 99999; .*less than or equal to 4096"),
    setting("buckets: {}", r"own\.yaml: buckets is \{\}"),
    setting("as_of: 2026-02-30", r"own\.yaml: (as_of is '2026-02-30'|cannot be read as YAML)"),
    setting("as_of: soon", r"own\.yaml: as_of is 'soon'"),
    setting("as_of: 20261006", r"own\.yaml: as_of is 20261006"),
    setting("as_of: 2026-10-06 10:00:00", r"own\.yaml: as_of is "),
    setting("as_of: 0001-01-01", r"as_of|own\.yaml", run="features out.parquet --config own.yaml --data data"),
    setting("as_of: 9999-12-31", r"as_of|own\.yaml", run="features out.parquet --config own.yaml --data data"),
    setting("data: 5", r"own\.yaml: data is 5"),
    setting("data: nowhere", r"nowhere: no such folder", 3),
    setting("data: ''", r"no such folder|missing in", 3),
    setting(r'data: "a\0b"', r"no such folder", 3),
    setting("promote_warnings: [futur-date]", r"promote: no warning is called 'futur-date'", run="features out.parquet --config own.yaml --data data"),
    setting("promote_warnings: future-date", r"own\.yaml: promote_warnings is 'future-date'"),
    setting("target: {name: rich}", r"own\.yaml: target\.name is 'rich'"),
    setting("target: {grace_days: -1}", r"own\.yaml: target\.grace_days is -1"),
    setting("target: late", r"own\.yaml: target is 'late'"),
    setting("target:", r"own\.yaml: target is None"),
    setting("parameters: {learning_rate: 0}", r"own\.yaml: parameters\.learning_rate is 0"),
    setting("parameters: {learning_rate: .nan}", r"own\.yaml: parameters\.learning_rate is nan"),
    setting("parameters: {rounds: 0}", r"own\.yaml: parameters\.rounds is 0"),
    setting("parameters: {kind: magic}", r"own\.yaml: parameters\.kind is 'magic'"),
    setting("parameters: {kind: rule, rule: magic}", r"own\.yaml: .*magic"),
    setting("snapshots: {days_of_month: []}", r"own\.yaml: snapshots\.days_of_month"),
    setting("snapshots: {days_of_month: [31]}", r"own\.yaml: snapshots\.days_of_month"),
    setting("snapshots: {learn_months: 0}", r"own\.yaml: snapshots\.learn_months is 0"),
    setting("bands: {call: {share: 2}}", r"own\.yaml: bands\.call"),
    setting("bands: {call: {share: 0.1, count: 5}}", r"own\.yaml: bands\.call"),
    setting("bands: {call: {share: -0.1}}", r"own\.yaml: bands\.call"),
    setting("scoring: {workers: 0}", r"own\.yaml: scoring\.workers is 0"),
    setting("scoring: {workbook_rows: 0}", r"own\.yaml: scoring\.workbook_rows is 0"),
    setting("scoring: {explain: some}", r"own\.yaml: scoring\.explain is 'some'"),
    setting("simulation: {customers: 3}", r"own\.yaml: simulation\.customers is 3", run="demo --config own.yaml"),
    setting("tracking: {folder: 5}", r"own\.yaml: tracking\.folder is 5"),
    setting("features: {files: [none.yaml]}\nstores: stores\nbuckets: 1", r"none\.yaml: no such file of features; name one"),
    setting("features: {files: none.yaml}", r"own\.yaml: features\.files is 'none\.yaml'"),
)

OWN = "features: {files: [features.yaml]}\ndata: data\nstores: stores\nbuckets: 1\n"


def feature(name, says, content):
    return case(f"feature: {name}", "features out.parquet --config own.yaml", 2, says, put("own.yaml", OWN), put("features.yaml", content))


def entry(name, says, **given):
    fields = {"stem": "mine", "over": "bill_facts", "unit": "count", "sql": "count(*)", "description": "{zh: 一, en: one}"} | given
    return feature(name, says, "- {" + ", ".join(f"{key}: {value}" for key, value in fields.items() if value) + "}\n")


FEATURES = (
    feature("no YAML", r"features\.yaml: cannot be read as YAML in UTF-8 \(.*line 1", "- [1"),
    feature("bytes", r"features\.yaml: cannot be read as YAML in UTF-8", bytes(range(256))),
    feature("nested beyond all bounds", r"features\.yaml: ", "[" * 20_000),
    feature("a key twice", r"features\.yaml: .*stem stands twice", "- {stem: a, stem: b}\n"),
    feature("no list", r"features\.yaml: ", "stem: mine\n"),
    entry("no sql", r"features\.yaml: 0\.sql: Field required", sql=""),
    entry("an unknown view", r"features\.yaml: 0\.over", over="secrets"),
    entry("an unknown unit", r"features\.yaml: 0\.unit", unit="pounds"),
    entry("an unknown key", r"features\.yaml: 0\.colour", colour="red"),
    entry("a name that is taken", r"feature late_count_6b: the name is taken", stem="late_count", windows="[6b]"),
    entry("a stem in capitals", r"feature 'Mine': a stem is lower-case", stem="Mine"),
    entry("a window of words", r"features\.yaml: mine: window 'year' is not understood", windows="[year]"),
    entry("an unknown column", r"feature mine: .*colour.*Its view bill_facts has the columns", sql="sum(colour)"),
    entry("SQL that is none", r"feature mine: .*Its view", sql='"sum(("'),
    entry("a look into another file", r"feature mine: 'select' would look past its view", sql='"(select 1)"'),
    entry("a look at the clock", r"feature mine: 'now' would look past", sql='"now()"'),
    entry("text as a number", r"feature mine: gives text, but its unit is count", sql='"max(kind)"'),
    entry("an endless text", r"feature mine: ", sql="sum(" + "x" * 100_000 + ")"),
    case("feature: neither YAML nor Python", "features out.parquet --config own.yaml", 2, r"features\.txt: features are declared in", put("own.yaml", OWN.replace(".yaml", ".txt")), put("features.txt", "x")),
    case("feature: Python without features", "features out.parquet --config own.yaml", 2, r"features\.py: expected FEATURES", put("own.yaml", OWN.replace(".yaml", ".py")), put("features.py", "x = 1\n")),
    case("feature: Python that does not run", "features out.parquet --config own.yaml", 2, r"features\.py: .*SyntaxError|features\.py: ", put("own.yaml", OWN.replace(".yaml", ".py")), put("features.py", "x = (\n")),
    case("feature: Python that fails", "features out.parquet --config own.yaml", 2, r"features\.py: .*ZeroDivisionError|features\.py: ", put("own.yaml", OWN.replace(".yaml", ".py")), put("features.py", "1 / 0\n")),
)

CASES = (*FILES, *SETTINGS, *FEATURES)
