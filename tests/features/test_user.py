from datetime import date
from pathlib import Path

import pytest
from worlds import by_customer, world

from contract.errors import ConfigError
from features import (
    FEATURES,
    Feature,
    Text,
    UserFeatures,
    build,
    check_against,
    features_of,
    load_user_features,
)

JUNE = date(2024, 6, 1)

YAML = """
- stem: paid_by_wechat
  over: payment_facts
  sql: count(*) FILTER (WHERE channel = 'wechat' AND paid AND {w})
  unit: count
  empty: 0
  windows: [3m, 2b]
  description: {zh: <window>微信交费笔数, en: "payments by WeChat, <window>"}
  risk: {when: "== 0", zh: <window>没有微信交费, en: no WeChat payment in the <window>}
- stem: limit_used
  over: row
  sql: bill_amount_cny / NULLIF(x_limit, 0)
  unit: ratio
  direction: 1
  description: {zh: 本期电费占额度, en: this bill over the limit}
  relief:
    zh: 本期电费为额度的{limit_used}倍
    en: this bill is {limit_used} times the limit
    at_zero: {zh: 本期电费远低于额度, en: this bill is far below the limit}
"""

PYTHON = """
from features import Feature, Text

FEATURES = (
    Feature(
        stem="wechat_a_bill",
        family="extra",
        over="row",
        sql="paid_by_wechat_3m / NULLIF(bills_issued_3m, 0)",
        unit="ratio",
        description=Text(zh="每期微信笔数", en="WeChat payments a bill"),
    ),
)
"""


@pytest.fixture(scope="module")
def store():
    return world(
        bills="""
            customer_id | issued_on  | due_on     | amount
            ann         | 2024-05-20 | 2024-06-10 | 50
            bob         | 2024-05-20 | 2024-06-10 | 50
            """,
        customers="""
            customer_id | x_limit
            ann         | 200
            bob         | -
            """,
        payments="""
            customer_id | paid_at    | amount | channel
            ann         | 2024-03-02 | 1      | wechat
            ann         | 2024-05-30 | 1      | wechat
            ann         | 2024-05-30 | 1      | alipay
            """,
    )


def write(folder: Path, name: str, text: str) -> UserFeatures:
    (folder / name).write_text(text, "utf-8")
    return UserFeatures(files=(Path(name),))


def declare(**changes) -> Feature:
    fields = {
        "stem": "mine",
        "family": "extra",
        "over": "payment_facts",
        "sql": "count(*)",
        "unit": "count",
        "description": Text(zh="我的", en="mine"),
    }
    return Feature(**(fields | changes))


def test_yaml_and_python_features_join_the_matrix(store, tmp_path):
    write(tmp_path, "mine.yaml", YAML)
    write(tmp_path, "more.py", PYTHON)
    files = UserFeatures(files=(Path("mine.yaml"), Path("more.py")))
    mine = load_user_features(files, tmp_path)
    check_against(store, mine)
    names = [feature.name for feature in mine]
    assert names == ["paid_by_wechat_3m", "paid_by_wechat_2b", "limit_used", "wechat_a_bill"]
    declared = features_of(store, FEATURES + mine)
    matrix = build(store, JUNE, features=declared)
    assert by_customer(matrix, "paid_by_wechat_3m") == {"ann": 2, "bob": 0}
    assert by_customer(matrix, "limit_used") == {"ann": 0.25, "bob": None}
    assert by_customer(matrix, "wechat_a_bill") == {"ann": 2, "bob": 0}
    assert mine[0].risk.text.zh == "近3个月没有微信交费"
    assert mine[2].relief.at_zero == Text(
        zh="本期电费远低于额度", en="this bill is far below the limit"
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"stem": "late_last"}, "late_last: the name is taken; choose another stem"),
        ({"stem": "open_cny"}, "open_cny: the name is taken"),
        ({"stem": "own_late"}, "own_late: the name is taken"),
        ({"stem": "Mine Own"}, "a stem is lower-case letters, digits and _"),
        ({"sql": "(SELECT max(late) FROM bill_history)"}, "'SELECT' would look past its view"),
        ({"sql": "max(now() - on_day)"}, "'now' would look past its view and so past as_of"),
        ({"sql": "count(*) -- all"}, "'; or a comment' would look past"),
        ({"sql": "extract(day FROM max(on_day))"}, r"day\(x\) instead of extract"),
    ],
)
def test_a_taken_name_or_a_look_past_the_view_is_refused(changes, message, tmp_path):
    fields = {"stem": "mine", "sql": "count(*)"} | changes
    text = f"""
- stem: {fields["stem"]!r}
  over: payment_facts
  sql: "{fields["sql"]}"
  unit: count
  description: {{zh: 我的, en: mine}}
"""
    with pytest.raises(ConfigError, match=message):
        load_user_features(write(tmp_path, "mine.yaml", text), tmp_path)


def test_quoted_words_reach_nowhere(store):
    mine = declare(sql="count(*) FILTER (WHERE channel = 'from; now')")
    check_against(store, (mine,))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sql": "sum(cancelled_on)"}, "mine: .*cancelled_on.* not found.* has the columns "),
        ({"sql": "sum(amount)"}, "Its view payment_facts has the columns customer_id, amount_fen,"),
        ({"sql": "amount_fen"}, "mine: .*must appear in the GROUP BY"),
        ({"sql": "max(channel)"}, "gives text, but its unit is count"),
        ({"over": "row", "sql": "x_limits"}, "Its view row has the columns .*x_limit"),
        ({"over": "row", "sql": "paid_at"}, "Its view row has the columns .*slack_last"),
    ],
)
def test_what_cannot_be_computed_is_refused_with_the_columns_there_are(store, changes, message):
    with pytest.raises(ConfigError, match=message):
        check_against(store, (declare(**changes),))


def test_two_features_of_one_name_are_refused(tmp_path):
    entries = YAML + YAML
    with pytest.raises(ConfigError, match="paid_by_wechat_3m: the name is taken"):
        load_user_features(write(tmp_path, "mine.yaml", entries), tmp_path)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("mine.yaml", "- {stem: a}", r"mine.yaml: 0.over: Field required"),
        ("mine.yaml", YAML.replace("empty", "emtpy"), "0.emtpy: Extra inputs are not permitted"),
        ("mine.yaml", "- [", "mine.yaml: cannot be read as YAML in UTF-8"),
        ("mine.yaml", YAML.replace("3m", "3w"), "window '3w' is not understood; write 6m"),
        ("mine.yaml", YAML.replace("== 0", "= 0"), "reason condition '= 0' is not understood"),
        ("mine.py", "FEATURES = 3", "mine.py: expected FEATURES, a tuple of features.Feature"),
        ("mine.sql", "", "mine.sql: features are declared in .yaml or .py files"),
    ],
)
def test_a_file_that_is_not_understood_is_refused(tmp_path, name, text, message):
    with pytest.raises(ConfigError, match=message):
        load_user_features(write(tmp_path, name, text), tmp_path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"ghost\.yaml: no such file of features"):
        load_user_features(UserFeatures(files=(Path("ghost.yaml"),)), tmp_path)


def test_no_files_are_no_features(tmp_path):
    assert load_user_features(UserFeatures(), tmp_path) == ()
