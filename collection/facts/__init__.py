"""What is known at a day of every customer and every open bill: the facts that rules go by."""

from collection.facts.gather import Facts, gather

__all__ = ["Facts", "gather"]
