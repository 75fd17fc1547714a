"""A small utility imported under pseudonyms, and a month's work done on it by the command line."""

import os
import sys
from types import SimpleNamespace

import pyarrow.parquet as pq
import pytest

from contract.simulator import simulate
from pipeline.cli import main

KEY = "5f1d8a0c3b7e4926d8f0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f6"
SECRETS = {
    "DUEWATCH_PSEUDONYM_KEY": KEY,
    "PGPASSWORD": "pg-secret-4711",
    "MLFLOW_TRACKING_PASSWORD": "mlflow-secret-4712",
}
SETTINGS = """
data: data/town
stores: stores
outputs: outputs
buckets: 2
snapshots: {days_of_month: [6], learn_months: 4, test_months: 1, origins: 1}
parameters: {kind: rule, rule: late_ewma, threads: 1}
scoring: {workers: 1}
tracking: {folder: mlruns}
privacy: {pseudonyms: true}
"""


@pytest.fixture(scope="session")
def run_line():
    """Run one line of the command line in a folder; return its exit code, whatever it is."""

    def run(*words):
        before, mask = sys.argv, os.umask(0o022)
        sys.argv = ["duewatch", *map(str, words)]
        try:
            main()
        except SystemExit as end:
            return end.code or 0
        finally:
            sys.argv = before
            os.umask(mask)
        return 0

    return run


@pytest.fixture(scope="session")
def month(tmp_path_factory, run_line):
    """Import, train, score, plan, hand out, bring feedback back, reconcile, score again."""
    folder = tmp_path_factory.mktemp("month")
    folder.chmod(0o700)
    simulate(folder / "source", folder / "truth", customers=300, cycles=14, seed=3)
    patch = pytest.MonkeyPatch()
    patch.chdir(folder)
    for name, secret in SECRETS.items():
        patch.setenv(name, secret)
    log = (folder / "log.txt").open("w", encoding="utf-8", buffering=1)
    patch.setattr(sys, "stdout", log)
    patch.setattr(sys, "stderr", log)
    (folder / "run.yaml").write_text(SETTINGS, "utf-8")
    try:
        _work(folder, run_line)
    finally:
        patch.undo()
        log.close()
    return SimpleNamespace(
        folder=folder, log=(folder / "log.txt").read_text("utf-8"), secrets=SECRETS
    )


def _work(folder, run_line):
    def done(*words):
        code = run_line(*words, "-c", "run.yaml")
        assert code == 0, (words, (folder / "log.txt").read_text("utf-8")[-2000:])

    done("import", "source", "data/town")
    done("train")
    done("promote", "--force", "the tests need a champion")
    done("score")
    done("plan")
    (plan,) = (folder / "outputs").glob("plan-*")
    done("handouts", plan, "--out", "lists")
    _write_form(folder)
    done("feedback", "form.csv", "--recorded-by", "M00000001")
    _write_statement(folder)
    done("reconcile", "statement.csv", "--out", "reconciled")
    done("score", "--as-of", "2026-10-08")


def _write_form(folder):
    """Write what came of two bills, by the utility's own numbers."""
    bills = pq.read_table(folder / "source" / "bills.parquet").slice(0, 2).to_pylist()
    rows = [
        f"{bill['customer_id']},{bill['bill_id']},{bill['due_on']} 10:00,phone,answered"
        for bill in bills
    ]
    head = "customer_id,bill_id,recorded_at,method,outcome"
    (folder / "form.csv").write_text("\n".join([head, *rows]) + "\n", "utf-8")


def _write_statement(folder):
    """Write one payment as its collector has it, by the number of the utility's books."""
    rows = pq.read_table(folder / "source" / "payments.parquet").to_pylist()
    paid = next(row for row in reversed(rows) if row["outcome"] == "ok" and row["amount"] > 0)
    line = f"{paid['channel']},{paid['posted_at']:%Y-%m-%d},{paid['payment_id']},{paid['amount']}"
    text = f"channel,posted_on,reference,amount\n{line}\n"
    (folder / "statement.csv").write_text(text, "utf-8")
