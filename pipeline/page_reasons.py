"""Why each listed bill scores as it does, told again with its numbers: pushes and evidence.

The list keeps the sentences alone. Model and features are the run's own, so the sentences must
come out as they were written; where one does not (what was fed back since may speak of days
before), nothing more is told of that bill.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from contract.engine import connect
from contract.side_by_side import side_by_side, threads_each
from contract.staging import Store
from features.build import build_bucket, rates_for
from features.declare import Feature
from features.held import Job
from models import RowReasons, by_family, contributions, explain
from pipeline.config import Config
from pipeline.mlflow_door import registry_is_there
from pipeline.page_facts import bills_behind
from pipeline.preparing import Prepared
from pipeline.progress import Report, step
from pipeline.runs import Manifest
from pipeline.scoring.buckets import needed_features
from pipeline.tracking import load
from reports.page import Pushes


def pushes_of(
    config: Config, prepared: Prepared, manifest: Manifest, listed: pd.DataFrame
) -> Pushes | None:
    """Return what pushes each listed bill, and the bills behind each sentence.

    None where there is no registry, its model of that version is another, or is a rule.

    Args:
        listed: bill_id, customer_id, reasons_zh, reasons_en.

    Raises:
        ConfigError: The registry does not have that version.
        DataError: The model's files are not those that were registered.
    """
    if not registry_is_there(config.tracked):
        return None
    registered = load(config.tracked, manifest.model_version)
    model, features = registered.model, prepared.features_of(config.target.name)
    if model.sha256 != manifest.model_sha256 or model.card.kind == "rule":
        return None
    with step("Explain the listed bills again") as report:
        needed = needed_features(model, features)
        matrix = _matrix(prepared, needed, listed["customer_id"], report)
        known = listed[listed["bill_id"].isin(matrix["bill_id"])].reset_index(drop=True)
        places = pd.Index(matrix["bill_id"]).get_indexer(pd.Index(known["bill_id"]))
        rows = matrix.iloc[places].reset_index(drop=True)
        found = contributions(model, rows)
        told = explain(found, rows, features)
    same = _same_sentences(told, known)
    speaking = _speaking(told, known, same)
    behind = bills_behind(prepared.store, prepared.as_of, speaking, features)
    return Pushes(
        bill_id=known["bill_id"][same],
        base=found.base[same],
        families=by_family(found, features)[same],
        speaking=speaking,
        evidence=speaking.merge(behind, on=["customer_id", "feature"]),
    )


def _matrix(
    prepared: Prepared, features: tuple[Feature, ...], customers: pd.Series, report: Report
) -> pd.DataFrame:
    """Build the features of the buckets in which these customers are; groups are of everybody."""
    store, as_of = prepared.store, prepared.as_of
    chosen = pa.table({"customer_id": pa.array(customers.unique(), pa.string())})
    buckets = [bucket for bucket in range(store.buckets) if _has_any(store, bucket, chosen)]
    jobs = [Job(bucket=bucket, days=(as_of,)) for bucket in range(store.buckets)]
    rates = rates_for(store.of_all(), jobs, features)[as_of]

    def one(bucket: int) -> pa.Table:
        threads = threads_each(buckets)
        return build_bucket(store, bucket, as_of, rates=rates, features=features, threads=threads)

    tables = []
    for done, table in enumerate(side_by_side(buckets, one)):
        tables.append(table)
        report("buckets", done, len(buckets))
    return pa.concat_tables(tables).to_pandas(date_as_object=False)


def _has_any(store: Store, bucket: int, chosen: pa.Table) -> bool:
    with connect() as connection:
        connection.register("chosen", chosen)
        rows = f"FROM {store.scan('customers', bucket)} SEMI JOIN chosen USING (customer_id)"
        return connection.execute(f"SELECT count(*) > 0 {rows}").fetchone() == (True,)


def _same_sentences(told: Sequence[RowReasons], known: pd.DataFrame) -> NDArray[np.bool_]:
    """Tell of which bills the sentences are those on the list, in both languages."""
    return np.array(
        [
            [said.text.zh for said in row.risk] == list(zh)
            and [said.text.en for said in row.risk] == list(en)
            for row, zh, en in zip(told, known["reasons_zh"], known["reasons_en"], strict=True)
        ],
        dtype=bool,
    )


def _speaking(
    told: Sequence[RowReasons], known: pd.DataFrame, same: NDArray[np.bool_]
) -> pd.DataFrame:
    """Return one row a sentence: whose it is, of which bill, its number, feature and family."""
    rows = zip(known["customer_id"], known["bill_id"], told, same, strict=True)
    return pd.DataFrame(
        [
            (customer, bill, number, said.feature, said.family)
            for customer, bill, row, is_same in rows
            if is_same
            for number, said in enumerate(row.risk)
        ],
        columns=["customer_id", "of_bill_id", "number", "feature", "family"],
    )
