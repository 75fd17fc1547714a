"""Pages of real runs on a small town: what stands in the run, and what must never stand there."""

import re

import pandas as pd
import pytest

from features import build
from models.judging import MODEL
from pipeline.cards import MODEL_CARD
from pipeline.retelling import build_some, hold_reasons
from pipeline.tracking import read_text


@pytest.fixture(scope="module")
def card(town, trained) -> str:
    return read_text(trained.registered.run_id, MODEL_CARD, town.config.tracked)


def test_card_of_a_training_tells_its_version_run_and_digest(card, trained, town) -> None:
    registered = trained.registered
    for told in (
        registered.run_id,
        registered.model.sha256,
        town.prepared.store.fingerprint,
        f"duewatch train --from-run {registered.run_id} --data DATASET",
        f"{trained.touched} runs had looked",
        f"{trained.judged[0].figures['ece']:.3f}",
    ):
        assert told in card, told
    assert f"<td>{registered.version}</td>" in card


def test_card_of_a_training_holds_every_picture(card) -> None:
    assert len(re.findall(r"data:image/png;base64,", card)) == 10


def test_card_holds_no_path_of_the_machine_and_no_customer(card, town, trained) -> None:
    text = re.sub(r"base64,[A-Za-z0-9+/=]+", "", card)
    assert str(town.folder) not in text
    assert "/tmp" not in text  # noqa: S108 - looked for, not used
    rows = trained.trial.lists[0][1].rows.matrix
    for column in ("customer_id", "bill_id"):
        assert not [id_ for id_ in rows[column].head(300) if id_ in text]


def test_some_customers_built_alone_are_as_built_with_all(town, trained) -> None:
    day = trained.trial.lists[-1][1]
    some = day.rows.matrix["customer_id"].iloc[::9]
    (alone,) = build_some(
        town.prepared, "late", [day.as_of], some, buckets=town.prepared.store.buckets
    )
    every = build(town.prepared.store, day.as_of, features=town.prepared.features)
    pd.testing.assert_frame_equal(
        alone.sort_values("bill_id", ignore_index=True),
        every[every["customer_id"].isin(some)].sort_values("bill_id", ignore_index=True),
    )


def test_reasons_of_listed_bills_mostly_hold_from_day_to_day(town, trained) -> None:
    found = hold_reasons(
        town.config, town.prepared, trained.trained.model, trained.trial.lists[-1][1]
    )
    assert found["days"].tolist() == [-1, 1]
    assert (found["rows"] > 20).all()
    assert (found["same_family"] >= 0.8).all()
    assert (found["still_told"] >= found["same_family"]).all()


def test_shares_of_the_attrition_speak_of_days_before_the_cut_only(card, trained) -> None:
    kept = int(trained.trained.attrition["kept"])
    seen = trained.trained.attrition.drop("seen_at_or_after_cut").sum()
    assert f"{kept:,} ({kept / seen:.1%})" in card
    assert trained.trial.folds[0].trained[MODEL].attrition["kept"] != kept
