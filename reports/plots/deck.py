"""The pictures of a run, numbered in the order in which they tell it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from features.declare import Text
from reports.facts import MODEL, RunFacts
from reports.plots.course import draw_forecast, draw_movement
from reports.plots.portfolio import draw_aging, draw_bands, draw_places, draw_spread
from reports.plots.proof import Evidence, draw_calibration, draw_caught, draw_months
from reports.plots.slide import style, to_png
from reports.plots.words import SLIDES, Speaker


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the pictures tell; what is None is not known, and not drawn.

    Attributes:
        facts: Of the run.
        groups: The portfolio by ``band`` and ``aging``, and by ``org`` and ``grid`` where these are
            known: a row a member, with code, count, fen and expected_fen.
        risks: The probability of each scored bill.
        evidence: What training kept of the months held out.
        moved: The last list beside this one, a row a bureau or grid: code, now, came, stayed, left.
        since: The day of the last list.
        forecast: What ``duewatch forecast`` wrote of the run's day.
        months: What ``duewatch monitor`` saw of the run's model.
    """

    facts: RunFacts
    groups: Mapping[str, pd.DataFrame]
    risks: np.ndarray
    evidence: Evidence | None = None
    moved: pd.DataFrame | None = None
    since: date | None = None
    forecast: Mapping[str, Any] | None = None
    months: Sequence[Mapping[str, Any]] | None = None


def draw_slides(
    told: Told, bands: Mapping[str, Text], say: Speaker
) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """Return the pictures as PNG by file name, and the codes of those that cannot be drawn.

    Args:
        told: What they tell.
        bands: The names of the bands.
        say: The texts.
    """
    with style(say.language):
        drawn = {name: to_png(figure) for name, figure in draw_figures(told, bands, say)}
    made = {
        f"{at:02}-{name}.png": drawn[name] for at, name in enumerate(SLIDES, 1) if name in drawn
    }
    return made, tuple(name for name in SLIDES if name not in drawn)


def draw_figures(
    told: Told, bands: Mapping[str, Text], say: Speaker
) -> Iterator[tuple[str, Figure]]:
    """Return each picture with its name; see `draw_slides`. Draw them in `slide.style`."""
    facts, groups = told.facts, told.groups
    foot = say.label(
        "foot", as_of=facts.as_of.isoformat(), model=facts.model_version, run=facts.run_id
    )
    yield "bands", draw_bands(groups["band"], bands, say, foot)
    yield "aging", draw_aging(groups["aging"], say, foot)
    for name, of in (("org", "bureaus"), ("grid", "grids")):
        if name in groups:
            yield of, draw_places(groups[name], of, say, foot)
    yield "spread", draw_spread(told.risks, say, foot)
    yield from _proof(told, say, foot)
    if told.moved is not None and told.since is not None:
        yield "movement", draw_movement(told.moved, since=told.since, say=say, foot=foot)
    if told.forecast is not None:
        yield "forecast", draw_forecast(told.forecast, say, foot)


def _proof(told: Told, say: Speaker, foot: str) -> Iterator[tuple[str, Figure]]:
    facts, evidence = told.facts, told.evidence
    if any(one.id == MODEL for one in facts.comparison):
        gains = evidence.gains if evidence else None
        capacity = facts.capacity / max(facts.bills_scored, 1)
        drawn = draw_caught(facts.comparison, gains, capacity=capacity, say=say, foot=foot)
        yield "caught", drawn
    if evidence is not None:
        yield "calibration", draw_calibration(evidence.calibration, say, foot)
    months = told.months or ()
    if any(row.get("late_rate") is not None for row in months):
        yield "months", draw_months(months, say, foot)
