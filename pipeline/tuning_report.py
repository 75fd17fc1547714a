"""What a search bought: figures for a machine, text and pictures for people, YAML to paste."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from rich import box
from rich.table import Table

from models.backtest import Backtest
from models.judging import MODEL
from models.parameters import Parameters
from models.resampling import Interval
from models.search import Decision, Tried, worth
from models.search_plots import history_plot, importance_plot
from pipeline.cards import DPI
from pipeline.code_version import git_commit
from pipeline.sharing import Search
from pipeline.showing import as_text
from pipeline.storage import new_folder, write_bytes, write_json
from pipeline.tracking import Evidence
from reports.plots.slide import to_png
from reports.spreadsheet import inert_frame

RESULT, FRAGMENT = "tuning.json", "parameters.yaml"
# The ranking beside the best trial's, and what both are compared by.
DEFAULT, FIGURE = "default", "late_amount_caught"


@dataclass(frozen=True, kw_only=True)
class Compared:
    """The best trial and the default, by the share of late amount that their lists catch.

    Attributes:
        stretch: Their rankings on each day.
        lead: By how much more the best trial's lists catch, with the paired interval.
    """

    stretch: Backtest
    lead: Interval

    @classmethod
    def of(cls, stretch: Backtest) -> "Compared":
        """Draw the interval."""
        return cls(stretch=stretch, lead=stretch.lead(DEFAULT, FIGURE))

    def mean(self, ranking: str) -> float:
        """Return what a ranking catches, as the mean over days."""
        months = self.stretch.by_month
        return float(months.loc[months["ranking"] == ranking, FIGURE].mean())

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "months": self.stretch.by_month["as_of"].unique().tolist(),
            "default": self.mean(DEFAULT),
            "best": self.mean(MODEL),
            "lead": asdict(self.lead),
        }


@dataclass(frozen=True, kw_only=True)
class TuningReport:
    """What came of a search.

    Attributes:
        facts: The day, the data, the commit and the settings.
        default: The trial of the default parameters.
        best: The trial worth most; the default itself where none was worth more.
        searched: On the months that trials saw, where the best always looks too good; None where
            the best is the default.
        fresh: On months that no trial saw; this decides.
        importance: Share of the variation of worth by parameter; empty where none varied.
        parameters: Those to use.
    """

    search: Search
    facts: Mapping[str, Any]
    tried: tuple[Tried, ...]
    default: Tried
    best: Tried
    searched: Compared | None
    fresh: Compared | None
    importance: Mapping[str, float]
    decision: Decision
    reason: str
    parameters: Parameters

    def as_dict(self) -> dict[str, Any]:
        """Return what a machine needs to know of it."""
        return {
            **self.facts,
            "study": self.search.study,
            "trials": {
                "finished": len(self.tried),
                "cut_short": sum(one.value is None for one in self.tried),
            },
            "default": self._trial(self.default),
            "best": self._trial(self.best),
            "searched": None if self.searched is None else self.searched.as_dict(),
            "fresh": None if self.fresh is None else self.fresh.as_dict(),
            "importance": dict(self.importance),
            "decision": self.decision,
            "reason": self.reason,
            "parameters": self.fragment(),
        }

    def fragment(self) -> dict[str, Any]:
        """Return the settings under ``parameters`` that differ from the defaults of the program."""
        usual = Parameters().model_dump()
        told = self.parameters.model_dump(mode="json")
        return {name: value for name, value in told.items() if value != usual[name]}

    def yaml(self) -> str:
        """Return the part of a YAML file to paste."""
        body = yaml.safe_dump({"parameters": self.fragment()}, sort_keys=False)
        return f"# {self.reason}\n{body}"

    def trials(self) -> pd.DataFrame:
        """Return one row a trial: its point, what it caught at each origin, its worth."""
        return pd.DataFrame(
            [
                {
                    "trial": one.number,
                    **one.changes,
                    **{
                        f"caught {day}": share
                        for day, share in zip(self.search.origins, one.caught, strict=False)
                    },
                    "trees": sum(one.trees) / len(one.trees),
                    "worth": one.value,
                }
                for one in self.tried
            ]
        )

    @cached_property
    def pictures(self) -> dict[str, bytes]:
        """How the search went, and which parameters made a difference, as PNG by file name."""
        drawn = {"history.png": history_plot(self.tried, self.default)}
        if self.importance:
            drawn["importance.png"] = importance_plot(self.importance, self.tried)
        return {name: to_png(figure, DPI) for name, figure in drawn.items()}

    def text(self) -> str:
        """Return the report as a terminal shows it."""
        stretches = {"searched": self.searched, "fresh": self.fresh}
        rows = {name: one for name, one in stretches.items() if one is not None}
        parts = [_leads(rows, self.facts["held_out"])] if rows else []
        return as_text(*parts, _point(self.default, self.best), self._told()) + self.reason

    def _told(self) -> str:
        short = sum(one.value is None for one in self.tried)
        return (
            f"{len(self.tried)} trials, {short} of them cut short, at {len(self.search.origins)}"
            f" origins from {self.search.origins[0]} to {self.search.origins[-1]}."
        )

    def _trial(self, one: Tried) -> dict[str, Any]:
        return {
            "trial": one.number,
            "changes": dict(one.changes),
            "caught": list(one.caught),
            "trees": list(one.trees),
            **asdict(worth(one.caught, self.search.steadiness)),
        }


def write_report(report: TuningReport, outputs: Path) -> Path:
    """Write tables, plots, YAML and JSON into a folder named by their content; return it."""
    facts = report.as_dict()
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()
    place = outputs / "tunings" / f"{facts['as_of']}-{facts['target']}-{digest[:8]}"
    if place.exists():
        return place
    with new_folder(place) as beside:
        write_json(beside / RESULT, facts)
        (beside / FRAGMENT).write_text(report.yaml(), "utf-8")
        for name, table in _tables(report).items():
            inert_frame(table).to_csv(beside / name, index=False)
        for name, picture in report.pictures.items():
            write_bytes(beside / name, picture)
    return place


def evidence(report: TuningReport) -> Evidence:
    """Return what MLflow keeps; what may change when a study is resumed is no parameter there."""
    worths = {"default": report.default, "best": report.best}
    stretches = {"searched": report.searched, "fresh": report.fresh}
    return Evidence(
        parameters={
            "target": report.facts["target"],
            "as_of": report.facts["as_of"],
            "origins": len(report.search.origins),
            **{f"default.{name}": value for name, value in report.default.changes.items()},
        },
        metrics={
            "trials": len(report.tried),
            **{f"{name}.worth": one.value or 0.0 for name, one in worths.items()},
            **{f"{name}.lead": c.lead.value for name, c in stretches.items() if c is not None},
        },
        tags={
            "data_fingerprint": report.facts["data_fingerprint"],
            "git_commit": git_commit(),
            "decision": report.decision,
            "reason": report.reason,
        },
        texts={
            FRAGMENT: report.yaml(),
            RESULT: json.dumps(report.as_dict(), ensure_ascii=False, indent=1, default=str),
        },
        tables=_tables(report),
        figures=report.pictures,
    )


def _tables(report: TuningReport) -> dict[str, pd.DataFrame]:
    found = {"trials.csv": report.trials()}
    stretches = {"searched": report.searched, "fresh": report.fresh}
    for name, compared in stretches.items():
        if compared is not None:
            found[f"{name}_by_month.csv"] = compared.stretch.by_month
    return found


def _leads(stretches: Mapping[str, Compared], held_out: str) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        title="调参所得 / What tuning bought: share of the late amount on the list",
        caption=f"held out and not looked at: {held_out}",
    )
    table.add_column("月份 / months", overflow="fold")
    for head in ("默认 / default", "最佳 / best", "差 / lead", "95 %"):
        table.add_column(head, justify="right")
    for name, one in stretches.items():
        months = [str(day)[:7] for day in one.stretch.by_month["as_of"].unique()]
        table.add_row(
            f"{name}: {months[0]} to {months[-1]}",
            f"{one.mean(DEFAULT):.2%}",
            f"{one.mean(MODEL):.2%}",
            f"{one.lead.value:+.2%}",
            f"{one.lead.low:+.2%} .. {one.lead.high:+.2%}",
        )
    return table


def _point(default: Tried, best: Tried) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("参数 / parameter")
    table.add_column("默认 / default", justify="right")
    table.add_column(f"最佳 / best (trial {best.number})", justify="right")
    for name, value in default.changes.items():
        table.add_row(name, f"{value:.4g}", f"{best.changes[name]:.4g}")
    return table
