"""Paired statistics, against their definitions and against draws of which the truth is known."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proofbook.gate.paired import Difference, bootstrap, delong, mcnemar, midranks

scores = st.lists(st.integers(0, 6), min_size=4, max_size=14)


def _area(positive: np.ndarray, values: np.ndarray) -> float:
    pairs = [(high > low) + 0.5 * (high == low) for high in values[positive] for low in values[~positive]]
    return sum(pairs) / len(pairs)


def test_equal_values_share_their_mean_rank() -> None:
    assert midranks(np.array([3.0, 1.0, 3.0, 0.0])).tolist() == [3.5, 2.0, 3.5, 1.0]


@given(old=scores, seed=st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_delong_is_its_definition_over_all_pairs(old: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    production, candidate = np.array(old, float), rng.integers(0, 6, len(old)).astype(float)
    positive = np.arange(len(old)) % 2 == 0
    found = delong(positive, production, candidate)
    assert found.production == pytest.approx(_area(positive, production))
    assert found.candidate == pytest.approx(_area(positive, candidate))
    parts = []
    for chosen, other, sign in ((positive, ~positive, 1), (~positive, positive, -1)):
        components = [
            [np.mean([0.5 + 0.5 * np.sign(sign * (one - two)) for two in side[other]]) for one in side[chosen]]
            for side in (production, candidate)
        ]
        parts.append(np.var(np.subtract(*components), ddof=1) / chosen.sum())
    assert found.deviation == pytest.approx(math.sqrt(sum(parts)))


@pytest.mark.parametrize(("lost", "won", "probability"), [(5, 0, 1 / 32), (3, 3, 42 / 64), (8, 2, 56 / 1024)])
def test_mcnemar_is_the_coin_that_it_says(lost: int, won: int, probability: float) -> None:
    right = np.ones(40, dtype=bool)
    old, new = right.copy(), right.copy()
    new[:lost] = False
    old[lost : lost + won] = False
    assert mcnemar(old, new).tail(0.0) == pytest.approx(probability)


def test_the_bounds_of_accuracy_are_tangos() -> None:
    old, new = np.ones(68, dtype=bool), np.ones(68, dtype=bool)
    new[:16] = False
    old[16:23] = False
    found = mcnemar(old, new)
    for bound in (found.least(0.025), found.bound(0.025)):
        share = _by_hand(16, 7, rows=68, true=bound)
        assert abs(share) == pytest.approx(1.959964, abs=1e-3)


def _by_hand(lost: int, won: int, *, rows: int, true: float) -> float:
    """The score statistic, its nuisance parameter found by search instead of by formula."""
    valid = np.linspace(max(0.0, -true), (1 - true) / 2, 200_002)[1:-1]  # of won; lost is that plus `true`
    both = np.log1p(-(2 * valid + true))
    likelihood = lost * np.log(valid + true) + won * np.log(valid) + (rows - lost - won) * both
    best = valid[np.argmax(likelihood)]
    return float((lost - won - rows * true) / math.sqrt(rows * (2 * best + true * (1 - true))))


def _errors(rng: np.random.Generator, rows: int, *, worse: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    common = rng.exponential(size=rows)
    return common * (1 + 0.2 * rng.normal(size=rows)), common * (1 + worse + 0.2 * rng.normal(size=rows))


def _false_alarms(level: float, *, rows: int, runs: int) -> float:
    rng = np.random.default_rng(7)
    found = [bootstrap(*_errors(rng, rows), score=np.asarray).worse() <= level for _ in range(runs)]
    return sum(found) / runs


def test_the_bootstrap_alarms_as_often_as_it_says() -> None:
    alarms = _false_alarms(0.05, rows=60, runs=400)
    assert 0.02 < alarms < 0.09


def test_of_few_rows_too_the_bootstrap_alarms_no_more_than_it_says() -> None:
    rng = np.random.default_rng(0)
    found = [bootstrap(rng.normal(size=20), rng.normal(size=20), score=np.asarray).worse() for _ in range(1000)]
    # by percentiles, or by BCa alone, 0.02 of them
    assert np.mean([one <= 0.01 for one in found]) <= 0.014


def test_a_change_is_seen_four_times_of_five_at_the_size_that_is_said() -> None:
    rng = np.random.default_rng(3)
    said = np.mean([bootstrap(*_errors(rng, 200), score=np.asarray).detectable(0.05, margin=0.0) for _ in range(20)])
    seen = [bootstrap(*_errors(rng, 200, worse=said), score=np.asarray).worse() <= 0.05 for _ in range(200)]
    assert 0.7 < np.mean(seen) < 0.9


def test_delong_sees_what_it_says_and_alarms_no_more_than_it_says() -> None:
    rng = np.random.default_rng(11)
    positive = np.arange(400) % 3 == 0

    def draw(shift: float) -> Difference:
        signal = positive + rng.normal(size=400)
        return delong(positive, signal + 0.3 * rng.normal(size=400), signal + (0.3 + shift) * rng.normal(size=400))

    assert np.mean([draw(0.0).worse() <= 0.05 for _ in range(400)]) == pytest.approx(0.05, abs=0.03)
    losses = [draw(0.6) for _ in range(100)]
    power = np.mean([found.worse() <= 0.05 for found in losses])
    sizes = np.mean([found.loss for found in losses]) / np.mean(
        [found.detectable(0.05, margin=0.0) for found in losses]
    )
    assert (power > 0.8) == (sizes > 1)


def test_a_million_rows_give_the_same_deviation_as_the_formula() -> None:
    rng = np.random.default_rng(5)
    old, new = _errors(rng, 200_000)
    found = bootstrap(old, new, score=np.asarray)
    assert found.deviation == pytest.approx(float(np.std(new - old)) / math.sqrt(200_000), rel=0.1)
    assert found.loss == pytest.approx(float(np.mean(new - old)))


@given(seed=st.integers(0, 1000), root=st.booleans())
@settings(max_examples=15, deadline=None)
def test_what_is_worse_one_way_is_better_the_other(seed: int, root: bool) -> None:
    rng = np.random.default_rng(seed)
    old, new = _errors(rng, 50, worse=0.1)
    score = np.sqrt if root else np.asarray
    there, back = bootstrap(old, new, score=score), bootstrap(new, old, score=score)
    assert there.loss == pytest.approx(-back.loss)
    assert there.deviation == pytest.approx(back.deviation)
    assert there.least(0.05) == pytest.approx(-back.bound(0.05), abs=there.deviation / 10)


def test_the_same_values_have_no_deviation_and_no_loss() -> None:
    values = np.arange(30, dtype=float)
    found = bootstrap(values, values.copy(), score=np.asarray)
    assert (found.loss, found.deviation, found.worse(), found.better()) == (0.0, 0.0, 1.0, 1.0)
    assert found.bound(0.05) == 0.0
