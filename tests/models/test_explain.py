from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from contract.errors import ConfigError
from features.declare import Feature, Reason, Text
from models.calibration.curve import Calibration, Segments
from models.explain import (
    Contributions,
    by_family,
    contributions,
    explain,
    reason_codes,
    reasons,
)
from models.predictor import make_model
from models.wording import quoted_units, write


def declare(name: str, family: str, **more: object) -> Feature:
    words = Text(zh=f"{name}为{{{name}}}", en=f"{name} is {{{name}}}")
    fields = {"unit": "count", "risk": Reason(text=words), "relief": Reason(text=words)}
    return Feature(
        stem=name,
        family=family,  # type: ignore[arg-type]
        over="row",
        sql="",
        description=words,
        **(fields | more),  # type: ignore[arg-type]
    )


def said(
    pushes: dict[str, float], features: tuple[Feature, ...], most: int = 3, **own: object
) -> tuple[list[str], str | None]:
    """Return the English risk reasons and the protecting one of a single row."""
    row = {f.name: 1.0 for f in features} | own
    found = Contributions(
        names=tuple(f.name for f in features),
        log_odds=np.array([[pushes.get(f.name, 0.0) for f in features]]),
        base=np.zeros(1),
    )
    (told,) = explain(found, pd.DataFrame([row]), features, most=most)
    return [s.text.en for s in told.risk], told.relief.text.en if told.relief else None


TIMING, WORST, OPEN, SHOCK = (
    declare("slow", "timing"),
    declare("worst", "lateness"),
    declare("open", "arrears"),
    declare("shock", "amount"),
)


def test_contributions_and_base_add_up_to_the_raw_margin(model, unseen) -> None:
    found = contributions(model, unseen.matrix)
    total = found.log_odds.sum(axis=1) + found.base
    np.testing.assert_allclose(total, model.margin(unseen.matrix), rtol=0, atol=1e-10)


def test_contributions_explain_the_raw_margin_whatever_the_calibration(model, unseen) -> None:
    """What a segment or a month adds is no feature's doing, so it is in no reason."""
    calibration = Calibration(
        kind="beta",
        beta=(1.1, 0.9, 0.2),
        segments=Segments(feature="channel", lines=(("counter", 1.0, 0.4),)),
        shift=0.1,
    )
    levels = {name: tuple(known) for name, known in model.card.levels.items()}
    other = make_model(model.core, target="late", levels=levels, calibration=calibration)
    found, same = contributions(other, unseen.matrix), contributions(model, unseen.matrix)
    assert found.log_odds.tobytes() == same.log_odds.tobytes()
    total = found.log_odds.sum(axis=1) + found.base
    np.testing.assert_allclose(total, other.margin(unseen.matrix), rtol=0, atol=1e-10)
    told = calibration.apply(total, unseen.matrix["channel"])
    np.testing.assert_allclose(told, other.predict(unseen.matrix), rtol=0, atol=1e-10)


def test_family_sums_keep_the_total(model, unseen, features) -> None:
    found = contributions(model, unseen.matrix)
    families = by_family(found, features)
    assert set(families.columns) == {f.family for f in features}
    np.testing.assert_allclose(families.sum(axis=1), found.log_odds.sum(axis=1), atol=1e-10)


def test_planted_cause_leads_the_reasons(model, unseen, features) -> None:
    planted = unseen.matrix.assign(late_count=6.0, paid_share=0.9, channel="debit", noise=0.0)
    told = reasons(model, planted[:200], features)
    assert {row.risk[0].text.en for row in told} == {"late in 6 of 6"}
    assert {row.risk[0].feature for row in told} == {"late_count"}


def test_the_strongest_protection_is_told(model, unseen, features) -> None:
    safe = unseen.matrix.assign(late_count=0.0, paid_share=0.95)
    told = reasons(model, safe[:50], features)
    assert {row.relief.text.en for row in told if row.relief} == {"never late"}


def test_families_are_ranked_by_their_summed_push() -> None:
    twin = declare("twin", "timing")
    pushes = {"slow": 0.3, "twin": 0.3, "worst": 0.5, "open": 0.2, "shock": 0.1}
    found, relief = said(pushes, (TIMING, twin, WORST, OPEN, SHOCK))
    assert found == ["slow is 1", "worst is 1", "open is 1"]
    assert relief is None


def test_only_families_that_push_up_give_reasons() -> None:
    twin = declare("twin", "timing")
    pushes = {"slow": 0.3, "twin": -0.9, "worst": 0.1, "open": -0.2}
    assert said(pushes, (TIMING, twin, WORST, OPEN)) == (["worst is 1"], "twin is 1")


