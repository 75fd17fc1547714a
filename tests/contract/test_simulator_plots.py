"""The page of plots: what it draws agrees with drawn bills, and it needs nothing from outside."""

from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
from nbclient import NotebookClient

from contract.simulator import simulate
from contract.simulator.plots import open_at_month_ends, payment_strips, roll_rates, write_plots


def _bills(rows: str) -> pd.DataFrame:
    cells = [[cell.strip() for cell in line.split("|")] for line in rows.strip().splitlines()]
    bills = pd.DataFrame(cells[1:], columns=cells[0]).replace("", None)
    for column in ("issued_on", "due_on", "settled_on"):
        bills[column] = pd.to_datetime(bills[column])
    bills["amount"] = bills.amount.astype(float)
    bills["cycle"] = bills.issued_on.dt.year * 100 + bills.issued_on.dt.month
    return bills.assign(cut_on=pd.Timestamp("2026-07-06"))


BILLS = _bills("""
    customer_id | issued_on  | due_on     | settled_on | amount
    prompt      | 2026-03-03 | 2026-03-25 | 2026-03-10 | 100
    slow        | 2026-03-03 | 2026-03-25 | 2026-04-02 | 200
    slow        | 2026-04-03 | 2026-04-25 | 2026-04-20 | 50
    stuck       | 2026-03-03 | 2026-03-25 |            | 400
""")


def test_open_bills_are_aged_at_each_month_end() -> None:
    owed = open_at_month_ends(BILLS).groupby(["on", "bucket"]).amount.sum()
    march, april, may, june = pd.to_datetime(
        ["2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30"]
    )
    assert owed.to_dict() == {(march, 1): 600, (april, 2): 400, (may, 3): 400, (june, 4): 400}


def test_roll_rate_is_the_share_of_amount_one_bucket_on() -> None:
    rolls = roll_rates(BILLS)
    assert rolls.loc["2026-03-31", "1-30"] == pytest.approx(400 / 600)
    assert rolls.loc["2026-04-30", "31-60"] == 1.0


def test_strip_tells_early_later_late_and_open() -> None:
    strips = payment_strips(BILLS, np.array([202603, 202604]))
    assert strips[:3].tolist() == [[3, 2], [1, 0], [6, 0]]  # most bills first
    assert (strips[3:] == 0).all()


def test_page_is_whole_and_reaches_for_nothing(tmp_path: Path) -> None:
    simulate(tmp_path / "data", tmp_path / "truth", customers=900, cycles=14, seed=2)
    page = write_plots(tmp_path / "data", tmp_path / "truth", tmp_path / "out" / "world.html")
    text = page.read_text(encoding="utf-8")
    assert text.count("<svg") == 5
    assert "所有数据均为模拟" in text
    assert not [part for part in ("<script", "<link", "src=") if part in text]


def test_notebook_runs_from_top_to_bottom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = Path(__file__).parents[2]
    monkeypatch.setenv("PYTHONPATH", str(root))
    path = root / "notebooks" / "simulated_utility.ipynb"
    notebook = nbformat.read(path, as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells), "strip the outputs"
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources=resources).execute()
    drawn = [out for cell in notebook.cells for out in cell.get("outputs", ())]
    assert sum("image/png" in out.get("data", {}) for out in drawn) >= 3
