"""Run the no-leak proof on a dataset, for built-in and user features."""

import tempfile
from datetime import timedelta
from functools import partial
from pathlib import Path

from contract.dataset import open_dataset
from features.prove import Proof, prove
from pipeline.config import Config
from pipeline.preparing import day_after_data, features_for, refuse_unseen
from pipeline.progress import step

FUTURE = timedelta(days=60)


def prove_features(config: Config, *, one_in: int) -> Proof:
    """Try every feature at the config's as_of against rewritten copies of its dataset.

    The default day lies 60 days before the data end, so that there is a future to hide.

    Raises:
        DataError: No bill was known before that day.
    """
    dataset = open_dataset(config.data)
    as_of = config.as_of or day_after_data(dataset) - FUTURE
    refuse_unseen(dataset, as_of)  # a proof on nothing proves nothing
    config.stores.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix=".prove-", dir=config.stores) as folder,
        step(f"Rebuild {config.data} with other futures") as report,
    ):
        return prove(
            dataset,
            as_of,
            Path(folder),
            features=partial(features_for, config),
            one_in=one_in,
            progress=report,
        )
