"""Bring a source into the contract, by a mapping or by the adapter that a source needs."""

from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from contract.errors import ConfigError
from contract.importing import Opener, import_tables
from contract.mapping import Mapping, load_mapping
from contract.postgres import POSTGRES, Postgres
from contract.uci_credit import import_uci_credit
from pipeline.privacy import Privacy, import_key

# A file whose statuses must be turned into bills; no mapping of columns can say that.
UCI_CREDIT = "uci_credit"


def import_source(
    source: Path | Postgres,
    out: Path,
    *,
    mapping: str,
    quarantine: bool,
    promote: frozenset[str],
    privacy: Privacy | None = None,
) -> dict[str, Any]:
    """Import a source and return what became of its rows, as JSON values.

    Args:
        source: A folder, a file, or the database that the environment names.
        privacy: Whether its ids become pseudonyms.

    Raises:
        ConfigError: The mapping is unknown or wrong, ``out`` is not empty, or the database cannot
            be reached.
        DataError: The source breaks the contract; nothing is written.
    """
    if mapping == UCI_CREDIT:
        if isinstance(source, Postgres):
            raise ConfigError(f"mapping: {UCI_CREDIT} reads a file, not {POSTGRES}. Give its path.")
        import_uci_credit(source, out)
        return {"output": str(out), "mapping": mapping}
    how = load_mapping(mapping)
    key = import_key(privacy or Privacy(), out)
    given = _opener(source, how) if isinstance(source, Postgres) else source
    report = import_tables(given, how, out, quarantine=quarantine, promote=promote, key=key)
    return {"output": str(out), "mapping": mapping, **report.as_dict()}


def _opener(settings: Postgres, mapping: Mapping) -> Opener:
    # PostgreSQL's driver is an extra: it is asked for only where a database is read.
    opens: Any = import_module("contract.postgres_source").open_database
    return partial(opens, settings, mapping)
