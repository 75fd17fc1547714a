"""One row a customer for whom no agent answers: what is known, planned, and may be offered."""

from collection.handouts.thresholds import Flag, Thresholds, listed_flags

_PLANNED = (
    *("outcome", "method", "round", "earliest_on", "why_not", "priority_rank"),
    *("expected_late_fen", "labels"),
)


def person(thresholds: Thresholds, advice_share: float) -> str:
    """Return the query over ``account``, ``history``, ``plan`` and ``fee``.

    Beside their columns: ``hardship`` (why the customer is in difficulty; empty when he is not),
    ``flags``, ``proposals``, ``channel_advice`` (or null) and ``topup_advice_fen``, D5's least
    top-up in whole yuan rounded up, null for whoever tops up that much already (C-01).
    """
    percent = round(advice_share * 100)
    return f"""
    SELECT *, {_listed(_proposals(thresholds))} AS proposals
    FROM (
        SELECT a.*, h.* EXCLUDE (customer_id), p.* EXCLUDE (customer_id), late_fee_fen,
            CASE WHEN overdue_6m >= {thresholds.hardship.late_bills}
                THEN {_listed(_hardship(thresholds))} ELSE [] END AS hardship,
            {_listed({flag: flag for flag in listed_flags(thresholds)})} AS flags,
            CASE WHEN failed_debit THEN 'mend_debit' WHEN L03 THEN 'app_autopay'
                WHEN {_forgets(thresholds)} THEN 'bank_debit' END AS channel_advice,
            CASE WHEN mean_topup_fen * 100 < mean_monthly_cost_fen * {percent}
                THEN (mean_monthly_cost_fen * {percent} + 9999) // 10000 * 100
                END AS topup_advice_fen
        FROM account AS a LEFT JOIN history AS h USING (customer_id)
        LEFT JOIN (SELECT customer_id, {", ".join(_PLANNED)} FROM plan) AS p USING (customer_id)
        LEFT JOIN fee USING (customer_id)
        WHERE a.agent_id IS NULL)"""


def _hardship(thresholds: Thresholds) -> dict[str, str]:
    """R000-06 has no number: repeatedly late, and this bill or the arrears outgrow the usual."""
    hardship = thresholds.hardship
    return {
        "bill_shock": f"newest_fen >= usual_fen * {hardship.bill_ratio}",
        "arrears": f"open_fen >= usual_fen * {hardship.arrears_bills}",
    }


def _forgets(thresholds: Thresholds) -> str:
    """R003-02 speaks of the busy and the absent: late again and again, yet pays once reminded."""
    return (
        "billing_mode = 'postpaid' AND NOT debit AND L07"
        f" AND overdue_6m >= {thresholds.debit_late_bills}"
    )


def _proposals(thresholds: Thresholds) -> dict[str, str]:
    given = thresholds.proposals
    prepays = _any(given.prepayment)
    return {
        "smart_payment": f"billing_mode = 'postpaid' AND {_any(given.smart_payment)}",
        "prepay_often": prepays,
        "acceptance_pledge": f"segment <> 'residential' AND {prepays}",
        "guarantee": f"segment <> 'residential' AND {prepays}",
        "energy_saving": "len(hardship) > 0",
    }


def _any(flags: tuple[Flag, ...]) -> str:
    return f"({' OR '.join(flags) or 'false'})"


def _listed(conditions: dict[str, str]) -> str:
    """Return SQL for the list of those codes whose condition holds, in this order."""
    cases = ", ".join(f"CASE WHEN {sql} THEN '{code}' END" for code, sql in conditions.items())
    return f"list_filter([{cases}], lambda code: code IS NOT NULL)"
