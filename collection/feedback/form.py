"""The form on which people bring back what came of a list: its columns and what each row may say.

A row is one thing that happened: a contact and what the customer said, a dispute, an override of
what the plan had arranged, or a record that the law asks for (approval, second notice). A row may
be several at once; one that says nothing is left out.
"""

from dataclasses import dataclass

from collection.law import RECORDS
from contract.tables import CONTACTS, Column, Table

# A customer who disputes a bill, or says that it is paid, was reached all the same.
SPOKEN = ("disputed", "paid")

FORM = Table(
    name="feedback",
    zh="反馈",
    row="one outcome of a contact, dispute, override or record of a person",
    key=("entry_id",),
    known_at="recorded_at",
    columns=(
        Column(name="customer_id", kind="text", zh="户号", required=True),
        Column(name="bill_id", kind="text", zh="应收标识"),
        Column(name="recorded_at", kind="timestamp", zh="记录时间"),
        Column(name="recorded_by", kind="text", zh="记录人"),
        Column(name="round", kind="integer", zh="轮次"),
        Column(name="method", kind="code", zh="催费方式", codes=CONTACTS.column("method").codes),
        Column(
            name="outcome",
            kind="code",
            zh="联系结果",
            codes=(*CONTACTS.column("outcome").codes, *SPOKEN),
        ),
        Column(name="promised_on", kind="date", zh="承诺日期"),
        Column(name="request", kind="code", zh="客户要求", codes=CONTACTS.column("request").codes),
        Column(
            name="contact_change",
            kind="code",
            zh="联系信息变更",
            codes=CONTACTS.column("contact_change").codes,
        ),
        Column(name="verified", kind="bool", zh="已核实"),
        Column(
            name="assigned", kind="code", zh="分派依据", codes=CONTACTS.column("assigned").codes
        ),
        Column(name="run", kind="text", zh="批次"),
        Column(name="dispute_until_on", kind="date", zh="争议截止日"),
        Column(name="verdict", kind="code", zh="是否采纳", codes=("adopted", "overridden")),
        Column(name="overridden_from", kind="text", zh="原安排"),
        Column(name="overridden_to", kind="text", zh="改为"),
        Column(name="reason", kind="text", zh="改判理由"),
        Column(name="record", kind="code", zh="核准事项", codes=RECORDS),
    ),
)

# A row without any of these says nothing.
SAYS = (
    "outcome",
    "request",
    "contact_change",
    "verdict",
    "overridden_to",
    "dispute_until_on",
    "record",
)
IS_OVERRIDE = "(verdict IS NOT DISTINCT FROM 'overridden' OR overridden_to IS NOT NULL)"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One thing that a row may not say.

    Attributes:
        id: Unique; workbooks that come back word the breach under it (configs/feedback.yaml).
        column: The column that is named.
        breach: SQL on the row, with ``owner`` and ``issued_on`` of its bill, ``known_customer``
            and ``on_day``; true for a breach.
        what: What is wrong; ``{value}`` is the column's value.
        remedy: What to do, as a sentence.
    """

    id: str
    column: str
    breach: str
    what: str
    remedy: str


RULES: tuple[Rule, ...] = (
    Rule(
        id="customer_unknown",
        column="customer_id",
        breach="NOT known_customer",
        what="{value!r} is no customer of the dataset",
        remedy="Correct the number.",
    ),
    Rule(
        id="bill_unknown",
        column="bill_id",
        breach="bill_id IS NOT NULL AND owner IS NULL",
        what="{value!r} is no bill of the dataset",
        remedy="Correct it, or leave it empty.",
    ),
    Rule(
        id="bill_of_another",
        column="bill_id",
        breach="owner <> customer_id",
        what="{value!r} is a bill of another customer",
        remedy="Correct the bill or the customer.",
    ),
    Rule(
        id="when_missing",
        column="recorded_at",
        breach="recorded_at IS NULL",
        what="empty",
        remedy="Say when it happened, such as 2026-11-22 10:30.",
    ),
    Rule(
        id="before_issued",
        column="recorded_at",
        breach="on_day < issued_on",
        what="{value} is before the bill was issued",
        remedy="Correct the moment or the bill.",
    ),
    Rule(
        id="who_missing",
        column="recorded_by",
        breach="recorded_by IS NULL",
        what="empty",
        remedy="Say who recorded it.",
    ),
    Rule(
        id="round_unknown",
        column="round",
        breach="round NOT BETWEEN 1 AND 4",
        what="{value} is no round",
        remedy="Write 1, 2, 3 or 4.",
    ),
    Rule(
        id="method_missing",
        column="method",
        breach="method IS NULL AND (outcome IS NOT NULL OR request IS NOT NULL"
        " OR contact_change IS NOT NULL)",
        what="empty for a contact",
        remedy="Say how the customer was contacted.",
    ),
    Rule(
        id="outcome_missing",
        column="outcome",
        breach="outcome IS NULL AND (request IS NOT NULL OR contact_change IS NOT NULL)",
        what="empty for a contact",
        remedy="Say what came of the contact.",
    ),
    Rule(
        id="promise_without_day",
        column="promised_on",
        breach="outcome = 'promised' AND promised_on IS NULL",
        what="empty for a promise",
        remedy="Give the day that was promised.",
    ),
    Rule(
        id="day_without_promise",
        column="promised_on",
        breach="promised_on IS NOT NULL AND outcome IS DISTINCT FROM 'promised'",
        what="{value} without a promise",
        remedy="Set outcome to promised, or empty the day.",
    ),
    Rule(
        id="promise_before_contact",
        column="promised_on",
        breach="promised_on < on_day",
        what="{value} is before the contact",
        remedy="Give the day that was promised.",
    ),
    Rule(
        id="verified_without_change",
        column="verified",
        breach="verified IS NOT NULL AND contact_change IS NULL",
        what="{value} without a change of contact",
        remedy="Say whether the contact was updated or added.",
    ),
    Rule(
        id="dispute_without_bill",
        column="bill_id",
        breach="outcome = 'disputed' AND bill_id IS NULL",
        what="empty for a dispute",
        remedy="Name the disputed bill.",
    ),
    Rule(
        id="dispute_without_end",
        column="dispute_until_on",
        breach="outcome = 'disputed' AND dispute_until_on IS NULL",
        what="empty for a dispute",
        remedy="Give the day until which dunning stops; a later row may put it off.",
    ),
    Rule(
        id="end_without_dispute",
        column="dispute_until_on",
        breach="dispute_until_on IS NOT NULL AND outcome IS DISTINCT FROM 'disputed'",
        what="{value} without a dispute",
        remedy="Set outcome to disputed, or empty the day.",
    ),
    Rule(
        id="end_before_record",
        column="dispute_until_on",
        breach="dispute_until_on < on_day",
        what="{value} is before the row was recorded",
        remedy="Give a later day.",
    ),
    Rule(
        id="override_without_reason",
        column="reason",
        breach=f"{IS_OVERRIDE} AND reason IS NULL",
        what="empty for an override",
        remedy="Say why the plan was not followed.",
    ),
    Rule(
        id="adopted_yet_changed",
        column="verdict",
        breach="verdict = 'adopted' AND overridden_to IS NOT NULL",
        what="adopted, yet overridden_to is filled in",
        remedy="Keep one of the two.",
    ),
    Rule(
        id="reason_without_override",
        column="reason",
        breach=f"reason IS NOT NULL AND NOT {IS_OVERRIDE} AND record IS NULL",
        what="given without an override or record",
        remedy="Set verdict to overridden, or empty the reason.",
    ),
)
