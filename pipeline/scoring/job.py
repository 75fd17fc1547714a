"""A scoring run from its buckets to its folder: scored, ranked, explained, written, published."""

import shutil
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from contract.errors import ConfigError, DataError
from pipeline.config import Config
from pipeline.gates.facts import PROFILE, VERDICTS, Facts
from pipeline.gates.gate import Accepted
from pipeline.gates.judging import Judgement, judge
from pipeline.preparing import Prepared
from pipeline.progress import step
from pipeline.runs import (
    Manifest,
    make_current,
    read_manifest,
    run_id,
    write_manifest,
)
from pipeline.scoring.buckets import (
    Task,
    count_bucket,
    explain_bucket,
    has_rates,
    score_bucket,
    write_rates,
)
from pipeline.scoring.describing import describe_run, with_acceptances
from pipeline.scoring.gating import check_model, gather_facts
from pipeline.scoring.leftovers import clear_leftovers, forget_other_work
from pipeline.scoring.lists import Files, write_files
from pipeline.scoring.lock import clear, locked
from pipeline.scoring.ranking import (
    sort_listed,
    sort_parts,
    sorted_file,
    write_ranks,
)
from pipeline.scoring.spark_workers import SparkWorkers, start_spark_workers
from pipeline.scoring.workers import Workers, count_workers, start_workers
from pipeline.sealing import sealing_key
from pipeline.storage import new_folder, write_bytes, write_json
from pipeline.tracking import Registered
from pipeline.troubles import machine_troubles

# Below this many bytes of staged files a run takes seconds, of which a process would cost two.
_WORTH_PROCESSES = 200_000_000


@dataclass(frozen=True, kw_only=True)
class Run:
    """A finished scoring run on disk; ``made`` is False when it was there already."""

    folder: Path
    manifest: Manifest
    made: bool

    def as_dict(self) -> dict[str, Any]:
        """Return what a machine needs to know of it."""
        return {
            "run": self.manifest.run,
            "customers": self.manifest.counts["customers"],
            "listed": self.manifest.counts["listed"],
            "output": str(self.folder),
            "model_version": self.manifest.model_version,
            "as_of": self.manifest.as_of,
            "counts": self.manifest.counts,
        }


@dataclass(frozen=True, kw_only=True)
class _Job:
    """What a run is made from, and its work folder."""

    name: str
    config: Config
    prepared: Prepared
    registered: Registered
    work: Path
    accepted: tuple[Accepted, ...]

    @property
    def place(self) -> Path:
        return self.config.outputs / self.name

    @property
    def buckets(self) -> range:
        return range(self.prepared.store.buckets)


def score(
    config: Config,
    prepared: Prepared,
    registered: Registered,
    *,
    accepted: Sequence[Accepted] = (),
) -> Run:
    """Score every bill open at the prepared day and write the run's folder, whole or not at all.

    Killed at any moment, it goes on where it was when it is called again. A run that a gate stops
    is kept, and the same call with that gate accepted publishes it without scoring again.

    Raises:
        DataError: No bill is open to be scored, the model needs a feature that the data do not
            give, or the run that is there is not what was written.
        ConfigError: What was accepted is not what stops the run.
        GateError: A gate does not hold; nothing is published.
        BusyError: Another process is making this run.
        MachineError: The disk is full or writing is not permitted.
    """
    name = run_id(
        config,
        prepared.as_of,
        fingerprint=prepared.store.fingerprint,
        registered=registered,
    )
    job = _Job(
        name=name,
        config=config,
        prepared=prepared,
        registered=registered,
        work=config.outputs / f".{name}-work",
        accepted=tuple(accepted),
    )
    with machine_troubles(config.outputs):
        if job.place.exists():
            clear_leftovers(job.work)
            return _finished(job, made=False)
        check_model(name, config, prepared, registered.model)
        with locked(job.work):
            if job.place.exists():
                clear(job.work, lock_too=True)
                return _finished(job, made=False)
            _make(job)
    return _finished(job, made=True)


def _finished(job: _Job, *, made: bool) -> Run:
    manifest = read_manifest(job.place)
    make_current(job.place, manifest)
    if late := {one.gate for one in job.accepted} - {one["gate"] for one in manifest.accepted}:
        raise ConfigError(
            f"--accept: {job.place} is published already and did not need {', '.join(sorted(late))}"
            " accepted; leave that out of the command."
        )
    return Run(folder=job.place, manifest=manifest, made=made)


