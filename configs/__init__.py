"""Numbers and wording that a utility changes; read through importlib or by path."""
