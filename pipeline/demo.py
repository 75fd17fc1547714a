"""The whole path on a simulated utility: from nothing to an explained list, in two minutes."""

from functools import partial
from pathlib import Path
from typing import Any

from collection.policy import load_policy
from contract.simulator import simulate
from pipeline.config import Config
from pipeline.handing_out import Asked, hand_out
from pipeline.page_extras import Around
from pipeline.paging import write_page
from pipeline.paths import truth_folder
from pipeline.planning import Planned, plan
from pipeline.preparing import Prepared, prepare
from pipeline.progress import step
from pipeline.promoting import promote
from pipeline.runs import previous_run
from pipeline.scoring import score
from pipeline.showing import show_run
from pipeline.tracking import Registered
from pipeline.training import Training, train_model

SHOWN_ROWS = 10


def run_demo(config: Config) -> tuple[str, dict[str, Any]]:
    """Simulate unless it was done before, train, score, and return what to show."""
    made = config.simulation
    data = config.data.with_name(f"{config.data.name}-{made.customers}x{made.cycles}-{made.seed}")
    if not data.exists():
        with step(f"Simulate {made.customers:,} customers over {made.cycles} cycles") as report:
            simulate(
                data,
                truth_folder(data),
                customers=made.customers,
                cycles=made.cycles,
                seed=made.seed,
                progress=partial(report, "customers"),
            )
    settings = config.model_copy(update={"data": data})
    prepared = prepare(settings)
    training = train_model(settings, prepared)
    registered = _champion(settings, prepared, training)
    run = score(settings, prepared, registered)
    text, facts = show_run(run.folder, rows=SHOWN_ROWS)
    planned = plan(settings, prepared, load_policy("china"), day=prepared.as_of, run=run.folder)
    lists = _hand_out(settings, planned)
    page = _write_page(settings, run.folder, planned)
    where = (
        f"Page to open:         {page}\n"
        f"Workbook for people:  {run.folder / 'list.xlsx'}\n"
        f"List for machines:    {run.folder / 'list.csv'}\n"
        f"Plan, and why not:    {planned.folder / 'plan.parquet'}\n"
        f"Lists by recipient:   {lists}\n"
        f"All scores:           {run.folder / 'scores.parquet'}\n"
        f"What it was made of:  {run.folder / 'manifest.json'}\n"
        f"Training runs:        mlflow ui --backend-store-uri sqlite:///"
        f"{settings.tracking.folder / 'mlflow.db'}"
    )
    told = {**run.as_dict(), "comparison": facts["comparison"], "plan": planned.about["outcomes"]}
    return f"{text}\n{planned.outcomes_text()}\n{where}", told


def _hand_out(config: Config, planned: Planned) -> Path:
    """Write the plan's lists, unless they are there already."""
    folder = planned.folder.with_name(f"{planned.folder.name}-lists")
    if not folder.exists():
        hand_out(config, planned.folder, folder, Asked())
    return folder


def _write_page(config: Config, run: Path, planned: Planned) -> Path:
    """Write the page of the run with its plan, unless it is there already."""
    page = planned.folder.with_name(f"{planned.folder.name}-page.html")
    if not page.exists():
        around = Around(plan=planned.folder, previous=previous_run(run), config=config)
        write_page(run, page, around)
    return page


def _champion(config: Config, prepared: Prepared, training: Training) -> Registered:
    """Promote the model that was trained if it has earned it, and return the champion."""
    made = promote(config, prepared, which=training.registered.version, trial=training.trial)
    return training.registered if made.promoted or made.champion is None else made.champion
