"""What a run took, against its own history: said where it is notable, and gating only where a rule is configured."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proofbook.gate.comparators.resources import compare_resources
from proofbook.gate.decision import judge
from proofbook.model.configuration import RuleConfiguration
from proofbook.model.run import Product, Run, TaskRun
from proofbook.model.verdict import Comparison
from tests.gate.conftest import Shelf, run, task


def took(seconds: float = 10.0, *, memory: float = 5e8, written: float = 1e6, **more: Any) -> TaskRun:
    products = {"features": Product(path="f.parquet", digest="0" * 64, size=int(written))}
    return task("train", seconds=seconds, peak_memory=int(memory), products=products, **more)


HISTORY = tuple(run(number, took(seconds)) for number, seconds in enumerate((9.8, 10.4, 10.0, 9.5, 10.1, 10.3)))


def compare(candidate: TaskRun, *, earlier: tuple[Run, ...] = HISTORY, **rules: RuleConfiguration) -> list[Comparison]:
    named = {name.replace("__", "/"): rule for name, rule in rules.items()}
    return compare_resources(run(99, candidate), earlier=earlier, rules=named)


def test_what_is_usual_is_not_worth_a_word() -> None:
    assert compare(took(10.2)) == []


def test_what_leaves_the_band_is_said_and_informs() -> None:
    (found,) = compare(took(25.0))
    assert (found.record, found.task, found.kind, found.verdict, found.gates) == (
        "duration",
        "train",
        "resources",
        "changed",
        False,
    )
    assert found.reason.startswith("25 s, usually 8.")
    assert found.change == "+149%"
    (found,) = compare(took(3.0))
    assert found.verdict == "improved"


def test_memory_and_what_was_written_have_histories_of_their_own() -> None:
    found = compare(took(10.0, memory=2e9, written=1e4))
    assert [(each.record, each.verdict) for each in found] == [("peak_memory", "changed"), ("output_volume", "changed")]


@given(factor=st.floats(1.7, 100.0))
@settings(max_examples=30)
def test_a_slowdown_is_seen_at_its_size(factor: float) -> None:
    (found,) = compare(took(10.05 * factor))
    assert found.change == f"{factor - 1:+.0%}"


@given(seconds=st.lists(st.floats(0.01, 1e5), min_size=4, max_size=12), data=st.data())
@settings(max_examples=50)
def test_what_an_earlier_run_took_is_never_beyond_the_band(seconds: list[float], data: st.DataObject) -> None:
    history = tuple(run(number, took(value)) for number, value in enumerate(seconds))
    assert compare(took(data.draw(st.sampled_from(seconds))), earlier=history) == []


def test_one_odd_run_does_not_widen_the_band() -> None:
    odd = (*HISTORY, run(50, took(10.2, memory=4e9)))
    assert [found.record for found in compare(took(10.0, memory=4.5e9), earlier=odd)] == ["peak_memory"]


def test_too_little_history_says_nothing_by_itself() -> None:
    assert compare(took(1000.0), earlier=HISTORY[:3]) == []
    assert compare(took(1000.0), earlier=()) == []


def test_only_work_that_was_done_counts() -> None:
    assert compare(took(25.0, status="restored", made_by=3)) == []
    reused = tuple(run(number, took(1000.0, status="up-to-date", made_by=1)) for number in range(20, 40))
    assert [found.verdict for found in compare(took(25.0), earlier=(*HISTORY, *reused))] == ["changed"]


@pytest.mark.parametrize(
    ("rule", "seconds", "verdict"),
    [
        ({"ceiling": 12.0}, 12.5, "regressed"),
        ({"ceiling": 12.0}, 11.5, "pass"),
        ({"tolerance": 0.5}, 16.0, "regressed"),
        ({"tolerance": 0.5}, 14.0, "pass"),
        ({"tolerance": 0.5}, 2.0, "improved"),
        ({"margin": 1.0}, 11.5, "regressed"),
        ({"exact": True, "ceiling": 60.0}, 12.0, "pass"),
        ({"exact": True}, 12.0, "inconclusive"),
    ],
)
def test_a_configured_rule_gates(rule: dict[str, Any], seconds: float, verdict: str) -> None:
    (found,) = compare(took(seconds), resources__train__duration=RuleConfiguration(**rule))
    assert (found.verdict, found.gates) == (verdict, True)


def test_rules_by_glob_and_rules_that_only_inform() -> None:
    (found,) = compare_resources(
        run(9, took(10.0, memory=2e9)),
        earlier=HISTORY,
        rules={
            "resources/*/peak_memory": RuleConfiguration(ceiling=1e9),
            "resources/train/peak_memory": RuleConfiguration(informs=True),
            "*": RuleConfiguration(exact=True),
        },
    )
    assert (found.verdict, found.gates) == ("regressed", False)
    assert found.reason == "2 GB is above its ceiling of 1 GB"


def test_a_rule_without_a_measure_or_without_history_never_passes() -> None:
    ruled = {"resources/*": RuleConfiguration(tolerance=0.5)}
    found = compare_resources(run(9, task("train", seconds=1.0)), earlier=(), rules=ruled)
    assert [(each.record, each.verdict) for each in found] == [
        ("duration", "inconclusive"),
        ("peak_memory", "inconclusive"),
        ("output_volume", "inconclusive"),
    ]
    for bad in (float("nan"), float("inf"), -1.0):
        (first, *_) = compare_resources(run(9, took(bad)), earlier=HISTORY, rules=ruled)
        assert first.verdict == "inconclusive"


def test_the_gate_says_it_and_a_rule_of_the_configuration_makes_it_stop() -> None:
    shelf = Shelf()

    def decision(**rules: Any) -> tuple[str, str]:
        told = judge(
            run(99, took(25.0)),
            HISTORY[-1],
            manifests=("a", "b"),
            load=shelf.get,
            keep=shelf.put,
            earlier=HISTORY,
            **rules,
        )
        return told.decision, " ".join(told.reasons)

    assert decision()[0] == "go"
    decided, why = decision(rules={"resources/train/duration": RuleConfiguration(ceiling=20.0)})
    assert decided == "no"
    assert "duration in train: 25 s is above its ceiling of 20 s" in why
