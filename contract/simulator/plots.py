"""A page of plots of a simulated utility, for people who collect bills.

It shows what was written together with the truth, so it is for judging the simulator, never for
training. Captions are Chinese and English; labels inside the pictures are English.
"""

import html
import io
import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import PercentFormatter

STRIP_CUSTOMERS = 20
STRIP_CYCLES = 24
SEGMENTS = ("residential", "commercial", "industrial", "agricultural")
BUCKETS = ("not due", "1-30", "31-60", "61-90", "over 90")
# The glyphs of the payment strip (domain 5.3) as colours.
STRIP = (
    ("no bill", "#ffffff"),
    ("on time by the 15th", "#1a7f37"),
    ("on time later", "#8fce9f"),
    ("1-9 days late", "#f5d76e"),
    ("10-30 days late", "#eb974e"),
    ("over 30 days late", "#c0392b"),
    ("open", "#7f8c8d"),
)
CAPTIONS = (
    ("settlement", "结清日分布：到期日前后", "When bills are settled, in days around the due date"),
    ("late_rates", "各类用户各月逾期率", "Late rate by segment and month"),
    ("aging", "月末欠费账龄", "Open amount at the end of each month, by days past due"),
    ("rolls", "滚动率：上月末各账龄在本月末升级的金额占比", "Roll rates by amount"),
    ("strips", "各类型二十户交费条", "Payment strips of twenty customers of each type"),
)


def write_plots(data: Path, truth: Path, page: Path) -> Path:
    """Write a page, an HTML file without outside links, about a simulated dataset.

    Args:
        data: The dataset, as simulate wrote it.
        truth: Its truth folder.
        page: The file to write.
    """
    bills = read_bills(data, truth)
    figures = {
        "settlement": draw_settlement(bills),
        "late_rates": draw_late_rates(bills),
        "aging": draw_aging(bills),
        "rolls": draw_rolls(bills),
        "strips": draw_strips(bills),
    }
    parts = [
        f"<figure><figcaption>{zh}<br>{html.escape(en)}</figcaption>{_svg(figures[name])}</figure>"
        for name, zh, en in CAPTIONS
    ]
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(_PAGE.format(body="\n".join(parts)), encoding="utf-8")
    return page


def read_bills(data: Path, truth: Path) -> pd.DataFrame:
    """Return one row a regular bill: days, yuan, segment, payer type and how it ended.

    ``settled_on`` is empty for what is open on the day of the extract, ``cut_on``.
    """
    bills = _read(
        data, "bills", ["bill_id", "customer_id", "cycle", "issued_on", "due_on", "amount", "kind"]
    )
    bills = bills[bills.kind.isin(["regular", "small", "rebill"]) & (bills.amount >= 1)]
    told = _read(truth, "bill_truth", ["bill_id", "owner", "payer", "late", "settled_at"])
    owners = _read(data, "customers", ["customer_id", "valid_from", "segment"])
    bills = pd.merge_asof(
        bills.merge(told, on="bill_id").sort_values("issued_on", kind="stable"),
        owners.sort_values("valid_from", kind="stable"),
        left_on="issued_on",
        right_on="valid_from",
        by="customer_id",
    )
    posted = _read(data, "payments", ["posted_at"]).posted_at
    bills["cut_on"] = posted.max().normalize() + pd.Timedelta(days=1)
    known = bills.settled_at < bills.cut_on
    bills["settled_on"] = bills.settled_at.dt.normalize().where(known)
    bills["amount"] = bills.amount.astype(float)
    return bills.sort_values(["customer_id", "cycle"], ignore_index=True)


def draw_settlement(bills: pd.DataFrame) -> Figure:
    """Draw the share of bills settled on each day around the due date."""
    figure, axes = _axes(9, 3.6)
    days = (bills.settled_on - bills.due_on).dt.days.dropna()
    share = days.value_counts(normalize=True).reindex(range(-27, 46), fill_value=0.0)
    colours = np.where(share.index > 0, "#c0392b", "#2980b9")
    axes.bar(share.index, share.to_numpy(), color=colours, width=0.9)
    axes.axvline(0.5, color="#2c3e50", linestyle="--", linewidth=1)
    axes.set(xlabel="days from the due date", ylabel="share of bills")
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    return figure


def draw_late_rates(bills: pd.DataFrame) -> Figure:
    """Draw the late rate of each segment by cycle, matured cycles only."""
    figure, axes = _axes(9, 3.6)
    mature = bills[bills.due_on < bills.cut_on]
    rates = mature.pivot_table(index="cycle", columns="segment", values="late", observed=True)
    for segment in SEGMENTS:
        if segment in rates:
            axes.plot(_months(rates.index), rates[segment].to_numpy(), marker=".", label=segment)
    axes.set(ylabel="late rate", ylim=(0, 1.2 * float(np.nanmax(rates.to_numpy()))))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.legend(ncols=4, loc="upper left", fontsize=8)
    return figure


def draw_aging(bills: pd.DataFrame) -> Figure:
    """Draw the amount open at each month end by days past due."""
    figure, axes = _axes(9, 3.6)
    owed = open_at_month_ends(bills)
    table = owed.pivot_table(index="on", columns="bucket", values="amount", aggfunc="sum")
    table = table.reindex(columns=range(len(BUCKETS)), fill_value=0.0).fillna(0.0)
    colours = ("#bdc3c7", "#f5d76e", "#eb974e", "#d35400", "#7b241c")
    axes.stackplot(table.index, table.T.to_numpy() / 1e4, labels=BUCKETS, colors=colours)
    axes.set(ylabel="10,000 yuan")
    axes.legend(ncols=5, loc="upper left", fontsize=8)
    return figure


