"""What a declared feature must meet before it may join the matrix.

Its name is free, it reads the columns of its view and nothing else, and it can be computed.
"""

import re
from collections.abc import Iterable
from datetime import date

from contract.engine import Connection, EngineError, connect
from contract.errors import ConfigError
from contract.staging import Store
from features.catalogue import EVERY, FEATURES, extra_features
from features.compose import KEYS, compose
from features.declare import Feature
from features.facts import with_facts
from features.groups import no_rates

# Words by which an expression would leave its view, read the clock or change between two runs.
_REACHES_OUT = re.compile(
    r"\b(select|from|with|table|values|describe|show|summarize|pivot|unpivot|attach|copy|pragma"
    r"|read_\w+|parquet_\w+|duckdb_\w+|pragma_\w+|glob|query|query_table|getenv|getvariable"
    r"|now|today|current_\w+|localtime\w*|get_current_\w+|random|uuid|gen_random_uuid|nextval)\b",
    re.IGNORECASE,
)
_KIND_OF_FAULT = re.compile(r"^\w+ Error: ")
# From left to right: what DuckDB reads as one text or name. Texts that end by other rules, in
# which an expression could hide from the words above, are not taken: E'..' and $$..$$.
_TOKEN = re.compile(r"(?P<hides>\b[eE]'|\$)|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
_STEM = re.compile(r"[a-z][a-z0-9_]*")
_MOST_TOLD = 200
_ANY_DAY = date(2024, 1, 31)


def check_names(declared: Iterable[Feature]) -> None:
    """Refuse a feature whose name is not a plain column name or is already taken."""
    taken = {*KEYS, *(feature.name for feature in EVERY)}
    for feature in declared:
        if not _STEM.fullmatch(feature.stem):
            raise ConfigError(
                f"feature {feature.stem!r}: a stem is lower-case letters, digits and _,"
                " such as paid_in_cash."
            )
        if feature.name in taken:
            raise ConfigError(f"feature {feature.name}: the name is taken; choose another stem.")
        taken.add(feature.name)


def check_reach(feature: Feature) -> None:
    """Refuse an expression that could see more than the rows of its view."""
    hides = any(token["hides"] for token in _TOKEN.finditer(feature.sql))
    code = _TOKEN.sub(lambda token: "''" if token[0][0] == "'" else token[0], feature.sql)
    found = _REACHES_OUT.search(code)
    if found or hides or ";" in code or "--" in code or "/*" in code:
        word = found[0] if found else "$ or E''" if hides else "; or a comment"
        raise ConfigError(
            f"feature {feature.name}: {word!r} would look past its view and so past as_of;"
            f" write an expression over the columns of {feature.over} alone"
            " (day(x) instead of extract(day from x))."
        )


def check_against(store: Store, declared: tuple[Feature, ...]) -> None:
    """Refuse a feature that cannot be computed over the views of this store.

    Raises:
        ConfigError: It reads an unknown column, is no aggregate of its view, or gives text where
            its unit is a number. The message names the columns that there are.
    """
    extras = extra_features(store.bill_extras, store.customer_extras)
    with connect(threads=1, within=store.folder) as connection:
        for relation, table in no_rates().items():
            connection.register(relation, table)
        for feature in declared:
            _check_statement(connection, store, feature, (*declared, *extras))


def _check_statement(
    connection: Connection, store: Store, feature: Feature, known: tuple[Feature, ...]
) -> None:
    try:
        _describe(connection, compose(store, 0, _ANY_DAY, (feature, *known)))
        kind = _kind(connection, store, feature)
    except EngineError as fault:
        raise ConfigError(
            f"feature {feature.name}: {_first_line(fault)} Its view {feature.over} has the columns"
            f" {', '.join(_columns(connection, store, feature))}."
        ) from fault
    if kind == "VARCHAR" and not feature.is_categorical:
        raise ConfigError(
            f"feature {feature.name}: gives text, but its unit is {feature.unit};"
            " give it the unit code and its levels, or an expression that is a number."
        )


def _kind(connection: Connection, store: Store, feature: Feature) -> str:
    if feature.over == "row":
        return ""
    value = feature.sql.replace("{w}", "true")
    query = with_facts(store, 0, _ANY_DAY, f"SELECT {value} AS value FROM {feature.over}")
    return _describe(connection, query)["value"]


def _columns(connection: Connection, store: Store, feature: Feature) -> list[str]:
    view = "scored" if feature.over == "row" else feature.over
    found = list(_describe(connection, with_facts(store, 0, _ANY_DAY, f"SELECT * FROM {view}")))
    if feature.over == "row":
        found += [built_in.name for built_in in FEATURES]
    return found


def _describe(connection: Connection, query: str) -> dict[str, str]:
    return {row[0]: row[1] for row in connection.execute(f"DESCRIBE {query}").fetchall()}


def _first_line(fault: EngineError) -> str:
    return _KIND_OF_FAULT.sub("", str(fault).splitlines()[0])[:_MOST_TOLD].rstrip(".!") + "."
