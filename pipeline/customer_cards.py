"""Gather what one customer is told of a run, from the run's files and the customer's own data."""

import json
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from contract.dataset import open_dataset
from contract.engine import connect
from contract.errors import DataError
from contract.pseudonyms import own_ids, pseudonyms_of
from features.declare import Text
from pipeline.config import Config
from pipeline.page_extras import data_config
from pipeline.page_facts import what_happened
from pipeline.page_reasons import pushes_of
from pipeline.paging import as_written
from pipeline.preparing import Prepared, prepare
from pipeline.runs import Manifest, read_manifest
from pipeline.showing import read_list
from pipeline.storage import write_bytes
from reports.customer_card import (
    Card,
    ListedBill,
    Why,
    as_json,
    read_card_words,
    render_card,
)
from reports.wording import read_wording

_LISTED = ["customer_id", "bill_id", "rank", "cycle", "due_on", "amount_cny", "open_cny", "p_late"]


def write_card(run: Path, customer: str, out: Path, config: Config) -> tuple[Card, list[Path]]:
    """Write a customer's card as HTML and JSON and return it with the files.

    Args:
        run: Folder of a finished run.
        customer: The number as it stands on lists, or its pseudonym.
        out: The folder to write to; a card of the same customer there is replaced.
        config: Where the data are that the run was made from, and its model.

    Raises:
        DataError: The folder is no finished run, or the data know no such customer.
    """
    manifest = read_manifest(run)
    card = _card_of(run, manifest, customer, prepare(data_config(config, manifest)), config)
    words, wording = read_card_words(), read_wording()
    texts = {
        "html": render_card(card, words, wording),
        "json": json.dumps(as_json(card), ensure_ascii=False, indent=1) + "\n",
    }
    out.mkdir(parents=True, exist_ok=True)
    stem = "".join(sign if sign.isalnum() else "-" for sign in card.customer_id)
    places = [out / f"card-{stem}.{ending}" for ending in texts]
    for place, text in zip(places, texts.values(), strict=True):
        write_bytes(place, text.encode())
    return card, places


def _card_of(
    run: Path, manifest: Manifest, customer: str, prepared: Prepared, config: Config
) -> Card:
    inner = str(_one(pseudonyms_of(prepared.data, pa.table({"customer_id": [customer]}))))
    as_of = date.fromisoformat(manifest.as_of)
    happened = what_happened(prepared.store, as_of, pd.Series([inner]))
    known, name = _known(prepared.data, inner)
    if not known:
        raise DataError(
            f"{prepared.data}: customers.customer_id has no {customer!r}. Give the number as it"
            " stands on the list, and the data that the run was made from."
        )
    listed = _listed(run, inner)
    why = _why(config, prepared, manifest, listed, happened.bills)
    return Card(
        run=manifest.run,
        as_of=as_of,
        customer_id=str(_one(own_ids(prepared.data, pa.table({"customer_id": [inner]})))),
        name=name,
        listed=tuple(
            ListedBill(
                cycle=int(row["cycle"]),
                due_on=row["due_on"].date(),
                amount_fen=round(row["amount_cny"] * 100),
                open_fen=round(row["open_cny"] * 100),
                p_late=row["p_late"],
                reasons=why[row["bill_id"]],
                in_favour=Text(zh=row["relief_zh"], en=row["relief_en"])
                if row["relief_zh"]
                else None,
            )
            for row in listed.to_dict("records")
        ),
        bills=happened.bills.sort_values("cycle"),
        payments=happened.payments,
        contacts=happened.contacts,
    )


def _listed(run: Path, inner: str) -> pd.DataFrame:
    """Return the customer's bills on the list, by their ids in the scores, with their words."""
    mine = [("customer_id", "=", inner), ("rank", ">", 0)]
    scores = pq.read_table(run / "scores.parquet", columns=_LISTED, filters=mine).to_pandas()
    words = ["rank", "reasons_zh", "reasons_en", "relief_zh", "relief_en"]
    told = as_written(read_list(run / "list.csv"))[words]
    listed = scores.merge(told, on="rank").sort_values("rank", ignore_index=True)
    relief = {name: listed[name].fillna("") for name in ("relief_zh", "relief_en")}
    return listed.assign(due_on=pd.to_datetime(listed["due_on"]), **relief)


def _why(
    config: Config,
    prepared: Prepared,
    manifest: Manifest,
    listed: pd.DataFrame,
    bills: pd.DataFrame,
) -> dict[str, tuple[Why, ...]]:
    """Return the reasons of each listed bill, as on the list, with the bills behind them."""
    pushes = pushes_of(config, prepared, manifest, listed) if len(listed) else None
    cycle = bills.set_index("bill_id")["cycle"]
    behind: dict[tuple[str, int], list[int]] = {}
    if pushes is not None:
        for row in pushes.evidence.to_dict("records"):
            if row["bill_id"] in cycle.index:
                behind.setdefault((row["of_bill_id"], row["number"]), []).append(
                    int(cycle[row["bill_id"]])
                )
    return {
        row["bill_id"]: tuple(
            Why(
                text=Text(zh=zh, en=en),
                cycles=tuple(sorted(set(behind.get((row["bill_id"], number), ())), reverse=True)),
            )
            for number, (zh, en) in enumerate(
                zip(row["reasons_zh"], row["reasons_en"], strict=True)
            )
        )
        for row in listed.to_dict("records")
    }


def _known(data: Path, inner: str) -> tuple[bool, str | None]:
    """Tell whether the data have a customer, and the name that they keep."""
    dataset = open_dataset(data)
    with connect() as connection:
        connection.register("asked", pa.table({"customer_id": [inner]}))
        found = connection.execute(
            f"""SELECT any_value(name)
            FROM asked SEMI JOIN {dataset.scan("customers")} AS c USING (customer_id)
            LEFT JOIN {dataset.scan("identities")} USING (customer_id)
            GROUP BY customer_id"""
        ).fetchone()
    return found is not None, found[0] if found else None


def _one(table: pa.Table) -> object:
    return table["customer_id"][0].as_py()
