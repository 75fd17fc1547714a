"""What a reminder changes on average: the change in P(late) if it is sent rather than not.

Every effect here is sent minus held out, so below 0 the reminder helps. Rows are bills whose
reminder was decided at random (models.uplift.holdout); intervals are clustered by customer, whose
bills rise and fall together.
"""

import math
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm

from contract.errors import DataError
from models.resampling import Interval
from models.target import Target, label
from models.uplift.holdout import Experiment

FloatArray = npt.NDArray[np.float64]

LEVEL, POWER = 0.95, 0.80
# The share that a utility would offer to hold out (domain 3.8); it plans what is not there yet.
USUAL_SHARE = 0.10


@dataclass(frozen=True, kw_only=True)
class Naive:
    """Bills contacted beside bills not contacted: who is contacted, not what it does.

    Attributes:
        contacted_rate: Share late of the bills that the policy reminded in round 1.
        other_rate: Share late of all other bills of the same months.
    """

    contacted: int
    contacted_rate: float
    others: int
    other_rate: float

    @property
    def difference(self) -> float:
        """The difference of the two shares: no effect, because the policy picks arrears."""
        return self.contacted_rate - self.other_rate


def compare_naively(
    known: pd.DataFrame, reminders: pd.DataFrame, *, cut: date, target: Target
) -> Naive:
    """Compare bills reminded with bills not reminded, as one must not: to show the confounding.

    Args:
        known: The outcomes at the cut (models.target.outcomes).
        reminders: Those planned in round 1 (models.uplift.holdout.first_reminders).
        cut: The day from which nothing is known.
        target: What counts as late.
    """
    due = known["due_on"]
    months = due.between(reminders["due_on"].min(), reminders["due_on"].max())
    bills = known[months & (known["kind"] != "refund")].reset_index()
    # Each bill is looked at on its due day, so that none is overdue before.
    seen = bills[["bill_id", "due_on"]].assign(as_of=bills["due_on"], has_agent=0)
    found = label(seen, known, cut=cut, target=target)
    sent = reminders.loc[reminders["assigned"] != "holdout", "bill_id"]
    contacted = found.matrix["bill_id"].isin(sent).to_numpy()
    return Naive(
        contacted=int(contacted.sum()),
        contacted_rate=_mean(found.late[contacted]),
        others=int((~contacted).sum()),
        other_rate=_mean(found.late[~contacted]),
    )


def clustered_mean(
    values: FloatArray, customers: npt.ArrayLike, *, level: float = LEVEL
) -> Interval:
    """Return a mean with its normal interval, a customer's rows counted as one witness.

    The variance is the sum over customers of their squared summed residuals over n squared
    (Liang and Zeger 1986), times G / (G - 1) for G customers.
    """
    mean = float(np.mean(values))
    codes, names = pd.factorize(np.asarray(customers))
    summed = np.bincount(codes, weights=values - mean)
    groups = len(names)
    correction = groups / (groups - 1) if groups > 1 else np.nan
    error = math.sqrt(correction * float(np.sum(summed**2))) / len(values)
    reach = float(norm.ppf((1 + level) / 2)) * error
    return Interval(value=mean, low=mean - reach, high=mean + reach, level=level)


def difference_in_means(rows: pd.DataFrame) -> Interval:
    """Return the late rate of bills reminded less that of bills held out, cycle by cycle.

    Cycles are weighed by their bills, so that a share held out which changes over the months
    does not pass the months' own lateness off as an effect (post-stratification, Miratrix,
    Sekhon and Yu 2013). The interval is that of the influence function.
    """
    late, sent = rows["late"].to_numpy(np.float64), rows["sent"].to_numpy(np.float64)
    cycle = rows["cycle"].to_numpy()
    share = _mean_by(sent, cycle)
    if_sent = _mean_by(sent * late, cycle) / share
    if_held = _mean_by((1 - sent) * late, cycle) / (1 - share)
    influence = if_sent - if_held
    influence += sent * (late - if_sent) / share
    influence -= (1 - sent) * (late - if_held) / (1 - share)
    return clustered_mean(influence, rows["customer_id"])


def robust_scores(
    rows: pd.DataFrame, if_sent: FloatArray | float, if_held: FloatArray | float
) -> FloatArray:
    """Return a row's doubly robust score, whose mean over any group is the group's effect.

    The chance of being sent is known, so the score is without bias however wrong the predictions
    of lateness are; good ones make it less noisy (Robins, Rotnitzky and Zhao 1994, AIPW).

    Args:
        rows: Of an experiment.
        if_sent: Predicted probability of lateness if reminded, by models that never saw the
            row's customer; 0 gives the plain inverse-probability score.
        if_held: The same if held out.
    """
    late, sent = rows["late"].to_numpy(np.float64), rows["sent"].to_numpy(np.float64)
    chance = rows["chance"].to_numpy(np.float64)
    correction = sent * (late - if_sent) / chance - (1 - sent) * (late - if_held) / (1 - chance)
    return np.asarray(if_sent - if_held + correction, np.float64)


