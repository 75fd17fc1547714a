"""Lists that nobody is contacted by: what to mend, what to offer, what a recipient answers for.

A row is a customer, of the roll-up an agent. Customers for whom an agent answers stand on none
but the roll-up (R004-08, T24); any other may stand on several.
"""

from collection.handouts.declare import NUMBER, Handout

_WHO = ("customer_id", "name", "segment")
_AREA = ("org_id", "grid_id", "manager_id")
_EXPOSURE = (
    *("bills_open", "open_fen", "overdue_fen", "late_fee_fen", "dpd", "expected_late_fen"),
    *("newest_fen", "usual_fen", "bill_change", "kwh_change"),
)
_PLANNED = ("tier", "labels", "method", "round", "earliest_on", "why_not", "proposals")

_OVERVIEWS = (
    Handout(
        id="manager_scope",  # R002-08; with one sheet a customer (一户一策)
        kind="overview",
        recipient="account_manager",
        split=("manager_id",),
        forms=("xlsx", "html"),
        columns=(NUMBER, *_WHO, "industry", *_EXPOSURE, *_PLANNED, "measures", "agreed_on"),
        rows="FROM person WHERE segment <> 'residential' AND open_fen > 0",
        order=("expected_late_fen desc", "open_fen desc", "customer_id"),
    ),
    Handout(
        id="key_accounts",  # R002-08, R002-09
        kind="overview",
        recipient="key_account_steward",
        split=("org_id",),
        forms=("xlsx", "html"),
        columns=(
            *(NUMBER, *_WHO, "industry", "capacity_kva", "manager_id", "billed_year_fen"),
            *(*_EXPOSURE, "open_share", *_PLANNED, "measures", "agreed_on"),
        ),
        rows="""
        SELECT *, open_fen / nullif((SELECT sum(open_fen) FROM account), 0) AS open_share
        FROM person WHERE segment <> 'residential' AND (
            capacity_kva >= {key_accounts.capacity_kva}
            OR billed_year_fen >= {key_accounts.billed_year_cny} * 100)""",
        order=("open_fen desc", "billed_year_fen desc", "customer_id"),
    ),
    Handout(
        id="agents",  # R004-04 to R004-08
        kind="overview",
        recipient="agent_desk",
        forms=("xlsx", "csv"),
        columns=(
            *(NUMBER, "agent_id", "users", "users_owing", "bills_open", "open_fen", "overdue_fen"),
            *("dpd", "limit_fen", "limit_used", "over_limit", "open_share", "due_6m", "by_due_6m"),
            *("punctual_share", "risk_share", "standing"),
        ),
        rows="""
        WITH agent AS (
            SELECT agent_id, count(*) AS users, count(*) FILTER (open_fen > 0) AS users_owing,
                sum(bills_open) AS bills_open, sum(open_fen) AS open_fen,
                sum(overdue_fen) AS overdue_fen, max(dpd) AS dpd,
                coalesce(sum(due_6m), 0) AS due_6m, coalesce(sum(by_due_6m), 0) AS by_due_6m
            FROM account LEFT JOIN history USING (customer_id)
            WHERE agent_id IS NOT NULL GROUP BY agent_id
        ), mean AS (SELECT sum(due_6m - by_due_6m) AS late, sum(due_6m) AS due FROM agent
        ), owed AS (SELECT sum(open_fen) AS fen FROM account)
        SELECT a.*, limit_fen, open_fen / limit_fen AS limit_used,
            open_fen > limit_fen AS over_limit, open_fen / nullif(owed.fen, 0) AS open_share,
            by_due_6m / nullif(due_6m, 0) AS punctual_share,
            ((due_6m - by_due_6m) * mean.due + {agents.prior_bills} * mean.late)
                / nullif((due_6m + {agents.prior_bills}) * mean.due, 0) AS risk_share,
            CASE WHEN due_6m = 0 THEN 'unknown'
                WHEN by_due_6m >= {agents.good} * due_6m THEN 'good'
                WHEN by_due_6m >= {agents.fair} * due_6m THEN 'fair' ELSE 'poor' END AS standing
        FROM (
            SELECT agent.*, coalesce(own.limit_fen, {agents.limit_cny} * 100) AS limit_fen
            FROM agent LEFT JOIN agent_limit AS own USING (agent_id)) AS a, mean, owed""",
        order=("over_limit desc", "risk_share desc", "open_fen desc", "agent_id"),
    ),
)

