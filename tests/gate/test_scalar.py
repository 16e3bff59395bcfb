"""Scalars: direction, margin, floor, exactness; and what never passes."""

import math
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from proofbook.model.verdict import Comparison
from tests.gate.conftest import Shelf, scalar

finite = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12)
margins = st.floats(min_value=1e-6, max_value=1e6)
directions = st.sampled_from(["higher", "lower"])
whatever = st.one_of(finite, st.integers(-(10**15), 10**15), st.booleans(), st.text(min_size=1))


def compare(before: Any, after: Any, **rule: Any) -> Comparison:
    return Shelf().compare(scalar(before, **rule), scalar(after, **rule))


def test_worse_within_the_margin_passes() -> None:
    found = compare(0.8123, 0.8100, better="higher", margin=0.005)
    assert (found.verdict, found.change) == ("pass", "-0.0023")
    assert found.gates


def test_worse_by_more_than_the_margin_regresses_and_says_by_how_much() -> None:
    found = compare(0.8123, 0.7913, better="higher", margin=0.005)
    assert found.verdict == "regressed"
    assert found.reason == "worse by 0.0210, margin 0.005"
    assert (found.production, found.candidate, found.change) == ("0.8123", "0.7913", "-0.0210")


def test_better_by_more_than_the_margin_is_improved_in_either_direction() -> None:
    assert compare(0.81, 0.83, better="higher", margin=0.005).verdict == "improved"
    assert compare(0.14, 0.11, better="lower", margin=0.005).verdict == "improved"
    assert compare(0.11, 0.14, better="lower", margin=0.005).verdict == "regressed"


def test_a_loss_of_exactly_the_margin_passes_although_floats_round() -> None:
    assert 0.81 - 0.805 > 0.005  # what rounding does to it
    assert compare(0.81, 0.805, better="higher", margin=0.005).verdict == "pass"


def test_a_loss_a_little_over_the_margin_is_written_so_that_one_sees_it() -> None:
    found = compare(0.81, 0.80499, better="higher", margin=0.005)
    assert found.verdict == "regressed"
    assert found.reason == "worse by 0.005010, margin 0.005"


def test_worse_without_a_margin_is_changed_and_says_what_to_declare() -> None:
    found = compare(0.8123, 0.8120, better="higher")
    assert found.verdict == "changed"
    assert found.reason == "worse by 0.00030 and no margin declared: declare one, or accept"
    assert compare(0.8120, 0.8123, better="higher").verdict == "improved"


def test_a_tolerance_is_a_relative_margin_where_a_direction_is_declared() -> None:
    assert compare(100.0, 99.5, better="higher", tolerance=0.01).verdict == "pass"
    assert compare(100.0, 98.0, better="higher", tolerance=0.01).verdict == "regressed"
    assert compare(100.0, 102.0, better="higher", tolerance=0.01).verdict == "improved"


def test_a_tolerance_alone_knows_no_better() -> None:
    assert compare(100.0, 99.5, tolerance=0.01).verdict == "pass"
    assert compare(100.0, 102.0, tolerance=0.01).verdict == compare(100.0, 98.0, tolerance=0.01).verdict == "changed"
    assert compare(1000, 1001, tolerance=0.01).verdict == "pass"


def test_a_margin_without_direction_looks_both_ways() -> None:
    assert compare(5.0, 5.4, margin=0.5).verdict == "pass"
    assert compare(5.0, 5.6, margin=0.5).verdict == compare(5.0, 4.4, margin=0.5).verdict == "changed"


def test_a_floor_holds_whatever_production_was() -> None:
    found = compare(0.55, 0.58, better="higher", margin=0.01, floor=0.6)
    assert found.verdict == "regressed"
    assert found.reason == "0.5800 is below its floor of 0.6000"
    assert compare(0.1, 0.61, floor=0.6).verdict == "changed"
    assert compare(9, 11, ceiling=10).verdict == "regressed"


def test_a_floor_of_zero_is_a_floor() -> None:
    assert compare(0.1, -0.1, floor=0).verdict == "regressed"


def test_a_value_just_below_its_floor_is_written_so_that_one_sees_it() -> None:
    assert compare(0.6, 0.59999, floor=0.6).reason == "0.599990 is below its floor of 0.600000"


def test_whole_numbers_text_and_truth_are_exact_by_default() -> None:
    assert compare(1_000_000_000_000, 1_000_000_000_001).verdict == "changed"
    assert compare("a", "b").verdict == "changed"
    assert compare(True, False).verdict == "changed"
    assert compare(0.1 + 0.2, 0.3).verdict == "pass"


