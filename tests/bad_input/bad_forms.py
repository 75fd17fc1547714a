"""Forms that people fill in, statements, factors and policies that cannot be taken."""

# fmt: off
from breaking import cut, put, workbook
from case import case

C = "--config run.yaml"
HEAD = "customer_id,recorded_at,recorded_by,method,outcome\n"
KNOWN = "2026-09-02 10:30,K07,phone,answered"


def form(name, says, content, head=HEAD):
    return case(f"feedback: {name}", f"feedback form.csv {C}", 3, says, put("form.csv", head.encode() + content if isinstance(content, bytes) else head + content))


def bank(name, says, content, code=3, more=""):
    return case(f"statement: {name}", f"reconcile statement.csv --out out {more} {C}", code, says, put("statement.csv", content))


def trend(name, says, content):
    return case(f"trend: {name}", f"scope freeze --trend trend.csv --again why {C}", 3, says, put("trend.csv", content))


FEEDBACK = (
    case("feedback: none", f"feedback nowhere.csv {C}", 3, r"nowhere\.csv: no such file"),
    case("feedback: a folder", f"feedback data {C}", 3, r"data: is a folder\. Give one CSV, Excel or Parquet file"),
    case("feedback: another kind of file", f"feedback run.yaml {C}", 3, r"run\.yaml: files of this kind are not read"),
    case("feedback: no workbook", f"feedback form.xlsx {C}", 3, r"form\.xlsx: not a readable", put("form.xlsx", "x")),
    case("feedback: no such sheet", f"feedback form.xlsx --sheet Tuesday {C}", 3, r"form\.xlsx: no sheet Tuesday; it has S1", workbook("form.xlsx", [["customer_id"], ["1"]])),
    case("feedback: two sheets", f"feedback form.xlsx {C}", 3, r"form\.xlsx: more than one sheet", workbook("form.xlsx", [["customer_id"]], [["customer_id"]])),
    case("feedback: broken Parquet", f"feedback form.parquet {C}", 3, r"form\.parquet: not readable as Parquet", put("form.parquet", b"PAR1PAR1")),
    case("feedback: damaged Parquet", f"feedback form.parquet {C}", 3, r"form\.parquet", lambda here: put("form.parquet", (here / "data/bills.parquet").read_bytes())(here), cut("form.parquet", 0.9)),
    case("feedback: an unknown method for all", f"feedback form.csv --method pigeon {C}", 3, r"form\.csv line 2, method: 'pigeon' cannot be taken", put("form.csv", "customer_id,outcome\n1,answered\n")),
    form("empty", r"form\.csv: line 1 has no column heads", "", head=""),
    form("no customer column", r"form\.csv: no column for feedback\.customer_id", "x\n", head="name\n"),
    form("an unknown customer", r"form\.csv line 2, customer_id: 'nobody' is no customer of the dataset\. Correct the number", f"nobody,{KNOWN}\n"),
    form("no customer", r"form\.csv line 2, customer_id: empty", f",{KNOWN}\n"),
    form("half filled in", r"form\.csv line 2, recorded_at: empty", "nobody,,,phone,answered\n"),
    form("an impossible day", r"form\.csv line 2, recorded_at: '2026-02-30' cannot be taken\. Write a moment", "1,2026-02-30,K07,phone,answered\n"),
    form("an unknown outcome", r"form\.csv line 2, outcome: 'hung up' cannot be taken\. Write one of", "1,2026-09-02 10:30,K07,phone,hung up\n"),
    form("an outcome of a megabyte", r"form\.csv row 1, outcome: 'x+\.\.\.x+' cannot be taken\. Write one of", f"1,2026-09-02 10:30,K07,phone,{'x' * 1_000_000}\n"),
    form("hundreds of faults", r"(?s)form\.csv line 2, .*form\.csv: \d+ more\. Nothing was taken", "nobody,soon,K07,phone,answered\n" * 300),
    form("a field too many", r"form\.csv: 1 lines are no rows \(first: line 2, too many fields\)", f"1,{KNOWN},x\n"),
    form("a quote never closed", r"form\.csv: 1 lines are no rows \(first: line 2", f'"1,{KNOWN}\n'),
    form("bytes", r"form\.csv: neither UTF-8 nor GB18030", b"\xff\xff\x00\x01"),
    form("a head twice", r"form\.csv: two columns are called method", "1,1,1\n", head="customer_id,method,method\n"),
    form("a fifth round", r"form\.csv line 2, round: 5 is no round", "1,2026-09-02 10:30,K07,phone,answered,5\n", head=HEAD.strip() + ",round\n"),
    form("a bill of nobody", r"form\.csv line 2, bill_id: 'B' is no bill of the dataset", "1,2026-09-02 10:30,K07,phone,answered,B\n", head=HEAD.strip() + ",bill_id\n"),
    case("feedback: a broken ledger", f"plan {C} --run a-run", 3, r"data-feedback/\S+\.parquet", put("data-feedback/0.parquet", "x")),
    case("feedback: a ledger of something else", f"plan {C} --run a-run", 3, r"data-feedback/\S+\.parquet", lambda here: put("data-feedback/0.parquet", (here / "data/bills.parquet").read_bytes())(here)),
)

