"""One SQL statement for the whole matrix, composed from declared features."""

import re
from datetime import date

from contract.engine import name
from contract.errors import ConfigError
from features.catalogue import EVERY
from features.declare import Feature, Scored, View, Window
from features.facts import Source, day, fact_views
from features.filters import without_filters

# The columns before the features, by what a row is.
PREPAID_KEYS = ("as_of", "customer_id")
KEYS = (
    "as_of",
    "customer_id",
    "bill_id",
    "cycle",
    "issued_on",
    "due_on",
    "is_overdue",
    "open_cny",
)

# The day in a statement that is not yet of one day; the cast tells the engine its type.
AS_OF = "CAST($as_of AS DATE)"

# What the rows of each view are summed up to: a customer, or one scored bill.
GROUPED_BY: dict[View, str] = {
    "bill_facts": "customer_id",
    "outcome_facts": "customer_id",
    "payment_facts": "customer_id",
    "contact_facts": "customer_id",
    "balance_facts": "customer_id",
    "cut_facts": "customer_id",
    "other_facts": "bill_id",
}

# The numbers within a bucket that stand for these ids (contract/bucket.py).
_NUMBERED = {"customer_id": "customer", "bill_id": "bill"}

_WORD = re.compile(r"[A-Za-z_]\w*")
_GROUP_FACT = re.compile(r"\b(grid|segment|month)_(known|late|below|equal|bills|fen)\b")


def compose(
    source: Source,
    bucket: int,
    as_of: date,
    features: tuple[Feature, ...],
    scored: Scored = "bill",
) -> str:
    """Return the statement that builds the matrix of one bucket at as_of.

    Its rows are the bills open then, or the prepaid customers; its columns are the keys and the
    features in order. What a feature reads is computed even when it is not itself chosen. It
    reads the relations of features/groups.py.
    """
    statement = compose_for_year(source, bucket, as_of.year, features, scored)
    return statement.replace(AS_OF, day(as_of))


def compose_for_year(
    source: Source,
    bucket: int,
    year: int,
    features: tuple[Feature, ...],
    scored: Scored = "bill",
) -> str:
    """Return the statement of compose for any as_of in a year, to be prepared with ``$as_of``."""
    keys = KEYS if scored == "bill" else PREPAID_KEYS
    needed = with_read(features)
    columns = {view: [f for f in needed if f.over == view] for view in GROUPED_BY}
    used = {view: declared for view, declared in columns.items() if declared}
    aggregates = "".join(
        f",\n{view}_columns AS ({_aggregate(view, declared)})" for view, declared in used.items()
    )
    joins = "".join(
        f"\n    LEFT JOIN {view}_columns USING ({_NUMBERED[GROUPED_BY[view]]})" for view in used
    )
    ready = "".join(f",\n        {_filled(f)}" for declared in used.values() for f in declared)
    rows = [f for f in needed if f.over == "row"]
    derived = "".join(f",\n    {_cast(f)} AS {name(f.name)}" for f in _in_order(rows))
    found = "".join(f", {name(f.name)}" for declared in used.values() for f in declared)
    chosen = "".join(f", {name(f.name)}" for f in features)
    statement = f"""
WITH {fact_views(source, bucket, date(year, 1, 1), scored)}{aggregates},
joined AS (
    SELECT scored.*, CAST(open_fen AS DOUBLE) / 100 AS open_cny,
        grid_known, grid_late, segment_known, segment_late,
        month_below, month_equal, month_bills, month_fen{ready}
    FROM scored{joins}
    LEFT JOIN grid_rate USING (grid_id)
    LEFT JOIN segment_rate ON segment_rate.segment = scored.segment
    LEFT JOIN month_rank ON month_rank.segment = scored.segment
        AND month_rank.cycle = scored.cycle AND month_rank.amount_fen = scored.amount_fen
),
complete AS (SELECT {", ".join(keys)}{found}{derived} FROM joined)
SELECT {", ".join(keys)}{chosen} FROM complete"""
    return statement.replace("$as_of", AS_OF)


def with_read(features: tuple[Feature, ...]) -> tuple[Feature, ...]:
    """Return the features and those that their expressions read, each once."""
    known = {f.name: f for f in EVERY} | {f.name: f for f in features}
    found: dict[str, Feature] = {}
    waiting = list(features)
    while waiting:
        feature = waiting.pop(0)
        if feature.name not in found:
            found[feature.name] = feature
            if feature.over == "row":
                waiting += [known[word] for word in _WORD.findall(feature.sql) if word in known]
    return tuple(found.values())


def reads_groups(features: tuple[Feature, ...]) -> bool:
    """Tell whether a feature needs the relations of features/groups.py, or reads one that does."""
    return any(_GROUP_FACT.search(feature.sql) for feature in with_read(features))


def _aggregate(view: View, features: list[Feature]) -> str:
    columns = ",\n        ".join(
        f"{without_filters(f.sql.replace('{w}', condition(f.window)))} AS {name(f.name)}"
        for f in features
    )
    return f"""
    SELECT {_NUMBERED[GROUPED_BY[view]]},
        {columns}
    FROM {view} GROUP BY {_NUMBERED[GROUPED_BY[view]]}"""


def condition(window: Window | None) -> str:
    """Return what a row of a view must meet to lie in the window [as_of - n months, as_of)."""
    if window is None:
        return "true"
    if window.bills is not None:
        return f"k <= {window.bills}"
    return f"on_day >= CAST($as_of - INTERVAL {window.months} MONTH AS DATE)"


def _filled(feature: Feature) -> str:
    """A customer without rows in the view gets the declared value of an empty window."""
    column = f"CAST({name(feature.name)} AS DOUBLE)"
    if feature.empty is not None:
        column = f"coalesce({column}, {feature.empty})"
    return f"{column} AS {name(feature.name)}"


def _cast(feature: Feature) -> str:
    sql = feature.sql.replace("{w}", condition(feature.window))
    return f"CAST({sql} AS {'VARCHAR' if feature.is_categorical else 'DOUBLE'})"


def _in_order(features: list[Feature]) -> list[Feature]:
    """Order row expressions so that each comes after those it reads."""
    waiting = {f.name: f for f in features}
    ordered: list[Feature] = []
    while waiting:
        ready = [
            f for f in waiting.values() if not (set(_WORD.findall(f.sql)) - {f.name}) & set(waiting)
        ]
        if not ready:
            raise ConfigError(f"features read each other in a circle: {', '.join(waiting)}.")
        ordered += ready
        for feature in ready:
            del waiting[feature.name]
    return ordered
