"""Where things lie that two commands must agree on."""

from pathlib import Path


def truth_folder(data: Path) -> Path:
    """Return the folder of a simulated dataset's truth: next to it, never inside.

    Training and scoring never read it; only benchmarks do.
    """
    return data.with_name(f"{data.name}-truth")