STATEMENT = "channel,posted_on,reference,amount\n"
STATEMENTS = (
    case("statement: none", f"reconcile nowhere.csv {C}", 3, r"nowhere\.csv: no such file"),
    case("statement: a folder", f"reconcile data {C}", 3, r"data: is a folder"),
    bank("no rows", r"statement\.csv: holds no rows", STATEMENT),
    bank("empty", r"statement\.csv: line 1 has no column heads", ""),
    bank("no amounts", r"statement\.csv: no column for statement\.amount", "channel,posted_on\nwechat,2026-09-01\n"),
    bank("an unknown channel", r"statement\.csv line 2, channel: 'pigeon' cannot be taken", STATEMENT + "pigeon,2026-09-01,1,5\n"),
    bank("an impossible day", r"statement\.csv line 2, posted_on: '2026-02-30' cannot be taken", STATEMENT + "wechat,2026-02-30,1,5\n"),
    bank("an amount in words", r"statement\.csv line 2, amount: 'five' cannot be taken", STATEMENT + "wechat,2026-09-01,1,five\n"),
    bank("an amount finer than a fen", r"statement\.csv line 2, amount: an amount finer than a fen", STATEMENT + "wechat,2026-09-01,1,5.001\n"),
    bank("an amount that no fen holds", r"statement\.csv line 2, amount: ", STATEMENT + "wechat,2026-09-01,1,9999999999999999.99\n"),
    bank("amounts that no sum holds", r"statement\.csv line 2, amount: ", STATEMENT + "wechat,2026-09-01,1,9999999999999999.99\n" * 2000),
    bank("an unknown channel for all", r"--channel pigeon: not a channel\. Give one of", "posted_on,amount\n2026-09-01,5\n", 2, "--channel pigeon"),
)

TRENDS = (
    case("trend: none", f"scope freeze --trend nowhere.csv --again why {C}", 3, r"nowhere\.csv: cannot be read as CSV"),
    case("trend: a folder", f"scope freeze --trend data --again why {C}", 3, r"data: cannot be read as CSV"),
    trend("empty", r"trend\.csv: 0 of 0 rows are no industry", ""),
    trend("a factor in words", r"trend\.csv: 1 of 1 rows .*first: line 2", "industry,factor\nsteel,high\n"),
    trend("an endless factor", r"trend\.csv: 1 of 1 rows", "industry,factor\nsteel,inf\n"),
    trend("a negative factor", r"trend\.csv: 1 of 1 rows", "industry,factor\nsteel,-1\n"),
    trend("an industry twice", r"trend\.csv: 1 of 2 rows .*first: line 3", "industry,factor\nsteel,1\nsteel,2\n"),
    trend("bytes", r"trend\.csv: cannot be read as CSV in UTF-8", b"industry,factor\n\xff,1\n"),
    trend("a field of a megabyte", r"trend\.csv: ", "industry,factor\n" + "x" * 1_000_000 + ",1\n"),
)


