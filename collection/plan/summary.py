"""What a plan says of itself: rules that fired, limits that cut, what more staff would add."""

from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa

from collection.plan.capacity import RANKING
from collection.policy.model import Policy
from collection.policy.rule import LADDER, Method
from contract.engine import Connection, text, to_arrow

NEXT = 100  # contacts whose yield is told

_RULES = pa.schema(
    [
        ("rule", pa.string()),
        ("stage", pa.string()),
        ("cites", pa.string()),
        ("zh", pa.string()),
        ("en", pa.string()),
        ("fired", pa.int64()),
        ("decided", pa.int64()),
    ]
)


@dataclass(frozen=True, kw_only=True)
class Yield:
    """What the next contacts of a method would add to the plan.

    Attributes:
        contacts: How many there are to add, at most a hundred.
        late_fen: Amount expected late that they would cover, which now gets less.
        gained_fen: Part of it that would come before due, by the policy's stated effects of this
            method over the one used instead.
    """

    method: Method
    contacts: int
    late_fen: int
    gained_fen: int

    def as_dict(self) -> dict[str, Any]:
        """Return the figures by name."""
        return asdict(self)


def rules_table(connection: Connection, policy: Policy) -> pa.Table:
    """Return how often each rule fired for the bill that counts, and how often it decided."""
    counted = connection.execute("""
        SELECT v.rules, v.winner, count(*) FROM chosen JOIN verdict AS v USING (verdict)
        GROUP BY v.verdict, v.rules, v.winner""").fetchall()
    fired = dict.fromkeys((rule.id for rule in policy.sequence), 0)
    decided = dict(fired)
    for rules, winner, customers in counted:
        for rule in rules:
            fired[rule] += customers
        if winner in decided:
            decided[winner] += customers
    rows = [
        {
            "rule": rule.id,
            "stage": rule.stage,
            "cites": rule.cites,
            "zh": rule.zh,
            "en": rule.en,
            "fired": fired[rule.id],
            "decided": decided[rule.id],
        }
        for rule in policy.sequence
    ]
    return pa.Table.from_pylist(rows, schema=_RULES)


def cut_offs(connection: Connection, policy: Policy) -> pa.Table:
    """Return how many contacts of each limited method were wanted, placed and moved on (T22).

    Returns:
        One row a method and limit: method, by (owner, grid or total), wanted, placed, cut.
    """
    limited = ", ".join(text(method) for method in LADDER if method in policy.capacity) or "''"
    return to_arrow(
        connection,
        f"""
        WITH cut AS (SELECT split_part(u, ':', 1) AS method, split_part(u, ':', 2) AS "by",
                count(*) AS cut
            FROM (SELECT unnest(cut) AS u FROM placed) GROUP BY ALL),
        made AS (SELECT method, count(*) AS placed FROM placed GROUP BY ALL),
        named AS (SELECT unnest([{limited}]) AS method)
        SELECT n.method, c."by", CAST(coalesce(m.placed, 0) + coalesce(
                sum(c.cut) OVER (PARTITION BY n.method), 0) AS BIGINT) AS wanted,
            coalesce(m.placed, 0) AS placed, coalesce(c.cut, 0) AS cut
        FROM named AS n LEFT JOIN made AS m USING (method) LEFT JOIN cut AS c USING (method)
        WHERE n.method <> '' ORDER BY n.method, c."by" """,
    )


def marginal_yields(connection: Connection, policy: Policy) -> tuple[Yield, ...]:
    """Return what the next hundred calls, and the next hundred visits, would add."""
    return tuple(_yield(connection, policy, method) for method in ("phone", "visit"))


def _yield(connection: Connection, policy: Policy, method: Method) -> Yield:
    """Look at those whom capacity took this method from and gave less, in the ranking's order."""
    less = " ".join(
        f"WHEN {text(other)} THEN {round(policy.effects.get(other, 0.0) * 1_000_000)}"
        for other in LADDER
    )
    effect = round(policy.effects.get(method, 0.0) * 1_000_000)
    rows = connection.execute(f"""
        SELECT count(*), coalesce(sum(late_fen), 0),
            coalesce(sum(late_fen * greatest({effect} - CASE method {less} ELSE 0 END, 0)), 0)
        FROM (FROM placed WHERE list_contains(list_transform(
                cut, lambda taken: split_part(taken, ':', 1)), {text(method)})
            ORDER BY {RANKING} LIMIT {NEXT})""").fetchall()
    contacts, late_fen, gained = rows[0]
    return Yield(
        method=method,
        contacts=int(contacts),
        late_fen=int(late_fen),
        gained_fen=int(gained) // 1_000_000,
    )


def counts(table: pa.Table, *columns: str) -> dict[str, int]:
    """Return how many rows of a plan have each value of some columns, by name.

    Values are joined by a slash; rows without one of them are left out.
    """
    grouped = table.group_by(list(columns)).aggregate([([], "count_all")]).to_pylist()
    found = {
        "/".join(str(row[column]) for column in columns): int(row["count_all"])
        for row in grouped
        if all(row[column] not in {None, ""} for column in columns)
    }
    return dict(sorted(found.items()))
