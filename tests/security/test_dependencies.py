"""What duewatch is installed from: pinned, from an index, whole, and free to use.

Known weaknesses are asked for by ``make audit``, which needs a service on the network.
"""

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).parent.parent.parent
PINS = [
    line
    for line in (PROJECT / "constraints.txt").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]
SETTINGS = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
DIRECT = [
    Requirement(line)
    for group in (SETTINGS["dependencies"], *SETTINGS["optional-dependencies"].values())
    for line in group
]
# Licences under which a utility may use and pass on what it installs, by what packages call them.
FREE = re.compile(
    r"\b(MIT|BSD|Apache|ISC|PSF|Python Software Foundation|MPL|Mozilla|Unlicense|Zlib|HPND"
    r"|LGPL|Lesser General Public)\b",
    re.IGNORECASE,
)


def test_every_pin_is_one_exact_version():
    for line in PINS:
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+( ; .+)?", line), line
    names = [canonicalize_name(line.partition("==")[0]) for line in PINS]
    assert len(names) == len(set(names))


def test_everything_asked_for_is_pinned_and_comes_from_an_index():
    pinned = {canonicalize_name(line.partition("==")[0]) for line in PINS}
    for requirement in DIRECT:
        assert requirement.url is None, requirement
        assert canonicalize_name(requirement.name) in pinned, requirement


def test_what_is_installed_is_what_is_pinned():
    for line in PINS:
        name, _, version = line.partition(" ;")[0].partition("==")
        try:
            assert metadata.version(name) == version, name
        except metadata.PackageNotFoundError:
            continue  # of an extra that is not installed here


def test_what_is_needed_by_what_is_installed_fits():
    for line in PINS:
        for needed in _needs(line.partition("==")[0]):
            try:
                installed = metadata.version(needed.name)
            except metadata.PackageNotFoundError:
                pytest.fail(f"{line} needs {needed}, which is not installed")
            assert needed.specifier.contains(installed, prereleases=True), f"{line}: {needed}"


def test_installed_code_is_the_code_that_was_published():
    """The digests of RECORD, for every module of what duewatch itself imports."""
    looked_at = 0
    for requirement in DIRECT:
        try:
            files = metadata.files(requirement.name) or ()
        except metadata.PackageNotFoundError:
            continue
        for file in [one for one in files if one.hash and one.suffix == ".py"][:200]:
            content = Path(str(file.locate())).read_bytes()
            digest = hashlib.new(file.hash.mode, content).digest()
            told = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            assert told == file.hash.value, file
            looked_at += 1
    assert looked_at > 1_000


def test_every_licence_is_free_to_use_and_pass_on():
    for requirement in DIRECT:
        try:
            about = metadata.metadata(requirement.name)
        except metadata.PackageNotFoundError:
            continue
        told = [
            *about.get_all("License-Expression", []),
            *about.get_all("License", []),
            *(c for c in about.get_all("Classifier", []) if c.startswith("License ::")),
        ]
        assert FREE.search(" ".join(told)), f"{requirement.name}: {told}"


def _asked(tmp_path, says, **environment):
    """Run the audit with a stand-in for pip-audit that says this."""
    place = tmp_path / "audit" / "bin"
    place.mkdir(parents=True)
    (place / "pip-audit").write_text(f"#!/bin/sh\ncat <<'END'\n{says}\nEND\n", "utf-8")
    (place / "pip-audit").chmod(0o755)
    given = {**os.environ, "AUDIT_VENV": str(place.parent), "PYTHON": sys.executable, **environment}
    return subprocess.run(
        [PROJECT / ".ci" / "audit"], env=given, capture_output=True, text=True, check=False
    )


def test_audit_names_each_pin_that_it_had_no_answer_for(tmp_path):
    done = _asked(tmp_path, "")
    assert done.returncode == 0
    assert f"audit: 0 of {len(PINS)} pins audited, 0 weaknesses known." in done.stdout
    assert f"audit: NOT DONE for {len(PINS)} pins" in done.stdout
    told = " ".join(done.stdout.split())
    assert all(line.partition(" ;")[0] in told for line in PINS)


def test_audit_without_answer_fails_where_it_is_asked_to(tmp_path):
    assert _asked(tmp_path, "[]", AUDIT_STRICT="1").returncode == 1


def test_audit_fails_on_a_known_weakness(tmp_path):
    name = PINS[0].partition("==")[0]
    pins = [{"name": line.partition("==")[0], "vulns": []} for line in PINS[1:]]
    weak = {"name": name.upper(), "vulns": [{"id": "PYSEC-2026-1"}]}
    done = _asked(tmp_path, json.dumps({"dependencies": [weak, *pins]}))
    assert done.returncode == 1
    assert f"audit: {PINS[0].partition(' ;')[0]}: PYSEC-2026-1" in done.stdout
    assert "NOT DONE" not in done.stdout


def _needs(name):
    try:
        lines = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return
    for line in lines:
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield requirement
