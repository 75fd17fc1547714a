"""Features declared for tests of models: a stem and what matters to the test."""

from features.declare import Feature, Text


def text(words: str) -> Text:
    return Text(zh=words, en=words)


def feature(stem: str, family: str = "lateness", **more: object) -> Feature:
    declared = {"over": "row", "sql": "", "unit": "number", "description": text(stem)}
    return Feature(stem=stem, family=family, **(declared | more))  # type: ignore[arg-type]
