"""What a plan and a screening sheet must be before lists are made of them."""

from contract.engine import Connection, text
from contract.errors import DataError

DECISIONS = ("send", "hold")  # what a person may make of a row of the screening sheet

_NOT_DECISIONS = f"decision NOT IN ({', '.join(map(text, DECISIONS))})"
_BREACHES = (
    (
        "SELECT customer_id FROM all_plan GROUP BY customer_id HAVING count(*) > 1",
        (
            "plan.customer_id: {count} customers stand there more than once (first: {first})."
            " A plan has one outcome a customer; make it again."
        ),
    ),
    (
        "SELECT customer_id FROM all_plan ANTI JOIN all_account USING (customer_id)",
        (
            "plan: {count} customers are not among those known that day (first: {first})."
            " Give the data that the plan was made from."
        ),
    ),
    (
        # T24: an individual list would reach a customer for whom the agent answers.
        (
            "SELECT customer_id FROM all_plan JOIN all_account AS a USING (customer_id)"
            " WHERE outcome = 'contact' AND a.agent_id IS NOT NULL"
        ),
        (
            "plan: {count} customers are contacted for whom an agent answers (first: {first})."
            " Plan with a policy that leaves them to the agent (R004-08)."
        ),
    ),
    (
        "SELECT customer_id FROM screened GROUP BY customer_id HAVING count(*) > 1",
        (
            "screening sheet: {count} customers are decided more than once (first: {first})."
            " Hand in each sheet once."
        ),
    ),
    (
        f"SELECT customer_id FROM screened WHERE {_NOT_DECISIONS}",
        (
            "screening sheet: {count} decisions are none of "
            f"{', '.join(DECISIONS)}"
            " (first: customer {first}). Pick one from the list, or leave the cell empty."
        ),
    ),
    (
        (
            "SELECT customer_id FROM screened WHERE decision IS NOT NULL AND customer_id NOT IN ("
            "SELECT customer_id FROM all_plan WHERE outcome = 'contact' AND round = 1"
            " AND method IN ('sms', 'app'))"
        ),
        (
            "screening sheet: {count} customers are not screened by this plan (first: {first})."
            " Hand in the sheets that were made from the same plan."
        ),
    ),
)


def check(connection: Connection) -> None:
    """Raise for all that is wrong with ``all_plan``, ``all_account`` and ``screened``.

    Raises:
        DataError: Every breach with its count and first customer.
    """
    found = []
    for query, message in _BREACHES:
        row = connection.execute(f"SELECT count(*), min(customer_id) FROM ({query})").fetchone()
        if row and row[0]:
            found.append(message.format(count=row[0], first=row[1]))
    if found:
        raise DataError("\n".join(found))
