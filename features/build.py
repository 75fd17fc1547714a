"""The one place that builds a feature matrix."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date

import pandas as pd
import pyarrow as pa

from contract.engine import Connection, connect, to_arrow
from contract.side_by_side import side_by_side, threads_each
from contract.staging import Store
from features.catalogue import FEATURES, PREPAID_FEATURES, extra_features
from features.compose import compose, compose_for_year, reads_groups
from features.declare import Feature, Scored
from features.facts import day
from features.groups import no_rates, rates_by_day
from features.held import Job, jobs_for, source_for


def features_of(store: Store, chosen: tuple[Feature, ...] = FEATURES) -> tuple[Feature, ...]:
    """Return the chosen features and those of the store's extra columns."""
    return chosen + extra_features(store.bill_extras, store.customer_extras)


def build(
    store: Store,
    as_ofs: date | Iterable[date],
    *,
    features: tuple[Feature, ...] | None = None,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> pd.DataFrame:
    """Build the feature matrix at one or more days.

    Returns:
        One row per bill open at each as_of, ordered by as_of, customer and bill. Columns are
        the keys of ``compose.KEYS`` (``cycle`` counts months since year 0, ``open_cny`` is what
        is still open of the bill in yuan) and the features in order: float64 with NaN for
        missing, text for codes. Only what was known before each as_of began is seen.
    """
    chosen = features_of(store) if features is None else features
    return _build(store, as_ofs, chosen, scored="bill", progress=progress)


def build_prepaid(
    store: Store,
    as_ofs: date | Iterable[date],
    *,
    features: tuple[Feature, ...] = PREPAID_FEATURES,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> pd.DataFrame:
    """Build the matrix of prepaid customers at one or more days.

    Returns:
        One row per customer who is prepaid at as_of and whose balance came in within a month,
        ordered by as_of and customer. Columns are ``compose.PREPAID_KEYS`` and the features;
        what speaks of a bill is missing.
    """
    return _build(store, as_ofs, features, scored="prepaid", progress=progress)


def _build(
    store: Store,
    as_ofs: date | Iterable[date],
    features: tuple[Feature, ...],
    *,
    scored: Scored,
    progress: Callable[[str, int, int], None],
) -> pd.DataFrame:
    days = [as_ofs] if isinstance(as_ofs, date) else list(as_ofs)
    jobs = jobs_for(store.buckets, days) if days else []
    # A customer of a sample lives in the same neighbourhood as in the whole.
    rates = rates_for(store.of_all(), jobs, features)

    def one(job: Job) -> list[pa.Table]:
        threads = threads_each(jobs)
        return list(
            build_days(store, job, rates=rates, features=features, scored=scored, threads=threads)
        )

    tables: list[pa.Table] = []
    for built in side_by_side(jobs, one):
        tables += built
        progress("features", len(tables) // store.buckets, len(days))
    keys = ("as_of", "customer_id", "bill_id") if scored == "bill" else ("as_of", "customer_id")
    matrix = pa.concat_tables(tables).sort_by([(key, "ascending") for key in keys])
    tables.clear()
    # The Arrow columns are given up one by one, so that there are never two whole matrices.
    return matrix.to_pandas(split_blocks=True, self_destruct=True, date_as_object=False)


def rates_for(
    store: Store, jobs: Sequence[Job], features: tuple[Feature, ...]
) -> Mapping[date, dict[str, pa.Table]]:
    """Return the groups' facts on each day of the jobs; none are counted that no feature reads."""
    if reads_groups(features):
        return rates_by_day(store, jobs)
    return {as_of: no_rates() for job in jobs for as_of in job.days}


def build_bucket(
    store: Store,
    bucket: int,
    as_of: date,
    *,
    rates: dict[str, pa.Table],
    features: tuple[Feature, ...],
    scored: Scored = "bill",
    threads: int | None = None,
) -> pa.Table:
    """Build the matrix of one bucket, the unit of work of every engine.

    ``rates`` are the groups' facts at as_of over all buckets (features/groups.py).
    """
    built = build_days(
        store,
        Job(bucket=bucket, days=(as_of,)),
        rates={as_of: rates},
        features=features,
        scored=scored,
        threads=threads,
    )
    return next(built)


def build_days(
    store: Store,
    job: Job,
    *,
    rates: Mapping[date, dict[str, pa.Table]],
    features: tuple[Feature, ...],
    scored: Scored = "bill",
    threads: int | None = None,
) -> Iterator[pa.Table]:
    """Build the matrix of one bucket at each day of a job, in order."""
    with connect(threads=threads, within=store.folder) as connection:
        source = source_for(connection, store, job.bucket, job.days)
        _register(connection, rates[job.days[0]])
        if len(job.days) == 1:
            yield to_arrow(connection, compose(source, job.bucket, job.days[0], features, scored))
            return
        # To plan the statement takes a tenth of running it; only the day and its groups change.
        for year in {as_of.year for as_of in job.days}:
            statement = compose_for_year(source, job.bucket, year, features, scored)
            connection.execute(f"PREPARE matrix_{year} AS {statement}")
        for as_of in job.days:
            _register(connection, rates[as_of])
            yield to_arrow(connection, f"EXECUTE matrix_{as_of.year}(as_of := {day(as_of)})")


def _register(connection: Connection, rates: Mapping[str, pa.Table]) -> None:
    for relation, table in rates.items():
        connection.register(relation, table)
