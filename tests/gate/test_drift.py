"""Levels of a history, and drift that no single step shows."""

import numpy as np
import pytest

from proofbook.gate.drift import drift, levels, shift

GENERATOR = np.random.default_rng


def test_a_history_without_change_is_of_one_level() -> None:
    divided = sum(len(levels(GENERATOR(seed).standard_normal(30))) > 1 for seed in range(1000))
    assert divided <= 4


@pytest.mark.parametrize("likeness", [0.5, 0.7])
def test_runs_that_resemble_their_neighbours_are_no_change_of_level(likeness: float) -> None:
    divided = 0
    for seed in range(300):
        steps = GENERATOR(seed).standard_normal(40)
        for place in range(1, 40):
            steps[place] = likeness * steps[place - 1] + np.sqrt(1 - likeness**2) * steps[place]
        divided += len(levels(steps)) > 1
    assert divided <= 15


def test_an_improvement_divides_it_where_it_happened() -> None:
    values = GENERATOR(1).standard_normal(24)
    values[10:] += 8
    assert levels(values) == ((0, 10), (10, 24))
    values[18:] += 8
    assert levels(values) == ((0, 10), (10, 18), (18, 24))


def test_equal_values_and_short_histories_are_of_one_level() -> None:
    assert levels(np.full(20, 0.1)) == ((0, 20),)
    assert levels(np.array([1.0, 9.0, 1.0, 9.0])) == ((0, 4),)
    assert levels(np.array([])) == ((0, 0),)


def test_a_step_between_values_that_never_move_is_seen() -> None:
    assert levels(np.array([1.0] * 5 + [2.0] * 5)) == ((0, 5), (5, 10))


def test_slow_drift_is_found_though_no_step_is_larger_than_noise() -> None:
    found = 0
    for seed in range(50):
        values = GENERATOR(seed).standard_normal(40) - 0.12 * np.arange(40)
        found += drift(values, worse=-1, level=0.01) is not None
    assert found >= 45


def test_drift_is_no_more_often_found_than_asked_for_where_there_is_none() -> None:
    found = sum(shift(GENERATOR(seed).standard_normal(40), level=0.05) is not None for seed in range(1000))
    assert found <= 50
    heavy = sum(shift(GENERATOR(seed).standard_t(3, 40), level=0.05) is not None for seed in range(1000))
    assert heavy <= 50


def test_drift_to_the_better_is_none() -> None:
    rising = GENERATOR(3).standard_normal(40) + 0.2 * np.arange(40)
    assert drift(rising, worse=-1, level=0.01) is None
    assert drift(rising, worse=1, level=0.01) is not None
