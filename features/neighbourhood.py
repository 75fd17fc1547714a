"""How the customer's grid and segment pay, computed once per as_of over all buckets.

The grid's rate leaves the customer itself out, or it would repeat the customer's own history.
"""

from features.declare import Feature, Reason, Text

NEIGHBOURHOOD: tuple[Feature, ...] = (
    Feature(
        stem="grid_late_rate",
        family="neighbourhood",
        over="row",
        unit="share",
        sql="CAST(grid_late - late_count_6m AS DOUBLE) / NULLIF(grid_known - bills_known_6m, 0)",
        direction=1,
        description=Text(
            zh="所在网格其他客户近6个月逾期率",
            en="late rate of the grid's other customers, last 6 months",
        ),
        risk=Reason(
            when=">= 0.12",
            text=Text(
                zh="所在网格其他客户逾期率{grid_late_rate}",
                en="{grid_late_rate} of the grid's other bills were late in the last 6 months",
            ),
        ),
    ),
    Feature(
        stem="segment_rate",
        family="neighbourhood",
        over="row",
        unit="share",
        sql="CAST(segment_late AS DOUBLE) / NULLIF(segment_known, 0)",
        direction=1,
        description=Text(
            zh="所属用电类别近6个月逾期率", en="late rate of the segment, last 6 months"
        ),
    ),
)
