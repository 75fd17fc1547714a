from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "notebooks" / "02_backtest.ipynb"


def test_backtest_notebook_compares_champion_and_challenger(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    notebook = nbformat.read(PAGE, as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells), "strip the outputs"
    NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    told = "".join(str(out) for cell in notebook.cells for out in cell.get("outputs", ()))
    assert "challenger leads by" in told
    assert "against the champion: accepted=" in told
    assert "against the simple rankings: accepted=" in told
    assert told.count("image/png") == 2
