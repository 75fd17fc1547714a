import os
from datetime import date

import pandas as pd

from benchmarks import score
from benchmarks.feature_work import write_work
from benchmarks.score_parts import measure_pandas


def test_work_by_hand_ranks_every_bill_and_explains_a_quarter(tmp_path):
    write_work(tmp_path / "data", 200)
    assert measure_pandas(tmp_path, date(2025, 12, 10))["seconds"] > 0
    scores = pd.read_parquet(tmp_path / "by-hand" / "scores.parquet")
    listed = pd.read_csv(tmp_path / "by-hand" / "list.csv")
    assert scores["bill_id"].is_unique
    assert scores["expected"].is_monotonic_decreasing
    assert len(listed) == len(scores) // 4
    assert listed[["reason_1", "reason_2", "reason_3"]].notna().all(axis=None)


def test_memory_is_that_of_a_process_and_its_children():
    with score._watched() as peak:
        held = bytearray(60_000_000)
        held[::4096] = b"1" * len(held[::4096])
        while peak() == 0:
            pass
    assert peak() > 60
    assert score._resident_mb(os.getpid()) > 0
    assert score._resident_mb(2**22 + 1) == 0
