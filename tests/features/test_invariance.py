from decimal import Decimal

import pandas as pd
from bits import differing
from hypothesis import given, settings
from hypothesis import strategies as st
from lives import AS_OFS, as_ofs, lives, tables_of
from worlds import world

from features import FEATURES, build, build_prepaid, features_of

# A bill is cleared within one yuan, so doubling amounts that small changes what is open; a
# hundred times the drawn amounts keep clear of it.
MONEY = {"bills": ("amount",), "payments": ("amount",), "balances": ("balance", "cost")}


@settings(max_examples=3)
@given(lives, as_ofs, st.randoms(use_true_random=False))
def test_order_of_rows_changes_no_bit(life_seeds, as_of, rng):
    rows = tables_of(life_seeds)
    shuffled = {table: rng.sample(lived, len(lived)) for table, lived in rows.items()}
    assert differing(build(world(**rows), as_of), build(world(**shuffled), as_of)) == []


@settings(max_examples=3)
@given(lives, as_ofs, st.integers(2, 3))
def test_number_of_buckets_changes_no_bit(life_seeds, as_of, buckets):
    rows = tables_of(life_seeds)
    one, many = world(**rows), world(**rows, buckets=buckets)
    assert differing(build(one, as_of), build(many, as_of)) == []


@settings(max_examples=2)
@given(lives, st.lists(as_ofs, min_size=2, max_size=3, unique=True), st.integers(1, 3))
def test_several_days_at_once_equal_each_alone_bit_for_bit(life_seeds, days, buckets):
    store = world(**tables_of(life_seeds), buckets=buckets)
    for matrix in (build, build_prepaid):
        alone = pd.concat([matrix(store, as_of) for as_of in sorted(days)], ignore_index=True)
        assert differing(matrix(store, days), alone) == []


@settings(max_examples=3)
@given(lives, as_ofs)
def test_a_feature_alone_has_the_bits_it_has_among_all(life_seeds, as_of):
    store = world(**tables_of(life_seeds))
    every = build(store, as_of)
    for chosen in (("grid_over_segment",), ("late_last",), ("amount_rank_in_month", "kwh_last")):
        alone = build(store, as_of, features=tuple(f for f in FEATURES if f.name in chosen))
        assert differing(alone, every[list(alone.columns)]) == []


@settings(max_examples=3)
@given(lives, as_ofs)
def test_renaming_customers_changes_no_bit(life_seeds, as_of):
    rows = tables_of(life_seeds)
    renamed = {
        table: [row | {"customer_id": other_name(row["customer_id"])} for row in lived]
        for table, lived in rows.items()
    }
    one, other = build(world(**rows), as_of), build(world(**renamed), as_of)
    one["customer_id"] = one["customer_id"].map(other_name)
    order = ["as_of", "customer_id", "bill_id"]
    assert differing(one.sort_values(order, ignore_index=True), other) == []


def other_name(customer: str | None) -> str | None:
    """Another name, with the order of names turned round."""
    return None if customer is None else f"户{999 - int(customer[1:])}"


@settings(max_examples=3)
@given(lives, as_ofs)
def test_doubling_every_amount_doubles_money_and_moves_no_ratio(life_seeds, as_of):
    rows = tables_of(life_seeds)
    coarse = scaled(rows, 100)
    store = world(**coarse)
    one, two = build(store, as_of), build(world(**scaled(coarse, 2)), as_of)
    for feature in features_of(store):
        if feature.unit == "CNY":
            one[feature.name] *= 2
    assert [name for name in differing(one, two) if name != "open_cny"] == []


def scaled(rows: dict[str, list[dict]], factor: int) -> dict[str, list[dict]]:
    return {
        table: [
            row | {column: row[column] * Decimal(factor) for column in MONEY.get(table, ())}
            for row in lived
        ]
        for table, lived in rows.items()
    }


def test_building_twice_gives_the_same_bits():
    store = world(**tables_of(list(range(30))), buckets=2)
    assert differing(build(store, AS_OFS[3:5]), build(store, AS_OFS[3:5])) == []
