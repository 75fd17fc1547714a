"""What is asked before a cluster is used; no cluster is needed to be told."""

import socket
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from contract.errors import ConfigError, DataError, MachineError
from pipeline.config import parse_config
from pipeline.spark import alike, asking
from pipeline.spark.alike import check_alike, environment
from pipeline.spark.asking import require_master, require_spark
from pipeline.spark.remote import perform, with_shared
from pipeline.spark.settings import Spark


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_missing_pyspark_is_named_with_what_to_install(monkeypatch):
    monkeypatch.setattr(asking, "find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r"pyspark is not installed. Install duewatch\[spark\]"):
        require_spark()


def test_missing_java_is_named_with_where_it_was_sought(monkeypatch, tmp_path):
    monkeypatch.setattr(asking, "find_spec", lambda _: object())
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(ConfigError, match=r"no Java on the PATH. Install a Java 17 runtime"):
        require_spark()
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(ConfigError, match=r"no Java below JAVA_HOME"):
        require_spark()


@pytest.mark.parametrize("form", ["spark://127.0.0.1:{}", "k8s://https://127.0.0.1:{}"])
def test_master_that_nobody_answers_at_is_named(form):
    master = form.format(free_port())
    with pytest.raises(ConfigError, match=rf"nobody answers at {master} \(.+\). Start the clu"):
        require_master(master)


@pytest.mark.parametrize("master", ["yarn", "local[2]"])
def test_master_without_an_address_is_left_to_spark(master):
    require_master(master)


def test_one_master_of_several_need_answer():
    with socket.create_server(("127.0.0.1", 0)) as server:
        require_master(f"spark://127.0.0.1:{free_port()},127.0.0.1:{server.getsockname()[1]}")


def test_missing_master_is_asked_for():
    with pytest.raises(ConfigError, match=r"spark.master is missing. Give the cluster's URL"):
        require_master(None)


@pytest.mark.parametrize("name", ["spark.authenticate.secret", "spark.hadoop.fs.s3a.access.key"])
def test_secret_is_refused_in_the_settings(name):
    with pytest.raises(ValidationError, match=rf"{name} would be kept .+ spark-defaults.conf"):
        Spark(conf={name: "x"})


def test_refused_secret_is_not_repeated_in_the_error():
    with pytest.raises(
        ConfigError, match=r"spark.conf is not shown.+spark-defaults.conf"
    ) as raised:
        parse_config({"spark": {"conf": {"spark.ssl.keyPassword": "hush"}}}, source="run.yaml")
    assert "hush" not in str(raised.value)


def test_file_of_a_token_may_be_named():
    Spark(conf={"spark.kubernetes.authenticate.oauthTokenFile": "/run/token"})


def test_name_that_is_no_setting_of_spark_is_refused():
    with pytest.raises(ValidationError, match=r"executor.memory is no setting of Spark"):
        Spark(conf={"executor.memory": "4g"})


def test_process_is_like_itself_and_not_like_another():
    check_alike(environment())
    with pytest.raises(ConfigError, match=rf"{socket.gethostname()} has other.+ of numpy, pandas"):
        check_alike({**environment(), "numpy": "1.0", "pandas": "1.0"})


def test_changed_code_is_another_environment(monkeypatch, tmp_path):
    package = tmp_path / "contract"
    package.mkdir()
    monkeypatch.setattr(alike, "_PROJECT", tmp_path)
    digests = set()
    for code in ("one = 1", "one = 2"):
        (package / "module.py").write_text(code, "utf-8")
        digests.add(alike._code())
    assert len(digests) == 2


def test_answers_hold_results_and_errors_that_would_come_again():
    heard = []

    def work(by, piece):
        if piece == 0:
            raise DataError("nothing")
        return by / (piece - 1)

    shared = SimpleNamespace(value=6)
    told = SimpleNamespace(add=heard.extend)
    perform(lambda piece: with_shared(work, shared, piece), told, environment(), [3, 0, 1])
    assert heard[0] == 3
    assert [type(answer) for answer in heard[1:]] == [DataError, RuntimeError]
    assert "ZeroDivisionError" in str(heard[2])


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), MemoryError()])
def test_what_another_machine_may_do_better_is_left_to_spark(error):
    def work(_):
        raise error

    with pytest.raises(type(error)):
        perform(work, SimpleNamespace(add=list), environment(), [1])


def test_full_disk_is_told_at_once():
    def work(_):
        raise MachineError("outputs: No space left on device.")

    heard = []
    perform(work, SimpleNamespace(add=heard.extend), environment(), [1])
    assert isinstance(heard[0], MachineError)
