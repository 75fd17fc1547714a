"""Datasets that break the contract: files, shapes, types, values."""

# fmt: off
from breaking import cut, first, flipped, folder, gone, link, parquet, put, recast, rows, twin
from case import case


def check(name, says, *steps, run="check data"):
    return case(name, run, 3, says, *steps)


def promoted(name, warning, says, *steps):
    return case(name, f"check data --promote {warning}", 3, says, *steps)


def _parts(here):
    whole = here / "data" / "bills.parquet"
    (here / "data" / "bills").mkdir()
    whole.rename(here / "data" / "bills" / "a.parquet")


FILES = (
    check("no such dataset", r"nowhere: no such folder\. Give the folder", run="check nowhere"),
    check("a file as dataset", r"bills\.parquet: .*folder", run="check data/bills.parquet"),
    check("an empty folder", r"customers: missing in void.*\n.*bills: missing.*\n.*payments: missing", lambda here: (here / "void").mkdir(), run="check void"),
    *(check(f"no {table}", rf"{table}: missing in data\. It needs", gone(f"data/{table}.parquet")) for table in ("customers", "bills", "payments")),
    check("empty file", r"bills\.parquet: .*cannot be read", put("data/bills.parquet", b"")),
    check("half a file", r"bills\.parquet: .*cannot be read", cut("data/bills.parquet", 0.5)),
    check("file without its end", r"bills\.parquet: .*cannot be read", cut("data/bills.parquet", 0.99)),
    check("CSV named Parquet", r"bills\.parquet: .*cannot be read as Parquet\. Import", put("data/bills.parquet", "bill_id,amount\n1,2\n")),
    check("encrypted Parquet", r"bills\.parquet: .*cannot be read as Parquet", put("data/bills.parquet", b"PARE" + b"x" * 200 + b"\x10\0\0\0PARE")),
    check("turned bits in a page", r"data/bills\.parquet: damaged, its rows cannot be read\. Import", flipped("data/bills.parquet", 0.3)),
    check("turned bits at the head", r"data/bills\.parquet: damaged", flipped("data/bills.parquet", 0.0)),
    check("turned bits in the footer", r"bills.*cannot be read", flipped("data/bills.parquet", 0.97)),
    check("a folder called like the file", r"bills: missing|bills\.parquet", folder("data/bills.parquet")),
    check("a link onto itself", r"bills", link("data/bills.parquet", "bills.parquet")),
    check("a link to nothing", r"bills", link("data/bills.parquet", "elsewhere.parquet")),
    check("a folder of no parts", r"bills: missing", gone("data/bills.parquet"), folder("data/bills")),
    check("parts of different shape", r"bills: b\.parquet has other columns or types than a\.parquet", _parts, parquet("data/bills/b.parquet", bill_id=["B1"])),
    check("a part that is no Parquet", r"b\.parquet: cannot be read", _parts, put("data/bills/b.parquet", "x")),
)

SHAPES = (
    check("no column amount", r"bills\.amount: the column is missing", rows("bills", "* EXCLUDE (amount)")),
    check("amount as a float", r"bills\.amount: stored as DOUBLE; expected", recast("bills", "amount", "DOUBLE")),
    check("amount in whole fen", r"bills\.amount: stored as BIGINT", recast("bills", "amount", "BIGINT")),
    check("amount with four decimals", r"bills\.amount: stored as DECIMAL\(18,4\)", recast("bills", "amount", "DECIMAL(18,4)")),
    check("a day as text", r"bills\.due_on: stored as VARCHAR", recast("bills", "due_on", "VARCHAR")),
    check("a cycle too wide", r"bills\.cycle: stored as BIGINT", recast("bills", "cycle", "BIGINT")),
    check("an id as a number", r"bills\.bill_id: stored as INTEGER", rows("bills", "* REPLACE (CAST(n AS INTEGER) AS bill_id)")),
    check("an id as bytes", r"bills\.bill_id: stored as BLOB", recast("bills", "bill_id", "BLOB")),
    check("a moment with a zone", r"payments\.paid_at: stored as TIMESTAMP WITH TIME ZONE", recast("payments", "paid_at", "TIMESTAMPTZ")),
    check("a nested column", r"bills\.amount: stored as STRUCT", rows("bills", "* REPLACE ({'yuan': amount} AS amount)")),
    check("a column of nobody", r"bills\.colour: not a column of the contract\. Name it x_colour or drop it", rows("bills", "*, 'red' AS colour")),
    check("an extra as a day", r"bills\.x_seen: stored as DATE", rows("bills", "*, due_on AS x_seen")),
    check("a column twice", r"bills.*(amount|cannot be read)", twin("bills", "amount")),
    check("a column twice in capitals", r"bills.*AMOUNT", rows("bills", "*, amount AS AMOUNT_ , 1 AS one")),
    check("no columns at all", r"bills\.parquet: cannot be read", parquet("data/bills.parquet")),
    check("parts of another table", r"bills\.cycle: the column is missing", lambda here: (here / "data/bills.parquet").unlink(), lambda here: (here / "data/bills.parquet").hardlink_to(here / "data/payments.parquet")),
)

