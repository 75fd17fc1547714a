"""What a hand-off's form may say: fields, widths, codes, and how far each is confirmed."""

import re
from importlib.resources import files
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from contract.errors import ConfigError
from contract.yaml_file import read_settings
from features.declare import Text

# What a field may hold besides the codes of the form. Nothing personal is among them.
VALUES = (
    "account",
    "tier",
    "round",
    "method",
    "template",
    "valid_from",
    "valid_to",
    "oldest_due",
    "days_overdue",
    "open_amount",
    "run",
    "policy",
)
# Evidence as in a law file (collection/law/model.py): what was read, and what must be confirmed.
Evidence = Literal["primary", "document", "excerpt", "memory", "inference"]
CONFIRMED: tuple[Evidence, ...] = ("primary", "document")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Words(_Part):
    """A text in both languages."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)

    @property
    def text(self) -> Text:
        """The text as reports use it."""
        return Text(zh=self.zh, en=self.en)


class Codes(_Part):
    """Codes of the other system, by what a plan says.

    Attributes:
        by: What they go by.
        values: The code for each of its values; one that is missing stops the hand-off.
    """

    by: Literal["tier", "round", "method", "template"]
    values: dict[str | int, str]

    @property
    def by_text(self) -> dict[str, str]:
        """The codes by the value as text."""
        return {str(value): code for value, code in self.values.items()}


class FormColumn(_Part):
    """One field.

    Attributes:
        field: Its name in the other system.
        value: One of VALUES, or the name of a section of codes.
        width: The most characters that it holds there.
        zeros: Whether an account of digits alone is padded with zeros to the width.
        evidence: How far name and width were read.
        source: Where, and what the utility must confirm.
    """

    field: str = Field(pattern=r"^[A-Z][A-Z0-9_]*$")
    value: str
    width: int = Field(ge=1, le=255)
    zeros: bool = False
    meaning: Words
    evidence: Evidence
    source: str = Field(min_length=1)


class Form(_Part):
    """The form of a hand-off file.

    Attributes:
        name: The file's, without its ending.
        version: Raised by whoever changes the form.
        delimiter: What parts the fields.
        dates: How a day is written (strptime).
        columns: The fields, in order.
        codes: Sections of codes that columns name.
    """

    name: str
    version: str = Field(min_length=1)
    title: Words
    delimiter: Literal[";", "|", ",", "\t"]
    dates: str
    columns: tuple[FormColumn, ...] = Field(min_length=1)
    codes: dict[str, Codes] = {}

    @model_validator(mode="after")
    def _check(self) -> "Form":
        for column in self.columns:
            if column.value not in (*VALUES, *self.codes):
                raise ValueError(
                    f"{column.field}: {column.value} is neither codes of this form nor one of"
                    f" {', '.join(VALUES)}"
                )
        if "account" not in {column.value for column in self.columns}:
            raise ValueError("no column holds the account")
        if set(re.findall("%(.)", self.dates)) != {"Y", "m", "d"}:
            raise ValueError("dates does not tell days apart; give one such as %Y%m%d")
        return self


def shipped_forms() -> tuple[str, ...]:
    """Return the names of the forms that come with duewatch."""
    folder = files("configs") / "handoffs"
    return tuple(sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir()))


def load_form(name_or_path: str) -> Form:
    """Load a shipped form by its name, or a form's file by its path.

    Raises:
        ConfigError: There is no such file, or it is no form; each fault is a line with its path.
    """
    shipped = name_or_path in shipped_forms()
    path = Path(str(files("configs") / "handoffs" / f"{name_or_path}.yaml"))
    path = path if shipped else Path(name_or_path)
    remedy = f"give one of {', '.join(shipped_forms())}, or the path of a form's YAML"
    values = read_settings(path, label=name_or_path, remedy=remedy)
    try:
        return Form.model_validate({**values, "name": path.stem})
    except ValidationError as error:
        raise ConfigError("\n".join(_fault(name_or_path, one) for one in error.errors())) from error


def _fault(label: str, fault: object) -> str:
    told = dict(fault)  # type: ignore[call-overload]
    place = ".".join(str(part) for part in told["loc"])
    return f"{label}: {f'{place}: ' if place else ''}{told['msg'].removeprefix('Value error, ')}."
