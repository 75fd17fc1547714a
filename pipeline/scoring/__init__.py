"""Score the open bills of a day: rank them all, explain those that are listed, write the run.

The work goes bucket by bucket, in processes side by side, and every bucket that is done is kept
until the run is whole: killed at any moment, the same command goes on where it was (design 6).
"""

from pipeline.scoring.job import Run, score
from pipeline.scoring.ranking import LISTED_BANDS

__all__ = ["LISTED_BANDS", "Run", "score"]
