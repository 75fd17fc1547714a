"""What a run says of itself."""

import pytest

from features.declare import Text
from reports import METRICS, Compared
from reports.facts import compared_figures


def test_figure_without_wording_is_refused():
    with pytest.raises(ValueError, match="late_count: no wording for accuracy; see METRICS"):
        Compared(id="late_count", name=Text(zh="次数", en="Count"), figures={"accuracy": 0.9})


def test_figures_compared_keep_the_declared_order(facts):
    assert compared_figures(facts.comparison) == ("late_amount_caught", "auc", "brier")
    assert next(iter(METRICS)) == "late_amount_caught"
    assert compared_figures(()) == ()
