"""Critical values: monotone, inverse to each other, never milder than Student's."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import stdtrit

from proofbook.gate.tails import LEVELS, TABLE, critical, probability

counts = st.integers(3, 200)
levels = st.floats(1e-8, 0.5)


@given(count=counts, level=levels)
def test_the_probability_of_a_critical_value_is_its_level(count: int, level: float) -> None:
    assert probability(count, critical(count, level)) == pytest.approx(level, rel=1e-6)


@given(count=counts, one=levels, two=levels)
def test_a_smaller_level_reaches_further(count: int, one: float, two: float) -> None:
    small, large = sorted((one, two))
    assert critical(count, small) >= critical(count, large)


@given(count=counts, one=st.floats(-50, 50), two=st.floats(-50, 50))
def test_what_is_further_out_is_no_more_likely(count: int, one: float, two: float) -> None:
    near, far = sorted((one, two))
    assert 0 <= probability(count, far) <= probability(count, near) <= 1


@given(level=levels, count=st.integers(3, 60))
def test_more_runs_never_reach_further(level: float, count: int) -> None:
    assert critical(count + 1, level) <= critical(count, level) * 1.0001


@pytest.mark.parametrize("count", TABLE)
def test_the_table_is_at_least_as_careful_as_students_interval_where_that_is_right(count: int) -> None:
    for level, value in zip(LEVELS, TABLE[count], strict=True):
        if level >= 0.01:
            # one-sided rates of 1.05 times the level are allowed, and the worse side's own deviation widens the scale
            assert value >= 0.93 * stdtrit(count - 1, 1 - 1.05 * level)


def test_no_number_and_no_distance_are_harmless() -> None:
    assert probability(5, math.nan) == 1
    assert probability(5, math.inf) == 0
    assert probability(5, -math.inf) == 1
    assert probability(5, 0.0) == 0.5
