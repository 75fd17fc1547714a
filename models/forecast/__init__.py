"""When the money comes: hazards of payment by day, and the collection they add up to."""
