"""Windowed payment-timing and arrears features, as they were known on a day."""

from features.build import build, features_of
from features.catalogue import FEATURES
from features.declare import Feature, Reason, Text, Window, spread

__all__ = ["FEATURES", "Feature", "Reason", "Text", "Window", "build", "features_of", "spread"]
