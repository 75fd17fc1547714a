"""Wording: every text in both languages, and an error with its path for each that is not."""

import re

import pytest
import yaml
from pydantic import BaseModel

from contract.errors import ConfigError
from features.declare import Text
from reports import read_wording
from reports.wording import WORDING, both


def written(tmp_path, change):
    """A copy of the shipped wording with one change."""
    words = yaml.safe_load(WORDING.read_text(encoding="utf-8"))
    change(words)
    path = tmp_path / "wording.yaml"
    path.write_text(yaml.safe_dump(words, allow_unicode=True), encoding="utf-8")
    return path


def every_text(value):
    if isinstance(value, Text):
        yield value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from every_text(getattr(value, name))
    else:
        for item in value.values() if isinstance(value, dict) else value:
            yield from every_text(item)


def test_every_shipped_text_has_both_languages(wording):
    texts = list(every_text(wording))
    assert len(texts) > 150
    assert [text for text in texts if not (text.zh.strip() and text.en.strip())] == []


def test_no_english_text_holds_chinese(wording):
    assert [t.en for t in every_text(wording) if re.search("[\u4e00-\u9fff]", t.en)] == []


def test_sentences_and_codes_differ_between_the_languages(wording):
    same = {text.zh for text in every_text(wording) if text.zh == text.en}
    assert same == {"AUC", "PR-AUC", "KS"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w["columns"]["rank"].pop("en"), r"columns\.rank: no text in en; give both"),
        (lambda w: w["bands"]["call"].update(zh=" "), r"bands\.call: no text in zh"),
        (lambda w: w["columns"].pop("dpd"), r"columns: missing dpd"),
        (lambda w: w["strip"].update(odd={"zh": "一", "en": "a"}), r"strip: unknown odd"),
        (lambda w: w["reading"].append("text"), r"reading\.\d+: no text in zh"),
        (lambda w: w.pop("segments"), r"segments: Field required"),
        (lambda w: w.update(jokes={}), r"jokes: Extra inputs are not permitted"),
        (
            lambda w: w["sheets"]["list"].update(fr="Liste"),
            r"sheets\.list: only zh and en are read, found .*fr",
        ),
    ],
)
def test_breach_is_named_with_its_path(tmp_path, change, message):
    with pytest.raises(ConfigError, match=rf"wording\.yaml: .*{message}"):
        read_wording(written(tmp_path, change))


def test_all_breaches_are_told_at_once(tmp_path):
    def change(words):
        words["columns"].pop("dpd")
        words["bands"]["call"].pop("en")

    with pytest.raises(ConfigError, match=r"columns: missing dpd; bands\.call: no text in en"):
        read_wording(written(tmp_path, change))


def test_file_that_is_no_yaml_is_refused(tmp_path):
    path = tmp_path / "wording.yaml"
    path.write_text("columns: {rank: [", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"wording\.yaml: cannot be read as YAML .*line 1"):
        read_wording(path)


def test_absent_file_is_a_setting_error(tmp_path):
    with pytest.raises(ConfigError, match=r"gone\.yaml: no such file"):
        read_wording(tmp_path / "gone.yaml")


def test_word_equal_in_both_languages_is_shown_once():
    assert both(Text(zh="KS", en="KS")) == "KS"
    assert both(Text(zh="户号", en="Customer no."), "\n") == "户号\nCustomer no."
