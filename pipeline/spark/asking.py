"""What must be there before Spark is started: its library, a Java, a master that answers."""

import os
import shutil
import socket
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from contract.errors import ConfigError

_SECONDS = 5.0


def require_spark() -> None:
    """Check that Spark can be started here.

    Raises:
        ConfigError: pyspark or Java is missing.
    """
    if find_spec("pyspark") is None:
        raise ConfigError(
            "scoring.engine is spark, but pyspark is not installed. Install duewatch[spark], in the"
            " version of the cluster, or set scoring.engine to local."
        )
    home = os.environ.get("JAVA_HOME")
    if not shutil.which(Path(home, "bin", "java") if home else "java"):
        where = f"below JAVA_HOME ({home})" if home else "on the PATH"
        raise ConfigError(
            f"scoring.engine is spark, but there is no Java {where}. Install a Java 17 runtime, or"
            " set scoring.engine to local."
        )


def require_master(master: str | None) -> None:
    """Check that somebody answers at the address of a master.

    Raises:
        ConfigError: There is no master, or nobody answers.
    """
    if not master:
        raise ConfigError(
            "spark.master is missing. Give the cluster's URL, such as spark://host:7077, yarn or"
            " k8s://https://host:6443."
        )
    places = _places(master)
    refused = [reason for place in places if (reason := _refused(*place))]
    if places and len(refused) == len(places):
        raise ConfigError(
            f"spark.master: nobody answers at {master} ({refused[0]}). Start the cluster, or"
            " correct the URL."
        )


def _places(master: str) -> list[tuple[str, int]]:
    """Return the addresses in a master's URL; none where other files name them, as for yarn.

    >>> _places("spark://one:7077,two:7078")
    [('one', 7077), ('two', 7078)]
    >>> _places("k8s://https://api.example"), _places("yarn"), _places("local[2]")
    ([('api.example', 443)], [], [])
    """
    kind, _, rest = master.partition("://")
    if kind == "k8s":
        url = urlsplit(rest if "://" in rest else f"https://{rest}")
        return [(url.hostname or "", url.port or (80 if url.scheme == "http" else 443))]
    if kind != "spark":
        return []
    hosts = (urlsplit(f"spark://{host}") for host in rest.split(","))
    return [(host.hostname or "", host.port or 7077) for host in hosts]


def _refused(host: str, port: int) -> str:
    """Say why nobody can be reached there; empty when somebody can."""
    try:
        socket.create_connection((host, port), timeout=_SECONDS).close()
    except OSError as error:
        return error.strerror or str(error)
    return ""
