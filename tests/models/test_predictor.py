import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.errors import DataError
from models.calibration.curve import Calibration, Segments
from models.encoding import encode, learn_levels
from models.predictor import Model, make_model


def changed(files: dict[str, bytes], **fields: object) -> dict[str, bytes]:
    card = json.loads(files["model.json"]) | fields
    return files | {"model.json": json.dumps(card).encode()}


def test_files_give_back_the_same_predictions_bit_for_bit(model, unseen) -> None:
    back = Model.from_files(model.to_files())
    assert back == model
    for read in (Model.predict, Model.margin):
        assert read(back, unseen.matrix).tobytes() == read(model, unseen.matrix).tobytes()


def test_files_are_text_and_json_that_anyone_can_read(model, features) -> None:
    files = model.to_files()
    assert files["model.lgb"].startswith(b"tree\n")
    card = json.loads(files["model.json"])
    assert card["features"] == [f.name for f in features]
    assert card["levels"] == {"channel": ["counter", "debit", "wechat"]}
    assert card["target"] == "late"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(name=st.sampled_from(["model.lgb", "model.json"]), data=st.data())
def test_any_changed_byte_is_refused(model, name: str, data: st.DataObject) -> None:
    files = model.to_files()
    content = bytearray(files[name])
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(DataError, match="model: "):
        Model.from_files(files | {name: bytes(content)})


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"target": 3}, "target: Input should be 'late'"),
        ({"format": 1}, "format: Input should be 2"),
        ({"kind": "forest"}, "kind: Input should be 'trees', 'scorecard', 'blend' or 'rule'"),
        ({"extra": 1}, "extra: Extra inputs are not permitted"),
        ({"calibration": {"kind": "magic", "knots": []}}, "calibration: .*must hold kind"),
        ({"target": "late_30"}, "model.json was changed after it was written"),
    ],
)
def test_a_wrong_field_is_named(model, fields: dict, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Model.from_files(changed(model.to_files(), **fields))


@pytest.mark.parametrize("field", ["features", "calibration", "sha256"])
def test_a_missing_field_is_named(model, field: str) -> None:
    card = json.loads(model.to_files()["model.json"])
    del card[field]
    files = model.to_files() | {"model.json": json.dumps(card).encode()}
    with pytest.raises(DataError, match=f"{field}: Field required"):
        Model.from_files(files)


@pytest.mark.parametrize("name", ["model.lgb", "model.json"])
def test_a_missing_file_is_named(model, name: str) -> None:
    files = {k: v for k, v in model.to_files().items() if k != name}
    with pytest.raises(DataError, match=f"{name} is missing"):
        Model.from_files(files)


@pytest.mark.parametrize(
    ("content", "message"), [(b"\x80\x04pickle", "is not JSON"), (b"[]", "lacks card_sha256")]
)
def test_what_is_no_card_is_refused(model, content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Model.from_files(model.to_files() | {"model.json": content})


def test_a_lacking_feature_is_named_with_the_remedy(model, unseen) -> None:
    with pytest.raises(DataError, match=r"1 of 5 columns.*\(first: paid_share\).*Build it"):
        model.predict(unseen.matrix.drop(columns="paid_share"))


def test_unknown_categories_are_missing_and_counted(model, unseen) -> None:
    strange, missing = unseen.matrix.copy(), unseen.matrix.copy()
    strange.loc[:9, "channel"] = "barter"
    missing.loc[:9, "channel"] = None
    assert model.predict(strange).tobytes() == model.predict(missing).tobytes()
    assert model.count_unknown(strange) == {"channel": 10}
    assert model.count_unknown(unseen.matrix) == {"channel": 0}


def test_columns_beside_and_their_order_change_nothing(model, unseen) -> None:
    shuffled = unseen.matrix[unseen.matrix.columns[::-1]].assign(beside=1)
    assert model.predict(shuffled).tobytes() == model.predict(unseen.matrix).tobytes()


def test_no_rows_give_no_scores(model, unseen) -> None:
    assert model.predict(unseen.matrix[:0]).shape == (0,)


def test_codes_follow_the_levels_and_missing_stays_missing(features) -> None:
    matrix = pd.DataFrame(
        {"late_count": [1, None, 3], "channel": ["wechat", None, "counter"]}
    ).assign(bills_known=6, paid_share=0.5, noise=0.0)
    levels = learn_levels(matrix, features)
    assert levels == {"channel": ("counter", "wechat")}
    found = encode(matrix, ["channel", "late_count"], levels)
    np.testing.assert_array_equal(found, [[1, 1], [np.nan, np.nan], [0, 3]])


def test_words_in_a_number_column_are_refused() -> None:
    matrix = pd.DataFrame({"late_count": ["many"]})
    with pytest.raises(DataError, match=r"late_count holds .*expected numbers"):
        encode(matrix, ["late_count"], {})


SEGMENTED = Calibration(
    kind="platt",
    knots=((-1.0, -1.2), (1.0, 0.9)),
    segments=Segments(feature="channel", lines=(("counter", 1.0, 0.4), ("debit", 0.9, -0.1))),
    shift=-0.03,
)


@pytest.fixture
def segmented(model) -> Model:
    levels = {name: tuple(known) for name, known in model.card.levels.items()}
    return make_model(model.core, target="late", levels=levels, calibration=SEGMENTED)


def test_each_row_is_calibrated_by_its_own_segment(segmented, model, unseen) -> None:
    raw, channel = model.margin(unseen.matrix), unseen.matrix["channel"]
    assert segmented.margin(unseen.matrix).tobytes() == raw.tobytes()
    told = segmented.predict(unseen.matrix)
    odds = np.log(told) - np.log1p(-told)
    mapped = -0.15 + 1.05 * raw
    expected = np.where(channel == "counter", mapped + 0.4, mapped)
    expected = np.where(channel == "debit", 0.9 * mapped - 0.1, expected) - 0.03
    np.testing.assert_allclose(odds, expected, atol=1e-9)


def test_segments_read_from_json_score_to_the_same_bits(segmented, unseen) -> None:
    back = Model.from_files(segmented.to_files())
    assert back.calibration == SEGMENTED
    assert back.predict(unseen.matrix).tobytes() == segmented.predict(unseen.matrix).tobytes()
    # Rows scored one bucket at a time, in any order, keep their bits as well.
    order = np.random.default_rng(1).permutation(len(unseen.matrix))
    apart = [back.predict(unseen.matrix.iloc[part]) for part in np.array_split(order, 7)]
    assert np.concatenate(apart).tobytes() == back.predict(unseen.matrix)[order].tobytes()


def test_calibrating_by_no_feature_of_the_model_is_refused(segmented) -> None:
    features = [name for name in segmented.card.features if name != "channel"]
    card = segmented.card.model_copy(update={"features": features, "levels": {}})
    with pytest.raises(DataError, match=r"calibrates by channel, which is none"):
        Model.from_files(Model(core=segmented.core, card=card).to_files())
