"""The four rounds: when each opens, until when it may be made, and by what (C-07, domain 5.1)."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from collection.policy.rule import Method


class Moment(BaseModel):
    """A day counted from the bill's issue or due day.

    Attributes:
        counted_from: issued or due; ``from`` in YAML.
        days: Days after it; negative before it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    counted_from: Literal["issued", "due"] = Field(alias="from")
    days: int

    def sql(self) -> str:
        """Return the day as SQL over a bill.

        >>> Moment(counted_from="due", days=-5).sql()
        'due_on + -5'
        """
        return f"{self.counted_from}_on + {self.days}"


class Round(BaseModel):
    """One round of dunning.

    Attributes:
        number: 1 to 4; the rounds run in order, only the first may be left out.
        opens: The first day on which it may be made.
        closes: The last day; without one a round lasts until it is made. The first round ends at
            the latest when the second opens.
        methods: What it is made by, of which the harshest is tried first.
        zh: What it is, in Chinese.
        en: What it is, in English.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int = Field(ge=1, le=4)
    opens: Moment
    closes: Moment | None = None
    methods: tuple[Method, ...] = Field(min_length=1)
    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)

    @model_validator(mode="after")
    def _only_the_first_closes(self) -> Self:
        if self.closes is not None and self.number > 1:
            raise ValueError(
                f"round {self.number} may not close: rounds 2 to 4 are owed before a cut and run"
                " in order (R001-02), however late"
            )
        return self
