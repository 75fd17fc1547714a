"""Files of a source that cannot be imported, and mappings that say what cannot be."""

# fmt: off
from breaking import changed, cut, folder, gone, link, put, workbook
from case import case

BILLS = "source/bills.csv"
HEADS = "bill_id,customer_id,cycle,issued_on,due_on,amount,kwh,kind,hold\n"
ROW = "0001202606,5101000001,202606,2026-07-04,2026-07-25,122.61,245.0,regular,none\n"
TABLE = [line.split(",") for line in (HEADS.strip(), ROW.strip())]


def source(name, says, *steps, run="import source out"):
    return case(name, run, 3, says, *steps)


def bills(name, says, content):
    return source(name, says, put(BILLS, content))


def cell(name, says, column, value):
    """A bill whose column has this value."""
    fields = dict(zip(HEADS.strip().split(","), ROW.strip().split(","), strict=True)) | {column: value}
    return bills(name, says, HEADS + ",".join(fields.values()) + "\n")


def book(name, says, *steps):
    return source(name, says, gone(BILLS), *steps)


def _spool(content):
    return content.replace(b"122.61", b"122.61,", 1)


FILES = (
    source("no such source", r"nowhere: no such file or folder\. Give the source", run="import nowhere out"),
    source("an empty source", r"customers: no file in void is called customers\.csv.*\n.*bills: no file", folder("void"), run="import void out"),
    source("a source without bills", r"bills: no file in source is called bills\.csv.*Add it, or correct files", gone(BILLS)),
    source("one file for all tables", r"customers: no file in source", run="import source/bills.csv out"),
    bills("an empty CSV", r"bills\.csv: line 1 has no column heads\. Give header_row", ""),
    bills("heads without rows", r"bills: no row to write \(0 read from bills\.csv, 0 dropped by the mapping, 0 set aside\)\. Export its rows", HEADS),
    source("all tables without rows", r"customers: no row to write.*\n.*bills: no row to write.*\n.*payments: no row to write", *(changed(f"source/{table}.csv", lambda c: c.splitlines(keepends=True)[0]) for table in ("customers", "bills", "payments"))),
    bills("heads alone, by commas", r"bills\.csv: line 1 has no column heads", ",,,\n1,2,3,4\n"),
    bills("a picture", r"bills\.csv: neither UTF-8 nor GB18030 \(first fault in line 4\)\. Save it as CSV UTF-8", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256))),
    bills("a NUL among rows", r"bills\.csv: neither UTF-8 nor GB18030 \(first fault in line 2\)", HEADS + ROW.replace("regular", "regu\0lar")),
    bills("two encodings in a file", r"bills\.csv: neither UTF-8 nor GB18030", HEADS.encode() + ROW.encode() + "电".encode("gb18030") + b"\xff\xff" + "电".encode()),
    bills("half a UTF-16 letter", r"bills\.csv: begins as utf-16 and is not \(first fault in line 2\)\. Save it", (HEADS + ROW).encode("utf-16")[:-1]),
    bills("UTF-32", r"bills\.csv: begins as utf-16 and is not \(first fault in line 1\)", (HEADS + ROW).encode("utf-32")),
    bills("a field too many", r"bills: 1 line of bills\.csv cannot be parted into fields \(too many fields\) \(first: bills\.csv line 2\)\. Correct", (HEADS + ROW).replace("122.61", "122,61")),
    bills("a field too few", r"bills: .*too few fields", (HEADS + ROW).replace(",regular,none", "")),
    bills("a quote never closed", r"bills: .*(quote|field)", HEADS + ROW.replace("regular", '"regular') + ROW.replace("0001202606", "2") * 3),
    bills("a cell of ten megabytes", r"bills", HEADS + ROW.replace("regular", "r" * 10_000_000)),
    bills("a cell of ten megabytes in quotes", r"bills", HEADS + ROW.replace("regular", '"' + "r\n" * 5_000_000 + '"')),
    bills("the same head twice", r"bills\.csv: two columns are called amount\. Rename one", (HEADS + ROW).replace("kwh", "amount")),
    bills("no column amount", r"bills\.csv: no column for bills\.amount; looked for amount or amount_due, found .*Correct the mapping", (HEADS + ROW).replace("amount", "sum")),
    bills("a JSON file", r"bills\.csv: no column for bills\.bill_id", '[{"bill_id": "1"}]\n'),
    bills("a web page", r"bills\.csv: no column for bills\.bill_id", "<html><body>Sign in</body></html>\n"),
    bills("two heads beyond the rows", r"bills: .*too few fields", HEADS.strip() + ",a,b\n" + ROW),
    source("a Parquet file cut short", r"bills\.parquet: not readable as Parquet\. Export it again", gone(BILLS), put("source/bills.parquet", b"PAR1xxxx")),
    source("a folder called like the file", r"bills: no file in source", gone(BILLS), folder(BILLS)),
    source("a link onto itself", r"bills", link(BILLS, "bills.csv")),
    source("a zip cut short", r"bills\.xlsx: not a readable \.xlsx workbook", gone(BILLS), put("source/bills.xlsx", b"PK\x03\x04" + b"x" * 100)),
)

