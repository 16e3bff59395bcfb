"""One record on both sides, whatever became of either; and rules that change."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from proofbook.gate.pairs import compare_pair, missing, new
from proofbook.model.record import Record, Rule
from proofbook.model.verdict import Comparison
from tests.gate.conftest import Shelf, scalar


def pair(before: Record, after: Record) -> Comparison:
    shelf = Shelf()
    return compare_pair(before, after, load=shelf.get, keep=shelf.put)


def alone(record: Record, *, gates: bool = False) -> Comparison:
    shelf = Shelf()
    return new(record, load=shelf.get, keep=shelf.put, because="new: no production value yet", gates=gates)


def test_a_loosened_margin_is_shown_for_review_with_both_verdicts() -> None:
    found = pair(scalar(0.81, better="higher", margin=0.005), scalar(0.79, better="higher", margin=0.05))
    assert (found.verdict, found.gates) == ("changed", True)
    assert found.reason == (
        "rule changed: margin 0.005 → 0.05; by the new rule pass, by the old regressed: worse by 0.0200, margin 0.005"
    )
    assert found.evidence["rule"]["candidate"] == {"better": "higher", "margin": 0.05}


def test_a_flipped_direction_is_shown_for_review_even_where_it_improves() -> None:
    found = pair(scalar(0.81, better="higher", margin=0.005), scalar(0.70, better="lower", margin=0.005))
    assert (found.verdict, found.gates) == ("changed", True)
    assert "better higher → lower" in found.reason


def test_a_dropped_rule_still_gates_once() -> None:
    found = pair(scalar(0.81, better="higher", margin=0.005, floor=0.5), scalar(0.30))
    assert (found.verdict, found.gates, found.failed) == ("changed", True, False)
    assert "floor 0.5 → not declared" in found.reason
    assert "by the old regressed" in found.reason


def test_a_record_that_only_informs_from_now_on_still_gates_once() -> None:
    found = pair(scalar(0.81, better="higher"), scalar(0.81, better="higher", informs=True))
    assert (found.verdict, found.gates) == ("changed", True)


def test_a_stricter_rule_is_a_changed_rule_too() -> None:
    assert pair(scalar(0.81), scalar(0.81, better="higher", margin=0.1)).verdict == "changed"


def test_failing_under_its_own_new_rule_is_worse_than_a_changed_rule() -> None:
    found = pair(scalar(0.81, better="higher", margin=0.5), scalar(0.79, better="higher", margin=0.005, floor=0.8))
    assert found.verdict == "regressed"
    assert "rule changed" in found.reason


def test_nan_is_not_excused_by_a_dropped_rule() -> None:
    found = pair(scalar(0.81, better="higher"), scalar(special="nan"))
    assert (found.gates, found.failed) == (True, True)


def test_an_unreadable_candidate_fails_and_gates_by_productions_rule() -> None:
    found = pair(scalar(0.81, better="higher"), scalar(unreadable="not JSON"))
    assert (found.verdict, found.gates, found.failed) == ("inconclusive", True, True)
    assert found.reason == "the record cannot be read: not JSON"


def test_an_unreadable_production_leaves_nothing_to_compare_with_but_floors_hold() -> None:
    found = pair(scalar(unreadable="torn", floor=0.5), scalar(0.6, floor=0.5))
    assert (found.verdict, found.failed) == ("inconclusive", False)
    assert pair(scalar(unreadable="torn", floor=0.5), scalar(0.4, floor=0.5)).verdict == "regressed"


def test_another_kind_fails_where_it_gates() -> None:
    text = Record(name="auc", task="evaluate", kind="text", value="0.81")
    found = pair(scalar(0.81, better="higher"), text)
    assert (found.verdict, found.gates, found.failed) == ("inconclusive", True, True)
    found = pair(scalar(0.81), text)
    assert (found.verdict, found.gates, found.failed) == ("changed", False, False)


@pytest.mark.parametrize(
    "rule",
    [
        {"margin": float("nan")},
        {"margin": -1.0},
        {"floor": float("nan")},
        {"tolerance": float("inf")},
        {"noise": -1.0},
        {"noise": float("nan")},
    ],
)
def test_a_rule_that_nothing_could_break_fails(rule: dict[str, Any]) -> None:
    found = pair(scalar(0.9, better="higher", **rule), scalar(0.1, better="higher", **rule))
    assert (found.verdict, found.gates, found.failed) == ("inconclusive", True, True)


def test_a_missing_record_fails_where_it_gates_and_is_changed_where_it_informs() -> None:
    found = missing(scalar(0.81, better="higher"))
    assert (found.verdict, found.gates, found.failed) == ("inconclusive", True, True)
    found = missing(scalar(0.81))
    assert (found.verdict, found.gates, found.failed) == ("changed", False, False)


def test_a_new_record_informs_unless_its_own_bounds_are_broken() -> None:
    found = alone(scalar(0.81, better="higher", floor=0.5))
    assert (found.verdict, found.gates, found.failed) == ("inconclusive", False, False)
    assert (found.reason, found.production, found.candidate) == ("new: no production value yet", None, "0.8100")
    found = alone(scalar(0.41, better="higher", floor=0.5))
    assert (found.verdict, found.gates) == ("regressed", True)
    assert found.production is None
    found = alone(scalar(special="nan", better="higher"))
    assert (found.gates, found.failed) == (True, True)


ONE, OTHER = "ab12cd34" + "0" * 56, "9f" + "0" * 62


def measured(value: float, eval_set: str | None, **rule: Any) -> Record:
    return replace(scalar(value, **rule), eval_set=eval_set)


def test_values_of_different_data_are_not_compared() -> None:
    rule = {"better": "higher", "margin": 0.005}
    found = pair(measured(0.81, OTHER, **rule), measured(0.91, ONE, **rule))
    assert (found.verdict, found.gates, found.failed) == ("inconclusive", True, False)
    assert found.reason == "measured on another evaluation set (ab12cd34, production on 9f000000)"
    assert pair(measured(0.81, ONE, **rule), measured(0.91, ONE, **rule)).verdict == "improved"


@pytest.mark.parametrize(("before", "after", "who"), [(None, ONE, "candidate"), (ONE, None, "production")])
def test_an_evaluation_set_that_only_one_side_names_is_another(before: Any, after: Any, who: str) -> None:
    found = pair(measured(0.81, before, better="higher"), measured(0.91, after, better="higher"))
    assert (found.verdict, found.gates) == ("inconclusive", True)
    assert f"the {who} was measured on evaluation set ab12cd34" in found.reason


def test_a_floor_holds_on_whatever_it_was_measured() -> None:
    found = pair(measured(0.81, OTHER, floor=0.5), measured(0.41, ONE, floor=0.5))
    assert (found.verdict, found.production) == ("regressed", None)


def test_a_rule_that_changes_with_the_evaluation_set_is_said_as_well() -> None:
    found = pair(measured(0.81, OTHER, better="higher"), measured(0.91, ONE, better="lower"))
    assert (found.verdict, found.gates) == ("inconclusive", True)
    assert found.reason.endswith("; rule changed: better higher → lower")


def test_a_changed_rule_says_which_table_it_is_by() -> None:
    declared = Rule(better="higher", margin=0.005)
    after = replace(
        scalar(0.81, better="higher", margin=0.02), declared=declared, rule_from={"margin": "[gate.rules.auc]"}
    )
    before = scalar(0.81, better="higher", margin=0.005)
    found = pair(before, after)
    assert found.verdict == "changed"
    assert found.reason == "rule changed: margin 0.005 → 0.02 by [gate.rules.auc]; by either pass: equal"
    assert (found.rule, found.declared, found.rule_from) == (after.rule, declared, after.rule_from)
    found = pair(after, before)
    assert found.reason == "rule changed: margin 0.02 → 0.005, no longer by [gate.rules.auc]; by either pass: equal"


@pytest.mark.parametrize("option", ["noise", "superiority", "metric", "slices"])
def test_every_option_of_a_rule_counts(option: str) -> None:
    said: dict[str, Any] = {"noise": 0.1, "superiority": True, "metric": "auc", "slices": ("carrier",)}
    found = pair(scalar(0.81, better="higher"), scalar(0.99, better="higher", **{option: said[option]}))
    assert (found.verdict, found.gates) == ("changed", True)
    assert f"rule changed: {option} not declared → " in found.reason


def test_the_same_rule_from_elsewhere_is_no_change() -> None:
    record = scalar(0.81, better="higher", margin=0.005)
    there = replace(record, rule_from={"margin": "[gate.rules.auc]"}, declared=Rule(better="higher"))
    assert pair(record, there).verdict == "pass"
    assert pair(there, record).verdict == "pass"
    assert pair(there, replace(there, rule_from={"margin": '[gate.rules."a*"]'})).verdict == "pass"


def test_superiority_needs_to_know_which_way_is_better() -> None:
    record = replace(scalar(0.81, superiority=True), rule_from={"superiority": "[gate.rules.auc]"})
    found = pair(record, record)
    assert (found.verdict, found.gates, found.failed) == ("inconclusive", True, True)
    assert found.reason == "the rule cannot be applied: superiority by [gate.rules.auc] without better"


rules = st.builds(
    dict,
    better=st.sampled_from([None, "higher", "lower"]),
    margin=st.sampled_from([None, 0.0, 0.01, 1.0]),
    floor=st.sampled_from([None, 0.0, 0.5]),
    ceiling=st.sampled_from([None, 1.0]),
    exact=st.booleans(),
    tolerance=st.sampled_from([None, 0.1]),
    informs=st.booleans(),
)
numbers = st.one_of(st.none(), st.floats(), st.integers(-2, 2), st.booleans(), st.text(max_size=1))


@given(before=numbers, after=numbers, old=rules, changed=rules)
def test_whatever_gated_before_cannot_pass_under_another_rule(
    before: Any, after: Any, old: dict[str, Any], changed: dict[str, Any]
) -> None:
    found = pair(scalar(before, **old), scalar(after, **changed))
    assert found.gates == (Rule(**old).gates or Rule(**changed).gates)
    if old != changed:
        assert found.verdict not in {"pass", "improved"}