def draw_rolls(bills: pd.DataFrame) -> Figure:
    """Draw the share of each bucket's amount that stands one bucket further a month later."""
    figure, axes = _axes(9, 3.6)
    rolls = roll_rates(bills)
    for bucket in rolls:
        axes.plot(rolls.index, rolls[bucket].to_numpy(), marker=".", label=f"{bucket} rolls on")
    axes.set(ylabel="share of amount", ylim=(0, 1))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.legend(ncols=4, loc="upper left", fontsize=8)
    return figure


def draw_strips(bills: pd.DataFrame) -> Figure:
    """Draw the last cycles of customers of each type, those with most bills, as squares."""
    payers = [p for p in bills.payer.unique() if p]
    figure = Figure(figsize=(11, 2.4 * ((len(payers) + 1) // 2)), layout="constrained")
    FigureCanvasSVG(figure)
    grid = figure.subplots((len(payers) + 1) // 2, 2, squeeze=False).ravel()
    cycles = np.sort(bills.cycle.unique())[-STRIP_CYCLES:]
    colours = ListedColormap([colour for _, colour in STRIP])
    for axes, payer in zip(grid, sorted(payers), strict=False):
        strips = payment_strips(bills[bills.payer == payer], cycles)
        axes.imshow(strips, cmap=colours, vmin=-0.5, vmax=len(STRIP) - 0.5, aspect="auto")
        axes.set(title=payer, yticks=[], xticks=[0, len(cycles) - 1])
        axes.set_xticklabels([str(cycles[0]), str(cycles[-1])])
    handles = [Patch(facecolor=c, edgecolor="#bdc3c7", label=name) for name, c in STRIP]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(STRIP), fontsize=8)
    return figure


def open_at_month_ends(bills: pd.DataFrame) -> pd.DataFrame:
    """Return one row a bill and month end at which it is open, with its bucket and yuan."""
    last = bills.cut_on.max()
    ends = pd.date_range(bills.issued_on.min(), last, freq="ME")
    rows = []
    for on in ends:
        owed = bills[(bills.issued_on <= on) & ~(bills.settled_on <= on)]
        past = (on - owed.due_on).dt.days
        bucket = np.searchsorted([1, 31, 61, 91], past, side="right")
        rows.append(pd.DataFrame({"on": on, "bucket": bucket, "amount": owed.amount}))
    return pd.concat(rows)


def roll_rates(bills: pd.DataFrame) -> pd.DataFrame:
    """Return, by month end, the share of a bucket's amount that is one bucket on a month later."""
    owed = open_at_month_ends(bills)
    ends = np.sort(owed.on.unique())
    following = dict(itertools.pairwise(ends))
    owed = owed.assign(bill=owed.index, later=owed.on.map(following))
    after = owed[["bill", "on", "bucket"]].rename(columns={"on": "later", "bucket": "then"})
    joined = owed[owed.later.notna()].merge(after, on=["bill", "later"], how="left")
    joined["rolled"] = joined.amount * (joined.then > joined.bucket)
    sums = joined[joined.bucket < len(BUCKETS) - 1].groupby(["on", "bucket"])[["rolled", "amount"]]
    shares = sums.sum().assign(share=lambda t: t.rolled / t.amount).reset_index()
    table = shares.pivot_table(index="on", columns="bucket", values="share")
    return table.rename(columns=dict(enumerate(BUCKETS)))


def payment_strips(bills: pd.DataFrame, cycles: np.ndarray) -> np.ndarray:
    """Return one row a customer and one column a cycle: indices into STRIP."""
    recent = bills[bills.cycle.isin(cycles)]
    many = recent.groupby("customer_id").cycle.count().sort_values(ascending=False, kind="stable")
    chosen = pd.Index(many.index[:STRIP_CUSTOMERS])
    mine = recent[recent.customer_id.isin(chosen)]
    days = (mine.settled_on - mine.due_on).dt.days
    early = mine.settled_on.dt.day <= 15
    late = np.searchsorted([1, 10, 31], days.fillna(0), side="right") + 2
    code = np.where(days <= 0, np.where(early, 1, 2), late)
    code = np.where(mine.settled_on.isna(), len(STRIP) - 1, code)
    strips = np.zeros((STRIP_CUSTOMERS, len(cycles)), dtype=np.int64)
    row = chosen.get_indexer(mine.customer_id)
    strips[row, np.searchsorted(cycles, mine.cycle)] = code
    return strips


def _axes(width: float, height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasSVG(figure)
    return figure, figure.subplots()


def _months(cycles: pd.Index) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(pd.to_datetime(cycles.astype(str), format="%Y%m"))


def _svg(figure: Figure) -> str:
    """Return a picture as text that is the same for the same data."""
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    picture = text.getvalue()
    return picture[picture.index("<svg") :]


def _read(folder: Path, table: str, columns: list[str]) -> pd.DataFrame:
    """Read some columns of a table, one file or parts, with days as moments."""
    single = folder / f"{table}.parquet"
    rows = pq.read_table(single if single.exists() else folder / table, columns=columns)
    return rows.to_pandas(date_as_object=False)


_PAGE = """<!DOCTYPE html>
<html lang="zh"><head><meta charset="utf-8"><title>模拟供电公司 / A simulated utility</title>
<style>body{{font-family:sans-serif;max-width:1100px;margin:2em auto;color:#2c3e50}}
figure{{margin:2em 0}}figcaption{{font-weight:bold;margin-bottom:.5em}}svg{{max-width:100%}}</style>
</head><body><h1>模拟供电公司<br>A simulated utility</h1>
<p>所有数据均为模拟。All data are synthetic.</p>
{body}
</body></html>
"""
