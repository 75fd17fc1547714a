"""The marks of a registered model: its digest, and the signature of whoever keeps the key.

The digest is beside the artefacts, in the registry: whoever changes one has the other to change.
With a key of the environment the version is signed too, which nobody does who can write both.
"""

import hashlib
import hmac
from collections.abc import Mapping

from contract.errors import DataError

DIGEST, SEAL = "duewatch.sha256", "duewatch.seal"


def marks_of(name: str, digest: str, key: bytes | None) -> dict[str, str]:
    """Return what a version is marked with when it is registered.

    Args:
        name: The registered model's, so that no target's model passes for another's.
        key: Of the environment; None signs nothing.
    """
    return {DIGEST: digest} | ({SEAL: _seal(name, digest, key)} if key is not None else {})


def check_marks(
    marks: Mapping[str, str], name: str, digest: str, *, key: bytes | None, label: str
) -> None:
    """Refuse a version whose files are not the ones that were registered.

    Args:
        digest: Of the files that are there.
        label: What the version is called in errors.

    Raises:
        DataError: The digest is another one or missing; or there is a key that did not sign it.
    """
    if marks.get(DIGEST) != digest:
        why = "digest differs" if marks.get(DIGEST) else "it keeps no digest"
        raise DataError(
            f"{label}: its files are of another model than the one registered ({why})."
            " Restore them, or train again."
        )
    if key is None:
        return
    if not hmac.compare_digest(marks.get(SEAL, "").encode(), _seal(name, digest, key).encode()):
        raise DataError(
            f"{label}: it does not bear the signature of the key of models (tracking.key_env)."
            " Train again where that key is set, or take it out of the environment if models are"
            " not signed here."
        )


def _seal(name: str, digest: str, key: bytes) -> str:
    return hmac.new(key, f"{name}:{digest}".encode(), hashlib.sha256).hexdigest()
