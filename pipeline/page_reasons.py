"""Why each listed bill scores as it does, told again with its numbers: pushes and evidence.

The list keeps the sentences alone. Model and features are the run's own, so the sentences must
come out as they were written; where one does not (what was fed back since may speak of days
before), nothing more is told of that bill.
"""

import numpy as np
import pandas as pd

from features import build
from models import by_family, contributions, explain
from pipeline.config import Config
from pipeline.page_facts import bills_behind
from pipeline.preparing import Prepared
from pipeline.progress import step
from pipeline.runs import Manifest
from pipeline.scoring.buckets import needed_features
from pipeline.tracking import load, registry_is_there
from reports.page import Pushes

_LANGUAGES = ("zh", "en")


def pushes_of(
    config: Config, prepared: Prepared, manifest: Manifest, listed: pd.DataFrame
) -> Pushes | None:
    """Return what pushes each listed bill, and the bills behind each sentence.

    None where the registry no longer has the run's model, or the model is a rule.

    Args:
        listed: bill_id, customer_id, p_late, reasons_zh, reasons_en.
    """
    if not registry_is_there(config.tracked):
        return None
    registered = load(config.tracked, manifest.model_version)
    model, features = registered.model, prepared.features_of(config.target.name)
    if model.sha256 != manifest.model_sha256 or model.card.kind == "rule":
        return None
    with step("Explain the listed bills again") as report:
        needed = needed_features(model, features)
        matrix = build(prepared.store, prepared.as_of, features=needed, progress=report)
        known = listed[listed["bill_id"].isin(matrix["bill_id"])].reset_index(drop=True)
        places = pd.Index(matrix["bill_id"]).get_indexer(pd.Index(known["bill_id"]))
        rows = matrix.iloc[places].reset_index(drop=True)
        found = contributions(model, rows)
        told = explain(found, rows, features)
    same = np.array(
        [
            all(
                [getattr(said.text, language) for said in row.risk] == list(written)
                for language, written in zip(_LANGUAGES, both, strict=True)
            )
            for row, both in zip(told, zip(known["reasons_zh"], known["reasons_en"]), strict=True)  # noqa: B905  two columns of a frame
        ],
        dtype=bool,
    )
    speaking = pd.DataFrame(
        [
            (customer, bill, number, said.feature, said.family)
            for customer, bill, row, is_same in zip(
                known["customer_id"], known["bill_id"], told, same, strict=True
            )
            if is_same
            for number, said in enumerate(row.risk)
        ],
        columns=["customer_id", "of_bill_id", "number", "feature", "family"],
    )
    behind = bills_behind(prepared.store, prepared.as_of, speaking, features)
    families = by_family(found, features)
    return Pushes(
        bill_id=known["bill_id"][same],
        base=found.base[same],
        families=families[same],
        speaking=speaking,
        evidence=speaking.merge(behind, on=["customer_id", "feature"]),
    )
