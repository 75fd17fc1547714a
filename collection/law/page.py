"""The page of the law for people: every figure, from when it holds, and what to confirm."""

from collections.abc import Iterator

from collection.law.load import Cited, citations, load_law, shipped_laws

_INTRO = """# The law as duewatch applies it

Made from `configs/law/*.yaml`. A figure is changed by a new version with its own `effective_from`.
**to confirm** marks a figure whose text nobody here has read (excerpt: a page that quotes it;
memory: nobody's copy; inference: a reading of ours). A person must confirm it before it is relied
on. `gb` and `us_cold_weather` are examples of other places, not for use there.
"""


def law_markdown() -> str:
    """Return the page of every shipped law."""
    return _INTRO + "".join(_law(name) for name in shipped_laws())


def _law(name: str) -> str:
    law = load_law(name)
    rows = "\n".join(_rows(citations(law)))
    return (
        f"\n## {name}: {law.title.zh} · {law.title.en}\n\n"
        f"| figure | value | evidence | source | |\n|---|---|---|---|---|\n{rows}\n"
    )


def _rows(cited: tuple[Cited, ...]) -> Iterator[str]:
    for figure in cited:
        mark = "" if figure.confirmed else "**to confirm**"
        yield (
            f"| `{figure.path}` | {figure.value} | {figure.evidence} | {figure.source} | {mark} |"
        )
