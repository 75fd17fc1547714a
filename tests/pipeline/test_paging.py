"""The page of a run: what it carries, that it asks for nothing, and that nothing in it can run."""

import base64
import gzip
import json
import re
import shutil

import pandas as pd
import pytest

from contract.errors import DataError
from pipeline.paging import write_page
from pipeline.runs import write_manifest


def carried(path):
    """Return what the page's script reads."""
    (data,) = re.findall(r'<script type="text/plain" id="data">([^<]*)</script>', path.read_text())
    return json.loads(gzip.decompress(base64.b64decode(data)))


def column(packed, name):
    found = packed["columns"][name]
    values = (
        found["v"] if "v" in found else [found["d"][at] if at >= 0 else None for at in found["i"]]
    )
    scale = found.get("scale", 1)
    return [value / scale for value in values] if scale != 1 else values


@pytest.fixture(scope="module")
def page(run, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "page.html"
    assert write_page(run.folder, path) == path.stat().st_size
    return path


def test_page_carries_the_list_as_it_was_written(page, run):
    listed = pd.read_csv(run.folder / "list.csv", dtype={"bill_id": str, "customer_id": str})
    told = carried(page)["list"]
    assert told["rows"] == len(listed)
    assert column(told, "customer_id") == listed["customer_id"].tolist()
    assert column(told, "expected_late_cny") == pytest.approx(listed["expected_late_cny"], abs=0.01)


def test_tiles_are_the_runs_own_counts_and_groups_add_up(page, run):
    told, counts = carried(page), run.manifest.counts
    tiles = {name: value for name, value, _ in told["tiles"]}
    assert (tiles["bills"], tiles["listed"]) == (counts["bills_scored"], counts["listed"])
    assert tiles["calls"] == counts["band_call"]
    for name in ("band", "segment"):
        assert sum(column(told["groups"][name], "count")) == tiles["bills"], name


def test_same_run_gives_the_same_page(page, run, tmp_path):
    write_page(run.folder, tmp_path / "again.html")
    assert (tmp_path / "again.html").read_bytes() == page.read_bytes()


def test_page_may_load_nothing_and_names_no_address(page):
    text = page.read_text("utf-8")
    assert "default-src 'none'" in text
    assert not re.findall(r"<(?:link|img|iframe|script[^>]+src)", text)
    assert not re.findall(r"https?://", text)


def test_names_are_carried_where_no_markup_is_read(run, tmp_path):
    attack = "</script><img src=x onerror=alert(1)>"
    folder = shutil.copytree(run.folder, tmp_path / run.folder.name)
    listed = pd.read_csv(folder / "list.csv", dtype=str, keep_default_na=False)
    listed.loc[0, "name"] = attack
    listed.to_csv(folder / "list.csv", index=False, encoding="utf-8-sig", lineterminator="\r\n")
    (folder / "manifest.json").unlink()
    write_manifest(folder, run.manifest)
    write_page(folder, tmp_path / "page.html")
    assert column(carried(tmp_path / "page.html")["list"], "name")[0] == attack
    assert attack not in (tmp_path / "page.html").read_text("utf-8")


def test_folder_that_is_no_run_gives_no_page(tmp_path):
    with pytest.raises(DataError, match="not a finished run"):
        write_page(tmp_path, tmp_path / "page.html")
    assert list(tmp_path.iterdir()) == []
