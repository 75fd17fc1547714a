"""The searchable page of every feature: how its values lie, what the champion makes of it."""

from collections.abc import Mapping

from contract.errors import ConfigError
from features import PREPAID_FEATURES, build, build_prepaid
from features.dictionary_page import dictionary_page
from pipeline.config import Config
from pipeline.preparing import prepare
from pipeline.progress import step
from pipeline.tracking import load


def write_dictionary(config: Config) -> str:
    """Return the page as HTML, for the dataset and day of a config."""
    prepared = prepare(config)
    with step("Build features") as report:
        matrix = build(prepared.store, prepared.as_of, features=prepared.features, progress=report)
        prepaid = build_prepaid(prepared.store, prepared.as_of)
    return dictionary_page(
        prepared.features,
        matrix,
        prepaid=(tuple(f for f in PREPAID_FEATURES if f.name not in matrix.columns), prepaid),
        source=f"{config.data}, {prepared.as_of}",
        importance=_importance(config),
    )


def _importance(config: Config) -> Mapping[str, float]:
    """Return each feature's share in the champion; nothing where there is no champion."""
    try:
        return load(config.tracked).model.importance()
    except ConfigError:
        return {}
