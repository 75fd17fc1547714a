"""A search in MLflow: one run a study, however often it is resumed, and a run inside it a trial."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pipeline.mlflow_door import Tracking, open_mlflow
from pipeline.tracking import Evidence, log_evidence

# The tag that names a run's study.
STUDY = "duewatch.study"


class StudyRun:
    """The run of a search, with a run inside it for each trial."""

    def __init__(self, mlflow: Any, run_id: str, *, logged: Iterable[str]) -> None:
        self._mlflow, self.run_id, self._logged = mlflow, run_id, set(logged)

    def log_trial(
        self, name: str, parameters: Mapping[str, Any], metrics: Mapping[str, float]
    ) -> None:
        """Log a trial, unless an earlier command did."""
        if name in self._logged:
            return
        with self._mlflow.start_run(run_name=name, nested=True):
            self._mlflow.log_params(dict(parameters))
            self._mlflow.log_metrics(dict(metrics))
        self._logged.add(name)

    def finish(self, evidence: Evidence) -> None:
        """Log what came of the search, in place of what was logged when it had fewer trials."""
        log_evidence(self._mlflow, evidence)


@contextmanager
def study_run(study: str, tracking: Tracking) -> Iterator[StudyRun]:
    """Open the run of a study: the one there is, or a new one."""
    with open_mlflow(tracking) as mlflow:
        client = mlflow.MlflowClient()
        experiment = [mlflow.get_experiment_by_name(tracking.experiment).experiment_id]
        found = client.search_runs(experiment, f"tags.`{STUDY}` = '{study}'", max_results=1)
        run_id = found[0].info.run_id if found else None
        with mlflow.start_run(run_id=run_id, run_name=None if run_id else "tune") as run:
            mlflow.set_tag(STUDY, study)
            inside = f"tags.`mlflow.parentRunId` = '{run.info.run_id}'"
            trials = client.search_runs(experiment, inside, max_results=10_000)
            names = [one.info.run_name for one in trials if one.info.status == "FINISHED"]
            yield StudyRun(mlflow, run.info.run_id, logged=names)
