"""Whether an executor is like the driver: other code or libraries may give other numbers."""

import hashlib
import platform
import socket
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from contract.errors import ConfigError

_PROJECT = Path(__file__).parent.parent.parent
_CODE = ("contract", "features", "models", "collection", "reports", "pipeline")
# What computes the numbers of a list.
_LIBRARIES = (
    *("duckdb", "lightgbm", "numba", "numpy", "pandas", "pyarrow", "scikit-learn", "scipy"),
)


@cache
def environment() -> dict[str, str]:
    """Return the versions of what decides a result, and a digest of this package's code."""
    found = {"duewatch": _code(), "python": ".".join(platform.python_version_tuple()[:2])}
    return found | {library: _version(library) for library in _LIBRARIES}


def check_alike(expected: dict[str, str]) -> None:
    """Compare this process with the driver's environment.

    Raises:
        ConfigError: They differ; the host and the first difference are named.
    """
    own = environment()
    differ = [name for name in expected if own[name] != expected[name]]
    if differ:
        first = differ[0]
        raise ConfigError(
            f"spark: {socket.gethostname()} has other versions than the driver of"
            f" {', '.join(differ)} ({first}: {own[first]}, expected {expected[first]}), so its"
            " numbers could differ. Install the same there, or give spark.archive."
        )


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "none"


def _code() -> str:
    digest = hashlib.sha256()
    for path in sorted(path for room in _CODE for path in (_PROJECT / room).rglob("*.py")):
        digest.update(path.relative_to(_PROJECT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]
