"""Bills whose payment follows a hazard that is known: prompt payers, and payers at the due day."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from models.forecast.person_periods import Followed
from models.parameters import Parameters

QUICK = Parameters(
    num_leaves=8, max_depth=4, learning_rate=0.3, min_data_in_leaf=20, rounds=40, threads=1
)
DUE_IN = 10  # days from the look to the due day


def true_hazard(prompt: np.ndarray, past_due: np.ndarray) -> np.ndarray:
    """A prompt payer pays one day in five; the others seldom before, often on the due day."""
    slow = np.where(past_due == 0, 0.5, np.where(past_due < 0, 0.02, 0.08))
    return np.where(prompt, 0.2, slow)


@dataclass(frozen=True)
class Payers:
    matrix: pd.DataFrame
    day: np.ndarray
    """Day of payment, counted from the look; 999 is beyond all that was drawn."""

    def seen(self, days: int) -> Followed:
        """Follow each bill for so many days."""
        paid = self.day < days
        return Followed(days=np.where(paid, self.day + 1, days), paid=paid)

    def truth(self, days: int) -> np.ndarray:
        """Return the true P(paid by the end of the day)."""
        past_due = np.arange(days) - DUE_IN
        prompt = (self.matrix["prompt"] == 1).to_numpy()
        return 1 - np.cumprod(1 - true_hazard(prompt[:, None], past_due[None, :]), axis=1)


def draw_payers(rows: int, *, seed: int, as_of: date = date(2026, 3, 6)) -> Payers:
    generator = np.random.default_rng(seed)
    look = pd.Timestamp(as_of)
    matrix = pd.DataFrame(
        {
            "as_of": look,
            "customer_id": generator.integers(0, rows, rows).astype(str),
            "bill_id": [f"{look:%y%m%d}-{row}" for row in range(rows)],
            "cycle": look.year * 12 + look.month - 1,
            "issued_on": look - pd.Timedelta(days=4),
            "due_on": look + pd.Timedelta(days=DUE_IN),
            "open_cny": generator.gamma(0.6, 300.0, rows).round(2) + 1,
            "segment": generator.choice(["residential", "commercial"], rows),
            "prompt": generator.integers(0, 2, rows).astype(float),
            "noise": generator.normal(size=rows),
        }
    )
    hazard = true_hazard((matrix["prompt"] == 1).to_numpy()[:, None], np.arange(120) - DUE_IN)
    pays = generator.random((rows, 120)) < hazard
    return Payers(matrix, np.where(pays.any(axis=1), pays.argmax(axis=1), 999))
