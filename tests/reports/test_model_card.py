"""The model card: whole, in both languages, standing alone, and saying what the facts say."""

import re
import struct
import zlib
from base64 import b64encode
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import pandas as pd
import pytest
import yaml

from contract.errors import ConfigError
from features import FEATURES
from features.declare import Text
from models.acceptance import Acceptance, Verdict
from models.fit import Part
from models.judging import Judged
from models.parameters import Parameters
from models.snapshots import Snapshots
from models.stability import COLUMNS
from models.target import Target
from reports.card_facts import CardFacts, Checked, DataFacts, Stretch
from reports.card_wording import CARD_WORDING, FIGURES, TITLES, CardWording, read_card_wording
from reports.model_card import render_card

RULE = "months_behind"


def _png() -> bytes:
    """One grey dot."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        told = struct.pack(">I", len(body)) + kind + body
        return told + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    dot = zlib.compress(b"\x00\x80")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", dot) + chunk(b"IEND", b"")


def _judged(id_: str, zh: str, en: str, **figures: float) -> Judged:
    return Judged(id=id_, name=Text(zh=zh, en=en), figures=figures)


def _summary() -> pd.DataFrame:
    rows = []
    caught = {"model": 0.6243, "scorecard": 0.6121, RULE: 0.5008}
    for figure in ("late_amount_caught", "auc", "clean_auc"):
        for id_, mean in caught.items():
            lead = caught["model"] - mean
            rows.append(
                {
                    "ranking": id_,
                    "figure": figure,
                    "mean": mean,
                    "low": mean - 0.02,
                    "high": mean + 0.02,
                    "worst": mean - 0.1,
                    "trend": 0.001,
                    "lead": lead,
                    "lead_low": lead - 0.01,
                    "lead_high": lead + 0.01,
                }
            )
    return pd.DataFrame(rows)


def _by_month() -> pd.DataFrame:
    told = {"model": (0.63, 0.71), "scorecard": (0.61, 0.69), RULE: (0.50, 0.5)}
    return pd.DataFrame(
        [
            {
                "as_of": day,
                "ranking": id_,
                "rows": 1_234.0,
                "late_rate": 0.157,
                "late_amount_caught": caught,
                "clean_auc": clean,
            }
            for day in ("2026-08-06", "2026-09-06")
            for id_, (caught, clean) in told.items()
        ]
    )


def _by_slice(*, tariff: str) -> pd.DataFrame:
    told = [
        ("all", "", 2_000, 0.20, 0.10, 0.030),
        ("urban_rural", "rural", 800, 0.21, 0.087, 0.028),
        ("urban_rural", "urban", 1_200, 0.19, 0.107, 0.042),
        ("protected", "False", 1_900, 0.20, 0.10, 0.030),
        ("protected", "True", 60, 0.10, 0.50, 0.010),
        ("tariff", tariff, 1_900, 0.20, 0.10, 0.030),
        ("segment", "residential", 1_800, 0.20, 0.05, 0.010),
        ("segment", "commercial", 200, 0.30, 0.55, 0.180),
    ]
    columns = ["slice", "level", "rows", "late_rate", "caught", "alarms"]
    return pd.DataFrame(told, columns=columns).assign(
        late_low=0.19, late_high=0.21, mean_probability=0.198, auc=0.81, scorecard_auc=0.8
    )


def _stretch(*, tariff: str = "202") -> Stretch:
    groups = [("2026-08", "month", 1_000, 210), ("residential", "segment", 1_800, 360)]
    return Stretch(
        id="held_out",
        months=("2026-08", "2026-09"),
        looked=4,
        judged=(
            _judged("model", "本模型", "duewatch", late_caught=0.136, ece=0.0131, auc=0.847),
            _judged("scorecard", "评分卡", "Scorecard", late_caught=0.14),
            _judged(RULE, "欠费期数", "Months behind", late_caught=0.23),
        ),
        summary=_summary(),
        by_month=_by_month(),
        by_slice=_by_slice(tariff=tariff),
        by_group=pd.DataFrame(
            [
                {
                    "group": group,
                    "of": of,
                    "rows": rows,
                    "late": late,
                    "mean_p": 0.2,
                    "late_rate": late / rows,
                    "low": 0.18,
                    "high": 0.22,
                    "inside": True,
                }
                for group, of, rows, late in groups
            ]
        ),
    )


@pytest.fixture(scope="module")
def facts() -> CardFacts:
    feature = next(one for one in FEATURES if one.name == "late_count_6m")
    attrition = pd.DataFrame({"2026-10-06": {"already_overdue": 120, "kept": 880}})
    return CardFacts(
        page="card",
        identity={
            "model": "duewatch-late",
            "version": "12",
            "run": "0a1b2c3d",
            "kind": "trees",
            "digest": "feedbeef",
            "fingerprint": "9f2b41c07de1",
        },
        as_of=date(2026, 10, 6),
        target=Target(grace_days=2, posting_lag_days=3),
        snapshots=Snapshots(learn_months=11),
        parameters=Parameters(),
        acceptance=Acceptance(),
        capacity=0.05,
        data=DataFacts(
            rows=1_000,
            customers=345,
            days=(date(2025, 10, 6), date(2026, 9, 16)),
            parts=(Part(name="train", rows=700, late=140, first_cycle=24309, last_cycle=24317),),
            absent=("contacts",),
            checks=(Checked(subject="bills.kwh", rule="K07", count=37, total=1_180),),
            attrition=attrition,
        ),
        features=(feature,),
        importance=pd.DataFrame({"feature": ["late_count_6m"], "share": [0.77]}),
        calibration="platt",
        calibrations=pd.DataFrame(
            [
                {
                    "kind": "platt",
                    "by": "",
                    "rows": 500,
                    "log_loss": 0.39567,
                    "worse": 0.0,
                    "worse_se": 0.0,
                    "brier": 0.12,
                    "ece": 0.02,
                    "slope": 1.03,
                    "intercept": -0.1,
                    "chosen": True,
                }
            ]
        ),
        rule_for_new=False,
        stretches=(_stretch(),),
        stability=pd.DataFrame(
            [dict.fromkeys(COLUMNS, 0.0) | {"days": 1, "rows": 271.0, "same_family": 0.9934}]
        ),
        verdict=Verdict(
            accepted=True,
            advice="model",
            reasons=(Text(zh="须达到 0.6", en="AUC 0.7 against 0.6 <needed>"),),
        ),
        figures=dict.fromkeys(FIGURES, _png()),
        commands=("duewatch train --from-run 0a1b2c3d --data DATASET",),
    )


@pytest.fixture(scope="module")
def wording() -> CardWording:
    return read_card_wording()


@pytest.fixture(scope="module")
def page(facts) -> str:
    return render_card(facts)


class Reader(HTMLParser):
    """What a browser would see: text by language, links, images, and whether tags are closed."""

    VOID = frozenset({"meta", "img", "br", "link", "input"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.said: list[str] = []
        self.titles: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag == "h2":
            self.titles.append(dict(attrs)["id"])
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.said.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.said).split())


def test_every_section_is_there_in_both_languages(page, wording) -> None:
    found = Reader(page)
    assert set(found.titles) == set(TITLES)
    for title in wording.titles.values():
        assert title.zh in found.text
        assert title.en in found.text
    for section, texts in wording.prose.items():
        if section in {"protocol_rolling", "data_extra"}:
            continue
        for text in texts:
            for words in (text.zh, text.en):
                first = re.split(r"<\w+>", words)[0].strip()
                assert " ".join(first.split()) in found.text


def test_nothing_is_fetched_and_nothing_runs(page) -> None:
    found = Reader(page)
    tags = {tag for tag, _, _ in found.attributes}
    assert tags & {"script", "link", "iframe", "object"} == set()
    assert not re.search(r"https?:|//\w|url\(|@import", page.replace("image/png;base64", ""))
    sources = [value for tag, name, value in found.attributes if (tag, name) == ("img", "src")]
    assert sources == [f"data:image/png;base64,{b64encode(_png()).decode()}"] * len(FIGURES)
    assert not [name for _, name, _ in found.attributes if name.startswith("on")]


def test_drawn_facts_appear_on_the_page(page) -> None:
    text = Reader(page).text
    for fact in (
        *("duewatch-late", "0a1b2c3d", "feedbeef", "9f2b41c07de1"),
        "62.4% [60.4%, 64.4%]",  # the model, with its interval
        "+1.2% [+0.2%, +2.2%]",  # its lead over the scorecard
        "已有 4 次运行看过",
        "4 runs had looked",
        "already past due when seen 120 (12.0%)",
        "kept 880 (88.0%)",
        "2 days after its due day",
        "bills.kwh K07 37 / 1,180",
        "optional tables were absent",
        "contacts",
        "99.3%",
        "rural 8.7% – urban 10.7% 2.0",
        "学习 learn 2025-10 – 2026-06 700 140 20.0%",
        "duewatch train --from-run 0a1b2c3d --data DATASET",
        "1 of 1 features",
    ):
        assert fact in text, fact


def test_headline_is_held_against_the_strongest_other_ranking(page) -> None:
    assert "ahead of Scorecard by" in Reader(page).text


def test_a_refused_model_is_told_with_what_to_use_instead(facts) -> None:
    refused = Verdict(accepted=False, advice=RULE, reasons=(Text(zh="否", en="no"),))
    text = Reader(render_card(replace(facts, verdict=refused))).text
    assert "应使用：欠费期数" in text
    assert "the simpler way; use: Months behind" in text


def test_text_of_the_data_is_escaped(facts) -> None:
    spoiled = replace(facts, stretches=(_stretch(tariff="<script>alert('x')</script>"),))
    page = render_card(spoiled)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "0.6 &lt;needed&gt;" in page


def test_groups_of_few_late_bills_are_pale_and_prove_no_gap(page) -> None:
    assert re.search(r'<tr class="few">\s*<td><span lang="zh">是', page)
    gaps = page[page.index("组间最大差距") : page.index("全部分组")]
    assert "保护对象" not in gaps
    assert "城乡" in gaps


def test_a_report_of_many_models_has_no_version(facts) -> None:
    told = {k: v for k, v in facts.identity.items() if k not in {"version", "run", "digest"}}
    rolling = replace(_stretch(), id="rolling", looked=None)
    text = Reader(
        render_card(replace(facts, page="report", identity=told, stretches=(rolling, _stretch())))
    ).text
    assert "验证报告 Validation report" in text
    assert "in each of 2026-08, 2026-09 a model is trained anew" in text
    assert "twin" not in text


def test_what_is_lacking_is_said_or_left_out(facts) -> None:
    bare = replace(
        facts,
        data=replace(facts.data, absent=(), checks=()),
        stability=None,
        figures={},
        calibrations=facts.calibrations.iloc[:0],
        parameters=Parameters(monotone=False),
        rule_for_new=True,
    )
    found = Reader(render_card(bare))
    assert "the data checks found nothing to warn of" in found.text
    assert "this was not tested" in found.text
    assert "tables were absent, so" not in found.text
    assert "directions were not imposed" in found.text
    assert "a rule of hierarchical late rates speaks" in found.text
    assert not [1 for tag, _, _ in found.attributes if tag == "img"]


@pytest.mark.parametrize(
    ("kind", "monotone", "is_bound"),
    [
        ("trees", True, True),
        ("trees", False, False),
        ("blend", False, False),
        ("scorecard", False, True),
        ("rule", True, False),
    ],
)
def test_directions_are_said_to_bind_only_where_they_do(facts, kind, monotone, is_bound) -> None:
    told = replace(
        facts,
        identity=dict(facts.identity) | {"kind": kind},
        parameters=Parameters(monotone=monotone),
    )
    text = Reader(render_card(told)).text
    assert ("1 of 1 features are bound" in text) == is_bound
    assert ("directions were not imposed" in text) != is_bound


def test_columns_that_the_source_added_are_named(facts, page) -> None:
    age = replace(facts.features[0], stem="x_age", window=None)
    told = Reader(render_card(replace(facts, features=(*facts.features, age)))).text
    assert "must be shown to be lawful and needed: x_age." in told
    assert "lawful and needed" not in Reader(page).text


def test_sign_off_leaves_room_for_three_people(page) -> None:
    part = page[page.index('id="signoff"') : page.index('id="appendix"')]
    assert part.count("<td></td><td></td><td></td><td></td>") == 3
    for role in ("Developer", "Independent validator", "Business owner"):
        assert role in part


def test_same_facts_give_the_same_bytes(facts, page) -> None:
    assert render_card(facts) == page


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda told: told["heads"].pop("auc"), r"heads: missing auc"),
        (lambda told: told["titles"]["data"].pop("zh"), r"titles\.data: no text in zh"),
        (lambda told: told["prose"].pop("limits"), r"prose: missing, empty or unknown: limits"),
        (lambda told: told["prose"].update(misuse=[]), r"prose: missing, empty or unknown: misuse"),
        (
            lambda told: told["phrases"].update(more={"zh": "x", "en": "x"}),
            r"phrases: unknown more",
        ),
        (lambda told: told.pop("roles"), r"roles: Field required"),
    ],
)
def test_a_missing_or_unknown_wording_is_refused(tmp_path, spoil, told) -> None:
    words = yaml.safe_load(CARD_WORDING.read_text("utf-8"))
    spoil(words)
    path = tmp_path / "model_card.yaml"
    path.write_text(yaml.safe_dump(words, allow_unicode=True), "utf-8")
    with pytest.raises(ConfigError, match=rf"model_card\.yaml: {told}"):
        read_card_wording(path)


def test_every_wording_is_used_by_the_page(wording) -> None:
    code = "".join(
        (CARD_WORDING.parent.parent / "reports" / name).read_text("utf-8")
        for name in ("model_card.py", "card_tables.py", "card_results.py", "model_card.html.j2")
    )
    for section in ("heads", "phrases", "titles", "figures"):
        for name in getattr(wording, section):
            assert re.search(rf'"{name}"|{section}\.{name}\b', code), f"{section}.{name}"
