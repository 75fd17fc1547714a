"""The one door to psycopg: connections from the environment, and errors that keep secrets.

What the driver says of an error may hold the host, the user or a customer's value. It is never
passed on: each kind of error has words of our own here, with PostgreSQL's code for it.
"""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from contract.errors import ConfigError, DataError, MachineError
from contract.postgres import Postgres

try:
    import psycopg
    from psycopg import Connection, Copy, IsolationLevel
    from psycopg.conninfo import conninfo_to_dict, make_conninfo
    from psycopg.sql import SQL, Composable, Identifier, Literal
except ModuleNotFoundError as missing:
    raise ConfigError(
        "PostgreSQL: its driver is not installed. Install duewatch[postgres]."
    ) from missing

__all__ = [
    "SQL",
    "Composable",
    "Connection",
    "Copy",
    "Identifier",
    "IsolationLevel",
    "Literal",
    "connect",
    "plain_words",
]

# The driver's own warnings name a connection by its host and user.
logging.getLogger("psycopg").disabled = True

# One of these must be set for libpq to have been told of a database.
_LIBPQ = ("PGHOST", "PGHOSTADDR", "PGDATABASE", "PGSERVICE")

# A server that is gone is noticed within a minute, not within libpq's two hours.
_PATIENCE = {
    "connect_timeout": "15",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
}

# What libpq says when it cannot connect (it has no code for it), and what is told.
_WHY_NOT = {
    "password": "the password is refused or missing",
    "could not translate host name": "the host's name is not known",
    "resolve": "the host's name is not known",
    "connection refused": "nobody answers at that address and port",
    "timeout": "there is no answer",
    "pg_hba.conf": "the server does not let this user in from here",
    "role ": "there is no such user",
    "database ": "there is no such database",
    "too many": "the server has no connection left",
    "ssl": "the two sides do not agree on encryption",
}

_LOST = ("08", "57P", "25P03")  # connection gone, shut down, idle too long
_FULL = ("53", "58")  # no room, no memory, no connection left; an error of its disk
_NO_RIGHT = "42501"
_NO_SUCH = ("42P01", "3F000")  # table, schema


def connect(settings: Postgres) -> Connection:
    """Open a connection to the database that the environment names; it commits nothing by itself.

    Raises:
        ConfigError: The environment names none, or it cannot be reached; the message says why
            without the address.
    """
    given = os.environ.get(settings.dsn_env, "")
    if not given and not any(os.environ.get(name) for name in _LIBPQ):
        raise ConfigError(
            f"PostgreSQL: {settings.dsn_env} is not set. Set it in the environment to the"
            " database's address (postgresql://...), or set libpq's PGHOST and PGDATABASE."
        )
    where = settings.dsn_env if given else "libpq's variables"
    try:
        told = conninfo_to_dict(given)
        patience = {name: value for name, value in _PATIENCE.items() if _is_open(name, told)}
        own = {"application_name": "duewatch", "client_encoding": "UTF8"}
        return psycopg.connect(make_conninfo(given, **patience, **own))
    except psycopg.ProgrammingError:
        problem = f"what {where} holds is no address of a database (postgresql://...)"
    except psycopg.OperationalError as error:
        problem = f"the database of {where} cannot be reached: {_why_not(error)}"
    raise ConfigError(f"PostgreSQL: {problem}. Correct it in the environment.")


@contextmanager
def plain_words(doing: str, *, lost: tuple[str, ...] = ()) -> Iterator[None]:
    """Turn what the server refuses into one line without host, user or value.

    Args:
        doing: What is being done, such as ``reading billing.bills``.
        lost: Codes that here mean that the connection is gone.

    Raises:
        MachineError: The connection is lost, or the server is out of space or memory.
        ConfigError: The user lacks a right.
        DataError: Anything else that the server refuses, by its code.
    """
    try:
        yield
    except psycopg.Error as error:
        raise _told(error, doing, lost) from None


def _is_open(name: str, told: Mapping[str, object]) -> bool:
    return name not in told and not (
        name == "connect_timeout" and "PGCONNECT_TIMEOUT" in os.environ
    )


def _why_not(error: psycopg.OperationalError) -> str:
    said = str(error).lower()
    return next((words for sign, words in _WHY_NOT.items() if sign in said), "connecting failed")


def _told(error: psycopg.Error, doing: str, lost: tuple[str, ...]) -> Exception:
    code = error.sqlstate or ""
    if code.startswith((*_LOST, *lost)) or (
        not code and isinstance(error, psycopg.OperationalError)
    ):
        return MachineError(
            f"PostgreSQL: the connection was lost while {doing}. Nothing of it was kept; run the"
            " same command again."
        )
    if code.startswith(_FULL):
        return MachineError(
            f"PostgreSQL: the server ran out of space, memory or connections while {doing}"
            f" (SQLSTATE {code}). Nothing of it was kept; make room there."
        )
    if code in _NO_SUCH:
        return DataError(
            f"PostgreSQL: there is no such table or schema, found while {doing}. Correct its name"
            " (schema, name) in the mapping, or name the right database in the environment."
        )
    if code == _NO_RIGHT:
        return ConfigError(
            f"PostgreSQL: its user may not do this: {doing}. Grant it the right, or give another"
            " user in the environment."
        )
    return DataError(
        f"PostgreSQL: refused while {doing} (SQLSTATE {code or 'unknown'},"
        f" {type(error).__name__}). Nothing of it was kept."
    )
