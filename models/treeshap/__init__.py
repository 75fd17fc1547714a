"""TreeSHAP in batches: what each input adds to each row's raw score, exact and quick.

Exact against LightGBM's `pred_contrib`, about ninety times its speed on the production model
(`python -m benchmarks.explain`). `reading` parses the trees, `planning` cuts them into groups that
have tables, `flat` lays them out, `shapley` fills the tables, `walking` passes rows through.
"""

from models.treeshap.batched import Batched
from models.treeshap.reading import Uncovered

__all__ = ["Batched", "Uncovered"]
