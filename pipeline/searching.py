"""The one door to Optuna: a study that can be resumed, and processes that fit its trials.

One command a study at a time: a trial that is still marked as running when a search begins belongs
to a process that is gone.
"""

import multiprocessing
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.importance import FanovaImportanceEvaluator, get_param_importances
from optuna.samplers import BaseSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from contract.errors import ConfigError
from models.grounds import try_changes
from models.origins import Judges
from models.search import Tried, defaults, suggest, worth
from pipeline.sharing import Grounds, Search, grounds_of, share, shared_grounds

# Trials that must be whole before another is cut short, and origins that each gets at least.
_WHOLE, _AT_LEAST = 5, 2
Told = Callable[[Tried], None]


def run_search(
    search: Search,
    judges: Judges,
    *,
    trials: int,
    workers: int,
    told: Told = lambda _: None,
) -> tuple[Tried, ...]:
    """Bring a study to so many finished trials, and return them all in order.

    With one worker the trials depend on the seed alone, wherever the study was interrupted.

    Args:
        told: Called with each finished trial, those of earlier commands first.

    Raises:
        ConfigError: The database cannot be reached.
        DataError: An origin has nothing to learn from or to judge on.
    """
    done = _resume(search)
    for one in done:
        told(one)
    # What every other trial is held against goes first, and again where it was not finished.
    has_default = any(search.is_default(one.changes) for one in done)
    tasks = [
        _Task(place=place, is_default=not has_default and place == len(done))
        for place in range(len(done), max(trials, len(done) + (not has_default)))
    ]
    if workers == 1:
        grounds = grounds_of(search, lambda _: judges)
        for task in tasks:
            told(_run_trial(search, grounds, task))
    elif tasks:
        _run_in_parallel(search, judges, tasks, workers=workers, told=told)
    with _study(search) as study:
        return _finished(study)


def importance_of(search: Search) -> Mapping[str, float]:
    """Return each parameter's share of the variation of worth (fANOVA); empty where none varies."""
    with _study(search) as study:
        values = {trial.value for trial in study.get_trials(states=(TrialState.COMPLETE,))}
        if len(values) < 3:
            return {}
        return get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=search.seed))


@dataclass(frozen=True, kw_only=True)
class _Task:
    """A trial to be made: its place among those finished, and whether it is the default's."""

    place: int
    is_default: bool


def _resume(search: Search) -> tuple[Tried, ...]:
    """Open or begin a study; end the trials of processes that are gone."""
    with _study(search) as study:
        for trial in study.get_trials(states=(TrialState.RUNNING,)):
            study.tell(trial.number, state=TrialState.FAIL)
        return _finished(study)


def _run_trial(search: Search, grounds: Grounds, task: _Task) -> Tried:
    ended: list[FrozenTrial] = []
    with _study(search, task) as study:
        study.optimize(
            partial(_objective, search, grounds),
            n_trials=1,
            callbacks=[lambda _, trial: ended.append(trial)],
        )
    return _as_tried(ended[0])


def _objective(search: Search, grounds: Grounds, trial: optuna.Trial) -> float:
    changes = suggest(trial, search.recipe.parameters)
    may_end = not search.is_default(changes)
    shares: list[float] = []
    trees: list[int] = []
    for share_caught, rounds in try_changes(
        changes, search.recipe, grounds=grounds, capacity=search.capacity
    ):
        shares.append(share_caught)
        trees.append(rounds)
        trial.set_user_attr("caught", shares)
        trial.set_user_attr("trees", trees)
        # The mean so far: the slope of two months would be noise.
        trial.report(float(np.mean(shares)), step=len(shares))
        if may_end and len(shares) < len(grounds) and trial.should_prune():
            raise optuna.TrialPruned
    return worth(shares, search.steadiness).value


class _BelowMedian(optuna.pruners.BasePruner):
    """Cut a trial short whose mean so far is below the median of the whole trials' there.

    Optuna's own median pruner compares a trial's best step so far; where the first month is the
    easiest, that is always its first.
    """

    def prune(self, study: optuna.Study, trial: FrozenTrial) -> bool:
        """Tell whether to cut the trial short after its last reported step."""
        step = trial.last_step
        whole = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        others = [one.intermediate_values[step] for one in whole if step in one.intermediate_values]
        if step is None or step < _AT_LEAST or len(others) < _WHOLE:
            return False
        return bool(trial.intermediate_values[step] < np.median(others))


