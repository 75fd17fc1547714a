"""All lists, in the order in which a bureau reads them."""

from dataclasses import replace

from collection.handouts.contact_lists import CONTACT_LISTS
from collection.handouts.declare import Handout
from collection.handouts.other_lists import OTHER_LISTS
from collection.handouts.thresholds import Thresholds

HANDOUTS: tuple[Handout, ...] = (*CONTACT_LISTS, *OTHER_LISTS)


def handouts_for(thresholds: Thresholds) -> tuple[Handout, ...]:
    """Return the lists as these numbers have them: visits by route or by rank."""
    if thresholds.visit_order == "route":
        return HANDOUTS
    return tuple(
        replace(one, order=("priority_rank",)) if one.id == "visits" else one for one in HANDOUTS
    )
