from itertools import chain, combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proofbook.flow import shapley

FACTORS = ("code", "data", "parameters", "environment")


def cells(factors: tuple[str, ...]) -> list[frozenset[str]]:
    return [
        frozenset(chosen)
        for chosen in chain.from_iterable(combinations(factors, size) for size in range(len(factors) + 1))
    ]


@st.composite
def measured(draw: st.DrawFn) -> tuple[tuple[str, ...], dict[frozenset[str], float]]:
    factors = FACTORS[: draw(st.integers(1, 4))]
    value = st.floats(-1e6, 1e6, allow_nan=False)
    return factors, {cell: draw(value) for cell in cells(factors)}


@given(measured())
def test_shares_and_interaction_sum_to_the_change(
    given: tuple[tuple[str, ...], dict[frozenset[str], float]],
) -> None:
    factors, values = given
    shares = shapley.split(values, factors)
    assert shares is not None
    change = values[frozenset(factors)] - values[frozenset()]
    assert sum(shares.values()) == pytest.approx(change, abs=1e-3)
    assert set(shares) == {*factors, *([shapley.INTERACTION] if len(factors) > 1 else [])}


@given(measured(), st.data())
def test_what_is_not_known_is_left_out_and_the_rest_still_sums_to_the_change(
    given: tuple[tuple[str, ...], dict[frozenset[str], float]], data: st.DataObject
) -> None:
    factors, values = given
    inner = [cell for cell in values if 0 < len(cell) < len(factors)]
    lost = data.draw(st.sets(st.sampled_from(inner))) if inner else set()
    shares = shapley.split({cell: value for cell, value in values.items() if cell not in lost}, factors)
    if shares is not None:
        change = values[frozenset(factors)] - values[frozenset()]
        assert sum(shares.values()) == pytest.approx(change, abs=1e-3)
    assert (shares is None) <= bool(lost)


@given(st.dictionaries(st.sampled_from(FACTORS), st.floats(-100, 100), min_size=1))
def test_what_adds_up_has_no_interaction(effects: dict[str, float]) -> None:
    factors = tuple(effects)
    values = {cell: sum(effects[name] for name in cell) for cell in cells(factors)}
    shares = shapley.split(values, factors)
    assert shares is not None
    for name, amount in effects.items():
        assert shares[name] == pytest.approx(amount, abs=1e-9)
    assert shares.get(shapley.INTERACTION, 0.0) == pytest.approx(0.0, abs=1e-9)


def test_of_two_factors_each_has_what_it_does_alone() -> None:
    values = {frozenset[str](): 0.8, frozenset({"code"}): 0.799, frozenset({"data"}): 0.781}
    values[frozenset({"code", "data"})] = 0.779
    shares = shapley.split(values, ("code", "data"))
    assert shares is not None
    assert shares == pytest.approx({"code": -0.001, "data": -0.019, "interaction": -0.001})


def test_a_factor_that_does_nothing_has_no_share_of_what_the_others_do() -> None:
    values = {cell: float({"code", "data"} <= cell) for cell in cells(FACTORS[:3])}
    shares = shapley.split(values, FACTORS[:3])
    assert shares == pytest.approx({"code": 0.0, "data": 0.0, "parameters": 0.0, "interaction": 1.0})


def test_with_one_order_known_that_order_is_told() -> None:
    values = {frozenset[str](): 1.0, frozenset({"data"}): 3.0, frozenset({"code", "data"}): 4.0}
    assert shapley.split(values, ("code", "data")) == {"code": 1.0, "data": 2.0}
    del values[frozenset({"data"})]
    assert shapley.split(values, ("code", "data")) is None
