"""The numbers that lists go by, read from configs/handouts.yaml; a utility changes them there."""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from contract.errors import ConfigError
from contract.yaml_file import read_settings

HANDOUTS_FILE = Path(__file__).parent.parent.parent / "configs" / "handouts.yaml"

Flag = Literal[
    "high_energy",
    "high_pollution",
    "overcapacity",
    "scattered_polluting",
    "malicious_arrears",
    "dishonest_listed",
    "newly_commissioned",
    "resumed_after_arrears",
]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class KeyAccounts(_Section):
    """Who is a key account (R002-08, R002-09): either of the two is enough.

    Attributes:
        capacity_kva: Contract capacity of this or more; 315 kVA is where two-part tariffs begin
            [M].
        billed_year_cny: Billed in the last twelve months, this or more.
    """

    capacity_kva: float = Field(default=315, gt=0)
    billed_year_cny: int = Field(default=500_000, gt=0)


class Agents(_Section):
    """How an agent that collects for an area is judged (R004-06).

    Attributes:
        limit_cny: The amount that an agent's users may owe together.
        limits_cny: The same for agents of their own, by agent id.
        good: Punctuality of this or more is good,
        fair: of this or more fair, below it poor.
        prior_bills: Bills at the mean of all agents that are added before the risk of one is
            told, so that a small agent is not judged by one bill.
    """

    limit_cny: int = Field(default=200_000, gt=0)
    limits_cny: dict[str, int] = {}
    good: float = Field(default=0.95, gt=0, le=1)
    fair: float = Field(default=0.85, ge=0, le=1)
    prior_bills: int = Field(default=20, ge=0)

    @model_validator(mode="after")
    def _good_is_better_than_fair(self) -> "Agents":
        if self.fair >= self.good:
            raise ValueError("fair must be below good")
        return self


class Hardship(_Section):
    """Who is in difficulty (R000-06): repeatedly late, and the bill or the arrears weigh heavily.

    Attributes:
        late_bills: Overdue bills in six months, so many or more.
        bill_ratio: The newest bill is this many times the usual, or more; or else
        arrears_bills: what is open is this many usual bills, or more.
        saving_share: What energy saving would take off a bill. An assumption, not a measurement:
            lists say so beside every amount.
    """

    late_bills: int = Field(default=3, ge=1)
    bill_ratio: float = Field(default=1.5, gt=1)
    arrears_bills: float = Field(default=2.0, gt=0)
    saving_share: float = Field(default=0.08, gt=0, lt=1)


class Proposals(_Section):
    """Whom smart payment and prepayment are proposed to, by flags of the customer.

    Attributes:
        smart_payment: Any of these (R002-02).
        prepayment: Any of these (R002-03).
    """

    smart_payment: tuple[Flag, ...] = (
        "high_energy",
        "high_pollution",
        "overcapacity",
        "scattered_polluting",
        "malicious_arrears",
        "dishonest_listed",
    )
    prepayment: tuple[Flag, ...] = ("newly_commissioned", "resumed_after_arrears")


class Thresholds(_Section):
    """The numbers of all lists.

    Attributes:
        visit_order: rank goes by urgency; route by grid and, where addresses are joined, by
            address.
        debit_late_bills: Whoever pays so many or more of the last months' bills late, and pays
            once reminded, is advised to pay by debit (R003-02).
    """

    visit_order: Literal["rank", "route"] = "route"
    debit_late_bills: int = Field(default=2, ge=1)
    key_accounts: KeyAccounts = KeyAccounts()
    agents: Agents = Agents()
    hardship: Hardship = Hardship()
    proposals: Proposals = Proposals()


def listed_flags(thresholds: Thresholds) -> tuple[Flag, ...]:
    """Return the flags that lists speak of, each once, in the order of the settings."""
    given = thresholds.proposals
    return tuple(dict.fromkeys((*given.smart_payment, *given.prepayment)))


def load_thresholds(path: Path = HANDOUTS_FILE) -> Thresholds:
    """Read the section ``thresholds`` of the file; what it does not state keeps its default.

    Raises:
        ConfigError: The file is no YAML, or a key or value is wrong; each is named.
    """
    return _parse(read_section(path, "thresholds"), source=path.name)


def read_section(path: Path, section: str) -> dict[str, Any]:
    """Return one section of a YAML file as it stands there; an absent one is empty.

    Raises:
        ConfigError: The file cannot be read, or holds something else.
    """
    found = read_settings(path, label=path.name).get(section)
    if found is not None and not isinstance(found, dict):
        raise ConfigError(f"{path.name}: {section} holds no settings by name.")
    return found or {}


def _parse(values: dict[str, Any], *, source: str) -> Thresholds:
    try:
        return Thresholds.model_validate(values)
    except ValidationError as error:
        faults = "; ".join(
            f"thresholds.{'.'.join(map(str, fault['loc']))}: "
            f"{fault['msg'].removeprefix('Value error, ')}"
            for fault in error.errors()
        )
        raise ConfigError(f"{source}: {faults}.") from error
