"""The month in order: what ``duewatch run`` does, and what it would do."""
