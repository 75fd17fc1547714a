"""Follow the level of the months since a model was trained: trees stay, the intercept moves.

Each month's matured labels tell how far the late rate has moved as a whole (domain 3.6). Whether
following it helps is seen on the months that came after; where it did not, nothing is registered.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from contract.errors import DataError
from features import build, build_prepaid
from models.calibration.levels import Followed, Month, follow
from models.cold_start import insufficient
from models.predictor import Model
from models.target import Labelled, known_outcomes, label
from pipeline.config import Config
from pipeline.preparing import Prepared
from pipeline.progress import step
from pipeline.tracking import Evidence, Registered, load, register

RECALIBRATED = "recalibrated_from"
FEWEST_MONTHS = 2


@dataclass(frozen=True, kw_only=True)
class Recalibration:
    """What became of following the level.

    Attributes:
        model: The model as it stands in the registry.
        followed: The months, and the calibration after them.
        registered: The new challenger; None when following had not helped.
    """

    model: Registered
    followed: Followed
    registered: Registered | None

    def as_dict(self) -> dict[str, Any]:
        """Return what a machine needs to know of it."""
        return {
            "model_version": self.model.version,
            "better": self.followed.better,
            "challenger": None if self.registered is None else self.registered.version,
            "shift": self.followed.calibration.shift,
            "months": self.followed.months.to_dict("records"),
        }


def recalibrate(config: Config, prepared: Prepared, *, which: str) -> Recalibration:
    """Follow the months since a model was trained; register the result when it helped.

    Args:
        which: Alias or version of the model.

    Raises:
        DataError: Fewer than two months have matured since it was trained.
    """
    stands = load(config.tracked, which)
    model = stands.model
    days = _days_since(config, prepared, date.fromisoformat(model.card.about["as_of"]))
    if not days:
        raise _too_soon(stands, 0)
    with step(f"Build features on {len(days)} days since it was trained") as report:
        if config.target.is_of_bills:
            matrix = build(prepared.store, days, features=prepared.features, progress=report)
        else:
            matrix = build_prepaid(prepared.store, days, progress=report)
    known = known_outcomes(prepared.store, prepared.as_of, config.target)
    rows = label(matrix, known, cut=prepared.as_of, target=config.target)
    months = _months(model, rows)
    if len(months) < FEWEST_MONTHS:
        raise _too_soon(stands, len(months))
    followed = follow(model.calibration, months)
    registered = None
    if followed.better:
        with step("Log to MLflow and register"):
            registered = _register(config, stands, followed, rows.matrix.head(5))
    return Recalibration(model=stands, followed=followed, registered=registered)


def _too_soon(stands: Registered, months: int) -> DataError:
    return DataError(
        f"model version {stands.version}: {months} months have mature labels since it was trained"
        f" as of {stands.model.card.about['as_of']}; {FEWEST_MONTHS} are needed, one to follow and"
        " one to see whether that helps. Wait, or use a later as_of."
    )


def _days_since(config: Config, prepared: Prepared, trained: date) -> tuple[date, ...]:
    """Return the planning days from the training to the prepared day."""
    months = (prepared.as_of.year - trained.year) * 12 + prepared.as_of.month - trained.month
    planning = config.snapshots.days_of_month[0]
    days = config.snapshots.before(prepared.as_of, months) if months > 0 else ()
    return tuple(day for day in days if day.day == planning and day >= trained)


def _months(model: Model, rows: Labelled) -> list[Month]:
    """Split rows by cycle; those that the cold-start rule speaks for are none of the model's."""
    own = np.ones(len(rows.matrix), dtype=bool)
    if model.card.cold_start is not None:
        own = ~insufficient(rows.matrix)
    matrix, late = rows.matrix[own], rows.late[own].astype(np.float64)
    segments = model.calibration.segments
    levels = None if segments is None else matrix[segments.feature].to_numpy(dtype=object)
    raw, cycles = model.margin(matrix), matrix["cycle"].to_numpy()
    customers = matrix["customer_id"].to_numpy(dtype=object)
    return [
        Month(
            cycle=int(cycle),
            raw=raw[at],
            y=late[at],
            customers=customers[at],
            segments=None if levels is None else levels[at],
        )
        for cycle in np.unique(cycles)
        for at in [cycles == cycle]
    ]


def _register(
    config: Config, stands: Registered, followed: Followed, example: pd.DataFrame
) -> Registered:
    told = {
        RECALIBRATED: stands.version,
        "recalibration": followed.months.to_dict("records"),
        "recalibration_shift": followed.calibration.shift,
    }
    model = stands.model.recalibrated(followed.calibration, told)
    rows = pd.DataFrame(model.encode(example), columns=model.card.features)
    evidence = Evidence(
        parameters={RECALIBRATED: stands.version, "months": len(followed.months)},
        metrics={"shift": followed.calibration.shift},
        tags={RECALIBRATED: stands.version, "model_sha256": model.sha256},
        tables={"recalibration.csv": followed.months},
    )
    return register(model, rows, evidence, config.tracked)