def _run_in_parallel(
    search: Search, judges: Judges, tasks: Sequence[_Task], *, workers: int, told: Told
) -> None:
    # Threads of the caller (DuckDB's, LightGBM's) would not survive a fork.
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory(prefix="duewatch-tune-") as place_of_files:
        folder = Path(place_of_files)
        share(judges, search.origins, folder)
        with ProcessPoolExecutor(min(workers, len(tasks)), mp_context=context) as pool:
            # One call a trial, so that there are as many as asked for and none twice.
            calls = [pool.submit(_run_shared, search, folder, task) for task in tasks]
            try:
                for call in as_completed(calls):
                    told(call.result())
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise


def _run_shared(search: Search, folder: Path, task: _Task) -> Tried:
    return _run_trial(search, shared_grounds(search, folder), task)


class _Given(BaseSampler):
    """Propose given values.

    Optuna's queue would do, but in SQLite two processes may take the same trial from it.
    """

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = given

    def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, Any]:  # noqa: ARG002 - Optuna's signature
        """Return no parameter: each is proposed by itself."""
        return {}

    def sample_relative(self, study: Any, trial: Any, search_space: Any) -> dict[str, Any]:  # noqa: ARG002 - Optuna's signature
        """Return no value, for the same reason."""
        return {}

    def sample_independent(
        self,
        study: Any,  # noqa: ARG002 - Optuna's signature
        trial: Any,  # noqa: ARG002
        param_name: str,
        param_distribution: Any,  # noqa: ARG002
    ) -> Any:
        """Return the given value."""
        return self._given[param_name]


def _sampler(search: Search, task: _Task) -> BaseSampler:
    """Propose the default, or from the trials before, the seed and the place among them."""
    if task.is_default:
        return _Given(defaults(search.recipe.parameters))
    seed = np.random.SeedSequence([search.seed, task.place]).generate_state(1)[0]
    return TPESampler(seed=int(seed))


@contextmanager
def _study(search: Search, task: _Task | None = None) -> Iterator[optuna.Study]:
    """Open the study, or begin it; a task is needed to add a trial."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with _storage(search.url) as storage:
        yield optuna.create_study(
            study_name=search.study,
            storage=storage,
            sampler=None if task is None else _sampler(search, task),
            pruner=_BelowMedian(),
            direction="maximize",
            load_if_exists=True,
        )


@contextmanager
def _storage(url: str) -> Iterator[optuna.storages.RDBStorage]:
    try:
        storage = optuna.storages.RDBStorage(
            _with_driver(url),
            # SQLite lets one process write at a time; the others wait so many seconds.
            engine_kwargs={"connect_args": {"timeout": 60}} if url.startswith("sqlite") else None,
        )
    except (SQLAlchemyError, ImportError) as error:
        detail = str(error).splitlines()[0]
        raise ConfigError(
            f"tuning.storage: {url} cannot be used ({detail}). Start the database, mend the URL,"
            " or leave it out for SQLite; PostgreSQL needs duewatch[postgres]."
        ) from error
    try:
        yield storage
    finally:
        storage.remove_session()
        storage.engine.dispose()


def _with_driver(url: str) -> str:
    """Name psycopg 3, which duewatch installs; SQLAlchemy alone would look for psycopg2."""
    scheme, separator, rest = url.partition("://")
    if scheme in {"postgresql", "postgres"}:
        scheme = "postgresql+psycopg"
    return f"{scheme}{separator}{rest}"


def _finished(study: optuna.Study) -> tuple[Tried, ...]:
    ended = study.get_trials(states=(TrialState.COMPLETE, TrialState.PRUNED))
    return tuple(_as_tried(trial) for trial in ended)


def _as_tried(trial: FrozenTrial) -> Tried:
    return Tried(
        number=trial.number,
        changes=trial.params,
        caught=tuple(trial.user_attrs["caught"]),
        trees=tuple(trial.user_attrs["trees"]),
        value=trial.value if trial.state == TrialState.COMPLETE else None,
    )
