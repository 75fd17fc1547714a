"""Show a finished run on the terminal, from its own files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console, RenderableType

from features.declare import Text
from pipeline.runs import compared, read_manifest
from reports.columns import REASONS
from reports.terminal import backtest_table, comparison_table, first_rows
from reports.wording import read_wording


def show_run(folder: Path, *, rows: int) -> tuple[str, dict[str, Any]]:
    """Return the text that shows a run, and the same as JSON values.

    Raises:
        DataError: The folder is no finished run, or a file was changed since.
    """
    manifest, wording = read_manifest(folder), read_wording()
    listed = read_list(folder / "list.csv").head(rows)
    text = as_text(
        first_rows(listed, wording=wording, rows=rows),
        comparison_table(compared(manifest.comparison), wording=wording),
    )
    facts = {"run": manifest.run, "counts": manifest.counts, "comparison": manifest.comparison}
    return text, facts


def show_comparison(judged: list[dict[str, Any]]) -> str:
    """Return the text of how a model and the simple rules did."""
    return as_text(comparison_table(compared(judged), wording=read_wording()))


def show_backtest(facts: Mapping[str, Any]) -> str:
    """Return the text of a backtest: every ranking with its interval, and the verdict."""
    wording = read_wording()
    names = {one["id"]: Text(zh=one["zh"], en=one["en"]) for one in facts["judged"]}
    parts = [
        as_text(
            comparison_table(compared(facts["judged"]), wording=wording),
            backtest_table(facts["summary"], names, wording=wording),
        )
    ]
    if facts["out_of_time"]:
        told = facts["out_of_time"]
        parts.append(
            f"Months held out ({told['stretch']}), looked at {told['touched_before']} times before:"
        )
        parts.append(as_text(comparison_table(compared(told["judged"]), wording=wording)))
    verdict = facts["verdict"]
    parts += [said["en"] for said in verdict["reasons"]]
    worth = "worth having" if verdict["accepted"] else f"not worth having; use {verdict['advice']}"
    parts.append(f"By the acceptance rule the model is {worth}.")
    return "\n".join(parts)


def show_followed(months: pd.DataFrame) -> str:
    """Return the text of what following the level was worth, a line a month."""
    return "\n".join(
        f"{month['cycle'] // 12}-{month['cycle'] % 12 + 1:02}: {month['rows']:,} bills,"
        f" {month['late_rate']:.1%} late; told {month['told']:.1%}, following"
        f" {month['told_followed']:.1%}; log loss {month['loss']:.4f}, following"
        f" {month['loss_followed']:.4f}"
        for month in months.to_dict("records")
    )


def as_text(*renderables: RenderableType) -> str:
    """Return renderables as the text that a terminal shows."""
    console = Console(width=150)
    with console.capture() as captured:
        for renderable in renderables:
            console.print(renderable)
    return captured.get()


def read_list(path: Path) -> pd.DataFrame:
    """Return the rows of a run's list, its reasons gathered as reasons_zh and reasons_en."""
    listed = pd.read_csv(path, dtype={"customer_id": str, "bill_id": str}, encoding="utf-8-sig")
    # The export guards a text that a spreadsheet would take for a formula by an apostrophe.
    listed["strip"] = listed["strip"].str.removeprefix("'")
    for language in ("zh", "en"):
        columns = [f"reason_{n}_{language}" for n in range(1, REASONS + 1)]
        listed[f"reasons_{language}"] = [
            [reason for reason in row if isinstance(reason, str)]
            for row in listed[columns].itertuples(index=False)
        ]
    return listed
