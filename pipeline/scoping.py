"""Freeze the high-risk scope of a month, and track it week by week (R002-05).

A frozen scope is a folder: its customers, the policy that their facts were read by, and
scope.json, which says from what it was made. It is never changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from collection.facts import Facts
from collection.handouts import billing_history, rows_of
from collection.policy import Policy
from collection.scope import (
    CAUSES,
    MOVES,
    SCOPE_LISTS,
    ScopeRule,
    Steps,
    Threshold,
    choose,
    customer_risk,
    movement,
    paid_between,
    threshold_of,
    track,
)
from contract.errors import ConfigError
from pipeline.config import Config
from pipeline.frozen_scopes import ABOUT, Frozen, digests, read_scope
from pipeline.handing_out import Asked, identities
from pipeline.planning import facts_of, read_policy_of
from pipeline.preparing import Prepared
from pipeline.progress import step
from pipeline.scope_scores import ScopeScores, same_model, scope_scores
from pipeline.storage import new_folder, write_json
from reports.handouts import Head, read_dictionary, write_handouts

SCOPES = "scopes"


@dataclass(frozen=True, kw_only=True)
class Tracked:
    """What became of a scope, written to a folder."""

    folder: Path
    facts: dict[str, Any]

    def text(self) -> str:
        """Return movement and payments, for the terminal."""
        facts = self.facts
        lines = [
            (
                f"Scope {facts['scope']}, {facts['customers']:,} customers, from {facts['then']} to"
                f" {facts['as_of']}: {facts['paid_fen'] / 100:,.2f} yuan paid,"
                f" {facts['settled_customers']:,} customers owe nothing any more."
            )
        ]
        lines += [
            f"  {move}: " + ", ".join(f"{n:,} by {cause}" for cause, n in causes.items())
            for move, causes in facts["moves"].items()
        ]
        return "\n".join([*lines, f"Wrote {self.folder}."])

    def as_dict(self) -> dict[str, Any]:
        """Return what a machine needs to know of it."""
        return {**self.facts, "output": str(self.folder)}


@dataclass(frozen=True, kw_only=True)
class Basis:
    """What a scope is made by, apart from the data.

    Attributes:
        rule: Who is in.
        trend: The user's factor by industry; empty multiplies nothing.
        policy: How portraits are read.
        model: Alias or version of the model.
    """

    rule: ScopeRule
    trend: Mapping[str, float]
    policy: Policy
    model: str = "champion"


def freeze(
    config: Config, prepared: Prepared, basis: Basis, *, month: int | None, again: str = ""
) -> Frozen:
    """Freeze the scope of a month in a folder of its own.

    Args:
        config: Where scopes lie.
        prepared: The data and the day to look from.
        basis: Rule, trend, policy and model.
        month: As 202611; None is the month of the day.
        again: Why a month is frozen once more; without it a second time is refused.

    Raises:
        ConfigError: The month has a scope already, or is no month.
    """
    month = month or prepared.as_of.year * 100 + prepared.as_of.month
    version = _next_version(config, month, again)
    facts = facts_of(prepared, basis.policy)
    scores = scope_scores(config, prepared, basis.model)
    with step("Choose the scope"):
        risk = _risk(facts, scores, basis)
        threshold = threshold_of(risk, basis.rule, basis.trend)
        chosen = choose(risk, threshold)
    place = config.outputs / SCOPES / f"{month}-{version}"
    with new_folder(place) as beside:
        pq.write_table(chosen, beside / "scope.parquet")
        write_json(beside / "policy.json", basis.policy.model_dump(mode="json", by_alias=True))
        about = {
            "scope": place.name,
            "month": month,
            "version": version,
            "again": again,
            "as_of": prepared.as_of.isoformat(),
            "rule": basis.rule.model_dump(mode="json"),
            "trend": dict(sorted(basis.trend.items())),
            "cut_fen": threshold.cut_fen,
            "model": scores.about(),
            "policy": {"name": basis.policy.name, "version": basis.policy.version},
            "data_fingerprint": prepared.store.fingerprint,
            "customers": chosen.num_rows,
            "chosen_by": _counted(chosen),
        }
        write_json(beside / ABOUT, {**about, "files": digests(beside)})
    return read_scope(place)


def track_scope(
    config: Config, prepared: Prepared, frozen: Frozen, *, basis: Basis, out: Path, asked: Asked
) -> Tracked:
    """Write what became of a frozen scope by the prepared day.

    Args:
        config: Where models are.
        prepared: The data and the day.
        frozen: The scope.
        basis: Today's rule, trend, policy and model.
        out: The folder to write; it must not be there.
        asked: How lists are written.

    Raises:
        ConfigError: The day lies before the scope's, or its model is not to be had.
    """
    if prepared.as_of < frozen.as_of:
        raise ConfigError(
            f"as_of: {prepared.as_of} lies before the scope's {frozen.as_of}; tracking looks at"
            " what came since. Give newer data, or a later --as-of."
        )
    then, steps = frozen.threshold, _steps(config, prepared, frozen, basis)
    now = threshold_of(steps.now, basis.rule, basis.trend)
    customers = frozen.customers()
    with step("Track the scope"):
        tables = {
            "movement": movement(customers, steps, then=then, now=now),
            "tracking": track(
                customers,
                steps.now,
                paid=paid_between(prepared.store, frozen.as_of, prepared.as_of),
                history=billing_history(prepared.store, prepared.as_of),
                in_now=choose(steps.now, now)["customer_id"].to_pylist(),
                rule=basis.rule,
            ),
        }
    facts = _told(frozen, prepared, tables, now)
    _write(out, prepared, frozen, tables=tables, facts=facts, asked=asked)
    return Tracked(folder=out, facts=facts)


def _next_version(config: Config, month: int, again: str) -> int:
    if not 1 <= month % 100 <= 12:
        raise ConfigError(f"month: {month} is no month; give it as 202611.")
    there = sorted((config.outputs / SCOPES).glob(f"{month}-*/{ABOUT}"))
    if there and not again:
        raise ConfigError(
            f"The scope of {month} is frozen already ({there[-1].parent}). Track that one, or give"
            " --again and the reason to freeze another version."
        )
    return len(there) + 1


def _risk(facts: Facts, scores: ScopeScores, basis: Basis) -> pa.Table:
    return customer_risk(
        facts.account, facts.open_bill, scores.table, rule=basis.rule, trend=basis.trend
    )


def _steps(config: Config, prepared: Prepared, frozen: Frozen, basis: Basis) -> Steps:
    """Make today's customers three times: by old model, new model, and all that is new."""
    old = Basis(
        rule=frozen.threshold.rule,
        trend=frozen.threshold.trend,
        policy=read_policy_of(frozen.folder),
    )
    facts = facts_of(prepared, old.policy)
    scores = scope_scores(config, prepared, basis.model)
    before = same_model(config, prepared, frozen.about["model"], scores)
    new_facts = _risk(facts, before, old)
    new_model = new_facts if before is scores else _risk(facts, scores, old)
    if basis.policy != old.policy:
        facts = facts_of(prepared, basis.policy)
    return Steps(new_facts=new_facts, new_model=new_model, now=_risk(facts, scores, basis))


