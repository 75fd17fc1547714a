"""How the customer's grid and segment pay, computed once per as_of over all buckets.

The grid's rate leaves the customer itself out, or it would repeat the customer's own history.
Only mature outcomes count: before a due day has passed, those who paid early are known and those
who will be late are not.
"""

from features.declare import Feature, Reason, Text
from features.groups import COUNTED

# The customer's own part of its grid's counts.
HELPERS: tuple[Feature, ...] = (
    Feature(
        stem="own_known",
        family="neighbourhood",
        over="outcome_facts",
        unit="count",
        sql=f"count(*) FILTER (WHERE {COUNTED})",
        empty=0.0,
        description=Text(zh="网格统计期内本户期数", en="own bills that its grid's rate counts"),
    ),
    Feature(
        stem="own_late",
        family="neighbourhood",
        over="outcome_facts",
        unit="count",
        sql=f"count(*) FILTER (WHERE late = 1 AND {COUNTED})",
        empty=0.0,
        description=Text(zh="网格统计期内本户逾期期数", en="those of them that were late"),
    ),
)

NEIGHBOURHOOD: tuple[Feature, ...] = (
    Feature(
        stem="grid_late_rate",
        family="neighbourhood",
        over="row",
        unit="share",
        sql="CAST(grid_late - own_late AS DOUBLE) / NULLIF(grid_known - own_known, 0)",
        direction=1,
        description=Text(
            zh="所在网格其他客户近6个月逾期率",
            en="late rate of the grid's other customers, last 6 months",
        ),
        risk=Reason(
            when=">= 0.05",
            text=Text(
                zh="所在网格其他客户逾期率{grid_late_rate}",
                en="{grid_late_rate} of the grid's other bills were late in the last 6 months",
            ),
        ),
        relief=Reason(
            when="<= 0.15",
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
        risk=Reason(
            when=">= 0.05",
            text=Text(
                zh="同类用户近6个月逾期率{segment_rate}",
                en="{segment_rate} of the segment's bills were late in the last 6 months",
            ),
        ),
        relief=Reason(
            when="<= 0.15",
            text=Text(
                zh="同类用户近6个月逾期率{segment_rate}",
                en="{segment_rate} of the segment's bills were late in the last 6 months",
            ),
        ),
    ),
    Feature(
        stem="grid_bills",
        family="neighbourhood",
        over="row",
        unit="count",
        sql="grid_known - own_known",
        description=Text(
            zh="所在网格其他客户近6个月的期数",
            en="bills that the grid's rate counts, last 6 months",
        ),
    ),
    Feature(
        stem="grid_over_segment",
        family="neighbourhood",
        over="row",
        unit="ratio",
        sql="grid_late_rate / NULLIF(segment_rate, 0)",
        direction=1,
        description=Text(
            zh="网格逾期率与用电类别逾期率之比", en="the grid's late rate over the segment's"
        ),
        risk=Reason(
            when=">= 1.2",
            text=Text(
                zh="所在网格逾期率为同类用户的{grid_over_segment}倍",
                en="the grid's late rate is {grid_over_segment} times the segment's",
            ),
        ),
        relief=Reason(
            when="<= 0.8",
            text=Text(
                zh="所在网格逾期率只有同类用户的{grid_over_segment}倍",
                en="the grid's late rate is only {grid_over_segment} times the segment's",
            ),
        ),
    ),
)