def test_exact_makes_every_difference_a_regression() -> None:
    assert compare(3, 4, exact=True).verdict == "regressed"
    assert compare(0.1 + 0.2, 0.3, exact=True).verdict == "regressed"
    assert compare("a", "b", exact=True).verdict == "regressed"
    assert compare(1.0, 1.0, exact=True).verdict == "pass"


def test_a_record_without_a_rule_informs() -> None:
    assert not compare(1.0, 2.0).gates
    assert not compare(1.0, 2.0, better="higher", margin=0.1, informs=True).gates


@pytest.mark.parametrize(("before", "after"), [(1, 1.0), (1.0, 1), (True, 1), ("1", 1), (1, "1"), (0, False)])
def test_a_change_of_type_is_never_a_pass(before: Any, after: Any) -> None:
    assert compare(before, after).verdict == "changed"
    assert compare(before, after, exact=True).verdict == "regressed"
    assert compare(before, after, better="higher", margin=5).verdict not in {"pass", "improved"}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, None, [1], {"a": 1}])
@given(before=whatever)
@settings(max_examples=10)
def test_what_is_no_finite_scalar_never_passes(value: Any, before: Any) -> None:
    for rule in ({}, {"better": "higher", "margin": 1e9}, {"exact": True}, {"floor": -1e9}):
        for production in (before, value):
            found = compare(production, value, **rule)
            assert (found.verdict, found.failed) == ("inconclusive", True)


@pytest.mark.parametrize("special", ["nan", "inf", "-inf"])
def test_a_special_float_is_named_and_fails(special: Any, shelf: Shelf) -> None:
    bad = scalar(special=special, better="higher", margin=0.1)
    for production in (scalar(0.5, better="higher", margin=0.1), bad):
        found = shelf.compare(production, bad)
        assert (found.verdict, found.failed) == ("inconclusive", True)
    assert "NaN" in found.reason or "infinity" in found.reason


def test_nan_in_production_leaves_nothing_to_compare_with_and_is_not_the_candidates_fault(shelf: Shelf) -> None:
    found = shelf.compare(scalar(special="nan", better="higher"), scalar(0.8, better="higher"))
    assert (found.verdict, found.failed) == ("inconclusive", False)
    found = shelf.compare(scalar(special="nan", floor=0.9), scalar(0.8, floor=0.9))
    assert found.verdict == "regressed"


def test_text_where_the_rule_asks_for_a_number_fails() -> None:
    found = compare("0.8", "0.8", better="higher", margin=0.1)
    assert (found.verdict, found.failed) == ("inconclusive", True)


def test_numbers_too_large_for_arithmetic_are_said_and_not_raised() -> None:
    assert compare(10**400, 1.5, better="higher", margin=0.1).failed
    assert compare(1e308, -1e308, better="higher", margin=0.1).verdict == "regressed"


@given(value=whatever, better=st.none() | directions, exact=st.booleans())
def test_equal_values_pass(value: Any, better: Any, exact: bool) -> None:
    rule = {"exact": True} if exact else {}
    if better and not isinstance(value, str):
        rule = {"better": better, "margin": 0.5}
    assert compare(value, value, **rule).verdict == "pass"


@given(before=finite, share=st.floats(0.0, 0.999), margin=margins, better=directions, sign=st.sampled_from([-1, 1]))
def test_a_shift_within_the_margin_passes(before: float, share: float, margin: float, better: Any, sign: int) -> None:
    after = before + sign * share * margin
    assert compare(before, after, better=better, margin=margin).verdict == "pass"


@given(before=finite, factor=st.floats(1.01, 1e6), margin=margins, better=directions)
def test_a_shift_beyond_the_margin_is_seen_and_named_by_its_direction(
    before: float, factor: float, margin: float, better: Any
) -> None:
    shift = factor * margin
    # a shift that is nothing beside the value is equal, by definition
    assume(shift > 1e-8 * (abs(before) + shift))
    up, down = before + shift, before - shift
    good, bad = (up, down) if better == "higher" else (down, up)
    assert compare(before, bad, better=better, margin=margin).verdict == "regressed"
    assert compare(before, good, better=better, margin=margin).verdict == "improved"


@given(a=whatever, b=whatever)
def test_whether_two_values_differ_does_not_depend_on_which_is_production(a: Any, b: Any) -> None:
    for rule in ({}, {"exact": True}):
        assert compare(a, b, **rule).verdict == compare(b, a, **rule).verdict


@given(before=finite, after=finite)
def test_different_numbers_are_never_written_the_same(before: float, after: float) -> None:
    found = compare(before, after)
    if found.verdict == "changed":
        assert found.production != found.candidate
        assert found.change not in {"no change", "+0", "-0", "+0.0000", "-0.0000"}
