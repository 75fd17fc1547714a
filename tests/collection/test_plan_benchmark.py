from benchmarks.plan import measure


def test_benchmark_tells_its_figures_and_that_both_ways_agree():
    figures = measure(2_000, 300)
    assert figures["customers"] == 2_000
    assert figures["contacts"] > 0
    assert figures["sample_differs"] == 0
    assert {"seconds", "peak_mb", "ratio_row_by_row"} <= figures.keys()
