"""The steps of a month, tied together: configuration, storage, tracking and the command line."""
