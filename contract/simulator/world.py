"""The world file: read once into frozen models, with the path of whatever is wrong in it."""

from functools import cache
from importlib.resources import files
from pathlib import Path

from pydantic import ValidationError

from contract.errors import ConfigError
from contract.simulator.constants import (
    Arrangements,
    Calendar,
    Channel,
    Consumption,
    ContactPolicy,
    Cuts,
    Habits,
    Liquidity,
    Moves,
    Oddities,
    Part,
    Payer,
    PaymentWays,
    Prepaid,
    Regime,
    Region,
    Segment,
)
from contract.yaml_file import read_settings


class World(Part):
    """Everything that is fixed about the simulated utility."""

    calendar: Calendar
    region: Region
    segments: dict[str, Segment]
    consumption: Consumption
    payers: dict[str, Payer]
    liquidity: Liquidity
    habits: Habits
    arrangements: Arrangements
    channels: dict[str, Channel]
    payments: PaymentWays
    contacts: ContactPolicy
    moves: Moves
    oddities: Oddities
    cuts: Cuts
    prepaid: Prepaid
    regimes: dict[str, Regime]

    def regime(self, name: str) -> Regime:
        """Return a scenario by name.

        Raises:
            ConfigError: There is none of that name.
        """
        if name not in self.regimes:
            raise ConfigError(f"regime: {name!r} is not one of {', '.join(self.regimes)}.")
        return self.regimes[name]


@cache
def read_world(path: Path | None = None) -> World:
    """Read a world file; without a path, the one that comes with duewatch.

    Raises:
        ConfigError: The file cannot be read as YAML, or a key is unknown, missing or out of its
            range.
    """
    where = str(path) if path else "configs/world.yaml"
    own = Path(str(files("configs") / "world.yaml"))
    try:
        return World.model_validate(read_settings(path or own, label=where))
    except ValidationError as error:
        raise ConfigError(f"{where}: {_breaches(error)}") from error


def _breaches(error: ValidationError) -> str:
    """Put every breach in one line: path in the file, then what is wrong."""
    return "; ".join(
        f"{'.'.join(str(step) for step in found['loc'])}: {found['msg']}"
        for found in error.errors()
    )
