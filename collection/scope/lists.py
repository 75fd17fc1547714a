"""The scope's own lists: weekly tracking for account managers, movement for risk managers."""

from collection.handouts import NUMBER, Handout

_WHO = ("customer_id", "name", "segment")

SCOPE_LISTS: tuple[Handout, ...] = (
    Handout(
        id="scope_tracking",
        kind="overview",
        recipient="account_manager",
        split=("manager_id",),
        forms=("xlsx",),
        columns=(
            *(NUMBER, *_WHO, "grid_id", "chosen_by", "paid_fen", "bills_then", "bills_now"),
            *("settled", "open_then_fen", "open_now_fen", "kwh_change", "p_then", "p_now"),
            *("band_then", "band_now", "risk_move", "still_in", "note"),
        ),
        rows="FROM tracking",
        order=("open_now_fen desc", "customer_id"),
    ),
    Handout(
        id="scope_movement",
        kind="overview",
        recipient="risk_manager",
        forms=("xlsx", "csv"),
        columns=(
            *("customer_id", "segment", "org_id", "grid_id", "manager_id", "move", "cause"),
            *("chosen_by", "expected_then_fen", "expected_facts_fen", "expected_model_fen"),
            *("expected_now_fen", "facts_changed"),
        ),
        rows="FROM movement",
        order=("move desc", "cause", "customer_id"),
    ),
)
