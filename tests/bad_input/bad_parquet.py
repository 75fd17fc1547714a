"""Parquet that lies of itself: sizes, counts, places, types and codes that are not so."""

# fmt: off
import parquet_bytes as pb
import pyarrow as pa
import pyarrow.parquet as pq
from breaking import changed, fresh, gone
from case import case

BILLS = "data/bills.parquet"
MOST = 2**31 - 1
CUSTOMER, AMOUNT, KIND = 1, 5, 7  # columns of bills; the last has a dictionary


def footer(change):
    """Rewrite what the file says at its end."""
    def step(content):
        _, told = pb.footer_of(content)
        change(told)
        return pb.with_footer(content, told)
    return step


def told(number, value):
    return footer(lambda whole: whole[number].__setitem__(1, value))


def element(at, number, value):
    """Let a column of the schema say something else; the first is the root."""
    return footer(lambda whole: whole[pb.SCHEMA][1][1][at].__setitem__(number, [5, value]))


def group(number, value):
    return footer(lambda whole: whole[pb.GROUPS][1][1][0].__setitem__(number, [6, value]))


def chunk(number, value, kind=6, column=AMOUNT):
    """Let the column ``amount`` of the first group say something else."""
    def change(whole):
        about = whole[pb.GROUPS][1][1][0][pb.COLUMNS][1][1][column][pb.META][1]
        about[number] = [kind, value]
    return footer(change)


def page(change, column=AMOUNT):
    """Rewrite the head of a column's first page, in a copy of the column behind all others."""
    def step(content):
        ends, whole = pb.footer_of(content)
        about = whole[pb.GROUPS][1][1][0][pb.COLUMNS][1][1][column][pb.META][1]
        begins = about.get(pb.DICTIONARY_AT, about[pb.DATA_AT])[1]
        reader = pb.Reader(content, begins)
        told = reader.struct()
        change(told)
        made = pb.written(told)
        grown = len(made) - (reader.at - begins)
        for place in {pb.DICTIONARY_AT, pb.DATA_AT} & about.keys():
            about[place][1] += ends - begins + (grown if about[place][1] > begins else 0)
        moved = made + content[reader.at : begins + about[pb.COMPRESSED][1]]
        about[pb.COMPRESSED][1] += grown
        end = pb.written(whole)
        return content[:ends] + moved + end + len(end).to_bytes(4, "little") + b"PAR1"
    return step


def head(number, value, column=AMOUNT):
    return page(lambda told: told.__setitem__(number, [5, value]), column)


def check(name, change, says=r"bills.*(cannot be read|damaged)", **more):
    return case(f"Parquet: {name}", "check data", 3, says, changed(BILLS, change), **more)


def _ends(size):
    return lambda content: content[:-8] + size.to_bytes(4, "little") + content[-4:]


def _deep(whole):
    """Nest the first column in ten thousand groups."""
    elements = whole[pb.SCHEMA][1][1]
    nest = {4: [pb.BINARY, b"g"], pb.REPETITION: [5, 0], pb.CHILDREN: [5, 1]}
    elements[1:1] = [dict(nest) for _ in range(10_000)]


FOOTERS = (
    check("an end longer than the file", _ends(2**32 - 1)),
    check("no end", _ends(0)),
    check("an end of one byte", _ends(1)),
    check("wrong letters at the end", lambda c: c[:-4] + b"PAR2"),
    check("more rows than any disk holds", told(pb.ROWS, 2**62), r"bills\.parquet: damaged, it speaks of 4,611,686,018,427,387,904 rows and holds [\d,]+\. Import or simulate"),
    check("fewer rows than none", told(pb.ROWS, -1), r"bills"),
    check("a group of more rows than any disk holds", group(pb.GROUP_ROWS, 2**62), r"bills"),
    check("a group of fewer rows than none", group(pb.GROUP_ROWS, -1), r"bills"),
    check("no groups for its rows", footer(lambda whole: whole[pb.GROUPS][1].__setitem__(1, [])), r"bills\.parquet: damaged, it speaks of [\d,]+ rows and holds 0"),
    check("a root of more columns than there are", element(0, pb.CHILDREN, MOST)),
    check("a root of fewer columns than none", element(0, pb.CHILDREN, -5)),
    check("a column that is a group of all", element(1, pb.CHILDREN, MOST)),
    check("groups within groups", footer(_deep)),
    check("an unknown type", element(6, pb.TYPE, 99)),
    check("an unknown repetition", element(6, pb.REPETITION, 99), r"bills"),
    check("a number where its text is", element(1, pb.TYPE, 2), r"bills"),
)

