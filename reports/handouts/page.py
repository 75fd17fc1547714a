"""A handout as one HTML file for print or phone: a page a customer (一户一策), no network.

Every text is escaped: names and ids come from outside.
"""

from html import escape

from collection.handouts import IDENTITY, NUMBER
from reports.handouts.cells import Row, shown
from reports.handouts.columns import COLUMNS, FILLED_IN
from reports.handouts.head import Head, Part
from reports.handouts.words import Dictionary

# What stands under which heading; what is in none of them stands under the plan.
_EXPOSURE = (
    *("bills_open", "open_fen", "overdue_fen", "late_fee_fen", "dpd", "expected_late_fen"),
    *("newest_fen", "usual_fen", "bill_change", "kwh_change", "open_share", "billed_year_fen"),
)
_WHO = (*IDENTITY, NUMBER, "customer_id", "segment", "industry", "capacity_kva", "manager_id")

_STYLE = """
body{font-family:"Microsoft YaHei","Noto Sans CJK SC","PingFang SC",sans-serif;color:#1f2933;
  margin:0 auto;max-width:50rem;padding:1rem;font-size:16px;line-height:1.45}
h1{font-size:1.3rem;margin:0}h2{font-size:1.15rem;margin:0 0 .2rem}
h3{font-size:1rem;color:#243b53;border-bottom:2px solid #243b53;margin:1.2rem 0 .4rem}
.origin{color:#52606d;font-size:.85rem;margin:.2rem 0 1rem}
article{border-top:3px solid #243b53;padding:1rem 0;break-inside:avoid}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(14rem,1fr));gap:.35rem 1.5rem;margin:0}
dl div{display:flex;justify-content:space-between;gap:1rem;border-bottom:1px solid #cbd2d9}
dt{color:#52606d}dd{margin:0;text-align:right;white-space:pre-line;font-weight:600}
.line{border-bottom:1px solid #1f2933;height:2rem}
@media print{article{break-after:page;border:0}body{max-width:none;font-size:12pt}}
"""


def as_page(part: Part, head: Head, words: Dictionary) -> bytes:
    """Return the part as the bytes of a self-contained HTML file."""
    language = "en" if words.language == "en" else "zh-CN"
    title, told = escape(part.title(words)), escape(part.told(head, words))
    body = "\n".join(_customer(row, part, words) for row in part.rows)
    empty = f"<p>{escape(words.phrase('empty'))}</p>"
    return f"""<!doctype html>
<html lang="{language}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer"><title>{title}</title><style>{_STYLE}</style></head>
<body><h1>{title}</h1><p class="origin">{told}</p>
{body or empty}
</body></html>
""".encode()


def _customer(row: Row, part: Part, words: Dictionary) -> str:
    columns = [c for c in part.handout.columns if COLUMNS[c].kind not in FILLED_IN]
    known = [c for c in columns if c not in {"name", "customer_id", NUMBER}]
    who = [c for c in known if c in _WHO]
    exposure = [c for c in known if c in _EXPOSURE]
    plan = [c for c in known if c not in {*who, *exposure}]
    name = " ".join(str(row[c]) for c in ("customer_id", "name") if row.get(c))
    agreed = "".join('<div class="line"></div>' for _ in range(3))
    return f"""<article><h2>{escape(words.phrase("one_customer"))}: {escape(name)}</h2>
{_pairs(row, who, words)}
<h3>{escape(words.phrase("exposure"))}</h3>
{_pairs(row, exposure, words)}
<h3>{escape(words.phrase("plan"))}</h3>
{_pairs(row, plan, words)}
<h3>{escape(words.phrase("agreed"))}</h3>
{agreed}
<p>{escape(words.phrase("signature"))}: ____________________</p></article>"""


def _pairs(row: Row, columns: list[str], words: Dictionary) -> str:
    told = ((escape(words.head(c)), escape(_text(row, c, words))) for c in columns)
    pairs = "".join(f"<div><dt>{head}</dt><dd>{text}</dd></div>" for head, text in told)
    return f"<dl>{pairs}</dl>"


def _text(row: Row, column: str, words: Dictionary) -> str:
    value, kind = shown(row, column, words), COLUMNS[column].kind
    if value is None or value == "":
        return "–"
    if kind == "money":
        return f"{value:,.2f}"
    if kind == "change":
        return f"{value:+.0%}"
    if kind == "share":
        return f"{value:.1%}"
    if kind in {"count", "number"}:
        return f"{value:,}"
    return str(value)
