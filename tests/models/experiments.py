"""Drawn experiments whose effect is known: bills reminded or held out by chance."""

import numpy as np
import pandas as pd


def draw_experiment(
    rows: int, *, seed: int, held: float = 0.5, cycles: int = 6, bills_each: int = 4
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Return the experiment's rows, three features a row, and each row's true effect.

    The first feature is risk; the second says who forgets, and only they are helped by a
    reminder, by 0.3 of their risk; the third is noise. Customers differ, so bills cluster.
    """
    generator = np.random.default_rng(seed)
    customer = np.arange(rows) // bills_each
    habit = np.repeat(generator.normal(size=rows // bills_each + 1), bills_each)[:rows]
    features = np.column_stack([habit, generator.random(rows) < 0.4, generator.normal(size=rows)])
    risk = 1 / (1 + np.exp(0.8 - 1.5 * habit))
    effect = np.where(features[:, 1] == 1, -0.3 * risk, 0.0)
    sent = (generator.random(rows) >= held).astype(np.int8)
    late = (generator.random(rows) < risk + sent * effect).astype(np.int8)
    cycle = generator.integers(24300, 24300 + cycles, rows)
    as_of = pd.to_datetime("2025-01-05") + pd.to_timedelta(30 * (cycle - 24300), unit="D")
    table = pd.DataFrame(
        {
            "bill_id": np.arange(rows).astype(str),
            "customer_id": customer.astype(str),
            "cycle": cycle,
            "as_of": as_of,
            "issued_on": as_of - pd.Timedelta(days=2),
            "due_on": as_of + pd.Timedelta(days=20),
            "sent": sent,
            "late": late,
            "chance": 1 - held,
        }
    )
    return table, features.astype(np.float64), effect
