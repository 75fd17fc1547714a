"""All lists, in the order in which a bureau reads them."""

from collection.handouts.contact_lists import CONTACT_LISTS
from collection.handouts.declare import Handout
from collection.handouts.other_lists import OTHER_LISTS

HANDOUTS: tuple[Handout, ...] = (*CONTACT_LISTS, *OTHER_LISTS)
