"""JSON by structure: a difference is found at its path and at its size, and what cannot be judged never passes."""

import copy
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proofbook.model.record import Record, Rule
from proofbook.model.verdict import Comparison
from tests.gate.conftest import Shelf


def compare(before: Any, after: Any, **rule: Any) -> Comparison:
    made = [Record(name="j", task="t", kind="json", value=value, rule=Rule(**rule)) for value in (before, after)]
    return Shelf().compare(*made)


trees = st.recursive(
    st.floats(0.001, 1e9),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=4)
        | st.dictionaries(st.sampled_from("abcde"), inner, min_size=1, max_size=4)
    ),
    max_leaves=20,
).filter(lambda tree: not isinstance(tree, float))


def leaves(tree: Any, path: str = "") -> list[tuple[Any, Any, str]]:
    """Each number in a tree: the container, its key there, and its path."""
    found = []
    items = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, item in items:
        here = f"{path}[{key}]" if isinstance(key, int) else f"{path}.{key}".removeprefix(".")
        found += [(tree, key, here)] if isinstance(item, float) else leaves(item, here)
    return found


@given(tree=trees, part=st.floats(0.01, 0.9), data=st.data())
@settings(max_examples=60)
def test_one_changed_number_is_found_at_its_path_and_its_size_from_both_sides(
    tree: Any, part: float, data: st.DataObject
) -> None:
    changed = copy.deepcopy(tree)
    holder, key, path = data.draw(st.sampled_from(leaves(changed)))
    holder[key] *= 1 - part
    for before, after in ((tree, changed), (changed, tree)):
        found = compare(before, after, tolerance=part * 0.99)
        assert (found.verdict, found.evidence["count"]) == ("changed", 1)
        assert found.evidence["differences"][0]["path"] == path
        assert compare(before, after, tolerance=part * 1.01).verdict == "pass"


@given(tree=trees)
@settings(max_examples=30)
def test_equal_trees_pass_under_every_rule(tree: Any) -> None:
    for rule in ({}, {"exact": True}, {"tolerance": 0.0}, {"tolerance": 0.5}):
        assert compare(tree, copy.deepcopy(tree), **rule).verdict == "pass"


@given(
    tree=trees, bad=st.sampled_from([math.nan, math.inf, -math.inf, None, "x", True, 10**400, {}, []]), data=st.data()
)
@settings(max_examples=60)
def test_what_is_no_number_in_the_place_of_one_never_passes(tree: Any, bad: Any, data: st.DataObject) -> None:
    broken = copy.deepcopy(tree)
    holder, key, _ = data.draw(st.sampled_from(leaves(broken)))
    holder[key] = bad
    for rule in ({}, {"exact": True}, {"tolerance": 0.5}):
        assert compare(tree, broken, **rule).verdict not in {"pass", "improved"}
        assert compare(broken, tree, **rule).verdict not in {"pass", "improved"}


def test_lists_count_by_their_order_and_their_length() -> None:
    assert compare([1, 2, 3], [1, 3, 2]).verdict == "changed"
    assert compare([1, 2], [1, 2, 3]).reason == "1 of 1 values differ, first the value: 2 items → 3 items"


@pytest.mark.parametrize("after", [3, "text", None, True, {"a": [1.0]}])
def test_another_type_never_passes(after: Any) -> None:
    assert compare([1.0], after, tolerance=0.5).verdict != "pass"
