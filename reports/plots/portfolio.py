"""Pictures of the portfolio: by band, by age of arrears, by bureau and grid, and how risks lie.

A row of a group is a member with money in whole fen (reports.page.glance.Glance).
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from features.declare import Text
from reports.plots.shared import OURS, RULE, WARN
from reports.plots.slide import BANDS, bars_across, in_percent, new_slide
from reports.plots.words import Speaker

# Beside the others, so that each bar's letters can be read.
_MOST = 10
_OLD = ("to_365", "over")


def draw_bands(bands: pd.DataFrame, names: Mapping[str, Text], say: Speaker, foot: str) -> Figure:
    """Draw the expected late amount of each band.

    Args:
        bands: code, count (bills), expected_fen.
        names: Of the bands.
        say: The texts.
        foot: What the picture was made of.
    """
    told = bands.set_index("code").reindex(list(BANDS)).fillna(0)
    expected = told["expected_fen"].to_numpy(np.float64)
    calls, held = (int(told[name].iloc[0]) for name in ("count", "expected_fen"))
    whole = max(float(expected.sum()), 1.0)
    title = say.title("bands", calls=f"{calls:,}", share=say.share(held / whole))
    figure, axes = new_slide(title, say.note("bands"), foot)
    labels = [
        f"{say.money(fen)} · {say.label('bills', n=f'{int(count):,}')}"
        for fen, count in zip(expected, told["count"], strict=True)
    ]
    heads = [say.of(names[code]) for code in BANDS]
    bars_across(axes, heads, [*expected], labels=labels, colours=[*BANDS.values()])
    return figure


def draw_aging(aging: pd.DataFrame, say: Speaker, foot: str) -> Figure:
    """Draw what is owed from earlier bills, by age.

    Args:
        aging: code, count (customers), fen; youngest first.
        say: The texts.
        foot: What the picture was made of.
    """
    owed = aging[aging["code"] != "current"]
    whole = int(owed["fen"].sum())
    title = say.title("aging_none")
    if whole:
        old = int(owed.loc[owed["code"].isin(_OLD), "fen"].sum())
        title = say.title(
            "aging",
            customers=f"{int(owed['count'].sum()):,}",
            money=say.money(whole),
            share=say.share(old / whole),
        )
    figure, axes = new_slide(title, say.note("aging"), foot)
    labels = [
        f"{say.money(fen)} · {say.label('customers', n=f'{int(count):,}')}"
        for fen, count in zip(owed["fen"], owed["count"], strict=True)
    ]
    colours = [WARN if code in _OLD else OURS for code in owed["code"]]
    heads = [say.label(code) for code in owed["code"]]
    bars_across(axes, heads, [*owed["fen"].astype(float)], labels=labels, colours=colours)
    return figure


def draw_places(places: pd.DataFrame, of: str, say: Speaker, foot: str) -> Figure:
    """Draw the expected late amount by bureau or grid, the largest first.

    Args:
        places: code (empty for all others together), count (bills), expected_fen.
        of: ``bureaus`` or ``grids``.
        say: The texts.
        foot: What the picture was made of.
    """
    named = places[places["code"] != ""].head(_MOST)
    rest = places.drop(index=named.index)
    whole = max(int(places["expected_fen"].sum()), 1)
    first = 1 if of == "bureaus" else min(3, len(named))
    held = int(named["expected_fen"].head(first).sum())
    title = say.title(
        of,
        name=_name(str(named["code"].iloc[0]), say),
        n=first,
        money=say.money(held),
        share=say.share(held / whole),
    )
    others = int(rest["expected_fen"].sum())
    told = {"money": say.money(others), "share": say.share(others / whole)}
    note = say.note(of, rest=say.label("others", **told) if len(rest) else "")
    figure, axes = new_slide(title, note, foot)
    heads = [_name(code, say) for code in named["code"]]
    values = [float(fen) for fen in named["expected_fen"]]
    labels = [f"{say.money(fen)} · {say.share(fen / whole)}" for fen in values]
    bars_across(axes, heads, values, labels=labels, colours=[OURS] * len(named))
    return figure


def draw_spread(risks: np.ndarray, say: Speaker, foot: str) -> Figure:
    """Draw how many bills have which risk.

    Args:
        risks: The probability of each scored bill.
        say: The texts.
        foot: What the picture was made of.
    """
    median = float(np.median(risks))
    title = say.title(
        "spread", share=say.share(float((risks > 0.5).mean())), median=say.share(median)
    )
    figure, axes = new_slide(title, say.note("spread"), foot)
    counts, edges = np.histogram(risks, bins=20, range=(0, 1))
    colours = [WARN if edge >= 0.5 else OURS for edge in edges[:-1]]
    axes.bar(edges[:-1], counts, width=0.046, align="edge", color=colours)
    for left, count in zip(edges[:-1], counts, strict=True):
        if count:
            axes.text(left + 0.023, count, f"{count:,}", ha="center", va="bottom", size=13)
    axes.set(xlim=(0, 1), xlabel=say.label("risk"), ylabel=say.label("number"))
    axes.set_xticks(np.arange(0, 1.01, 0.1))
    axes.xaxis.set_major_formatter(in_percent(say))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.grid(axis="y", color=RULE)
    return figure


def _name(code: str, say: Speaker) -> str:
    return say.label("unknown") if code == "?" else code
