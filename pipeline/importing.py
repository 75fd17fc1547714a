"""Bring a source's files into the contract, by a mapping or by the adapter that a source needs."""

from pathlib import Path
from typing import Any

from contract.importing import import_tables
from contract.mapping import load_mapping
from contract.uci_credit import import_uci_credit

# A file whose statuses must be turned into bills; no mapping of columns can say that.
UCI_CREDIT = "uci_credit"


def import_source(
    source: Path, out: Path, *, mapping: str, quarantine: bool, promote: frozenset[str]
) -> dict[str, Any]:
    """Import a source and return what became of its rows, as JSON values.

    Raises:
        ConfigError: The mapping is unknown or wrong, or ``out`` is not empty.
        DataError: The source breaks the contract; nothing is written.
    """
    if mapping == UCI_CREDIT:
        import_uci_credit(source, out)
        return {"output": str(out), "mapping": mapping}
    report = import_tables(
        source, load_mapping(mapping), out, quarantine=quarantine, promote=promote
    )
    return {"output": str(out), "mapping": mapping, **report.as_dict()}
