"""The key that workbooks are signed with: a section of the config names where it is kept."""

import os

from pydantic import BaseModel, ConfigDict, Field

from contract.errors import ConfigError

_LEAST_KEY = 32  # characters; 16 random bytes in hex


class Sealing(BaseModel):
    """How workbooks that go out are signed, so that what comes back is known for what it is.

    Attributes:
        key_env: The environment variable that holds the key. Where it is set, workbooks are
            signed with HMAC-SHA256 and one without a signature is refused; where it is not, they
            carry a SHA-256 checksum: slips and mixed-up files are found, a forger who knows how
            is not.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key_env: str = Field(default="DUEWATCH_LIST_KEY", pattern=r"^[A-Z][A-Z0-9_]*$")


def sealing_key(sealing: Sealing) -> bytes | None:
    """Return the key to sign with; None where the environment has none.

    Raises:
        ConfigError: It is short enough to be guessed.
    """
    secret = os.environ.get(sealing.key_env, "")
    if secret and len(secret) < _LEAST_KEY:
        raise ConfigError(
            f"sealing.key_env: the key in {sealing.key_env} has fewer than {_LEAST_KEY} characters."
            " Give 32 or more random characters (openssl rand -hex 32)."
        )
    return secret.encode() or None
