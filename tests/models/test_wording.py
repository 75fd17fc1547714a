import numpy as np
import pandas as pd
import pytest

from contract.errors import ConfigError
from features import Feature, Reason, Text
from models.wording import fill, holds, quoted_units, tell

TREND = Feature(
    stem="trend",
    family="timing",
    over="outcome_facts",
    sql="0",
    unit="days",
    description=Text(zh="趋势", en="trend"),
    risk=Reason(
        when="<= -1",
        given="bills_seen >= 6",
        text=Text(zh="每期约晚{trend:abs}天", en="later by {trend:abs} days a bill"),
    ),
)


def test_a_size_is_written_without_its_sign() -> None:
    matrix = pd.DataFrame({"trend": [-3.2, -12.0]})
    told = fill(TREND.risk.text, matrix, {"trend": "days"})
    assert [text.zh for text in told] == ["每期约晚3天", "每期约晚12天"]
    assert told[0].en == "later by 3 days a bill"


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (0.0, "on the very day"),
        (0.4, "on the very day"),
        (-0.4, "on the very day"),
        (0.6, "with 1 day left"),
        (3.0, "with 3 days left"),
    ],
)
def test_what_would_be_written_as_zero_has_a_sentence_of_its_own(days: float, said: str) -> None:
    reason = Reason(
        text=Text(zh="还剩{trend}天", en="with {trend} days left"),
        at_zero=Text(zh="当天", en="on the very day"),
    )
    told = tell(reason, TREND, pd.DataFrame({"trend": [days]}), {"trend": "days"})
    assert [text.en for text in told] == [said]


def test_a_sentence_without_numbers_is_said_as_it_stands() -> None:
    told = fill(Text(zh="无逾期", en="on time"), pd.DataFrame({"x": [1.0, 2.0]}), {})
    assert [text.en for text in told] == ["on time", "on time"]


def test_another_column_may_forbid_the_sentence() -> None:
    matrix = pd.DataFrame({"trend": [-2.0, -2.0, -2.0], "bills_seen": [6.0, 5.0, np.nan]})
    assert holds(TREND.risk, TREND, matrix).tolist() == [True, False, False]


def test_a_condition_on_no_feature_is_refused() -> None:
    with pytest.raises(ConfigError, match="trend: a reason quotes bills_seen, which is no feature"):
        quoted_units((TREND,))


@pytest.mark.parametrize(
    ("days", "said"),
    [(1.0, "1 day late"), (21.0, "21 days late"), (0.0, "0 days late")],
)
def test_one_is_singular_in_english(days: float, said: str) -> None:
    told = fill(
        Text(zh="逾期{late}天", en="{late} days late"),
        pd.DataFrame({"late": [days]}),
        {"late": "days"},
    )
    assert told[0].en == said