def bills_needed(
    late_rate: float, effect: float, *, share: float, level: float = LEVEL, power: float = POWER
) -> int:
    """Return how many bills must be held out to tell an effect of that size from none.

    Two proportions, two-sided (Fleiss, Levin and Paik 2003, section 4.2, without continuity
    correction). A bill is one witness here although customers recur: chance decides bill by bill,
    which leaves the difference between the arms nearly free of a customer's habits.

    Args:
        late_rate: Share late among bills held out.
        effect: Smallest change of that share worth telling, as a positive number.
        share: Share held out.

    >>> bills_needed(0.30, 0.02, share=0.5)
    8079
    """
    helped = max(late_rate - effect, 0.0)
    times = (1 - share) / share
    spread = late_rate * (1 - late_rate) + helped * (1 - helped) / times
    reach = float(norm.ppf((1 + level) / 2) + norm.ppf(power))
    return math.ceil(reach**2 * spread / effect**2)


def check_size(experiment: Experiment, *, smallest_effect: float) -> int:
    """Return how many bills had to be held out, given that they are.

    Raises:
        DataError: None or too few are, so that any number would be noise.
    """
    held, n = experiment.held_out, len(experiment.rows)
    rate = experiment.late_rate if experiment.late_rate > 0 else 0.5
    needed = bills_needed(rate, smallest_effect, share=held / n if n else USUAL_SHARE)
    if held >= needed:
        return needed
    left_out = ", ".join(
        f"{reason} {count:,}" for reason, count in experiment.attrition.items() if count
    )
    raise DataError(
        f"contacts.assigned: {held:,} bills of round 1 are held out at random and can be judged,"
        f" but about {needed:,} are needed to tell a change of {100 * smallest_effect:g} points in"
        f" the late rate from none ({LEVEL:.0%} confidence, {POWER:.0%} power), so no effect is"
        f" told (reminders planned in round 1: {left_out or 'none'}). Hold out a random"
        f" {USUAL_SHARE:.0%} of first reminders for some more cycles and record them as holdout."
    )


def check_balance(encoded: FloatArray, names: tuple[str, ...], rows: pd.DataFrame) -> Interval:
    """Return the largest standardised difference between the arms, given that chance explains it.

    Chance, not the policy, must have decided who is held out: what was known before may not
    tell the arms apart. The interval is that of the feature with the largest z.

    Raises:
        DataError: A feature differs by more than chance allows, tested for all features at once.
    """
    cycle, sent = rows["cycle"].to_numpy(), rows["sent"].to_numpy(np.float64)
    share = _mean_by(sent, cycle)
    weight = sent / share - (1 - sent) / (1 - share)
    found = [_imbalance(column, weight, cycle, rows["customer_id"]) for column in encoded.T]
    z = np.array([abs(one.value) / max(one.high - one.value, 1e-12) for one in found])
    worst = int(np.argmax(z))
    # One in a thousand experiments that are in order is refused, whatever the number of features.
    allowed = norm.ppf(1 - 0.0005 / len(names)) / norm.ppf((1 + LEVEL) / 2)
    if z[worst] > allowed:
        raise DataError(
            f"contacts.assigned: bills held out differ from those reminded in {names[worst]} by"
            f" {found[worst].value:+.2f} standard deviations, more than chance allows, so they"
            " were not held out at random. Hold out by a random draw for each bill."
        )
    return found[worst]


def _imbalance(
    column: FloatArray, weight: FloatArray, cycle: npt.NDArray[np.int64], customers: pd.Series
) -> Interval:
    here = ~np.isnan(column)
    known = np.where(here, column, column[here].mean() if here.any() else 0.0)
    spread = float(np.std(known))
    if spread == 0:
        return Interval(value=0.0, low=0.0, high=0.0, level=LEVEL)
    centred = (known - _mean_by(known, cycle)) / spread
    return clustered_mean(centred * weight, customers)


def _mean(values: npt.NDArray[np.int8]) -> float:
    return float(values.mean()) if values.size else np.nan


def _mean_by(values: FloatArray, groups: npt.NDArray[np.int64]) -> FloatArray:
    """Return each row's group mean."""
    codes, names = pd.factorize(groups)
    rows = np.bincount(codes, minlength=len(names))
    return (np.bincount(codes, weights=values, minlength=len(names)) / rows)[codes]
