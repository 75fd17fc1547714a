"""Who may read what is written, and whether customers go by pseudonyms."""

import os
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from contract.errors import ConfigError
from contract.pseudonyms import ABOUT, Key, key_check_of

_UMASKS = {"none": 0o077, "read": 0o027, "write": 0o007}


class Privacy(BaseModel):
    """What is kept from whom.

    Attributes:
        pseudonyms: Import customers, bills and payments under keyed pseudonyms; a dataset with
            the source's own ids is then refused.
        key_env: The environment variable that holds the key; it is asked for at import alone.
        group: What the group of the user may do with what is written: ``none``, so that files
            are 0600 and folders 0700, ``read`` (0640, 0750) or ``write`` (0660, 0770).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    pseudonyms: bool = False
    key_env: str = Field(default="DUEWATCH_PSEUDONYM_KEY", pattern=r"^[A-Z][A-Z0-9_]*$")
    group: Literal["none", "read", "write"] = "none"


def keep_private(privacy: Privacy | None = None) -> None:
    """Let this process, and those that it starts, write for its user alone or also its group.

    Every writer (DuckDB, MLflow, SQLite, spreadsheets) makes its files under the process's mask,
    so that none can be forgotten. Those who call duewatch as a library set their own.
    """
    os.umask(_UMASKS[(privacy or Privacy()).group])


def import_key(privacy: Privacy, out: Path) -> Key | None:
    """Return the key to import with; None where no pseudonyms are asked for.

    Raises:
        ConfigError: The environment has no key or a weak one, or a dataset beside ``out`` was
            imported with another: the same customers would be strangers to each other.
    """
    if not privacy.pseudonyms:
        return None
    secret = os.environ.get(privacy.key_env, "")
    if not secret:
        raise ConfigError(
            f"privacy.pseudonyms: the environment has no {privacy.key_env}. Set it to the"
            " utility's key, 32 or more random characters (openssl rand -hex 32)."
        )
    key = Key(secret.encode())
    for about in sorted(out.absolute().parent.glob(f"*/{ABOUT}")):
        _refuse_other(about.parent, key, privacy)
    return key


def check_pseudonyms(privacy: Privacy, data: Path) -> None:
    """Refuse a dataset that is not kept as the settings say.

    Raises:
        ConfigError: Pseudonyms are asked for and it has the source's own ids, or the environment
            holds another key than it was imported with.
    """
    check = key_check_of(data)
    if check is None and privacy.pseudonyms:
        raise ConfigError(
            f"{data}: holds the source's own ids, but privacy.pseudonyms asks for pseudonyms."
            " Import the source again with these settings."
        )
    secret = os.environ.get(privacy.key_env, "")
    if check is not None and secret:
        _refuse_other(data, Key(secret.encode()), privacy)


def _refuse_other(data: Path, key: Key, privacy: Privacy) -> None:
    if key_check_of(data) != key.check:
        raise ConfigError(
            f"{data}: was imported with another key (check {key_check_of(data)}) than"
            f" {privacy.key_env} holds (check {key.check}). Set the key of that dataset, or import"
            " into a folder elsewhere."
        )
