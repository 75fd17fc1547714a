"""What leaves duewatch for other systems: a run's list and scores, a plan, a hand-off file."""
