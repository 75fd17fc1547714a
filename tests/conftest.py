import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import settings

# Before numpy is loaded: pytest runs a process a core, and each one's threads would wait for the
# others' cores, spinning (a quarter of the suite's processor time).
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

# A first example may pay for compiling a kernel; time is no property of a behaviour.
# CI draws the same examples each time, so that a change is judged by what it changed; elsewhere
# they are new each time, and what they find becomes an @example or a mended line.
settings.register_profile("duewatch", deadline=None, print_blob=True)
settings.register_profile("duewatch-ci", settings.get_profile("duewatch"), derandomize=True)
settings.load_profile("duewatch-ci" if "CI" in os.environ else "duewatch")

PROJECT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def postgres():
    """Make an empty database on a server of the tests' own, and give its URL: postgres("name").

    The server starts with the first test that asks for it. Mark those tests with ``postgres``.
    """
    programs = _postgres_programs()
    if programs is None:
        pytest.skip("needs PostgreSQL's server programs (initdb), which are not installed")
    psycopg = pytest.importorskip("psycopg", reason="needs psycopg, of duewatch[postgres]")
    folder = Path(tempfile.mkdtemp(prefix="duewatch-postgres-"))
    # initdb refuses to run as root.
    who = {"user": _PLAIN, "group": _PLAIN, "extra_groups": []} if os.geteuid() == 0 else {}
    if who:
        shutil.chown(folder, _PLAIN, _PLAIN)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = f"postgresql://postgres@127.0.0.1:{port}"
    make = ("-D", folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
    serve = ("-D", folder / "data", "-p", str(port), "-k", "", "-F", "-h", "127.0.0.1")
    with (folder / "log").open("wb") as log:
        subprocess.run(
            [programs / "initdb", *make, "--locale=C"], stdout=log, stderr=log, check=True, **who
        )
        process = subprocess.Popen([programs / "postgres", *serve], stdout=log, stderr=log, **who)
    try:
        _wait_for_postgres(psycopg, f"{server}/postgres", process, folder / "log")

        def database(name: str) -> str:
            with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
                connection.execute(f'CREATE DATABASE "{name}"')
            return f"{server}/{name}"

        yield database
    finally:
        # A fast shutdown: a plain one would wait until nobody is connected, and pools stay so.
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
        shutil.rmtree(folder)


_PLAIN = "postgres"


def _postgres_programs():
    """Return the folder of initdb and postgres, which Debian keeps out of the path."""
    found = shutil.which("initdb")
    newest = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))[-1:]
    places = [Path(found).resolve()] if found else newest
    return places[0].parent if places else None


def _wait_for_postgres(psycopg, url, process, log):
    for _ in range(240):
        assert process.poll() is None, f"PostgreSQL ended: {log.read_text()}"
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            time.sleep(0.25)
        else:
            return
    pytest.fail("PostgreSQL did not answer")
