"""Pictures of a real run: from its own files, and from what its model's training kept."""

from dataclasses import replace

import numpy as np
import pytest

from contract.errors import ConfigError
from pipeline.plotting import plot_language, read_evidence, write_plots


def test_run_with_its_registry_has_pictures_of_the_proof(run, town, tmp_path):
    drawn, absent = write_plots(run.folder, tmp_path, None, town.config.tracking, "en")
    names = {path.name for path in drawn}
    assert {"01-bands.png", "05-caught.png", "06-calibration.png", "07-spread.png"} <= names
    assert {path.name for path in tmp_path.iterdir()} == names
    assert not [one for one in absent if one.startswith("calibration")]


def test_run_without_registry_says_what_is_missing(run, town, tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.plotting.chinese_font", lambda: None)
    away = town.config.tracking.model_copy(update={"folder": tmp_path / "none"})
    drawn, absent = write_plots(run.folder, tmp_path / "zh", None, away, "zh")
    assert "05-caught.png" in {path.name for path in drawn}
    assert absent[0].startswith("this machine has no font with Chinese")
    assert [one for one in absent if one.startswith("calibration: the model's evidence")]
    assert not (tmp_path / "none").exists()


def test_evidence_is_of_the_runs_own_model(run, town, trained):
    told = read_evidence(run.manifest, town.config.tracking)
    caught = told.gains[np.isclose(told.gains["listed"], 0.05)].set_index("ranking")
    judged = {one.id: one.figures["late_amount_caught"] for one in trained.trial.judged()}
    assert caught["late_amount_caught"]["model"] == pytest.approx(judged["model"], abs=0.02)
    other = replace(run.manifest, model_sha256="0" * 64)
    assert read_evidence(other, town.config.tracking) is None


def test_unknown_language_is_refused():
    with pytest.raises(ConfigError, match="fr is none of zh and en"):
        plot_language("fr")
