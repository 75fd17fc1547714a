import io

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from models.plots import calibration_plot, gains_plot
from models.probability import calibration_line, ece


def drawn(figure: Figure) -> bytes:
    """Return the picture; drawing is where matplotlib complains, and warnings are errors."""
    out = io.BytesIO()
    figure.savefig(out, format="png")
    assert plt.get_fignums() == []
    return out.getvalue()


def labels(figure: Figure) -> str:
    return " | ".join(a.get_xlabel() + " | " + a.get_ylabel() for a in figure.axes)


def test_calibration_plot_shows_the_told_against_the_seen(model, unseen) -> None:
    figure = calibration_plot(unseen.y, model.predict(unseen.matrix))
    assert "share of bills late" in labels(figure)
    assert "probability told | bills" in labels(figure)
    assert "slope" in "".join(words.get_text() for words in figure.axes[0].texts)
    assert drawn(figure).startswith(b"\x89PNG")


@pytest.mark.parametrize("amount", [True, False])
def test_gains_plot_lays_baselines_beneath_the_model(model, unseen, amount: bool) -> None:  # noqa: FBT001
    scores = {"model": model.predict(unseen.matrix), "count": unseen.matrix["late_count"]}
    owed = unseen.matrix["open_cny"] if amount else None
    figure = gains_plot(unseen.y, scores, amount=owed, capacity=0.1)
    entries = [entry.get_text() for entry in figure.axes[0].get_legend().get_texts()]
    assert entries == ["model", "count"]
    assert ("late amount" if amount else "late bills") in labels(figure)
    assert drawn(figure).startswith(b"\x89PNG")


def test_gains_begin_at_nothing_and_end_at_all(unseen) -> None:
    figure = gains_plot(unseen.y, {"truth": unseen.truth})
    listed, caught = figure.axes[0].lines[0].get_data()
    assert (listed[0], caught[0], listed[-1], caught[-1]) == (0, 0, 1, 1)
    assert (np.diff(np.asarray(caught)) >= 0).all()


def test_calibration_plot_tells_slope_intercept_and_error(unseen) -> None:
    figure = calibration_plot(unseen.y, unseen.truth, customers=unseen.matrix["customer_id"])
    (told,) = figure.axes[0].texts
    slope, intercept = calibration_line(unseen.y, unseen.truth)
    assert told.get_text().splitlines() == [
        f"slope {slope:.2f}",
        f"intercept {intercept:+.2f}",
        f"ECE {ece(unseen.y, unseen.truth):.4f}",
        f"1,500 bills, {unseen.y.mean():.1%} late, told {unseen.truth.mean():.1%}",
    ]
    assert drawn(figure).startswith(b"\x89PNG")
