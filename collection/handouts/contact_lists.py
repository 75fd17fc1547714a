"""The lists that somebody acts on: a planned contact stands on exactly one of them.

A row is one customer's contact of the plan, about all of its bills that are due in the round.
"""

from collection.handouts.declare import NUMBER, Handout

# Round 1 by message is resolved by a person first (R000-15): it waits on the screening sheet until
# the sheet comes back. What asks for a notice is never worked off as anything else.
LIST_OF = """CASE
    WHEN method = 'notice' OR round = 4 THEN 'notices'
    WHEN method IN ('sms', 'app') AND round = 1 AND decision IS NULL THEN 'screening'
    WHEN method IN ('sms', 'app') AND round = 1 AND decision = 'hold' THEN 'held_back'
    WHEN method IN ('sms', 'app') THEN 'messages'
    WHEN method = 'phone' THEN 'calls'
    WHEN method = 'visit' THEN 'visits'
    ELSE 'by_hand' END"""

_WHO = ("customer_id", "name", "segment")
_OWED = ("bills", "open_fen", "oldest_due_on", "dpd")
# What is printed and carried along: what to say names the bills' due day.
_WORK = ("open_fen", "late_fee_fen", "dpd", "latest_on", "say", "advice", "tasks", "tier", "labels")
_RESULT = (
    *("contacted_on", "outcome", "promised_on", "dispute_until_on"),
    *("new_contact", "note"),
)


def _on(name: str) -> str:
    return f"FROM contact WHERE list = '{name}'"


CONTACT_LISTS: tuple[Handout, ...] = (
    Handout(
        id="screening",
        kind="contact",
        recipient="collector",
        split=("grid_id",),
        forms=("xlsx",),
        columns=(
            *(NUMBER, *_WHO, "tier", "labels", *_OWED, "expected_late_fen", "method", "say"),
            *("earliest_on", "latest_on", "rule", "decision", "reason_given"),
        ),
        rows=_on("screening"),
        order=("priority_rank",),
    ),
    Handout(
        id="held_back",
        kind="contact",
        recipient="auditor",
        forms=("csv",),
        columns=(
            *("customer_id", "grid_id", "method", "round", "bills", "open_fen", "rule"),
            "held_because",
        ),
        rows=_on("held_back"),
        order=("priority_rank",),
    ),
    Handout(
        id="messages",
        kind="contact",
        recipient="message_desk",
        split=("owner_id",),
        forms=("csv",),
        columns=(
            *("customer_id", "phone", "method", "round", "template", "bills", "open_fen"),
            *("oldest_due_on", "dpd", "say", "advice", "advice_fen", "earliest_on", "latest_on"),
        ),
        rows=_on("messages"),
        order=("priority_rank",),
    ),
    Handout(
        id="calls",
        kind="contact",
        recipient="collector",
        split=("owner_role", "owner_id"),
        forms=("xlsx",),
        columns=(NUMBER, "customer_id", "name", "phone", *_WORK, *_RESULT),
        rows=_on("calls"),
        order=("priority_rank",),
    ),
    Handout(
        id="visits",
        kind="contact",
        recipient="collector",
        split=("owner_role", "owner_id"),
        forms=("xlsx",),
        columns=(
            *(NUMBER, "customer_id", "name", "phone", "grid_id", "address", *_WORK, *_RESULT),
        ),
        rows=_on("visits"),
        order=("grid_id", "address", "priority_rank"),
    ),
    Handout(
        id="by_hand",
        kind="contact",
        recipient="collector",
        split=("owner_role", "owner_id"),
        forms=("xlsx",),
        columns=(NUMBER, "customer_id", "name", "address", "method", *_WORK, *_RESULT),
        rows=_on("by_hand"),
        order=("priority_rank",),
    ),
    Handout(
        id="notices",
        kind="contact",
        recipient="approver",
        split=("org_id",),
        forms=("xlsx",),
        columns=(
            *(NUMBER, *_WHO, "address", "grid_id", "method", *_OWED, "late_fee_fen", "dunned_on"),
            *(
                "waits_end_on",
                "serve_by_on",
                "say",
                "tasks",
                "approved_by",
                "approved_on",
                "served_on",
                "note",
            ),
        ),
        rows="""
        SELECT * FROM contact LEFT JOIN (
            SELECT customer_id, min(dunned_on) AS dunned_on, max(waits_end_on) AS waits_end_on,
                min(serve_by_on) AS serve_by_on
            FROM notice GROUP BY customer_id) USING (customer_id)
        WHERE list = 'notices'""",
        order=("serve_by_on", "priority_rank"),
    ),
    Handout(
        id="grid_push",  # R000-09: each grid's worker is told of that grid alone
        kind="push",
        recipient="grid_worker",
        split=("grid_id",),
        forms=("json",),
        columns=(
            *("customer_id", "list", "owner_role", "owner_id", "method", "round"),
            *("earliest_on", "latest_on", "priority_class", "bills", "open_fen", "oldest_due_on"),
            *("dpd", "expected_late_fen", "tier", "labels", "rule"),
        ),
        rows="FROM contact WHERE list <> 'held_back'",
        order=("priority_rank",),
    ),
)