def test_nothing_to_say_gives_no_reason() -> None:
    assert said({}, (TIMING, WORST)) == ([], None)


def test_next_feature_speaks_when_the_strongest_cannot() -> None:
    mute = declare("mute", "timing", risk=None)
    untrue = declare("untrue", "timing", risk=Reason(text=TIMING.description, when="> 5"))
    pushes = {"mute": 0.9, "untrue": 0.8, "slow": 0.1, "worst": 0.5}
    assert said(pushes, (mute, untrue, TIMING, WORST))[0] == ["slow is 1", "worst is 1"]


def test_a_family_without_a_true_sentence_is_skipped() -> None:
    mute = declare("mute", "lateness", risk=None)
    found, _ = said({"mute": 0.9, "slow": 0.1, "open": 0.2}, (mute, TIMING, OPEN), most=1)
    assert found == ["open is 1"]


@pytest.mark.parametrize("lacking", ["slow", "worst"])
def test_a_sentence_needs_every_value_it_quotes(lacking: str) -> None:
    both = replace(
        TIMING, risk=Reason(text=Text(zh="{slow}{worst}", en="{slow} slow, {worst} worst"))
    )
    assert said({"slow": 1.0}, (both, WORST))[0] == ["1 slow, 1 worst"]
    assert said({"slow": 1.0}, (both, WORST), **{lacking: np.nan})[0] == []


def test_sentences_carry_the_rows_own_numbers_in_both_languages() -> None:
    words = Text(zh="本期{bill}，为平时的{shock}倍", en="{bill} is {shock}× the usual")
    features = (
        replace(SHOCK, unit="ratio", risk=Reason(text=words, when=">= 1.2")),
        declare("bill", "amount", unit="CNY"),
    )
    found = Contributions(
        names=("shock", "bill"), log_odds=np.array([[1.0, 0.0]] * 3), base=np.zeros(3)
    )
    matrix = pd.DataFrame({"shock": [1.94, 1.19, 2.0], "bill": [1234.5, 9.0, 7.0]})
    told = explain(found, matrix, features)
    assert told[0].risk[0].text == Text(
        zh="本期¥1,234.50，为平时的1.9倍", en="¥1,234.50 is 1.9× the usual"
    )
    assert told[1].risk == ()
    assert told[2].risk[0].text.en == "¥7.00 is 2.0× the usual"


@pytest.mark.parametrize(
    ("value", "unit", "written"),
    [
        (1234567.891, "CNY", "¥1,234,567.89"),
        (-3.5, "CNY", "-¥3.50"),
        (4.0, "count", "4"),
        (-0.4, "days", "0"),
        (7.6, "days", "8"),
        (0.254, "share", "25%"),
        (1.94, "ratio", "1.9"),
        (12345.6, "kWh", "12,346"),
        (0.123456789, "number", "0.123457"),
        ("bank_debit", "code", "bank_debit"),
        (float("nan"), "CNY", "-"),
    ],
)
def test_values_are_written_by_their_unit(value: object, unit: str, written: str) -> None:
    assert write(value, unit) == written  # type: ignore[arg-type]


def test_a_reason_that_quotes_no_feature_is_refused() -> None:
    bad = replace(TIMING, risk=Reason(text=Text(zh="{ghost}", en="{ghost}")))
    with pytest.raises(ConfigError, match="slow: a reason quotes ghost, which is no feature"):
        quoted_units((bad,))


def test_a_code_cannot_be_compared_with_a_number() -> None:
    bad = replace(TIMING, unit="code", risk=Reason(text=Text(zh="x", en="x"), when="> 0"))
    with pytest.raises(ConfigError, match="slow: its reason holds when '> 0', but it is a code"):
        said({"slow": 1.0}, (bad,), slow="debit")


def test_rows_without_any_have_no_reasons(model, unseen, features) -> None:
    assert reasons(model, unseen.matrix[:0], features) == []


def test_codes_without_words_are_those_of_the_reasons(model, unseen, features) -> None:
    codes = reason_codes(model, unseen.matrix, features)
    told = reasons(model, unseen.matrix, features)
    assert codes.index.equals(unseen.matrix.index)
    for place in range(3):
        ranked = [row.risk[place] if len(row.risk) > place else None for row in told]
        assert codes[f"reason_{place + 1}"].tolist() == [s.feature if s else "" for s in ranked]
        np.testing.assert_array_equal(
            codes[f"push_{place + 1}"], [s.push if s else np.nan for s in ranked]
        )
    assert (codes["reason_1"] != "").any()
