"""What is printed or logged, without the secrets that it may have come across."""

import os
import re
import traceback

# user:password@ in an address; all up to the last @, as a password may hold one.
# Bounded, and begun only where a word begins, for a message may be long.
_ADDRESS = re.compile(r"(?<![\w+.-])([A-Za-z][\w+.-]{0,30}://[^\s:/@'\"]{0,255}):[^\s'\"]{0,1000}@")
# password=... as libpq and its like write it.
_SETTING = re.compile(
    r"(?i)\b(password|passwd|pwd|token|secret)(\s*[=:]\s*)('[^']*'|\"[^\"]*\"|\S+)"
)
_SECRET_NAME = re.compile(r"(KEY|PASSWORD|SECRET|TOKEN|DSN|CREDENTIALS?)$")
_LEAST = 6  # characters; a shorter value would blank out common words
_HIDDEN = "***"


def redacted(text: str) -> str:
    """Return the text without passwords of addresses and without the environment's secrets.

    >>> redacted("cannot reach postgresql://duewatch:hunter2@db:5432/x")
    'cannot reach postgresql://duewatch:***@db:5432/x'
    """
    for name, value in os.environ.items():
        if _SECRET_NAME.search(name.upper()) and len(value) >= _LEAST:
            text = text.replace(value, _HIDDEN)
    text = _ADDRESS.sub(rf"\1:{_HIDDEN}@", text)
    return _SETTING.sub(rf"\1\2{_HIDDEN}", text)


def traceback_told() -> str:
    """Return the traceback of the error in hand, redacted."""
    return redacted(traceback.format_exc())


def passwords_in(values: object, path: str = "") -> list[str]:
    """Return the paths of settings that hold an address with a password in it."""
    if isinstance(values, dict):
        pairs = [(f"{path}.{name}".lstrip("."), value) for name, value in values.items()]
    elif isinstance(values, list | tuple):
        pairs = [(path, value) for value in values]
    else:
        return [path] if isinstance(values, str) and _ADDRESS.search(values) else []
    return [found for place, value in pairs for found in passwords_in(value, place)]
