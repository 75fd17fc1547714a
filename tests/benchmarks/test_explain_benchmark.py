"""The benchmark of explanations tells what it promises, on a utility small enough for a test."""

from argparse import Namespace

from benchmarks import explain


def test_ways_of_explaining_are_compared_on_the_same_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(explain, "SIZES", ((3, 7, 3), (2, 15, 32)))
    arguments = Namespace(
        data=None,
        customers=200,
        cycles=16,
        learn_months=6,
        trees=5,
        rows=2_000,
        sample=50,
        threads=1,
        seed=1,
        growth=True,
    )
    told = explain.measure(tmp_path, arguments)
    assert (told["rows"], told["trees"]) == (2_000, 5)
    assert 2 <= told["leaves"] <= 31
    assert 1 <= told["depth"] <= 6
    assert told["max_abs_difference"] < 1e-12
    assert told["base_difference"] == 0
    assert min(told[f"ratio_{other}"] for other in ("pred_contrib", "shap", "predict")) > 0
    assert min(told["rows_per_second"], told["prepare_seconds"] + 1) > 0
    assert [size["trees"] for size in told["growth"]] == [3, 2]
