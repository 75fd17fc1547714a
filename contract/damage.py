"""Files of a dataset whose rows cannot be read, such as those of a copy that was broken off."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from contract import engine
from contract.dataset import Dataset, engine_files, table_files
from contract.errors import DataError


@contextmanager
def naming_damage(dataset: Dataset) -> Iterator[None]:
    """Say which file of a dataset is damaged where reading its rows fails.

    Opening reads what a file says of itself, not its rows.

    Raises:
        DataError: A file cannot be read to its end.
    """
    try:
        yield
    except engine.EngineError as fault:
        for table in dataset.stored:
            for path in table_files(dataset.folder, table):
                if _is_damaged(path):
                    raise DataError(
                        f"{path}: damaged, its rows cannot be read. Import or simulate it again,"
                        " or copy it once more."
                    ) from fault
        raise


def _is_damaged(path: Path) -> bool:
    try:
        with engine.connect(threads=1) as connection:
            rows = engine_files((path,))
            connection.execute(f"SELECT bit_xor(hash(COLUMNS(*))) FROM {rows}").fetchall()
    except engine.EngineError:
        return True
    return False
