"""duewatch as an Airflow DAG (2.4 or newer): look, do the month, say whether all is well.

Exit codes 5 and 6 (the machine refuses, another process is at it) pass, so they are tried again;
any other fails at once, for a person has to act. What was done is found by the next try.
"""

import subprocess
from datetime import datetime, timedelta

from airflow.decorators import dag, task
from airflow.exceptions import AirflowException, AirflowFailException

FOLDER = "/srv/duewatch"
DUEWATCH = "/opt/duewatch/venv/bin/duewatch"
PASSES = {5, 6}


def call(*arguments: str) -> None:
    """Run duewatch, and fail so that Airflow tries again only what may pass."""
    command = [DUEWATCH, *arguments, "--config", "run.yaml"]
    code = subprocess.run(command, cwd=FOLDER, check=False).returncode  # noqa: S603 - our own
    if code in PASSES:
        raise AirflowException(f"duewatch ended with {code}: it will be tried again")
    if code:
        raise AirflowFailException(f"duewatch ended with {code}: see its log")


@dag(
    dag_id="duewatch",
    schedule="30 5 6 * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 6, "retry_delay": timedelta(minutes=15)},
)
def duewatch():
    """Do the month of the day on which the schedule's interval ends."""

    @task
    def look(data_interval_end=None):
        call("run", "--dry-run", "--cycle", f"{data_interval_end:%Y-%m}")

    @task
    def month(data_interval_end=None):
        call("run", "--cycle", f"{data_interval_end:%Y-%m}")

    @task(trigger_rule="all_done", retries=0)
    def health():
        call("health")

    look() >> month() >> health()


duewatch()