_TASKS = (
    Handout(
        id="contact_tasks",  # D4, L13, L14, wrong numbers
        kind="task",
        recipient="records",
        forms=("csv", "xlsx"),
        columns=("customer_id", "name", "phone", *_AREA, "todo", "note"),
        rows="""
        SELECT *, CASE WHEN L13 OR L14 THEN 'verify_contact' ELSE 'find_contact' END AS todo
        FROM person WHERE L13 OR L14 OR phone_wrong""",
        order=("todo", "org_id", "grid_id", "customer_id"),
    ),
)

_ADVICE = (
    Handout(
        id="energy_saving",  # R000-06
        kind="advice",
        recipient="energy_service",
        forms=("csv", "xlsx"),
        columns=(
            *(*_WHO, "phone", "address", *_AREA, "overdue_6m", "hardship", "newest_fen"),
            *("usual_fen", "open_fen", "saving_fen", "saving_share", "assumed"),
        ),
        rows="""
        SELECT *, {hardship.saving_share} AS saving_share, 'saving' AS assumed,
            CAST(round(usual_fen * {hardship.saving_share}) AS BIGINT) AS saving_fen
        FROM person WHERE len(hardship) > 0""",
        order=("open_fen desc", "customer_id"),
    ),
    Handout(
        id="payment_proposals",  # R002-02, R002-03
        kind="advice",
        recipient="account_manager",
        split=("manager_id",),
        forms=("xlsx",),
        columns=(
            *(NUMBER, *_WHO, "phone", "org_id", "industry", "flags", "proposals", "usual_fen"),
            *("open_fen", "overdue_fen", "note"),
        ),
        rows="""
        FROM person WHERE list_has_any(
            proposals, ['smart_payment', 'prepay_often', 'acceptance_pledge', 'guarantee'])""",
        order=("open_fen desc", "customer_id"),
    ),
    Handout(
        id="channel_advice",  # D6, R003-02, C-04
        kind="advice",
        recipient="collector",
        forms=("csv", "xlsx"),
        columns=(*_WHO, "phone", *_AREA, "pay_arrangement", "channel_advice"),
        rows="FROM person WHERE channel_advice IS NOT NULL",
        order=("org_id", "grid_id", "channel_advice", "customer_id"),
    ),
    Handout(
        id="topup_advice",  # D5, R001-12; whoever tops up that much already needs no advice (C-01)
        kind="advice",
        recipient="collector",
        forms=("csv", "xlsx"),
        columns=(
            *("customer_id", "name", "phone", *_AREA, "topups_3m", "mean_topup_fen"),
            *("mean_monthly_cost_fen", "topup_advice_fen"),
        ),
        rows="FROM person WHERE L09 AND topup_advice_fen IS NOT NULL",
        order=("org_id", "grid_id", "customer_id"),
    ),
    Handout(
        id="low_balance",  # domain 5.1: daily, from the law's own table (C-20)
        kind="advice",
        recipient="collector",
        forms=("csv", "xlsx"),
        columns=(
            *("customer_id", "name", "phone", *_AREA, "stage", "balance_fen", "daily_cost_fen"),
            *("days_left", "grace_ends_on", "is_off", "low_advice_fen"),
        ),
        rows="""
        SELECT low.*, CASE WHEN NOT advice_met THEN advice_fen END AS low_advice_fen
        FROM low_balance AS low SEMI JOIN person USING (customer_id)""",
        order=("balance_fen", "customer_id"),
    ),
)

OTHER_LISTS: tuple[Handout, ...] = (*_OVERVIEWS, *_TASKS, *_ADVICE)
