"""From raw scores to probabilities that come true: the map, its fit, its choice, its level.

`curve` holds the map as data, `fitting` fits each kind, `choice` picks by out-of-time evidence,
`segmenting` gives levels of a feature lines of their own, `levels` follows the month.
"""