def policy(name, says, content):
    return case(f"policy: {name}", f"portraits out --policy own.yaml {C}", 2, says, put("own.yaml", content))


BASED = "based_on: china\n"
POLICIES = (
    case("policy: none", f"portraits out --policy nowhere.yaml {C}", 2, r"nowhere\.yaml: no such file; give the path of a policy's YAML, or one of china"),
    case("policy: a folder", f"portraits out --policy data {C}", 2, r"data: cannot be read"),
    policy("empty", r"own\.yaml: expected keys such as rounds and rules; found none", ""),
    policy("a list", r"own\.yaml: holds list; expected settings by name", "- 1\n"),
    policy("no YAML", r"own\.yaml: cannot be read as YAML", "rules: [\n"),
    policy("nested beyond all bounds", r"own\.yaml: nested too deeply", "rules: " + "[" * 20_000),
    policy("without rounds", r"own\.yaml: rounds", "name: mine\n"),
    policy("based on nothing", r"none: no such file", "based_on: none\n"),
    policy("based on itself", r"own\.yaml: based_on leads back to own\.yaml", "based_on: own.yaml\n"),
    policy("based on a number", r"5: no such file", "based_on: 5\n"),
    policy("an unknown key", r"own\.yaml: colour is not a key here\. Remove it or correct its name", BASED + "colour: red\n"),
    policy("rules in a word", r"own\.yaml: rules", BASED + "rules: none\n"),
    policy("a rule in a word", r"own\.yaml: rules", BASED + "rules: [none]\n"),
    policy("a rule without id", r"own\.yaml: rules", BASED + "rules: [{stage: legality}]\n"),
    policy("a rule whose id is a list", r"own\.yaml: rules", BASED + "rules: [{id: [a], stage: legality}]\n"),
    policy("a rule by number", r"own\.yaml: rules", BASED + "rules: {1: a}\n"),
    policy("rounds in a word", r"own\.yaml: rounds", BASED + "rounds: four\n"),
    policy("no rounds", r"own\.yaml: rounds", BASED + "rounds: []\n"),
    policy("a round that closes before it opens", r"own\.yaml: ", BASED + "rounds: [{number: 1, opens: {from: due, days: 5}, closes: {from: due, days: 1}, methods: [sms], zh: 一, en: one}]\n"),
    policy("a round by pigeon", r"own\.yaml: rounds\.0\.methods", BASED + "rounds: [{number: 1, opens: {from: due, days: 0}, methods: [pigeon], zh: 一, en: one}]\n"),
    policy("a rule of an unknown fact", r"own\.yaml: .*(colour|rule X)", BASED + "rules: [{id: X, stage: legality, when: {equals: {colour: red}}, then: {skip: true, reason: paid}, zh: 一, en: one, cites: x}]\n"),
    policy("a rule of an unknown stage", r"own\.yaml: rules\.\d+\.stage \(rule X\)", BASED + "rules: [{id: X, stage: never, when: {}, then: {skip: true}, zh: 一, en: one, cites: x}]\n"),
    policy("a share beyond all", r"own\.yaml: holdout\.share", BASED + "holdout: {share: 2, seed: 1}\n"),
    policy("a negative capacity", r"own\.yaml: capacity", BASED + "capacity: {phone: {owner: -1}}\n"),
    policy("a cost that is no number", r"own\.yaml: costs_cny", BASED + "costs_cny: {sms: .nan}\n"),
    policy("an effect beyond all", r"own\.yaml: effects", BASED + "effects: {sms: 2}\n"),
)

CASES = (*FEEDBACK, *STATEMENTS, *TRENDS, *POLICIES)