def _told(
    frozen: Frozen, prepared: Prepared, tables: Mapping[str, pa.Table], now: Threshold
) -> dict[str, Any]:
    tracking, moved = tables["tracking"].to_pylist(), tables["movement"].to_pylist()
    return {
        "scope": frozen.about["scope"],
        "then": frozen.as_of.isoformat(),
        "as_of": prepared.as_of.isoformat(),
        "customers": len(tracking),
        "paid_fen": sum(row["paid_fen"] for row in tracking),
        "settled_customers": sum(row["risk_move"] == "settled" for row in tracking),
        "cut_fen": {"then": frozen.about["cut_fen"], "now": now.cut_fen},
        "moves": {
            move: {
                cause: sum(row["move"] == move and row["cause"] == cause for row in moved)
                for cause in CAUSES
            }
            for move in MOVES
        },
    }


def _write(
    out: Path,
    prepared: Prepared,
    frozen: Frozen,
    *,
    tables: Mapping[str, pa.Table],
    facts: dict[str, Any],
    asked: Asked,
) -> None:
    lists = {one.id: (one, rows_of(one, tables)) for one in SCOPE_LISTS}
    rows = [table for _, table in lists.values()]
    people = identities(prepared, rows, asked) if asked.identities else {}
    policy = frozen.about["policy"]["version"]
    head = Head(run=frozen.about["scope"], as_of=prepared.as_of, policy=policy)
    words = read_dictionary(asked.wording, language=asked.language)
    with step("Write the lists"), new_folder(out) as beside:
        write_handouts(beside, lists, head, words=words, identities=people)
        for name, table in tables.items():
            pq.write_table(table, beside / f"{name}.parquet")
        write_json(beside / "tracked.json", facts)


def _counted(chosen: pa.Table) -> dict[str, int]:
    reasons = [reason for row in chosen["chosen_by"].to_pylist() for reason in row]
    return {reason: reasons.count(reason) for reason in sorted(set(reasons))}
