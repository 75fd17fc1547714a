"""Why the list changed: who came, who left and who moved since the last list, and one cause each.

A row is one customer who is on either list. Each has exactly one move and one cause, so that counts
and amounts add up from the last list to this one. It rests on what the two runs say of their bills
and on nothing learnt since; that two models differ is known, not what each would have said of the
other's bills. Pure.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

MOVES = ("came", "left", "up", "down", "same")
CAUSES = (
    *("new_bill", "settled", "past_due", "set_aside", "list_size"),
    *("amount", "facts", "model", "others", "none"),
)
# Of the longer list: so many places up or down are much.
MUCH = 0.2
_LISTED = ("call", "message")
_PLACE_OF_BAND = {"call": 0, "message": 1, "watch": 2}
# What is told of a customer: numbers and texts that are 0 and empty where there is nothing to be
# told, and what stays empty.
_NUMBERS = ("open_fen", "expected_fen", "listed_fen", "overdue_fen", "overdue_bills", "dpd")
_TEXTS = ("band", "bill_id")
_EMPTY = ("rank", "p_late")
_FACTS = ("overdue_bills", "overdue_fen", "dpd")


@dataclass(frozen=True, kw_only=True)
class Scoring:
    """A run, as far as two are held against each other.

    Attributes:
        model: What tells its model from others.
        bills: Every open bill: customer_id, bill_id, rank (empty where it was not scored), band,
            why_not (empty where it was), p_late, open_cny, expected_late_cny, overdue_cny,
            overdue_bills, dpd.
    """

    run: str
    as_of: date
    model: str
    bills: pd.DataFrame


@dataclass(frozen=True, kw_only=True)
class Changes:
    """The last list beside this one.

    Attributes:
        run: The last list's run.
        since: Its day.
        rows: One row a customer on either list, by customer_id: move, cause, places (up; empty
            for who came or left), and ``_then`` and ``_now`` rank and band (of the best ranked
            bill that was scored; empty without one), p_late (of that bill), open_fen (of all that
            were scored), listed_fen (expected late of those on the list); settled_then: whether
            the bill listed then is open no more (None where none was listed).
    """

    run: str
    since: date
    rows: pd.DataFrame

    def count(self, *moves: str) -> int:
        """Return how many customers made one of these moves; all without one."""
        return int(self.rows["move"].isin(moves or MOVES).sum())

    def fen(self, when: str, *moves: str) -> int:
        """Return the expected late amount on the list ``then`` or ``now``, of these moves."""
        chosen = self.rows["move"].isin(moves or MOVES)
        return int(self.rows.loc[chosen, f"listed_fen_{when}"].sum())

    def by_cause(self) -> pd.DataFrame:
        """Return customers by cause and move, and ``fen``, by how much the list grew by a cause.

        Only causes that there are, in the order of CAUSES; every move has a column.
        """
        grown = self.rows["listed_fen_now"] - self.rows["listed_fen_then"]
        counts = pd.crosstab(self.rows["cause"], self.rows["move"])
        told = counts.reindex(columns=list(MOVES), fill_value=0).assign(
            fen=grown.groupby(self.rows["cause"]).sum()
        )
        return told.reindex([cause for cause in CAUSES if cause in told.index]).astype(np.int64)

    def notable(self) -> pd.DataFrame:
        """Return those who came, left or moved much, the largest amount first."""
        rows = self.rows[self.rows["move"] != "same"]
        most = rows[["listed_fen_then", "listed_fen_now"]].max(axis=1)
        return (
            rows.assign(most=most)
            .rename_axis("customer_id")
            .reset_index()
            .sort_values(["most", "customer_id"], ascending=[False, True])
            .drop(columns="most")
            .reset_index(drop=True)
        )


def why_changed(now: Scoring, before: Scoring) -> Changes:
    """Hold a list against the last one."""
    sizes = {"now": _size(now.bills), "then": _size(before.bills)}
    present, past = _by_customer(now.bills), _by_customer(before.bills)
    rows = past.add_suffix("_then").join(present.add_suffix("_now"), how="outer")
    rows = _filled(rows)
    rows = rows[_on(rows, "then") | _on(rows, "now")].copy()
    rows["move"] = _moves(rows, most=MUCH * max(sizes.values()))
    rows["cause"] = _causes(rows, now.bills, sizes, same_model=now.model == before.model)
    stays = ~rows["move"].isin(["came", "left"])
    rows["places"] = (rows["rank_then"] - rows["rank_now"]).where(stays)
    gone = ~rows["bill_id_then"].isin(now.bills["bill_id"])
    rows["settled_then"] = gone.astype(object).where(_on(rows, "then"), None)
    kept = ("rank", "band", "p_late", "open_fen", "listed_fen")
    names = [f"{name}_{when}" for name in kept for when in ("then", "now")]
    told = rows[["move", "cause", "places", *names, "settled_then"]]
    return Changes(run=before.run, since=before.as_of, rows=told.sort_index())


def _size(bills: pd.DataFrame) -> int:
    return int(bills["band"].isin(_LISTED).sum())


def _by_customer(bills: pd.DataFrame) -> pd.DataFrame:
    """Return one row a customer with a scored bill, by customer_id."""
    scored = bills[bills["rank"].notna()].astype({"rank": np.float64}).sort_values("rank")
    fen = {
        "open_fen": _in_fen(scored["open_cny"]),
        "expected_fen": _in_fen(scored["expected_late_cny"]),
        "overdue_fen": _in_fen(scored["overdue_cny"]),
    }
    scored = scored.assign(**fen)
    listed = scored["expected_fen"].where(scored["band"].isin(_LISTED), 0)
    first = scored.assign(listed_fen=listed).groupby("customer_id", sort=True)
    told = first[[*_EMPTY, *_TEXTS, *_NUMBERS]].first()
    sums = ["open_fen", "expected_fen", "listed_fen"]
    told[sums] = first[sums].sum()
    return told


def _in_fen(yuan: pd.Series) -> pd.Series:
    return (yuan.fillna(0) * 100).round().astype(np.int64)


def _filled(rows: pd.DataFrame) -> pd.DataFrame:
    """Say what there is to say of a customer who had, or has, no scored bill."""
    ends = ("then", "now")
    numbers = [f"{name}_{when}" for name in _NUMBERS for when in ends]
    texts = [f"{name}_{when}" for name in _TEXTS for when in ends]
    whole = {name: rows[name].fillna(0).astype(np.int64) for name in numbers}
    return rows.assign(**whole, **{name: rows[name].fillna("").astype(object) for name in texts})


def _on(rows: pd.DataFrame, when: str) -> pd.Series:
    return rows[f"band_{when}"].isin(_LISTED)


def _moves(rows: pd.DataFrame, *, most: float) -> np.ndarray:
    then, now = (rows[f"band_{when}"].map(_PLACE_OF_BAND) for when in ("then", "now"))
    places = rows["rank_then"] - rows["rank_now"]
    return np.select(
        [
            ~_on(rows, "then"),
            ~_on(rows, "now"),
            (now < then) | ((now == then) & (places > most)),
            (now > then) | ((now == then) & (-places > most)),
        ],
        ["came", "left", "up", "down"],
        default="same",
    )


def _causes(
    rows: pd.DataFrame, bills: pd.DataFrame, sizes: dict[str, int], *, same_model: bool
) -> np.ndarray:
    """Return the cause of each move, the first that holds of those that can be its cause."""
    move, ids = rows["move"], pd.Series(rows.index, index=rows.index)
    left = move == "left"
    gone = left & rows["rank_now"].isna()
    overdue = ids.isin(bills.loc[bills["why_not"] == "overdue", "customer_id"])
    by_size = (move == "came") & (rows["rank_then"] <= sizes["now"])
    by_size |= left & (rows["rank_now"] <= sizes["then"])
    # A band that changed against the rank did so because another number can be called.
    by_size |= (move == "up") & (rows["rank_now"] >= rows["rank_then"])
    by_size |= (move == "down") & (rows["rank_now"] <= rows["rank_then"])
    way = np.where(move.isin(["came", "up"]), 1, -1)
    amount = way * (_log(rows["open_fen_now"]) - _log(rows["open_fen_then"]))
    risk = way * (_share(rows, "now") - _share(rows, "then"))
    moved = [way * (rows[f"{fact}_now"] - rows[f"{fact}_then"]).to_numpy() for fact in _FACTS]
    told = (np.stack(moved) > 0).any(axis=0)
    return np.select(
        [
            move == "same",
            (move == "came") & rows["rank_then"].isna(),
            gone & ~ids.isin(bills["customer_id"]),
            gone & overdue,
            gone,
            by_size,
            (amount <= 0) & (risk <= 0),
            amount >= risk,
            told | same_model,
        ],
        [
            *("none", "new_bill", "settled", "past_due", "set_aside"),
            *("list_size", "others", "amount", "facts"),
        ],
        default="model",
    )


def _log(fen: pd.Series) -> np.ndarray:
    return np.log(np.maximum(fen.to_numpy(dtype=np.float64), 1.0))


def _share(rows: pd.DataFrame, when: str) -> np.ndarray:
    """Return the logarithm of the risk, over all scored bills of a customer."""
    return _log(rows[f"expected_fen_{when}"]) - _log(rows[f"open_fen_{when}"])
