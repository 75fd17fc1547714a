"""The fourteen portraits as declared values, how they are read, and how they change."""

from collection.portraits.catalogue import PORTRAITS, Portrait
from collection.portraits.history import compare
from collection.portraits.readings import Readings
from collection.portraits.told import Told, readings_used

__all__ = ["PORTRAITS", "Portrait", "Readings", "Told", "compare", "readings_used"]
