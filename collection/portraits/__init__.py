"""The fourteen portraits as declared values, how they are read, and how they change."""

from collection.portraits.catalogue import PORTRAITS, Portrait
from collection.portraits.readings import Readings

__all__ = ["PORTRAITS", "Portrait", "Readings"]
