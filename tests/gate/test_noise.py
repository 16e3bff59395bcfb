"""The ladder of what is known of noise, degenerate histories, and what never may turn round."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtri

from proofbook.gate.noise import Past, again, baseline, estimate, noise
from proofbook.model.record import Rule

HIGHER, LOWER = Rule(better="higher", margin=0.005), Rule(better="lower", margin=0.005)
LEVEL = 0.01
values = st.lists(st.floats(-1e6, 1e6, allow_nan=False), min_size=0, max_size=40)


def history(count: int, *, seed: int = 0, mean: float = 0.8, deviation: float = 0.01) -> tuple[float, ...]:
    return tuple((mean + deviation * np.random.default_rng(seed).standard_normal(count)).tolist())


def known(rule: Rule = HIGHER, *, level: float = LEVEL, production: float | None = None, **past: Any) -> Any:
    told = Past(**past)
    return noise(rule, told.values[-1] if production is None else production, past=told, level=level)


def test_with_fewer_than_three_values_nothing_is_known() -> None:
    for few in ((), (0.8,), (0.8, 0.81)):
        assert noise(HIGHER, 0.8, past=Past(values=few), level=LEVEL).source == "none"
    assert known(values=(0.8, 0.81, 0.79)).source == "interval"


def test_what_is_declared_goes_before_all_else() -> None:
    found = known(Rule(better="higher", noise=0.01), values=history(20), reruns=(0.8, 0.9, 0.7))
    assert (found.source, found.deviation, found.runs) == ("declared", 0.01, 0)
    assert found.baseline == pytest.approx(0.8)


def test_reruns_go_before_comparable_runs_where_the_data_stand_still() -> None:
    past = {"values": history(20), "reruns": history(5, seed=3, deviation=0.001)}
    assert known(**past, same_set=True).source == "reruns"
    # new data move the number more than new seeds do
    assert known(**past).source == "interval"
    calm = {"values": history(20, deviation=0.0001), "reruns": history(5, seed=3)}
    assert known(**calm).source == "reruns"


def test_the_baseline_is_the_mean_of_reruns_not_productions_luck() -> None:
    assert baseline(0.84, Past(reruns=(0.84, 0.80, 0.82))) == pytest.approx(0.82)
    assert baseline(0.84, Past(values=history(20))) == 0.84
    assert known(production=0.84, reruns=(0.84, 0.80, 0.82)).baseline == pytest.approx(0.82)


def test_reruns_that_production_itself_is_none_of_do_not_count() -> None:
    for spoilt in (history(12, mean=0.7, deviation=0.001), (0.7,) * 12, history(3, mean=0.7, deviation=0.001)):
        assert again(0.8, Past(reruns=(0.8, *spoilt))) == ()
        assert baseline(0.8, Past(reruns=(0.8, *spoilt))) == 0.8
        assert known(values=history(20), production=0.8, reruns=(0.8, *spoilt), same_set=True).source == "interval"
    lucky = Past(reruns=(0.83, *history(12, mean=0.8)))
    assert again(0.83, lucky) == lucky.reruns
    rounded = Past(reruns=(0.82, 0.81, 0.81, 0.81, 0.81))
    assert again(0.82, rounded) == rounded.reruns
    # another order of summation
    assert len(again(0.8, Past(reruns=(0.8, *[0.8 + 1e-14] * 5)))) == 6


def test_production_that_repeats_itself_has_no_noise() -> None:
    found = known(production=0.8, reruns=(0.8, 0.8), repeats=True)
    assert (found.source, found.deviation, found.bound) == ("reruns", 0.0, 0.8)


def test_a_number_without_direction_has_no_noise_to_judge_by() -> None:
    assert estimate(Rule(margin=0.1), 0.8, past=Past(values=history(20)), level=LEVEL) == ()


def test_more_runs_see_smaller_changes() -> None:
    even = [[0.8 + 0.01 * ndtri((place + 0.5) / count) for place in range(count)] for count in (3, 5, 10, 20, 50)]
    seen = [known(values=tuple(values), production=0.8).detectable for values in even]
    assert seen == sorted(seen, reverse=True)


def test_a_smaller_share_of_the_budget_sees_less() -> None:
    assert known(values=history(20), level=1e-4).detectable > known(values=history(20)).detectable


@pytest.mark.parametrize("rule", [HIGHER, LOWER])
def test_the_bound_lies_on_the_worse_side_and_what_is_seen_beyond_it_and_the_margin(rule: Rule) -> None:
    found = known(rule, values=history(20))
    way = -1 if rule is HIGHER else 1
    assert (found.bound - found.baseline) * way > 0
    assert found.detectable > 0.005
    assert found.detectable > abs(found.bound - found.baseline)


def test_a_margin_wider_than_noise_decides_what_is_seen() -> None:
    found = known(Rule(better="higher", margin=0.3), values=history(20))
    assert 0.3 < found.detectable < 0.32


def test_values_near_the_end_of_their_range_are_judged_on_its_scale() -> None:
    near_one = tuple(np.random.default_rng(1).beta(98, 2, 40).tolist())
    assert known(values=near_one).scale == "logit"
    by_factors = tuple(np.exp(np.random.default_rng(1).standard_normal(40)).tolist())
    assert known(LOWER, values=by_factors).scale == "log"
    assert known(values=history(40)).scale in {"linear", "logit"}
    assert known(values=tuple(-value for value in history(40))).scale == "linear"


def test_long_histories_that_are_not_normal_are_judged_by_ranks() -> None:
    skewed = tuple((10 + np.random.default_rng(2).exponential(size=50) ** 2).tolist())
    found = known(LOWER, values=skewed, level=0.05)
    assert (found.source, found.runs) == ("ranks", 50)
    assert found.bound == sorted(skewed)[-2]
    # 1 in 1,000 cannot be said by fifty runs
    assert known(LOWER, values=skewed, level=0.001).source == "interval"
    assert known(LOWER, values=history(50), level=0.05).source == "interval"


def test_an_improvement_in_the_history_is_no_noise() -> None:
    before, after = history(15, mean=0.70), history(15, seed=1, mean=0.80)
    found, plain = known(values=(*before, *after)), known(values=after)
    assert found.deviation < 1.5 * plain.deviation
    assert found.bound > 0.72


def test_broken_runs_after_production_do_not_become_the_level() -> None:
    past = (*history(15), *history(5, seed=1, mean=0.7))
    found = noise(HIGHER, past[14], past=Past(values=past), level=LEVEL)
    assert found.bound > 0.74


def test_equal_values_have_no_noise_unless_rounding_may_hide_it() -> None:
    assert known(values=(0.8123406972,) * 5).bound == pytest.approx(0.8123406972, abs=1e-9)
    rounded = known(values=(0.81,) * 5)
    assert rounded.bound < 0.80
    assert known(LOWER, values=(7, 7, 7, 7)).bound > 8
    assert known(values=(0.0,) * 6).bound == 0
    assert known(values=(1.0,) * 6).bound < 1


def test_what_summation_in_another_order_leaves_is_no_noise() -> None:
    found = known(values=(0.1 + 0.2, 0.3, 0.1 + 0.2, 0.3))
    assert found.deviation < 1e-16


@given(
    past=values, production=st.floats(allow_nan=True, allow_infinity=True), better=st.sampled_from(["higher", "lower"])
)
@settings(max_examples=200)
def test_no_history_breaks_it(past: list[float], production: float, better: Any) -> None:
    for extra in ((), (math.nan, math.inf, -math.inf), (1e308, -1e308, 5e-324)):
        told = Past(values=(*past, *extra), reruns=(production, *past[:4]))
        found = noise(Rule(better=better), production, past=told, level=LEVEL)
        assert found.bound is None or math.isfinite(found.bound)
        assert found.detectable is None or found.detectable >= 0


@given(past=values, one=st.floats(-1e6, 1e6), two=st.floats(-1e6, 1e6), better=st.sampled_from(["higher", "lower"]))
@settings(max_examples=200)
def test_what_is_worse_is_no_more_likely_noise(past: list[float], one: float, two: float, better: Any) -> None:
    production = past[-1] if past else 0.0
    better_one, worse_one = sorted((one, two), reverse=better == "higher")
    for found in estimate(Rule(better=better), production, past=Past(values=tuple(past)), level=0.05):
        assert found.probability(worse_one) <= found.probability(better_one) + 1e-12


@given(past=st.lists(st.floats(1e-3, 1e6), min_size=3, max_size=40), level=st.floats(1e-5, 0.05))
@settings(max_examples=200)
def test_the_bound_is_where_the_probability_falls_below_the_level(past: list[float], level: float) -> None:
    for found in estimate(LOWER, past[-1], past=Past(values=tuple(past)), level=level):
        bound = found.bound(level)
        if found.spread > 1e-9 * bound and math.isfinite(bound):
            assert found.probability(bound + found.spread * 0.01 * max(1.0, bound)) <= level * 1.001
            assert found.probability(bound - found.spread * 0.01 * min(1.0, bound)) >= level * 0.999
