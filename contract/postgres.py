"""PostgreSQL as a source of tables and a place for lists: what may be set, and never a secret.

The address, user and password stand in the environment alone. Nothing here needs the driver, so
that a config can be read without it; contract/postgres_door.py is where it enters.
"""

import re

from pydantic import BaseModel, ConfigDict, Field, field_validator

POSTGRES = "postgres"  # what names the database where a folder or a kind of file could stand


class Postgres(BaseModel):
    """How a PostgreSQL database is reached and read.

    Attributes:
        dsn_env: The environment variable that holds the address (``postgresql://...``). Where it
            is not set, libpq's own variables count (PGHOST, PGDATABASE, PGSERVICE, ...).
        time_zone: The utility's zone, in which moments that are stored with a zone are told
            (``Asia/Shanghai``); without it such a column is refused.
        readers: Connections that read side by side, all at the same moment of the database. Each
            takes about 80 MB of memory.
        chunk_mb: A table is read in pieces of about so many megabytes.
        list_schema: The schema that ``duewatch export`` writes to.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dsn_env: str = "DUEWATCH_POSTGRES"
    time_zone: str | None = None
    readers: int = Field(default=4, ge=1, le=16)
    chunk_mb: float = Field(default=128, gt=0)
    list_schema: str = Field(default="duewatch", min_length=1, max_length=63)

    @field_validator("dsn_env")
    @classmethod
    def _is_a_name(cls, value: str) -> str:
        # An address written here by mistake must not be shown in the error that refuses it.
        if not re.fullmatch(r"[A-Z_][A-Z0-9_]*", value):
            raise ValueError("expected the name of an environment variable, such as MY_DATABASE")
        return value
