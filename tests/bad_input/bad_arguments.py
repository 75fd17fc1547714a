"""Arguments that cannot be, and places that are not what they should be."""

# fmt: off
from breaking import folder, link, put
from case import case

C = "--config run.yaml"


def usage(run, says):
    return case(run, run, 2, says)


ARGUMENTS = (
    usage("fly", r"No such command 'fly'"),
    usage("score --colour red", r"No such option.*--colour"),
    usage("score extra", r"unexpected extra argument"),
    usage("score --config", r"--config.* requires an argument"),
    usage("score --as-of", r"--as-of.* requires an argument"),
    usage("score --as-of tomorrow", r"tomorrow.* does not match the format|'tomorrow'"),
    usage("score --as-of 2026-02-30", r"2026-02-30"),
    usage("score --as-of 2026-13-01", r"2026-13-01"),
    usage("score --as-of 20261006", r"20261006"),
    usage("score --as-of ''", r"''"),
    usage(f"features out.parquet --as-of 0001-01-01 {C}", r"as_of: 0001-01-01 is outside 1951-01-01 to 2098-12-31"),
    usage(f"features out.parquet --as-of 9999-12-31 {C}", r"as_of: 9999-12-31 is outside"),
    usage("report a-run --rows 0", r"Invalid value for .*greater than or equal"),
    usage("report a-run --rows -1", r"Invalid value for .*greater than or equal"),
    usage("report a-run --rows many", r"Invalid value for '--rows': Input should be a valid integer"),
    usage("report", r"Missing argument 'run'"),
    usage("check", r"Missing argument 'data'"),
    usage("simulate", r"Missing argument 'out'"),
    usage("simulate out --customers 3", r"Invalid value for .*greater than or equal"),
    usage("simulate out --customers -5", r"Invalid value for .*greater than or equal"),
    usage("simulate out --cycles 9999", r"Invalid value for .*less than or equal"),
    usage("simulate out --holdout 2", r"Invalid value for .*less than or equal"),
    usage("simulate out --holdout nan", r"holdout|nan"),
    usage("simulate out --workers 0", r"Invalid value for .*greater than or equal"),
    usage("simulate out --regime war", r"war"),
    usage("simulate out --dirt mud", r"mud"),
    usage("simulate out --seed -1", r"Invalid value for .*greater than or equal"),
    usage("simulate data", r"data: exists and is not empty\. Give a new folder"),
    usage("simulate run.yaml", r"run\.yaml: .*(folder|exists)"),
    usage("import source data", r"data: holds files already\. Give a new or an empty folder"),
    usage("import source run.yaml", r"run\.yaml: holds files already|run\.yaml"),
    usage("import source run.yaml/out", r"run\.yaml/out: cannot be written there"),
    usage("import source out --promote late", r"promote: no warning is called 'late'"),
    usage(f"train --kind magic {C}", r"rule 'magic' is not known; choose one of"),
    usage(f"backtest --target rich {C}", r"target\.name is 'rich'"),
    usage("tune --trials 0", r"Invalid value for .*greater than or equal"),
    usage(f"monitor --months 0 {C}", r"Invalid value for .*greater than or equal"),
    usage(f"kpis --by street {C}", r"--by street: no such place\. Give one of total"),
    usage(f"plan --dunning-day 32 {C}", r"Invalid value for .*less than or equal"),
    usage(f"plan --dunning-day 0 {C}", r"Invalid value for .*greater than or equal"),
    usage(f"plan replay --policy china --cycles 61 {C}", r"Invalid value for .*less than or equal"),
    usage(f"plan replay {C}", r"Missing option '--policy'"),
    usage(f"prove data --one-in 0 {C}", r"Invalid value for .*greater than or equal"),
    usage(f"handouts a-plan {C}", r"Missing option '--out'"),
    usage(f"forecast --out data {C}", r"data: exists and is not empty"),
    usage(f"portraits run.yaml {C}", r"run\.yaml: .*(folder|exists)"),
    usage(f"scorecard out.txt {C}", r"its kind is trees"),
    usage("check '--promote'", r"--promote.* requires an argument"),
)

PLACES = (
    case("a data folder that is a file", "features out.parquet --data run.yaml", 3, r"run\.yaml: no such folder"),
    case("a folder as the file to write", f"features data {C}", 2, r"data"),
    case("a file as the folder of the file to write", f"features run.yaml/out.parquet {C}", 2, r"run\.yaml"),
    case("a file where stores are kept", "features out.parquet --config own.yaml", 2, r"run\.yaml", put("own.yaml", "data: data\nstores: run.yaml\nbuckets: 1\n")),
    case("stores below a file", "features out.parquet --config own.yaml", 2, r"run\.yaml", put("own.yaml", "data: data\nstores: run.yaml/stores\nbuckets: 1\n")),
    case("a file where runs are written", "plan --run a-run --config own.yaml", 2, r"a-file", put("a-file", "x"), put("own.yaml", "data: data\nstores: stores\noutputs: a-file\nbuckets: 1\n")),
    case("stores in a link onto itself", "features out.parquet --config own.yaml", 2, r"round", link("round", "round"), put("own.yaml", "data: data\nstores: round\nbuckets: 1\n")),
    case("data in a link onto itself", "check round", 3, r"round: no such folder", link("round", "round")),
    case("a path too long", f"check {'x' * 300}", 2, r"x: File name too long\. Give another path"),
    case("a path of many folders", f"check {'x/' * 3000}", 2, r"x: File name too long|/: File name too long|x/?: File"),
    case("a path with blanks and signs", "check '数据 a*b[c]?'", 3, r"数据 a\*b\[c\]\?: no such folder"),
    case("a path with a line end", "check 'a\nb'", 3, r"no such folder"),
    case("a path with colours", "check 'a[red]b'", 3, r"a\[red\]b: no such folder"),
    case("a source in a link onto itself", "import round out", 3, r"round: no such file or folder", link("round", "round")),
    case("a good dataset in a folder of signs", "check 'a [b]*?'", 3, r"bills\.amount: the column is missing", folder("a [b]*?"), lambda here: [(here / "a [b]*?" / f"{t}.parquet").hardlink_to(here / "data" / f"{t}.parquet") for t in ("customers", "payments")], lambda here: (here / "a [b]*?/bills.parquet").hardlink_to(here / "data/customers.parquet")),
)

CASES = (*ARGUMENTS, *PLACES)
