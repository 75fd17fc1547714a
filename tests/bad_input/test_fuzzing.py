"""Whatever the bytes, a reader succeeds or ends in one of the declared errors, briefly said."""

import json

import pytest
from bad_sources import OWN
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collection.policy import load_policy
from contract.checks import check_dataset
from contract.dataset import open_dataset
from contract.delimited import read_delimited
from contract.errors import ConfigError, DataError
from contract.mapping import load_mapping
from contract.staged import Layout
from pipeline.config import load_config
from pipeline.runs import read_manifest

pytestmark = pytest.mark.slow

MOST = 20_000
CONFIG = (
    "data: data\nbuckets: 3\nas_of: 2026-10-06\nbands: {call: {share: 0.1}}\ntarget: {name: late}\n"
)
POLICY = "based_on: china\nholdout: {share: 0.1, seed: 1}\ncosts_cny: {sms: 0.05}\nrules: []\n"
ROWS = "bill_id,amount,due_on\n" + "1,5.20,2026-10-01\n2,7.00,2026-10-02\n" * 5

fuzzed = settings(
    max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)


@st.composite
def spoilt(draw, good: bytes):
    """Good bytes with some of them cut out, doubled, turned or replaced."""
    content = bytearray(good)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(content) - 1)))
        end = min(len(content), at + draw(st.integers(0, 12)))
        content[at:end] = draw(st.one_of(st.binary(max_size=8), st.sampled_from(TOKENS)))
    return bytes(content)


# fmt: off
TOKENS = [b"", b"\0", b"[", b"{", b": ", b"&a ", b"*a", b"\t", b"- ", b'"', b"\n", b"~", b".inf",
          b".nan", b"-1", b"9" * 30, b"9" * 5000, "电".encode("gb18030"), b"2026-02-30",
          b"!!int "]
# fmt: on


def ends_well(read):
    told = "read"
    try:
        read()
    except (ConfigError, DataError) as error:
        told = str(error)
    assert 0 < len(told) < MOST


@pytest.mark.parametrize(
    ("good", "read"),
    [(CONFIG, load_config), (OWN, load_mapping), (POLICY, load_policy)],
    ids=["config", "mapping", "policy"],
)
@fuzzed
@given(data=st.data())
def test_any_yaml_is_read_or_refused(tmp_path, good, read, data):
    path = tmp_path / "own.yaml"
    path.write_bytes(data.draw(spoilt(good.encode())))
    ends_well(lambda: read(path))


@fuzzed
@given(content=spoilt(ROWS.encode()))
def test_any_delimited_text_is_read_or_refused(tmp_path, content):
    (tmp_path / "bills.csv").write_bytes(content)
    ends_well(lambda: read_delimited(tmp_path / "bills.csv", "bills.csv", Layout(), tmp_path))


@fuzzed
@given(data=st.data())
def test_any_manifest_is_read_or_refused(here, data):
    path = here / "a-run" / "manifest.json"
    good = json.dumps(json.loads(path.read_bytes())).encode()
    content = data.draw(spoilt(good))
    path.unlink()
    path.write_bytes(content)
    try:
        ends_well(lambda: read_manifest(here / "a-run"))
    finally:
        path.write_bytes(good)


@settings(fuzzed, max_examples=40)
@given(data=st.data())
def test_any_parquet_is_checked_or_refused(here, data):
    path = here / "data" / "bills.parquet"
    good = path.read_bytes()
    content = data.draw(spoilt(good))
    path.unlink()
    path.write_bytes(content)
    try:
        ends_well(lambda: check_dataset(open_dataset(here / "data")).raise_on_errors())
    finally:
        path.write_bytes(good)
