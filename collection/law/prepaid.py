"""Prepaid customers whose balance runs low: warning, grace and advice, never a cut (C-20)."""

from datetime import date
from fractions import Fraction

import pyarrow as pa

from collection.law.load import in_force
from collection.law.model import Law
from contract.engine import connect, to_arrow


def low_balances(account: pa.Table, *, law: Law, as_of: date) -> pa.Table:
    """Return the prepaid customers to warn on as_of, the shortest balance first.

    Args:
        account: One row a customer: customer_id, billing_mode, org_id, grid_id, manager_id,
            balance_fen, daily_cost_fen, days_left, mean_topup_fen, mean_monthly_cost_fen, is_off;
            ``below_zero_on``, the day since which the balance is known to be below zero; where
            that is null the days of grace begin on as_of.
        law: Its version of as_of is applied.
        as_of: The day.

    Returns:
        One row a customer: its facts; ``stage`` (``low`` below the warning balance, ``few_days``
        when the balance lasts no longer than the days of warning, ``grace`` below zero);
        ``grace_ends_on`` in stage grace, always after as_of's yesterday plus one day at the
        least; ``advice_fen``, the least top-up that D5 advises, in whole yuan rounded up;
        ``advice_met``, whether the usual top-up is that large already (C-01).

    Raises:
        ConfigError: The law has no prepaid part for that day.
    """
    rule = in_force(law.prepaid, as_of, what="rule about prepaid balances")
    share = Fraction(str(rule.advice_share.value))
    warn_fen = int(rule.warn_balance_yuan.value * 100)
    yuan = share.denominator * 100  # whole yuan, rounded up
    day = f"DATE '{as_of}'"
    with connect() as connection:
        connection.register("account", account)
        return to_arrow(
            connection,
            f"""
            WITH low AS (
                SELECT customer_id, org_id, grid_id, manager_id, balance_fen, daily_cost_fen,
                    days_left, is_off, mean_topup_fen,
                    CASE WHEN balance_fen < 0 THEN 'grace'
                        WHEN balance_fen < {warn_fen} THEN 'low'
                        WHEN days_left <= {rule.warn_days_left.value} THEN 'few_days' END AS stage,
                    CASE WHEN balance_fen < 0 THEN
                        coalesce(below_zero_on, {day}) + {rule.grace_days.value}
                    END AS grace_ends_on,
                    CAST((mean_monthly_cost_fen * {share.numerator} + {yuan - 1})
                        // {yuan} * 100 AS BIGINT) AS advice_fen
                FROM account WHERE billing_mode = 'prepaid')
            SELECT * EXCLUDE (mean_topup_fen),
                coalesce(mean_topup_fen >= advice_fen, false) AS advice_met
            FROM low WHERE stage IS NOT NULL
            ORDER BY balance_fen >= 0, days_left NULLS LAST, balance_fen, customer_id""",
        )
