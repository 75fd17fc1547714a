"""Pictures of contributions: what they show of the model, and never of a customer."""

import io

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from models.explain import contributions
from models.shap_plots import (
    Sample,
    explain_sample,
    pick_rows,
    shap_dependence,
    shap_summary,
    shap_waterfall,
)


@pytest.fixture(scope="module")
def history(unseen) -> pd.DataFrame:
    """The unseen rows with what tells clean and insufficient histories."""
    new = np.arange(len(unseen.matrix)) % 50 == 0
    return unseen.matrix.assign(
        customer_id="person " + unseen.matrix["customer_id"],
        bill_id="paper " + unseen.matrix["bill_id"],
        late_count_12m=unseen.matrix["late_count"],
        months_behind=0.0,
        bills_known_12m=np.where(new, 1.0, 12.0),
    )


@pytest.fixture(scope="module")
def sample(model, history) -> Sample:
    return explain_sample(model, history, rows=200)


def drawn(figure: Figure) -> bytes:
    """Return the picture; drawing is where matplotlib complains, and warnings are errors."""
    out = io.BytesIO()
    figure.savefig(out, format="png")
    assert plt.get_fignums() == []
    return out.getvalue()


def words(figure: Figure) -> str:
    texts = [
        text for axes in figure.axes for text in axes.findobj(lambda a: hasattr(a, "get_text"))
    ]
    return " | ".join(text.get_text() for text in texts)


def test_sample_holds_the_first_by_rank_whatever_is_drawn(model, history) -> None:
    first = model.priority(history, model.predict(history)).max()
    for seed in range(3):
        found = explain_sample(model, history, rows=20, seed=seed)
        assert len(found.p) in {20, 21}
        assert model.priority(found.rows, found.p).max() == first


def test_sample_is_explained_by_the_models_own_contributions(model, sample) -> None:
    again = contributions(model, sample.rows)
    assert np.array_equal(sample.found.log_odds, again.log_odds)
    whole = sample.found.log_odds.sum(axis=1) + sample.found.base
    assert np.allclose(whole, model.margin(sample.rows))


def test_picked_rows_are_what_their_names_say(model, sample) -> None:
    picked = pick_rows(model, sample)
    assert list(picked) == ["first", "clean", "relieved", "new", "median"]
    assert len(set(picked.values())) == 5
    priority = model.priority(sample.rows, sample.p)
    assert priority[picked["first"]] == priority.max()
    assert sample.rows["late_count_12m"].iloc[picked["clean"]] == 0
    assert sample.rows["bills_known_12m"].iloc[picked["new"]] == 1
    middle = np.median(sample.p)
    assert abs(sample.p[picked["median"]] - middle) <= np.quantile(np.abs(sample.p - middle), 0.05)


def test_kinds_without_a_row_are_left_out(model, history) -> None:
    nobody_new = explain_sample(model, history.assign(bills_known_12m=12.0), rows=50)
    assert "new" not in pick_rows(model, nobody_new)
    one = explain_sample(model, history.head(1))
    assert list(pick_rows(model, one)) == ["first"]


def test_summary_names_the_strongest_features(sample) -> None:
    figure = shap_summary(sample, most=3)
    names = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    assert sorted(names) == sorted(sample.strongest(3))
    assert sample.strongest(1) == ["late_count"]
    assert "log-odds of paying late" in figure.axes[0].get_xlabel()
    assert drawn(figure).startswith(b"\x89PNG")


def test_dependence_has_a_panel_a_feature_with_levels_by_name(sample) -> None:
    figure = shap_dependence(sample, most=10)
    named = {axes.get_xlabel(): axes for axes in figure.axes if axes.get_xlabel()}
    assert set(named) == set(sample.strongest(10))
    ticks = [tick.get_text() for tick in named["channel"].get_xticklabels()]
    assert ticks == ["counter", "debit", "wechat"]
    assert drawn(figure).startswith(b"\x89PNG")


def test_waterfall_tells_the_row_by_rounded_values_and_no_id(model, sample) -> None:
    row = pick_rows(model, sample)["first"]
    figure = shap_waterfall(sample, row)
    assert drawn(figure).startswith(b"\x89PNG")
    said = words(figure)
    assert "late_count" in said
    assert sample.rows["channel"].iloc[row] in said
    share = sample.rows["paid_share"].iloc[row]
    assert f"{share:.2g}" in said
    assert f"{share:.5f}" not in said
    assert all(axes.get_title() == "" for axes in figure.axes)
    assert "person" not in said
    assert "paper" not in said


def test_missing_values_are_said_to_be_missing(sample) -> None:
    row = int(np.flatnonzero(sample.rows["paid_share"].isna())[0])
    assert "missing" in sample.shown(row)


def test_same_sample_gives_the_same_picture(model, history) -> None:
    first, second = (explain_sample(model, history, rows=60, seed=4) for _ in range(2))
    assert first.rows.equals(second.rows)
    assert drawn(shap_summary(first)) == drawn(shap_summary(second))
