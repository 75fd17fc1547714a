"""From a dataset on disk to a staged store that is fit to build on: open, check, stage."""

from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from contract.breach import CheckReport
from contract.checks import check_dataset
from contract.damage import naming_damage
from contract.dataset import Dataset, open_dataset
from contract.engine import connect
from contract.errors import ConfigError, DataError
from contract.sampling import draw
from contract.staging import Store, stage
from contract.staging_apart import Elsewhere
from contract.tables import TABLES
from features import PREPAID_FEATURES, Feature, features_of
from features.admission import check_against
from features.user import load_user_features
from models.target import Name
from pipeline.config import Config
from pipeline.feeding_back import with_feedback
from pipeline.privacy import check_pseudonyms
from pipeline.progress import Report, step
from pipeline.spark.lending import lend_spread
from pipeline.troubles import machine_troubles

# Measured on 20 M bills: buckets of 50,000 customers keep the build below 2.5 GB (libraries 1.2).
BUCKET_CUSTOMERS = 50_000

# The holidays library knows China's from 1950 to 2099; features look at the years beside as_of's.
FIRST_AS_OF, LAST_AS_OF = date(1951, 1, 1), date(2098, 12, 31)


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A checked dataset, staged, the day to look from and the features to build.

    Attributes:
        features: The built-in ones, those of extra columns, and the user's own.
        absent: Optional tables that the dataset does not have, so that what needs them is off.
    """

    data: Path
    store: Store
    as_of: date
    features: tuple[Feature, ...]
    checks: CheckReport
    absent: tuple[str, ...]

    def features_of(self, target: Name) -> tuple[Feature, ...]:
        """Return the features that a target is learned from."""
        return PREPAID_FEATURES if target == "cutoff" else self.features


def prepare(config: Config) -> Prepared:
    """Open, check and stage the dataset of a config, with what was fed back of it.

    Raises:
        DataError: The dataset breaks the contract.
        MachineError: The store cannot be written.
    """
    own = load_user_features(config.features)  # before the data: a wrong one need not wait
    dataset = with_feedback(open_dataset(config.data), config.stores)
    check_pseudonyms(config.privacy, config.data)
    with naming_damage(dataset):
        as_of = _believable(config.as_of or day_after_data(dataset))
        refuse_unseen(dataset, as_of)
    with step(f"Check {config.data}"):
        checks = check_dataset(dataset, as_of=as_of, promote=frozenset(config.promote_warnings))
        checks.raise_on_errors()
    title = "Stage customers in buckets and replay the ledger"
    with machine_troubles(config.stores), naming_damage(dataset), step(title) as report:
        buckets = config.buckets or enough_buckets(dataset)
        store = _stage(config, dataset, buckets, report)
    features = _features_with(own, store)
    absent = tuple(table for table in TABLES if not dataset.has(table))
    return Prepared(
        data=config.data,
        store=store,
        as_of=as_of,
        features=features,
        checks=checks,
        absent=absent,
    )


def learning_from(config: Config, prepared: Prepared) -> Prepared:
    """Return what models learn from and are compared on: all customers, or a sample of them.

    The sample is drawn by whatever engine scores, the same by each, and kept beside its store.

    Raises:
        MachineError: It cannot be written.
    """
    share = config.snapshots.customers_share
    if share == 1 or prepared.store.whole:
        return prepared
    title = f"Draw {share:.3%} of the customers"
    with machine_troubles(config.stores), step(title) as report:
        sample = draw(
            prepared.store,
            share=share,
            seed=config.snapshots.customers_seed,
            progress=report,
            elsewhere=_elsewhere(config),
        )
    return replace(prepared, store=sample)


def _stage(config: Config, dataset: Dataset, buckets: int, report: Report) -> Store:
    """Stage on this machine or on the cluster, whose executors know the shared disk by its root."""
    stores = config.stores
    if config.scoring.engine == "spark":
        dataset, stores = replace(dataset, folder=dataset.folder.resolve()), stores.resolve()
    return stage(dataset, stores, buckets=buckets, progress=report, elsewhere=_elsewhere(config))


def _elsewhere(config: Config) -> Elsewhere:
    if config.scoring.engine == "local":
        return nullcontext
    return partial(lend_spread, config.spark)


def _believable(as_of: date) -> date:
    if not FIRST_AS_OF <= as_of <= LAST_AS_OF:
        raise ConfigError(
            f"as_of: {as_of} is outside {FIRST_AS_OF} to {LAST_AS_OF}, of which the calendar knows"
            " the holidays. Give a day of these years."
        )
    return as_of


def features_for(config: Config, store: Store) -> tuple[Feature, ...]:
    """Return every feature of a run: built in, of the store's extra columns, the user's own.

    Raises:
        ConfigError: A user's feature is wrong; it is named with what to do.
    """
    return _features_with(load_user_features(config.features), store)


def _features_with(own: tuple[Feature, ...], store: Store) -> tuple[Feature, ...]:
    check_against(store, own)
    return features_of(store) + own


def day_after_data(dataset: Dataset) -> date:
    """Return the first day by which all of the data were known."""
    newest = _one(
        f"""SELECT greatest(
            (SELECT max(issued_on) FROM {dataset.scan("bills")}),
            (SELECT max(CAST(posted_at AS DATE)) FROM {dataset.scan("payments")}))"""
    )
    if newest is None:
        raise DataError(f"{dataset.folder}: bills and payments have no rows; nothing can be seen.")
    day: date = newest
    return day + timedelta(days=1)


def refuse_unseen(dataset: Dataset, as_of: date) -> None:
    """Refuse a day before which the data know no bill: all that is made of it would be empty.

    Raises:
        DataError: No bill was issued before that day.
    """
    bills = dataset.scan("bills")
    if not _one(f"SELECT EXISTS (FROM {bills} WHERE issued_on < DATE '{as_of}')"):
        first = _one(f"SELECT min(issued_on) FROM {bills}")
        began = f"the first was issued on {first}" if first else "there are none at all"
        raise DataError(
            f"{dataset.folder}: no bill was known before {as_of}; {began}. Give a later as_of, or"
            " more history."
        )


def enough_buckets(dataset: Dataset) -> int:
    """Return how many buckets a dataset's customers need."""
    customers: int = _one(f"SELECT count(*) FROM {dataset.scan('customers')}")
    return max(1, -(-customers // BUCKET_CUSTOMERS))


def _one(query: str) -> Any:
    with connect() as connection:
        rows = connection.execute(query).fetchall()
    return rows[0][0]
