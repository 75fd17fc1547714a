"""What belongs to a month, and how long it is thought to take."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

StepId = Literal["score", "portraits", "plan", "handouts", "report", "scope", "export", "monitor"]


class Rates(BaseModel):
    """What a month is thought to cost on two cores, until this machine has done one.

    Preparing and scoring are half the processor seconds of 50,000 customers (docs/decisions/0011),
    the other steps those of one month of 20,000 (``duewatch run`` on the demo), all in proportion.

    Attributes:
        seconds_per_million: Seconds of each step for a million customers of 24 bills.
        worker_mb: Most memory of one worker process.
        store_per_byte: Bytes on disk while a store is made, for each byte of the dataset; three
            fifths of them stay (31 million customers: 3.1 and 1.9).
        output_bytes_per_customer: Bytes that runs, plans and lists take for each customer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seconds_per_million: dict[str, float] = {
        "prepare": 90.0,
        "score": 120.0,
        "portraits": 80.0,
        "plan": 80.0,
        "handouts": 200.0,
        "report": 400.0,
        "scope": 100.0,
        "export": 60.0,
        "monitor": 2400.0,
    }
    worker_mb: float = Field(default=1500.0, gt=0)
    store_per_byte: float = Field(default=3.1, gt=0)
    output_bytes_per_customer: float = Field(default=1100.0, gt=0)


class Cycle(BaseModel):
    """What ``duewatch run`` does in a month, in order.

    Attributes:
        steps: Which steps, of score, portraits, plan, handouts, report, scope, export and monitor;
            they are always done in that order, so that lists do not wait for monitoring.
        day: Day of the month that the month is looked at from; the default is the planning day,
            the first of ``snapshots.days_of_month``.
        months_after: Months between the cycle and that day, where bills are issued later.
        dunning_day: Day of the same month on which the plan duns; the default is the day itself.
        policy: Name of a shipped policy, or path of a policy file.
        stop_on_alarm: Whether monitoring comes first, and a breach ends the month there.
        export: Where the step ``export`` sends list and plan: ``postgres``, or a folder that gets
            them as Parquet.
        stale_after_days: Days after which ``duewatch health`` finds the newest list too old.
        silent_after_minutes: Minutes without a sign of progress after which it holds a running
            month for dead.
        rates: What a month costs, for ``--dry-run``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    steps: tuple[StepId, ...] = ("score", "portraits", "plan", "handouts", "report", "monitor")
    day: int | None = Field(default=None, ge=1, le=28)
    months_after: int = Field(default=0, ge=0, le=2)
    dunning_day: int | None = Field(default=None, ge=1, le=31)
    policy: str = "china"
    stop_on_alarm: bool = False
    export: Literal["postgres"] | Path = "postgres"
    stale_after_days: int = Field(default=35, ge=1)
    silent_after_minutes: int = Field(default=60, ge=1)
    rates: Rates = Rates()

    @field_validator("steps")
    @classmethod
    def _are_complete(cls, steps: tuple[StepId, ...]) -> tuple[StepId, ...]:
        if len(set(steps)) < len(steps):
            raise ValueError("name each step once")
        needs = {"handouts": "plan", "plan": "score", "report": "score", "export": "score"}
        for step, needed in needs.items():
            if step in steps and needed not in steps:
                raise ValueError(f"{step} needs the step {needed}")
        return steps
