"""Windowed payment-timing and arrears features, as they were known on a day."""

from features.admission import check_against
from features.build import build, build_prepaid, features_of
from features.catalogue import FEATURES, PREPAID_FEATURES
from features.declare import Feature, Reason, Text, Window, spread
from features.evidence import explain
from features.user import UserFeatures, load_user_features

__all__ = [
    "FEATURES",
    "PREPAID_FEATURES",
    "Feature",
    "Reason",
    "Text",
    "UserFeatures",
    "Window",
    "build",
    "build_prepaid",
    "check_against",
    "explain",
    "features_of",
    "load_user_features",
    "spread",
]
