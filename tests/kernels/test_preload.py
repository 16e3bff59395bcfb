"""What is worth importing ahead."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proofbook.kernels.preload import NEVER, Cost, choose, never

MIB = 1 << 20


def test_what_tasks_imported_is_chosen_and_what_is_known_to_break_is_not() -> None:
    history = {"a": {"pandas": 1.0, "polars": 0.3}, "b": {"pandas": 0.0, "torch.nn": 3.0}}
    choice = choose(history, budget_bytes=1 << 30)
    assert choice.modules == ("pandas",)
    assert choice.refused == {"polars": NEVER["polars"], "torch.nn": NEVER["torch"]}


def test_the_budget_goes_to_what_saves_most_for_its_memory() -> None:
    costs = {"small": Cost(1.0, 10 * MIB), "large": Cost(1.5, 100 * MIB), "rare": Cost(2.0, 100 * MIB)}
    history = {"a": {"small": 0.0, "large": 0.0}, "b": {"large": 0.0, "rare": 0.0}}
    choice = choose(history, budget_bytes=120 * MIB, costs=costs)
    assert set(choice.modules) == {"small", "large"}
    assert choice.refused == {"rare": "it takes 100 MiB, and the budget has 10 MiB left"}


def test_a_preloaded_module_is_still_worth_what_it_cost_though_tasks_no_longer_feel_it() -> None:
    history = {"a": {"pandas": 0.0}}
    assert choose(history, budget_bytes=MIB * 100, costs={"pandas": Cost(1.0, MIB)}).modules == ("pandas",)
    assert choose(history, budget_bytes=MIB * 100, costs={"pandas": Cost(0.001, MIB)}).modules == ()


def test_a_guess_counts_where_nothing_was_learned() -> None:
    assert choose({}, ["numpy", "jax"], budget_bytes=1 << 30).modules == ("numpy",)


def test_a_package_comes_before_its_parts_and_the_order_is_always_the_same() -> None:
    history = {"a": {"z": 1.0, "sklearn.linear_model": 1.0, "sklearn": 0.5}, "b": {"z": 1.0}}
    backwards = {task: dict(reversed(modules.items())) for task, modules in reversed(history.items())}
    chosen = choose(history, budget_bytes=1 << 30).modules
    assert chosen == ("z", "sklearn", "sklearn.linear_model")
    assert choose(backwards, budget_bytes=1 << 30).modules == chosen


@pytest.mark.parametrize("module", ["polars", "polars.io", "tensorflow.keras", "numba.cuda", "google.cloud.storage"])
def test_what_must_never_be_forked_is_known_by_itself_and_by_its_parts(module: str) -> None:
    assert never(module)


@pytest.mark.parametrize("module", ["pandas", "polarsen", "numba", "google.auth", ""])
def test_others_are_not(module: str) -> None:
    assert never(module) == ""


names = st.sampled_from(["a", "a.b", "c", "polars", "d"])


@settings(max_examples=50, deadline=None)
@given(
    history=st.dictionaries(st.text(max_size=2), st.dictionaries(names, st.floats(0, 10)), max_size=4),
    guess=st.lists(names),
    budget=st.integers(0, 200 * MIB),
    costs=st.dictionaries(names, st.builds(Cost, st.floats(0, 5), st.integers(0, 100 * MIB))),
)
def test_the_budget_is_kept_whatever_is_known(history, guess, budget, costs) -> None:
    choice = choose(history, guess, budget_bytes=budget, costs=costs)
    assert len(set(choice.modules)) == len(choice.modules)
    assert not set(choice.modules) & set(choice.refused)
    assert sum(costs[module].bytes if module in costs else 20 * MIB for module in choice.modules) <= budget
    assert "polars" not in choice.modules
