"""What was seen of a model's months: written, logged, and shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.table import Table

from models.monitoring.alarms import Alarm
from pipeline.config import Config
from pipeline.mlflow_door import open_mlflow
from pipeline.monitor_report import Language, Page, render_page
from pipeline.preparing import Prepared
from pipeline.showing import as_text
from pipeline.storage import new_folder, write_bytes, write_json
from pipeline.tracking import Evidence, Registered, log_evidence
from reports.spreadsheet import inert_frame

RESULT = "monitor.json"
REPORT = "report.{}.md"
_SHARE, _PLAIN = "{:.1%}", "{:.3f}"
# Column of the table on the terminal: heading and form.
_SHOWN: Mapping[str, tuple[str, str]] = {
    "month": ("month", "{}"),
    "rows": ("rows", "{:,}"),
    "late_rate": ("late", _SHARE),
    "told": ("told", _SHARE),
    "auc": ("AUC", _PLAIN),
    "expected_auc": ("AUC expected", _PLAIN),
    "caught": ("caught", _SHARE),
    "expected_caught": ("caught expected", _SHARE),
    "margin": ("over rule", "{:+.1%}"),
    "score_psi": ("PSI score", _PLAIN),
    "worst_psi": ("PSI worst", _PLAIN),
    "worst_feature": ("of", "{}"),
    "alarms": ("alarms", "{}"),
}


@dataclass(frozen=True, kw_only=True)
class Monitored:
    """What was seen of a model's months.

    Attributes:
        folder: ``monitor.json``, the tables as CSV, and ``report.zh.md`` and ``report.en.md``.
        months: One row a month, oldest first.
        drift: One row a month and sketch: month, what, psi, expected, by_chance, season, weight.
        treatments: One row a month and treatment (models.monitoring.performance.by_treatment).
        retrain: The kinds breached in two consecutive months.
    """

    folder: Path
    model: Registered
    months: pd.DataFrame
    drift: pd.DataFrame
    treatments: pd.DataFrame
    alarms: tuple[Alarm, ...]
    retrain: tuple[str, ...]

    @property
    def rings(self) -> bool:
        """Whether a limit was breached."""
        return any(alarm.level == "act" for alarm in self.alarms)

    def page(self, language: Language) -> str:
        """Return what people read of it, as Markdown."""
        page = Page(
            version=str(self.model.version),
            months=self.months,
            treatments=self.treatments,
            alarms=self.alarms,
            retrain=self.retrain,
        )
        return render_page(page, language)

    def as_dict(self) -> dict[str, Any]:
        """Return what a machine needs to know of it."""
        return {
            "model_version": self.model.version,
            "months": _records(self.months),
            "treatments": _records(self.treatments),
            "alarms": [alarm.as_dict() for alarm in self.alarms],
            "rings": self.rings,
            "retrain": list(self.retrain),
        }


def show_monitored(made: Monitored) -> str:
    """Return the text that a terminal shows: a line a month, the alarms, what is recommended."""
    table = Table()
    for heading, _ in _SHOWN.values():
        table.add_column(heading)
    for line in made.months.to_dict("records"):
        table.add_row(*(_told(line[name], form) for name, (_, form) in _SHOWN.items()))
    lines = [
        f"{one.month} {one.level}: {one.what} {one.value:.3f}, limit {one.limit:.3f};"
        f" {one.cost.en}."
        for one in made.alarms
    ]
    lines.append(
        f"Two months in a row breached {', '.join(made.retrain)}: train a challenger, then"
        " duewatch promote."
        if made.retrain
        else "No limit was breached in two months in a row: go on with the model."
    )
    return as_text(table) + "\n".join(lines)


def _told(value: Any, form: str) -> str:
    return "" if isinstance(value, float) and np.isnan(value) else form.format(value)


def write_monitored(made: Monitored) -> None:
    """Write ``monitor.json`` and the tables, the folder whole or not at all."""
    if made.folder.exists():
        # The place is named by what is in it.
        return
    with new_folder(made.folder) as folder:
        write_json(folder / RESULT, made.as_dict())
        for name, table in _tables(made).items():
            write_bytes(folder / name, inert_frame(table).to_csv(index=False).encode())


def _tables(made: Monitored) -> dict[str, pd.DataFrame]:
    alarms = pd.json_normalize([alarm.as_dict() for alarm in made.alarms], sep="_")
    tables = {"months.csv": made.months, "drift.csv": made.drift, "alarms.csv": alarms}
    tables["treatments.csv"] = made.treatments
    return {name: table for name, table in tables.items() if len(table)}


def log_monitored(config: Config, prepared: Prepared, made: Monitored) -> None:
    """Log a run whose metrics have a step a month: the month's number since year 0."""
    evidence = Evidence(
        parameters={"model_version": made.model.version, "as_of": str(prepared.as_of)},
        metrics={"breaches": sum(alarm.level == "act" for alarm in made.alarms)},
        tags={"monitored_version": made.model.version, "retrain": " ".join(made.retrain) or "no"},
        tables=_tables(made),
    )
    with open_mlflow(config.tracked) as mlflow, mlflow.start_run(run_name="monitor"):
        log_evidence(mlflow, evidence)
        for line in made.months.to_dict("records"):
            day = date.fromisoformat(line["month"])
            known = {
                str(name): float(value)
                for name, value in line.items()
                if isinstance(value, int | float) and not np.isnan(value)
            }
            mlflow.log_metrics(known, step=day.year * 12 + day.month - 1)


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {
            str(name): None if isinstance(value, float) and np.isnan(value) else value
            for name, value in line.items()
        }
        for line in table.to_dict("records")
    ]
