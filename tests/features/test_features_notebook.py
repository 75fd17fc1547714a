from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "notebooks" / "01_features.ipynb"


def test_notebook_runs_from_top_to_bottom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    notebook = nbformat.read(PAGE, as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells), "strip the outputs"
    NotebookClient(notebook, timeout=180, kernel_name="python3").execute()
    told = "".join(str(out) for cell in notebook.cells for out in cell.get("outputs", ()))
    assert "no feature changed" in told
    assert "Its view outcome_facts has the columns" in told
