"""What to do about a bill at risk: bands by capacity, over scores and facts known at as_of."""

from collection.bands import BANDS, Bands, Capacity, rank_and_band

__all__ = ["BANDS", "Bands", "Capacity", "rank_and_band"]