def _make(job: _Job) -> None:
    """Make the run in its work folder, which is held, and publish it."""
    key = sealing_key(job.config.sealing)  # a weak one is told before there is work to lose
    forget_other_work(job.work, job.registered.model, job.prepared)
    count = _count_workers(job)
    task = Task(
        store=job.prepared.store,
        as_of=job.prepared.as_of,
        features=job.prepared.features,
        model_files=job.registered.model.to_files(),
        folder=job.work,
        explain_all=job.config.scoring.explain == "all",
        threads=1 if count > 1 else None,
    )
    with _start(job, task, count) as workers:
        parts = _score(job, task, workers)
        manifest = describe_run(
            job.name,
            config=job.config,
            prepared=job.prepared,
            registered=job.registered,
            parts=parts,
        )
        _explain(job, workers, manifest)
        with step("Judge the run by the gates"):
            facts = gather_facts(
                config=job.config,
                prepared=job.prepared,
                model=job.registered.model,
                parts=parts,
                ordered=sorted_file(job.work, "parts"),
                listed=manifest.counts["listed"],
            )
            judgement = _judge(job, facts)
        with step("Write list and workbook"):
            # Names of customers are joined on this machine alone.
            here = workers if isinstance(workers, Workers) else Workers(task=task)
            _publish(job, here, with_acceptances(manifest, judgement), facts=facts, key=key)


def _judge(job: _Job, facts: Facts) -> Judgement:
    """Judge the run, and leave in its work folder what was found; a failed gate ends it here."""
    judgement = judge(facts, job.config.gates, job.accepted)
    write_json(job.work / VERDICTS, judgement.as_dict())
    judgement.raise_on_failed(job.name)
    return judgement


def _start(
    job: _Job, task: Task, count: int
) -> AbstractContextManager[Workers] | AbstractContextManager[SparkWorkers]:
    if job.config.scoring.engine == "spark":
        return start_spark_workers(task, job.config.spark)
    return start_workers(task, count)


def _count_workers(job: _Job) -> int:
    wanted, store = job.config.scoring.workers, job.prepared.store
    if wanted is None and store.bytes_on_disk() < _WORTH_PROCESSES:
        return 1
    return count_workers(wanted, store.buckets)


def _score(job: _Job, task: Task, workers: Workers | SparkWorkers) -> list[dict[str, Any]]:
    parts = []
    with step("Score the open bills") as report:
        if not has_rates(task.folder):
            for done, _ in enumerate(workers.run(count_bucket, job.buckets)):
                report("groups", done, len(job.buckets))
            write_rates(task)
        for done, told in enumerate(workers.run(score_bucket, job.buckets)):
            report("buckets", done, len(job.buckets))
            parts.append(told)
    if not any(told["scored"] for told in parts):
        clear(job.work, lock_too=True)
        raise DataError(
            f"{job.config.data}: no bill is open and not yet due at {task.as_of}; nothing can be"
            " warned of. Give an as_of soon after bills are issued."
        )
    return parts


def _explain(job: _Job, workers: Workers | SparkWorkers, manifest: Manifest) -> None:
    with step("Explain the listed bills") as report:
        shutil.rmtree(job.work / "ranks", ignore_errors=True)
        write_ranks(
            job.work,
            sort_parts(job.work),
            scored=manifest.counts["bills_scored"],
            bands=job.config.bands,
        )
        for done, _ in enumerate(workers.run(explain_bucket, job.buckets)):
            report("buckets", done, len(job.buckets))


def _publish(
    job: _Job, workers: Workers, manifest: Manifest, *, facts: Facts, key: bytes | None
) -> None:
    """Write the run's files and let them appear at their place all at once, the manifest last."""
    shape = pq.read_schema(workers.task.part(0))
    listed = sort_listed(job.work, shape)
    with new_folder(job.place, within=job.work) as beside:
        files = Files(
            folder=beside,
            ordered=sorted_file(job.work, "parts"),
            listed=listed,
            facts=manifest.facts(),
            data=job.prepared.data,
            scored=manifest.counts["bills_scored"],
            bands=job.config.bands,
            shape=shape,
            workbook_rows=job.config.scoring.workbook_rows,
            key=key,
        )
        write_files(files, workers)
        write_json(beside / PROFILE, facts.profile)
        write_bytes(beside / VERDICTS, (job.work / VERDICTS).read_bytes())
        write_manifest(beside, manifest)
    clear(job.work, lock_too=True)