VALUES = (
    cell("a day that is not", r"bills\.issued_on: 1 of .* cannot be read as a day \(first: row 1, bills\.csv line 2\), such as '2026-02-30'|bills\.issued_on: 1 of .*'2026-02-30'", "issued_on", "2026-02-30"),
    cell("a day in American order", r"bills\.due_on: .*'99/99/9999'.*name their format in the mapping", "due_on", "07/25/2026"),
    cell("the day 0", r"bills\.due_on: .*cannot be read as a day", "due_on", "0000-00-00"),
    cell("a day in year 1", r"bills\.due_on: .*cannot be read as a day", "due_on", "0001-01-01"),
    cell("a day in year 9999", r"bills\.due_on: .*cannot be read as a day", "due_on", "9999-12-31"),
    cell("a day in words", r"bills\.due_on: .*cannot be read as a day.*'xxxxxxxx'", "due_on", "tomorrow"),
    cell("a name as a day", r"bills\.due_on: .*cannot be read as a day", "due_on", "王某某甲"),
    cell("a telephone as a day", r"bills\.due_on: .*cannot be read as a day", "due_on", "13900000000"),
    cell("a decimal comma", r"bills\.amount: .*cannot be read as an amount.*'99,9'", "amount", '"12,5"'),
    cell("an amount that is no number", r"bills\.amount: .*cannot be read as an amount", "amount", "NaN"),
    cell("an endless amount", r"bills\.amount: .*cannot be read as an amount", "amount", "inf"),
    cell("an amount with a power", r"bills\.amount: .*cannot be read as an amount", "amount", "1.2E+05"),
    cell("an amount of forty digits", r"bills\.amount: .*(cannot be read as an amount|ten billion)", "amount", "9" * 40),
    cell("an amount of ten billion", r"bills\.amount: 1 of .* ten billion yuan or more", "amount", "10000000000"),
    cell("a formula as an amount", r"bills\.amount: .*cannot be read as an amount", "amount", "=SUM(A1:A9)"),
    cell("an amount in hexadecimal", r"bills\.amount: .*cannot be read as an amount", "amount", "0x1F"),
    cell("an empty amount", r"bills\.amount: 1 of .* is empty", "amount", ""),
    cell("a consumption too large to hold", r"bills\.kwh: .*(cannot be read|not finite)", "kwh", "1e999"),
    cell("month 13", r"bills\.cycle: .*cannot be read as a month", "cycle", "202613"),
    cell("an unknown kind", r"bills\.kind: .*unknown code: gift \(1\)", "kind", "gift"),
    cell("an id of a spreadsheet", r"bills\.bill_id: .*changed by a spreadsheet", "bill_id", "5.1E+11"),
    cell("a bill of nobody", r"bills\.customer_id: .*not in customers", "customer_id", "nobody"),
    cell("due before issue", r"bills\.due_on: .*before the issue day", "due_on", "2026-07-03"),
    bills("a bill twice, otherwise", r"bills\.bill_id: 2 of .* repeat the key", HEADS + ROW + ROW.replace("122.61", "122.62")),
    source("amounts in fen", r"bills\.amount.*ten billion", changed(BILLS, lambda content: content.replace(b"122.61", b"12261000000000"))),
)

