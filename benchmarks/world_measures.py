"""What a simulated utility looks like, measured from its written tables and its truth.

Every function returns named figures. Bills are the regular ones of one yuan and more that were
not replaced, as the target counts them; a person's history starts anew with each owner.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from contract import engine

Figures = dict[str, float | list[float]]

# [P] domain 4.1, UCI: shares of customers with 0 .. 6 late bills in six.
REFERENCE_COUNTS = (66.0, 15.0, 6.0, 4.0, 3.0, 1.0, 4.5)
STATIC = (
    "segment",
    "voltage",
    "pay_arrangement",
    "billing_months",
    "urban_rural",
    "tariff",
    "industry",
    "org_id",
    "grid_id",
    "agent_id",
    "high_energy",
    "dishonest_listed",
    "malicious_arrears",
    "newly_commissioned",
    "protected",
)
JUDGED_CYCLES = 12  # figures about ranking look at the last cycles, when histories are long
PRIOR_BILLS = 4.0  # of the smoothed past late rate


def read_history(data: Path, truth: Path) -> pd.DataFrame:
    """Return one row a bill with its truth, its person's past and its customer's attributes.

    ``late_1`` .. ``late_6`` are the lateness of the bills before, missing where there are none.
    """
    with engine.connect(memory_limit="8GB") as con:
        for folder, table in (
            (data, "bills"),
            (data, "customers"),
            (truth, "bill_truth"),
        ):
            con.execute(f"CREATE VIEW {table} AS SELECT * FROM {_parquet(folder, table)}")
        lags = ", ".join(f"lag(late, {k}) OVER past AS late_{k}" for k in range(1, 7))
        static = ", ".join(f"c.{name}" for name in STATIC)
        return con.execute(
            f"""
            WITH history AS (
                SELECT b.customer_id, t.owner, b.bill_id, b.cycle, b.issued_on, b.due_on,
                    b.amount::DOUBLE AS amount, t.late::INT AS late, t.settled_at AS paid_at,
                    t.p_late, t.p_without_contact, t.payer, t.agent, b.file_row_number AS place
                FROM bills AS b
                JOIN bill_truth AS t USING (bill_id)
                WHERE b.amount >= 1 AND b.cancelled_on IS NULL
                    AND b.kind IN ('regular', 'small', 'rebill')
            )
            SELECT h.*, {static}, {lags},
                coalesce(sum(late) OVER before, 0) AS late_before,
                count(*) OVER before AS bills_before,
                coalesce(sum(late) OVER twelve, 0) AS late_in_twelve
            FROM history AS h ASOF JOIN customers AS c
                ON h.customer_id = c.customer_id AND h.issued_on >= c.valid_from
            WINDOW past AS (PARTITION BY h.customer_id, owner ORDER BY cycle),
                before AS (past ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
                twelve AS (past ROWS BETWEEN 12 PRECEDING AND 1 PRECEDING)
            """
        ).df()


def ranking(history: pd.DataFrame) -> Figures:
    """How well lateness is ranked by truth, by simple rules, and by what should tell nothing."""
    recent = history[history.cycle.isin(np.sort(history.cycle.unique())[-JUDGED_CYCLES:])]
    late, rate = recent.late, history.late.mean()
    smoothed = (recent.late_before + PRIOR_BILLS * rate) / (recent.bills_before + PRIOR_BILLS)
    six = recent[[f"late_{k}" for k in range(1, 7)]].sum(axis=1)
    clean = recent[six == 0]
    static = {name: _static_auc(history, recent, name) for name in STATIC}
    best = max(static, key=lambda name: static[name])
    return {
        "oracle_auc": roc_auc_score(late, recent.p_late),
        "oracle_auc_clean_history": roc_auc_score(clean.late, clean.p_late),
        "last_bill_late_auc": roc_auc_score(late, recent.late_1.fillna(0)),
        "smoothed_late_rate_auc": roc_auc_score(late, smoothed),
        "late_count_six_auc": roc_auc_score(late, six),
        "clean_share_of_late": float((six[late == 1] == 0).mean()),
        "clean_share_of_late_in_twelve": float((recent.late_in_twelve[late == 1] == 0).mean()),
        "best_static_auc": static[best],
        "best_static_is_" + best: static[best],
        "customer_id_auc": roc_auc_score(late, recent.customer_id.astype("int64")),
        "bill_id_auc": roc_auc_score(late, recent.bill_id.astype("int64")),
        "row_order_auc": roc_auc_score(late, recent.place),
    }


def persistence(history: pd.DataFrame) -> Figures:
    """How lateness follows lateness."""
    known = history[history.late_1.notna()]
    after = known.groupby("late_1").late.mean()
    lags = [history.late.corr(history[f"late_{k}"]) for k in range(1, 7)]
    whole = history[history.late_5.notna()]
    counts = whole.late + whole[[f"late_{k}" for k in range(1, 6)]].sum(axis=1)
    shares = 100 * counts.value_counts(normalize=True).reindex(range(7), fill_value=0.0)
    people = history.groupby(["customer_id", "owner"]).late.agg(["mean", "size"])
    people = people[people["size"] >= 12]
    expected = (people["mean"].mean() * (1 - people["mean"].mean()) / people["size"]).mean()
    reference = np.array(REFERENCE_COUNTS) / sum(REFERENCE_COUNTS)
    return {
        "late_rate": history.late.mean(),
        "p_late_after_late": after[1.0],
        "p_late_after_on_time": after[0.0],
        "autocorrelation": [float(lag) for lag in lags],
        "autocorrelation_half": lags[2] / lags[0],
        "late_counts_in_six_percent": [float(share) for share in shares],
        "late_counts_distance": float(np.abs(shares / 100 - reference).sum() / 2),
        "over_dispersion": float(people["mean"].var() / expected),
    }


def mixture(history: pd.DataFrame) -> Figures:
    """Shares of amounts, late rates of groups, and how far months differ."""
    amount = history.groupby("segment").amount.sum() / history.amount.sum()
    high = history[history.voltage == "high"]
    homes = history[history.segment == "residential"]
    manual = homes.pay_arrangement == "none"
    shops = history[(history.segment == "commercial") & (history.voltage == "low")]
    months = history.groupby(history.cycle % 100).late.mean()
    odds = months / (1 - months)
    return {
        "residential_share_of_amount": float(amount["residential"]),
        "high_voltage_share_of_amount": high.amount.sum() / history.amount.sum(),
        "late_rate_homes_by_hand": homes[manual].late.mean(),
        "late_rate_homes_by_debit": homes[~manual].late.mean(),
        "late_rate_low_voltage_commercial": shops.late.mean(),
        "late_rate_high_voltage": high.late.mean(),
        "month_odds_ratio": float(odds.max() / odds.min()),
    }


def settlement(history: pd.DataFrame, contacts: pd.DataFrame, cut: pd.Timestamp) -> Figures:
    """When bills are settled: by the due date, after reminders, in the end."""
    due, day = pd.to_datetime(history.due_on), history.paid_at.dt.normalize()
    left = (due - day).dt.days
    share = left.value_counts(normalize=True)
    old = history[due + pd.Timedelta(days=365) < cut]
    within = (old.paid_at - pd.to_datetime(old.due_on)).dt.days <= 365
    first = contacts[contacts["round"] == 1].merge(history, on="bill_id")
    after = (first.paid_at - first.contacted_at).dt.total_seconds() / 3600
    settled = history[due + pd.Timedelta(days=90) < cut]
    dpd = (settled.paid_at - pd.to_datetime(settled.due_on)).dt.days.fillna(999)
    return {
        "due_date_spike": float((share.get(0, 0) + share.get(1, 0)) / (share[3] + share[4])),
        "reminder_spike": float(
            ((after > 0) & (after <= 48)).mean() / after.between(48, 96).mean()
        ),
        "collected_in_12_months": float(old.amount[within].sum() / old.amount.sum()),
        "roll_30_to_60": float((dpd > 60).sum() / (dpd > 30).sum()),
        "late_over_30_share": float((dpd > 30).sum() / (dpd > 0).sum()),
    }


def confounding(history: pd.DataFrame, contacts: pd.DataFrame, truth: pd.DataFrame) -> Figures:
    """What a naive regression says about contacts, and what they truly do."""
    before_due = contacts[contacts["round"] <= 2].groupby("bill_id").size()
    delay = (history.paid_at - pd.to_datetime(history.due_on)).dt.total_seconds() / 86_400
    made = history.bill_id.map(before_due).fillna(0)
    known = delay.notna()
    slope = np.polyfit(made[known], delay[known], 1)[0]
    judged = truth.merge(contacts[["contact_id", "method"]], on="contact_id")
    means = judged[judged["round"] <= 2].groupby("method").effect_late.mean()
    return {
        "naive_days_a_contact": float(slope),
        "true_effect_on_late": float(judged[judged["round"] <= 2].effect_late.mean()),
        "true_effect_sms": float(means["sms"]),
        "true_effect_phone": float(means["phone"]),
        "true_days_saved_round_3": float(judged[judged["round"] == 3].days_saved.mean()),
        "harmful_contact_share": float((judged.effect_late > 0).mean()),
    }


def prepaid(data: Path, cut: pd.Timestamp) -> Figures:
    """How often prepaid supply is cut for lack of balance within two years, and for how long."""
    cuts, customers = read(data, "disconnections"), read(data, "customers")
    cuts = cuts[cuts.reason == "low_balance"]
    mine = customers[customers.billing_mode == "prepaid"].customer_id.unique()
    hours = (cuts.reconnected_at - cuts.disconnected_at).dt.total_seconds() / 3600
    two_years = cuts[cuts.disconnected_at >= cut - pd.DateOffset(years=2)]
    return {
        "prepaid_customers": len(mine),
        "prepaid_cut_in_two_years": two_years.customer_id.nunique() / len(mine),
        "prepaid_cuts_under_a_day": float((hours.dropna() < 24).mean()),
    }


def payments(data: Path) -> Figures:
    """Shares of parts, reversals, failed debits and payments without a bill."""
    rows = read(data, "payments")
    topped = read(data, "customers").query("billing_mode == 'prepaid'").customer_id
    rows = rows[~rows.customer_id.isin(topped)]
    ok = rows[(rows.outcome == "ok") & (rows.amount.astype(float) > 0)]
    times = ok[ok.bill_id.notna()].groupby("bill_id").size()
    return {
        "reversal_share": float((rows.amount.astype(float) < 0).mean()),
        "partial_share": float((times > 1).mean()),
        "unnamed_share": float(ok.bill_id.isna().mean()),
        "failed_share_of_debits": float(
            (rows.outcome == "failed").sum() / rows.channel.str.endswith("_debit").sum()
        ),
    }


def ceiling(truth: Path) -> Figures:
    """How well the sample's lateness could be ranked from its observable history alone."""
    rows = read(truth, "ceiling")
    recent = rows[rows.cycle.isin(np.sort(rows.cycle.unique())[-JUDGED_CYCLES:])]
    oracle = roc_auc_score(recent.late, recent.p_late)
    observable = roc_auc_score(recent.late, recent.p_observable)
    top = recent[recent.p_observable >= recent.p_observable.quantile(0.9)]
    return {
        "ceiling_auc": observable,
        "ceiling_sample_oracle_auc": oracle,
        "ceiling_below_oracle": oracle - observable,
        "ceiling_calibration_in_the_large": float(recent.p_observable.mean() - recent.late.mean()),
        "ceiling_calibration_of_the_top_tenth": float(top.p_observable.mean() - top.late.mean()),
    }


def read(folder: Path, table: str) -> pd.DataFrame:
    """Read one table of a dataset or of the truth, one file or parts."""
    with engine.connect() as con:
        return con.execute(
            f"SELECT * EXCLUDE (file_row_number) FROM {_parquet(folder, table)}"
        ).df()


def _parquet(folder: Path, table: str) -> str:
    single = folder / f"{table}.parquet"
    path = single if single.exists() else folder / table / "*.parquet"
    return f"read_parquet({engine.text(path)}, file_row_number = true)"


def _static_auc(history: pd.DataFrame, recent: pd.DataFrame, name: str) -> float:
    """AUC of an attribute by its late rate in the cycles before those judged."""
    earlier = history[~history.index.isin(recent.index)]
    level = earlier[name].fillna("none") if earlier[name].dtype == object else earlier[name]
    rates = earlier.late.groupby(level.astype(str)).mean()
    mine = recent[name].fillna("none") if recent[name].dtype == object else recent[name]
    return roc_auc_score(recent.late, mine.astype(str).map(rates).fillna(history.late.mean()))
