"""The keys that workbooks and models are signed with: the config names where they are kept."""

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
        required: Refuse to work without a key: ``score`` then ends before it begins.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key_env: str = Field(default="DUEWATCH_LIST_KEY", pattern=r"^[A-Z][A-Z0-9_]*$")
    required: bool = False


def sealing_key(sealing: Sealing) -> bytes | None:
    """Return the key to sign workbooks with; None where the environment has none.

    Raises:
        ConfigError: It is short enough to be guessed, or absent where one is required.
    """
    key = key_from(sealing.key_env, setting="sealing.key_env")
    if key is None and sealing.required:
        raise ConfigError(
            f"sealing.required: {sealing.key_env} holds no key. Set it to 32 or more random"
            " characters (openssl rand -hex 32), or let sealing.required be false."
        )
    return key


def key_from(variable: str, *, setting: str) -> bytes | None:
    """Return the key that a variable of the environment holds; None where it is not set.

    Raises:
        ConfigError: It is short enough to be guessed.
    """
    secret = os.environ.get(variable, "")
    if secret and len(secret) < _LEAST_KEY:
        raise ConfigError(
            f"{setting}: the key in {variable} has fewer than {_LEAST_KEY} characters."
            " Give 32 or more random characters (openssl rand -hex 32)."
        )
    return secret.encode() or None