WORKBOOKS = (
    book("a workbook with two sheets", r"bills\.xlsx: more than one sheet; it has S1, S2\. Name one in the mapping", workbook("source/bills.xlsx", TABLE, TABLE)),
    book("an empty sheet", r"bills\.xlsx sheet S1: row 1 has no column heads\. Give header_row", workbook("source/bills.xlsx", [])),
    book("merged heads", r"bills\.xlsx sheet S1: no head in row 1 over column B.*Unmerge the heads", workbook("source/bills.xlsx", [["bill"], *TABLE], merged="A1:C1")),
    book("a workbook of the old kind", r"bills\.xlsx: not a readable \.xlsx workbook\. Open it and save it again", put("source/bills.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)),
    book("a workbook with a password", r"bills\.xlsx: not a readable \.xlsx workbook", put("source/bills.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le") * 40)),
    book("CSV named Excel", r"bills\.xlsx: not a readable \.xlsx workbook", put("source/bills.xlsx", HEADS + ROW)),
    book("half a workbook", r"bills\.xlsx: not a readable \.xlsx workbook", workbook("source/bills.xlsx", TABLE), cut("source/bills.xlsx", 0.6)),
    book("a file of the old ending", r"bills: no file in source is called", workbook("source/bills.xls", TABLE)),
    book("the same head twice in a sheet", r"bills\.xlsx sheet S1: two columns are called amount", workbook("source/bills.xlsx", [[head.replace("kwh", "amount") for head in TABLE[0]], TABLE[1]])),
    book("a day as a number", r"bills\.issued_on: .*cannot be read as a day", workbook("source/bills.xlsx", [TABLE[0], [*TABLE[1][:3], 46207, *TABLE[1][4:]]])),
)

MAPPED = "import source out --mapping own.yaml"
OWN = """
tables:
  customers: {files: customers.csv, columns: {customer_id: customer_id, segment: segment, grid_id: grid_id, opened_on: opened_on}}
  bills: {files: bills.csv, columns: {bill_id: bill_id, customer_id: customer_id, cycle: cycle, issued_on: issued_on, due_on: due_on, amount: amount, kind: kind}}
  payments: {files: payments.csv, columns: {payment_id: payment_id, customer_id: customer_id, bill_id: bill_id, paid_at: paid_at, amount: amount}}
"""


def own(name, says, content, code=2):
    return case(name, MAPPED, code, says, put("own.yaml", content))


def without(old, new, *, said=None, code=2):
    """The good mapping with one thing written otherwise."""
    assert old in OWN, old
    return own(f"mapping: {new or 'no ' + old}", said, OWN.replace(old, new, 1), code)


MAPPINGS = (
    case("no such mapping", "import source out --mapping latin", 2, r"latin: no such mapping\. Give a YAML file in UTF-8, or one of cn_excel, en"),
    case("a folder as mapping", "import source out --mapping source", 2, r"source: no such mapping"),
    case("the name of a mapping with its ending", "import source out --mapping en.yaml", 2, r"en\.yaml: no such mapping"),
    own("an empty mapping", r"own\.yaml: expected keys such as tables; found none", ""),
    own("a mapping that is a list", r"own\.yaml: expected keys such as tables", "- bills\n"),
    own("a mapping that is no YAML", r"own\.yaml line 2: .*Correct the YAML", "tables:\n\t- x\n"),
    own("a mapping in GB18030", r"own\.yaml: no such mapping|own\.yaml: .*UTF-8", "description: 电费".encode("gb18030")),
    own("a mapping of bytes", r"own\.yaml: .*", bytes(range(256))),
    own("a mapping with a NUL", r"own\.yaml.*: .*Correct the YAML", "tables: \0"),
    own("a mapping nested beyond all bounds", r"own\.yaml: nested too deeply", "[" * 20_000),
    own("a mapping of one anchor in itself", r"own\.yaml line 1: its aliases repeat each other without end", "&a\ntables: *a\n"),
    own("a mapping of an endless laugh", r"own\.yaml line 1: its aliases repeat each other without end", "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(f"{n}: &{n} [{','.join(['*' + p] * 9)}]\n" for p, n in zip("abcdefgh", "bcdefghi", strict=True)) + "tables: *i\n"),
    own("a mapping with a tag", r"own\.yaml: ", "tables: !!python/object/apply:os.system ['true']\n"),
    own("a mapping without payments", r"own\.yaml: tables\.payments is missing; the contract requires it", OWN[: OWN.index("  payments")]),
    own("a key twice", r"own\.yaml line \d+: the key bills stands twice", OWN + "  bills: {files: x.csv}\n"),
    own("an unknown table", r"own\.yaml: tables\.bill\b.*", OWN + "  bill: {files: x.csv}\n"),
    without("bill_id: bill_id, customer_id: customer_id, cycle", "bill_no: bill_id, customer_id: customer_id, cycle", said=r"tables\.bills\.columns\.bill_no is not a column of bills; perhaps bill_id"),
    without("amount: amount, kind: kind", "kind: kind", said=r"tables\.bills\.columns\.amount is missing; the contract requires it"),
    without("files: bills.csv, ", "", said=r"own\.yaml: tables\.bills\.files is missing"),
    without("files: bills.csv", "file: bills.csv", said=r"tables\.bills\.file is not a key here\. Remove it or correct its name"),
    without("files: bills.csv", "files: /etc/passwd", said=r"tables\.bills\.files must name files below the source, not '/etc/passwd'"),
    without("files: bills.csv", "files: ../bills.csv", said=r"tables\.bills\.files must name files below the source"),
    without("files: bills.csv", "files: ''", said=r"tables\.bills\.files must name files below the source"),
    without("files: bills.csv", "files: '**bills.csv'", said=r"\*\* stands for folders, alone between two /"),
    without("files: bills.csv", "files: '[.csv'", said=r"bills", code=3),
    without("files: bills.csv", "files: bills.csv, header_row: 0", said=r"tables\.bills\.header_row is 0; expected 1 to 1,048,576"),
    without("files: bills.csv", "files: bills.csv, header_row: many", said=r"tables\.bills\.header_row: "),
    without("files: bills.csv", "files: bills.csv, header_row: 900", said=r"bills\.csv: line 900 has no column heads", code=3),
    without("files: bills.csv", "files: bills.csv, header_row: 99999999999999999999", said=r"header_row is 9+; expected 1 to"),
    without("files: bills.csv", "files: bills.csv, encoding: latin-1", said=r"tables\.bills\.encoding: "),
    without("files: bills.csv", "files: bills.csv, encoding: utf-16", said=r"bills\.csv: not utf-16 as the mapping says", code=3),
    without("files: bills.csv", "files: bills.csv, delimiter: '||'", said=r"tables\.bills\.delimiter must be one character"),
    without("files: bills.csv", "files: bills.csv, delimiter: ';'", said=r"bills\.csv: no column for bills\.bill_id", code=3),
    without("files: bills.csv", "files: bills.csv, delimiter: '\"'", said=r"bills", code=3),
    without("files: bills.csv", 'files: bills.csv, delimiter: "\\n"', said=r"bills\.csv: no column for bills\.bill_id", code=3),
    without("files: bills.csv", "files: bills.csv, codes: {kind: {regular: gift}}", said=r"tables\.bills\.codes\.kind\.regular is gift; expected one of regular"),
    without("files: bills.csv", "files: bills.csv, codes: {kind: {'r*g': regular}}", said=r"codes\.kind\.r\*g may have \* at its end only"),
    without("files: bills.csv", "files: bills.csv, codes: {kind: regular}", said=r"tables\.bills\.codes\.kind: "),
    without("files: bills.csv", "files: bills.csv, dates: ['%d']", said=r"tables\.bills\.dates has '%d'; expected excel or a form such as %Y%m%d"),
    without("files: bills.csv", "files: bills.csv, dates: {paid_on: '%Y%m%d'}", said=r"tables\.bills\.dates\.paid_on is not a column of bills"),
    without("files: bills.csv", "files: bills.csv, constants: {kind: gift}", said=r"constants\.kind is (gift|given)"),
    without("files: bills.csv", "files: bills.csv, shift_days: {paid: -1}", said=r"shift_days\.paid is not the head of a day in columns"),
    without("files: bills.csv", "files: bills.csv, shift_days: {due_on: 99999999}", said=r"bills\.due_on: 52 of 52 rows lie outside the years", code=3),
    without("files: bills.csv", "files: bills.csv, drop: {few: {column: colour, values: red}}", said=r"bills\.csv: no column for the rule few; looked for colour", code=3),
    without("files: payments.csv", "files: payments.csv, extra: {numeric: {load: load}}", said=r"tables\.payments\.extra is for customers and bills only"),
    without("files: bills.csv", "files: bills.csv, extra: {numeric: {Load-1: load}}", said=r"extra\.Load-1 must be lower-case letters"),
)

CASES = (*FILES, *VALUES, *WORKBOOKS, *MAPPINGS)