CHUNKS = (
    check("an unknown compression", chunk(pb.CODEC, 99, kind=5)),
    check("another compression", chunk(pb.CODEC, 1, kind=5)),
    check("more values than rows", chunk(pb.VALUES, 2**62), r"bills"),
    check("fewer values than none", chunk(pb.VALUES, -1), r"bills"),
    check("a column beyond the file", chunk(pb.DATA_AT, 2**60), r"bills"),
    check("a column before the file", chunk(pb.DATA_AT, -9), r"bills"),
    check("a column in the footer", lambda c: chunk(pb.DATA_AT, pb.footer_of(c)[0])(c), r"bills"),
    check("a dictionary beyond the file", chunk(pb.DICTIONARY_AT, 2**60), r"bills"),
    check("a column of less than nothing", chunk(pb.COMPRESSED, -1), r"bills"),
    check("another column's place", lambda c: chunk(pb.DATA_AT, pb.footer_of(c)[1][pb.GROUPS][1][1][0][pb.COLUMNS][1][1][0][pb.META][1][pb.DATA_AT][1])(c), r"bills"),
)

PAGES = (
    check("a page that unpacks to two gigabytes", head(pb.PAGE_UNCOMPRESSED, MOST)),
    check("a page that unpacks to less than nothing", head(pb.PAGE_UNCOMPRESSED, -1)),
    check("a page that unpacks to nothing", head(pb.PAGE_UNCOMPRESSED, 0)),
    check("a page longer than the file", head(pb.PAGE_COMPRESSED, MOST)),
    check("a page of less than nothing", head(pb.PAGE_COMPRESSED, -1)),
    check("a page of an unknown kind", head(pb.PAGE_TYPE, 99)),
    check("a dictionary of two billion words", page(lambda told: told[pb.DICTIONARY_PAGE][1].__setitem__(1, [5, MOST]), KIND)),
    check("a dictionary of fewer words than none", page(lambda told: told[pb.DICTIONARY_PAGE][1].__setitem__(1, [5, -1]), KIND)),
    check("a dictionary in an unknown writing", page(lambda told: told[pb.DICTIONARY_PAGE][1].__setitem__(2, [5, 99]), KIND), r"bills"),
)

def _bomb(here):
    """Twenty million times the same row, in a few kilobytes."""
    rows = pa.table({"bill_id": pa.repeat("B", 1_000_000)})
    with pq.ParquetWriter(fresh(here, BILLS), rows.schema, compression="zstd") as writer:
        for _ in range(20):
            writer.write_table(rows, row_group_size=1_000_000)


def _long(here):
    """One text of 120 megabytes, in a few kilobytes."""
    pq.write_table(pa.table({"bill_id": ["x" * 120_000_000]}), fresh(here, BILLS), compression="zstd", use_dictionary=False, write_statistics=False)


PLACES = (
    case("Parquet: so many rows in so few bytes", "check data", 3, r"bills\.parquet: [\d,]+ bytes that unpack to 20,000,000 rows, more than is read", _bomb),
    case("Parquet: a long text in so few bytes", "check data", 3, r"bills\.parquet: [\d,]+ bytes that unpack to 120,[\d,]+, more than is read", _long),
    case("Parquet: lost groups in a source", "import source out", 3, r"bills\.parquet: damaged, it speaks of [\d,]+ rows and holds 0\. Export it again", gone("source/bills.csv"), lambda here: (here / "source/bills.parquet").hardlink_to(here / BILLS), changed("source/bills.parquet", footer(lambda whole: whole[pb.GROUPS][1].__setitem__(1, [])))),
    case("Parquet: broken pages in a source", "import source out", 3, r"bills\.parquet: damaged, its rows cannot be read\. Export it again", gone("source/bills.csv"), lambda here: (here / "source/bills.parquet").hardlink_to(here / BILLS), changed("source/bills.parquet", head(pb.PAGE_UNCOMPRESSED, 0))),
    case("Parquet: broken pages in a form", "feedback form.parquet --config run.yaml", 3, r"form\.parquet: damaged, its rows cannot be read\. Export it again", lambda here: (here / "form.parquet").hardlink_to(here / BILLS), changed("form.parquet", head(pb.PAGE_UNCOMPRESSED, 0, CUSTOMER))),
    case("Parquet: lost groups in a form", "feedback form.parquet --config run.yaml", 3, r"form\.parquet: damaged, it speaks of [\d,]+ rows and holds 0", lambda here: (here / "form.parquet").hardlink_to(here / BILLS), changed("form.parquet", footer(lambda whole: whole[pb.GROUPS][1].__setitem__(1, [])))),
    case("Parquet: broken pages in feedback", "features out.parquet --config run.yaml", 3, r"data-feedback/0\.parquet: not what duewatch feedback wrote", lambda here: (here / "data-feedback").mkdir(), lambda here: (here / "data-feedback/0.parquet").hardlink_to(here / BILLS), changed("data-feedback/0.parquet", head(pb.PAGE_UNCOMPRESSED, MOST))),
)

CASES = (*FOOTERS, *CHUNKS, *PAGES, *PLACES)
