"""Hand a plan out: the lists of every recipient, written into a folder, whole or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from collection.handouts import (
    HANDOUTS_FILE,
    Inputs,
    billing_history,
    build_handouts,
    handouts_for,
    load_thresholds,
)
from collection.law import eligibility, late_fees, load_law, low_balances, notices_to_prepare
from collection.policy import Policy
from contract.dataset import open_dataset
from contract.engine import connect, to_arrow
from contract.errors import DataError
from contract.pseudonyms import own_ids, pseudonyms_of
from pipeline.config import Config
from pipeline.planning import read_about, read_policy_of, records_for
from pipeline.preparing import Prepared, prepare
from pipeline.progress import step
from pipeline.sealing import sealing_key
from pipeline.storage import new_folder
from reports.handouts import (
    Head,
    Language,
    identities_of,
    read_dictionary,
    read_screened,
    total,
    write_handouts,
)
from reports.handouts.identity import Identities


@dataclass(frozen=True, kw_only=True)
class Asked:
    """How lists are to be written.

    Attributes:
        language: Of the words in them; heads are in both.
        identities: Whether names, phones and addresses are joined.
        mask: Whether the middle of each is hidden.
        screened: Screening sheets that came back.
        grids: Only these grids (R000-08); none is all.
        refreshed: The refreshed plan to hand out in place of the plan as it was made.
        wording: The file of numbers and words.
    """

    language: Language = "zh"
    identities: bool = True
    mask: bool = False
    screened: tuple[Path, ...] = ()
    grids: tuple[str, ...] = ()
    refreshed: Path | None = None
    wording: Path = HANDOUTS_FILE


@dataclass(frozen=True, kw_only=True)
class HandedOut:
    """What was written: rows by list, and the files."""

    folder: Path
    rows: dict[str, int]
    files: list[dict[str, Any]]

    def text(self) -> str:
        """Return rows by list, for the terminal."""
        told = "\n".join(f"  {name:18} {count:>9,}" for name, count in self.rows.items())
        return f"{told}\nWrote {len(self.files):,} files to {self.folder}."

    def as_dict(self) -> dict[str, Any]:
        """Return what a machine needs to know of it."""
        return {"output": str(self.folder), "rows": self.rows, "files": len(self.files)}


def hand_out(config: Config, plan: Path, out: Path, asked: Asked) -> HandedOut:
    """Write every list of a plan.

    Args:
        config: Where the plan's data are.
        plan: Folder of a plan.
        out: The folder to write; it must not be there.
        asked: How.

    Raises:
        DataError: The folder is no plan, the data are others than it was made from, or a
            screening sheet or refresh does not fit it.
    """
    about = read_about(plan)
    prepared = _prepared(config, about, _edition(plan, asked.refreshed))
    words = read_dictionary(asked.wording, language=asked.language)
    head = Head(
        run=about["plan"],
        as_of=date.fromisoformat(about["as_of"]),
        policy=about["policy"]["version"],
        edition=_edition(plan, asked.refreshed),
        key=sealing_key(config.sealing),
    )
    returned = read_screened(asked.screened, run=head.run, words=words)
    screened = pseudonyms_of(prepared.data, returned)
    thresholds = load_thresholds(asked.wording)
    policy = read_policy_of(plan)
    with step("Choose who stands on which list"):
        tables = build_handouts(
            _inputs(plan, prepared, policy, screened, asked.refreshed),
            thresholds,
            advice_share=policy.portraits.small_topup.advice_share,
            grids=asked.grids,
        )
    lists = {one.id: (one, tables[one.id]) for one in handouts_for(thresholds)}
    people = identities(prepared, tables.values(), asked) if asked.identities else {}
    with step("Write the lists"), new_folder(out) as beside:
        files = write_handouts(beside, lists, head, words=words, identities=people)
    return HandedOut(folder=out, rows=total(files), files=files)


def _edition(plan: Path, refreshed: Path | None) -> str:
    if refreshed is None:
        return ""
    if refreshed.resolve().parent != plan.resolve() or not refreshed.is_file():
        raise DataError(
            f"{refreshed}: not a refresh of {plan.name}. Give the file that duewatch plan refresh"
            " wrote into the plan's folder."
        )
    return refreshed.stem


def _prepared(config: Config, about: dict[str, Any], edition: str) -> Prepared:
    """Prepare the data of the plan, or of its refresh, as of the plan's day."""
    day = date.fromisoformat(about["as_of"])
    prepared = prepare(config.model_copy(update={"as_of": day}))
    own = prepared.store.fingerprint
    # A refresh is named by the data that it looked at, which know more of the days since.
    if own != about["data_fingerprint"] and not edition.endswith(f"-{own[:8]}"):
        raise DataError(
            f"{config.data}: not the data that {about['plan']} was made from. Give those, or plan"
            " again."
        )
    return prepared


def _inputs(
    plan: Path, prepared: Prepared, policy: Policy, screened: pa.Table, refreshed: Path | None
) -> Inputs:
    account = pq.read_table(plan / "account.parquet")
    law, day = load_law(policy.law), prepared.as_of
    bills = pq.read_table(plan / "open_bill.parquet")
    judged = eligibility(account, bills, law=law, as_of=day, records=records_for(prepared))
    return Inputs(
        account=account,
        plan=pq.read_table(refreshed or plan / "plan.parquet"),
        history=billing_history(prepared.store, day),
        low_balance=low_balances(account, law=law, as_of=day),
        late_fees=late_fees(account, bills, law=law, as_of=day),
        notices=notices_to_prepare(judged, law=law, as_of=day),
        screened=screened,
    )


def identities(prepared: Prepared, tables: Sequence[pa.Table] | Any, asked: Asked) -> Identities:
    """Return the utility's number, name, phone and address of those on these lists alone."""
    listed = {
        customer
        for table in tables
        if "customer_id" in table.column_names
        for customer in table["customer_id"].to_pylist()
    }
    dataset = open_dataset(prepared.data)
    with connect() as connection:
        connection.register("listed", pa.table({"customer_id": pa.array(sorted(listed))}))
        found = to_arrow(
            connection,
            f"""SELECT customer_id, name, phone, address
            FROM listed LEFT JOIN {dataset.scan("identities")} USING (customer_id)""",
        )
    numbers = own_ids(prepared.data, found.select(["customer_id"]))["customer_id"]
    return identities_of(found, numbers.to_pylist(), mask=asked.mask)
