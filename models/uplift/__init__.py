"""Whom a first reminder changes: random hold-out, effects, rankings and their Qini."""
