"""The written notices that a person may prepare: a list of notices, never of cuts."""

from datetime import date

import pyarrow as pa

from collection.law.disconnection import STEPS, notice_days
from collection.law.load import in_force
from collection.law.model import Disconnection, Law, NoticeDays
from contract.engine import connect, text, to_arrow


def notices_to_prepare(eligible: pa.Table, *, law: Law, as_of: date) -> pa.Table:
    """Return the bills of which a person may prepare the written notice, from ``eligibility``.

    Those that lack a notice and nothing that only a person or the customer can mend, and whose
    days of waiting end while a notice served on as_of would still hold.

    Returns:
        One row a bill by org, grid, manager, customer and bill: its facts, ``serve_by_on`` (the
        last day on which a notice is ready when the waits end; as_of when they have ended).
    """
    rule = in_force(law.disconnection, as_of, what="rule about disconnection")
    waiting = ", ".join(map(text, ("notice", "overdue", "waited", "free_day", *STEPS)))
    with connect() as connection:
        connection.register("eligible", eligible)
        return to_arrow(
            connection,
            f"""
            SELECT customer_id, bill_id, segment, org_id, grid_id, manager_id, issued_on, due_on,
                dpd, open_fen, dunned_on, greatest(overdue_on, waited_on) AS waits_end_on,
                greatest(DATE '{as_of}', greatest(overdue_on, waited_on)
                    - {notice_days(rule, "at_least")}) AS serve_by_on
            FROM eligible
            WHERE NOT notice AND list_has_all([{waiting}], lacking)
                AND (notice_on IS NULL OR notice_until_on < DATE '{as_of}')
                AND greatest(overdue_on, waited_on) <= DATE '{as_of}' + {_longest(rule)}
            ORDER BY org_id, grid_id, manager_id, customer_id, bill_id""",
        )


def _longest(rule: Disconnection) -> str:
    """Return SQL for how many days ahead of the waits' end a notice may be served."""

    def days(notice: NoticeDays) -> int:
        most = notice.at_most.value
        return notice.at_least.value if most is None else most

    return (
        f"CASE WHEN resident THEN {days(rule.residential_notice)}"
        f" ELSE {days(rule.other_notice)} END"
    )
