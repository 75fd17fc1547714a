"""Text that is no whole forest is refused before compiled code walks it."""

import re

import lightgbm as lgb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.treeshap import Batched, Uncovered

ROWS = np.random.default_rng(3).integers(0, 40, (1200, 4)).astype(float)
TEXT = lgb.train(
    {"num_leaves": 7, "verbosity": -1, "num_threads": 1, "min_data_per_group": 5},
    lgb.Dataset(
        ROWS, 9 * (ROWS[:, 0] % 5) + (ROWS[:, 1] > 9) * ROWS[:, 2], categorical_feature=[0]
    ),
    3,
).model_to_string()


def changed(name: str, word: int, to: str) -> str:
    """The text with one word of the first line of a name replaced."""

    def replace(line: re.Match) -> str:
        words = line[1].split()
        words[word % len(words)] = to
        return f"{name}={' '.join(words)}\n"

    return re.sub(f"^{name}=(.*)\n", replace, TEXT, count=1, flags=re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "to", "why"),
    [
        ("left_child", "0", "children do not make one tree"),
        ("right_child", "-99", "children do not make one tree"),
        ("right_child", "99", "children do not make one tree"),
        ("split_feature", "4", "split_feature names an input that is not there"),
        ("split_feature", "-1", "split_feature names an input that is not there"),
        ("decision_type", "12", "decision_type is none of LightGBM's"),
        ("cat_boundaries", "7", "cat_boundaries do not cut cat_threshold"),
        ("internal_count", "0", "a node or leaf has no row of training"),
        ("leaf_count", "0", "a node or leaf has no row of training"),
        ("leaf_value", "nan", "a leaf is not a number"),
        ("leaf_value", "high", "does not read as trees .*high"),
        ("leaf_value", "1 2", "leaf_value has 8 numbers, expected 7"),
        ("num_leaves", "8", "leaf_value has 7 numbers, expected 8"),
        ("internal_count", "9" * 30, "does not read as trees"),
    ],
)
def test_text_with_one_wrong_word_is_not_covered(name, to, why) -> None:
    with pytest.raises(Uncovered, match=why):
        Batched.from_text(changed(name, 0, to))


def test_a_set_of_categories_that_is_not_there_is_not_covered() -> None:
    first = re.search("^decision_type=(.*)$", TEXT, flags=re.MULTILINE)
    assert first is not None
    by_set = [int(word) & 1 for word in first[1].split()].index(1)
    for to in ("5", "-1", "nan"):
        with pytest.raises(Uncovered, match="names a set of categories that is not there"):
            Batched.from_text(changed("threshold", by_set, to))


@pytest.mark.parametrize("text", ["", "tree\n", TEXT.replace("left_child", "link"), TEXT[:900]])
def test_text_that_breaks_off_or_lacks_a_line_is_not_covered(text) -> None:
    with pytest.raises(Uncovered, match="does not read as trees"):
        Batched.from_text(text)


names = st.sampled_from(sorted(set(re.findall(r"^(\w+)=.", TEXT, flags=re.MULTILINE))))
words = st.integers(-(2**40), 2**40).map(str) | st.sampled_from(["inf", "-inf", "nan", "", "0.5"])


@given(name=names, word=st.integers(0, 50), to=words | st.integers(-8, 8).map(str))
def test_no_word_makes_the_walk_leave_its_arrays(name, word, to) -> None:
    try:
        batched = Batched.from_text(changed(name, word, to))
    except Uncovered:
        return
    if batched.inputs == ROWS.shape[1]:
        assert batched.contributions(ROWS[:20]).shape == (20, 4)