VALUES = (
    check("an empty amount", r"bills\.amount: 1 of [\d,]+ rows is empty \(first: row 1, bills\.parquet\)", first("bills", amount="NULL")),
    check("an empty key", r"bills\.bill_id: 1 of .* is empty", first("bills", bill_id="NULL")),
    check("an empty due day", r"bills\.due_on: 1 of .* is empty", first("bills", due_on="NULL")),
    check("an empty segment", r"customers\.segment: 1 of .* is empty", first("customers", segment="NULL")),
    check("an empty grid", r"customers\.grid_id: 1 of .* is empty", first("customers", grid_id="NULL")),
    check("bills without keys", r"bills\.bill_id: ([\d,]+) of \1 rows are empty", rows("bills", "* REPLACE (CAST(NULL AS VARCHAR) AS bill_id)")),
    check("a bill twice", r"bills\.bill_id: 2 of .* repeat the key", rows("bills", "* REPLACE (CASE WHEN n = 1 THEN (SELECT max(bill_id) FROM t) ELSE bill_id END AS bill_id)")),
    check("all bills twice", r"bills\.bill_id: .* repeat the key.*Keep one row", rows("bills", "* REPLACE ('B' AS bill_id)")),
    check("a customer twice", r"customers\.customer_id: .* repeat the key", rows("customers", "* REPLACE ('C' AS customer_id, DATE '2020-01-01' AS valid_from)")),
    check("a payment twice", r"payments\.payment_id: .* repeat the key", rows("payments", "* REPLACE ('P' AS payment_id)")),
    check("a balance twice", r"balances\.customer_id: .* repeat the key \(customer_id, on\)", rows("balances", "* REPLACE (DATE '2026-01-01' AS \"on\")")),
    check("a bill of nobody", r"bills\.customer_id: 1 of .* names a customer that is not in customers", first("bills", customer_id="'nobody'")),
    check("due before issue", r"bills\.due_on: 1 of .* falls due before the issue day", first("bills", due_on="issued_on - 1")),
    check("an unknown kind of bill", r"bills\.kind: 1 of .* has an unknown code: gift \(1\) \(first: row 1, bills\.parquet\)\. Map each onto", first("bills", kind="'gift'")),
    check("an unknown outcome", r"payments\.outcome: .*unknown code", first("payments", outcome="'maybe'")),
    check("names in a column of codes", r"payments\.channel: .*over 8 different ones: is it the right", rows("payments", "* REPLACE ('王小明' || n AS channel)")),
    check("an unknown segment", r"customers\.segment: .*unknown code", first("customers", segment="'farm'")),
    check("a very long code", r"payments\.channel: .*unknown code", first("payments", channel="repeat('x', 1000000)")),
    check("a payment of nobody", r"payments\.customer_id: 1 of .* names neither a customer nor a bill", first("payments", customer_id="NULL", bill_id="NULL")),
    check("a key of a spreadsheet", r"bills\.bill_id: 1 of .* changed by a spreadsheet", first("bills", bill_id="'5.1E+11'")),
    check("a broken formula", r"payments\.payment_id: .*changed by a spreadsheet", first("payments", payment_id="'#REF!'")),
    check("a bill every third month", r"customers\.billing_months: 1 of .* is not 1 or 2", first("customers", billing_months="3")),
    check("a fifth round", r"contacts\.round: 1 of .* is not 1 to 4", first("contacts", round="5")),
    check("no customers", r"bills\.customer_id: ([\d,]+) of \1 rows name a customer", rows("customers", "*", where="false")),
    check("month 13", r"bills\.cycle: 1 of", first("bills", cycle="202613")),
    check("month 0", r"bills\.cycle: 1 of", first("bills", cycle="0")),
    check("a negative month", r"bills\.cycle: 1 of", first("bills", cycle="-202601")),
    check("issued in year 1", r"bills\.issued_on: 1 of", first("bills", issued_on="DATE '0001-01-01'")),
    check("due in year 9999", r"bills\.due_on: 1 of", first("bills", due_on="DATE '9999-12-31'")),
    check("due for ever", r"bills\.due_on: 1 of", first("bills", due_on="DATE 'infinity'")),
    check("paid in year 9999", r"payments\.p\w+_at: 1 of", first("payments", paid_at="TIMESTAMP '9999-12-31 23:59:59'", posted_at="TIMESTAMP '9999-12-31 23:59:59'")),
    check("paid at infinity", r"payments\.p\w+_at: 1 of", first("payments", paid_at="TIMESTAMP 'infinity'", posted_at="TIMESTAMP 'infinity'")),
    check("paid before Christ", r"payments\.p\w+_at: 1 of", first("payments", paid_at="TIMESTAMP '0044-03-15 (BC) 12:00:00'")),
    check("an amount beyond counting", r"bills\.amount: 1 of", first("bills", amount="9999999999999999.99")),
    check("amounts that overflow together", r"payments\.amount: .* of", rows("payments", "* REPLACE (9999999999999999.99::DECIMAL(18,2) AS amount)")),
    check("consumption that is no number", r"bills\.kwh: 1 of", first("bills", kwh="'NaN'::DOUBLE")),
    check("infinite capacity", r"customers\.capacity_kva: 1 of", first("customers", capacity_kva="'inf'::DOUBLE")),
    check("an endless extra", r"bills\.x_load: 1 of", rows("bills", "*, CASE WHEN n = 1 THEN 'inf'::DOUBLE ELSE 1.0 END AS x_load")),
    check("a payment that reverses itself", r"payments\.reverses_id: 1 of", first("payments", reverses_id="payment_id")),
    check("two payments that reverse each other", r"payments\.reverses_id: 2 of .* reverse themselves", rows("payments", "* REPLACE (CASE n WHEN 1 THEN (SELECT payment_id FROM t WHERE file_row_number = 1) WHEN 2 THEN (SELECT payment_id FROM t WHERE file_row_number = 0) ELSE reverses_id END AS reverses_id)")),
    check("an empty text as a key", r"bills\.bill_id: 1 of", first("bills", bill_id="''")),
    promoted("a bill of the future", "future-date", r"bills\.issued_on: 1 of .* in the future", first("bills", issued_on="issued_on + 3650", due_on="issued_on + 3660")),
    promoted(
        "two rows of a customer at once",
        "overlapping-validity",
        r"customers\.valid_from: .* before|end after|begin",
        rows("customers", "* REPLACE (CASE WHEN n <= 2 THEN 'C' ELSE customer_id END AS customer_id, DATE '2020-01-01' + CAST(n AS INTEGER) AS valid_from, CASE WHEN n = 1 THEN DATE '2025-01-01' END AS closed_on)"),
    ),
    case("an unknown warning", "check data --promote futur-date", 2, r"promote: no warning is called 'futur-date'; did you mean future-date\?"),
)

# What a whole run makes of a dataset that the checks let through.
RUNS = (case("no rows at all", "features out.parquet", 3, r"data: bills and payments have no rows", rows("bills", "*", where="false"), rows("payments", "*", where="false")), case("no open bills", "score --as-of 2030-01-01", 3, r"no bill is open", needs="model", adds=("stores",)))

CASES = (*FILES, *SHAPES, *VALUES)
