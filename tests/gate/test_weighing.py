"""Noise laid upon what numbers say: verdicts, their order, the budget, and the words."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from proofbook.gate.budget import budget
from proofbook.gate.decision import judge
from proofbook.gate.noise import Past
from proofbook.model.verdict import Comparison, GateResult
from tests.gate.conftest import Shelf, run, scalar, task

BUDGET = budget("1 per quarter", schedule="1 per day", started=())
MILDER = {"improved": 0, "pass": 1, "changed": 2, "inconclusive": 2, "regressed": 3}
HISTORY = tuple((0.8 + 0.01 * np.random.default_rng(4).standard_normal(20)).tolist())
directions = st.sampled_from(["higher", "lower"])


def gate(before: dict[str, Any], after: dict[str, Any], *, past: Any = None, **rule: Any) -> GateResult:
    shelf = Shelf()
    two = [
        task("evaluate", *(scalar(value, name=name, **rule) for name, value in side.items()))
        for side in (before, after)
    ]
    known = {("evaluate", name): told for name, told in (past or {}).items()}
    return judge(
        run(2, two[1]), run(1, two[0]), manifests=("c" * 64, "p" * 64), load=shelf.get, keep=shelf.put,
        past=known, budget=BUDGET,
    )  # fmt: skip


def weigh(before: Any, after: Any, *, past: Past | None = None, **rule: Any) -> Comparison:
    (found,) = gate({"auc": before}, {"auc": after}, past={"auc": past} if past else None, **rule).comparisons
    return found


AUC = {"better": "higher", "margin": 0.005}


def test_worse_beyond_noise_and_margin_regresses_and_says_what_it_could_have_seen() -> None:
    found = weigh(0.8, 0.70, past=Past(values=HISTORY), **AUC)
    assert found.verdict == "regressed"
    assert found.noise is not None
    assert found.noise.bound is not None
    assert found.noise.bound > 0.70
    assert "smallest change seen at 80% is" in found.reason
    assert "(20 runs)" in found.reason


def test_worse_beyond_the_margin_within_noise_is_inconclusive_never_a_pass() -> None:
    found = weigh(0.8, 0.79, past=Past(values=HISTORY), **AUC)
    assert (found.verdict, found.failed) == ("inconclusive", False)
    assert "cannot be told from noise" in found.reason


def test_beyond_noise_within_the_margin_passes() -> None:
    found = weigh(0.8, 0.795, past=Past(reruns=(0.8, 0.8), repeats=True), better="higher", margin=0.01)
    assert found.verdict == "pass"
    assert "within the margin 0.01" in found.reason


def test_without_a_history_the_margin_decides_and_it_is_said_that_noise_is_unknown() -> None:
    result = gate({"auc": 0.8}, {"auc": 0.79}, **AUC)
    (found,) = result.comparisons
    assert (result.decision, found.verdict) == ("no", "regressed")
    assert found.reason == "worse by 0.0100, margin 0.005; noise is unknown"
    assert found.noise is not None
    assert found.noise.source == "none"
    assert any("noise is unknown for the number that gates" in reason for reason in result.reasons)


def test_the_budget_and_the_schedule_that_it_assumes_are_printed() -> None:
    result = gate({"auc": 0.8}, {"auc": 0.8}, past={"auc": Past(values=HISTORY)}, **AUC)
    assert any("1 per quarter; 1 per day (configuration): 1.1% of runs" in reason for reason in result.reasons)
    assert result.budget == BUDGET


def test_several_numbers_share_the_level_of_the_run() -> None:
    names = [f"m{place}" for place in range(5)]
    past = {name: Past(values=HISTORY) for name in names}
    result = gate(dict.fromkeys(names, 0.8), {**dict.fromkeys(names, 0.8), "m0": 0.5}, past=past, **AUC)
    levels = {found.record: found.noise.level for found in result.comparisons if found.noise}
    assert levels["m0"] == pytest.approx(BUDGET.level / 5)
    # the one that is refused leaves its share to the others
    assert levels["m1"] == pytest.approx(BUDGET.level / 4)
    assert result.comparisons[0].verdict == "regressed"


def test_what_only_informs_takes_nothing_from_the_budget() -> None:
    shelf = Shelf()
    sides = [
        task("evaluate", scalar(value, **AUC), scalar(value, name="aside", informs=True, **AUC))
        for value in (0.8, 0.79)
    ]
    past = {("evaluate", name): Past(values=HISTORY) for name in ("auc", "aside")}
    result = judge(
        run(2, sides[1]), run(1, sides[0]), manifests=("c", "p"), load=shelf.get, keep=shelf.put, past=past,
        budget=BUDGET,
    )  # fmt: skip
    assert [found.noise.level for found in result.comparisons if found.noise] == [BUDGET.level] * 2


def test_where_no_margin_is_declared_noise_takes_its_place() -> None:
    past = Past(values=HISTORY)
    assert weigh(0.8, 0.795, past=past, better="higher").verdict == "pass"
    assert weigh(0.8, 0.773, past=past, better="higher").verdict == "inconclusive"
    assert weigh(0.8, 0.6, past=past, better="higher").verdict == "regressed"
    short = Past(values=HISTORY[:3])
    assert weigh(0.8, 0.795, past=short, better="higher").verdict == "changed"


def test_better_by_less_than_noise_is_no_improvement() -> None:
    past = Past(values=HISTORY)
    assert weigh(0.8, 0.81, past=past, **AUC).verdict == "pass"
    assert weigh(0.8, 0.85, past=past, **AUC).verdict == "improved"


def test_the_candidate_is_held_against_the_mean_of_reruns() -> None:
    lucky = Past(reruns=(0.84, 0.80, 0.79, 0.81, 0.80), same_set=True)
    found = weigh(0.84, 0.805, past=lucky, better="higher", margin=0.02)
    assert found.verdict == "pass"
    assert "the mean of production's reruns" in found.reason
    assert weigh(0.84, 0.805, better="higher", margin=0.02).verdict == "regressed"


def test_a_fault_that_production_meets_too_when_built_again_makes_no_loss_a_pass() -> None:
    spoilt = (0.8, *(0.7 + 0.001 * (number % 3) for number in range(20)))
    for rule in ({"better": "higher", "margin": 0.02}, {"better": "higher"}):
        found = weigh(0.8, 0.7, past=Past(reruns=spoilt, same_set=True), **rule)
        assert found.verdict == weigh(0.8, 0.7, **rule).verdict != "pass"
        assert "built again, production comes to 0.7009: what no run records has changed" in found.reason
    # what is known from comparable runs still counts
    known = weigh(0.8, 0.7, past=Past(values=HISTORY, reruns=spoilt), better="higher", margin=0.02)
    assert (known.verdict, known.noise.source) == ("regressed", "interval")


def test_superiority_asks_for_more_than_noise() -> None:
    rule = {"better": "higher", "margin": 0.005, "superiority": True}
    past = Past(values=HISTORY)
    assert weigh(0.8, 0.8, **rule).verdict == "inconclusive"
    assert weigh(0.8, 0.83, **rule).verdict == "improved"
    assert weigh(0.8, 0.808, past=past, **rule).verdict == "inconclusive"
    assert weigh(0.8, 0.86, past=past, **rule).verdict == "improved"
    assert weigh(0.8, 0.5, past=past, **rule).verdict == "regressed"


def test_drift_that_no_step_shows_is_for_review_until_somebody_accepts_it() -> None:
    steady = np.random.default_rng(5).standard_normal(40) * 0.001
    sinking = tuple((0.8 + steady - 0.0005 * np.arange(40)).tolist())
    found = weigh(sinking[-1], sinking[-1] - 0.0005, past=Past(values=sinking), **AUC)
    assert found.verdict == "changed"
    assert "drift: the last" in found.reason
    assert found.noise is not None
    assert found.noise.drift
    accepted = Past(values=sinking, accepted=36)
    assert weigh(sinking[-1], sinking[-1] - 0.0005, past=accepted, **AUC).verdict == "pass"
    assert weigh(sinking[-1], sinking[0] + 0.01, past=Past(values=sinking), **AUC).verdict == "improved"


def test_what_others_have_to_say_of_a_record_is_left_as_it_is() -> None:
    past = {"auc": Past(values=HISTORY)}
    found = gate({"auc": 0.8}, {"auc": float("nan")}, past=past, **AUC)
    assert found.decision == "no"
    found = gate({"auc": 0.8}, {"auc": 0.5}, past=past, better="higher", margin=0.005, floor=0.6)
    assert found.comparisons[0].verdict == "regressed"
    assert found.comparisons[0].noise is None
    assert weigh(1, 1.0, past=Past(values=HISTORY), **AUC).verdict == "changed"


def test_a_record_that_moved_has_no_history_where_it_is_now() -> None:
    shelf = Shelf()
    before, after = run(1, task("evaluate", scalar(0.8, **AUC))), run(2, task("score", scalar(0.5, **AUC)))
    result = judge(
        after, before, manifests=("c", "p"), load=shelf.get, keep=shelf.put,
        past={("evaluate", "auc"): Past(values=HISTORY)}, budget=BUDGET,
    )  # fmt: skip
    assert result.decision == "no"
    assert result.comparisons[-1].reason.startswith("moved here from task evaluate; regressed: worse by 0.3000")
    assert result.comparisons[-1].noise is None


def test_a_changed_rule_is_said_behind_what_noise_says() -> None:
    shelf = Shelf()
    sides = [
        task("evaluate", scalar(value, better="higher", margin=margin))
        for value, margin in ((0.8, 0.01), (0.78, 0.005))
    ]
    result = judge(
        run(2, sides[1]), run(1, sides[0]), manifests=("c", "p"), load=shelf.get, keep=shelf.put,
        past={("evaluate", "auc"): Past(values=HISTORY)}, budget=BUDGET,
    )  # fmt: skip
    (found,) = result.comparisons
    assert (result.decision, found.verdict) == ("review", "inconclusive")
    assert found.reason.endswith("rule changed: margin 0.01 → 0.005")


def test_a_floor_holds_however_large_the_noise() -> None:
    wild = Past(values=(0.1, 0.9, 0.5, 0.2, 0.8))
    assert weigh(0.8, 0.5, past=wild, better="higher", margin=0.005, floor=0.6).verdict == "regressed"


histories = st.lists(st.floats(-1e3, 1e3), min_size=0, max_size=12).map(tuple)


@given(past=histories, before=st.floats(-1e3, 1e3), better=directions, margin=st.none() | st.floats(0, 100))
@settings(max_examples=60)
def test_equal_values_pass_whatever_the_history(past: Any, before: float, better: Any, margin: Any) -> None:
    assert weigh(before, before, past=Past(values=(*past, before)), better=better, margin=margin).verdict == "pass"


@given(
    past=histories, before=st.floats(-1e3, 1e3), one=st.floats(-2e3, 2e3), two=st.floats(-2e3, 2e3), better=directions,
    margin=st.none() | st.floats(0, 100), superiority=st.booleans(), reruns=histories,
)  # fmt: skip
@settings(max_examples=200)
def test_worse_never_gives_a_milder_verdict(
    past: Any, before: float, one: float, two: float, better: Any, margin: Any, superiority: bool, reruns: Any
) -> None:
    told = Past(values=(*past, before), reruns=(before, *reruns) if reruns else ())
    good, bad = sorted((one, two), reverse=better == "higher")
    rule = {"better": better, "margin": margin, "superiority": superiority}
    verdicts = [weigh(before, value, past=told, **rule).verdict for value in (good, bad)]
    assert MILDER[verdicts[0]] <= MILDER[verdicts[1]]


@given(
    before=st.floats(-1e3, 1e3), after=st.floats(-1e3, 1e3), noise=st.floats(0, 100), more=st.floats(1, 100),
    better=directions, margin=st.none() | st.floats(0, 100),
)  # fmt: skip
@settings(max_examples=100)
def test_more_noise_never_blocks_what_less_noise_did_not(
    before: float, after: float, noise: float, more: float, better: Any, margin: Any
) -> None:
    calm, wild = (weigh(before, after, better=better, margin=margin, noise=size) for size in (noise, noise * more))
    assert not (wild.verdict == "regressed" and calm.verdict != "regressed")
    assert not (wild.verdict == "improved" and calm.verdict != "improved")


@given(value=st.sampled_from(["nan", "inf", "-inf"]), past=histories)
@settings(max_examples=20)
def test_what_is_no_finite_number_never_passes(value: str, past: Any) -> None:
    shelf = Shelf()
    good, bad = scalar(0.8, **AUC), scalar(special=value, **AUC)
    result = judge(
        run(2, task("evaluate", bad)), run(1, task("evaluate", good)), manifests=("c", "p"), load=shelf.get,
        keep=shelf.put, past={("evaluate", "auc"): Past(values=past)}, budget=BUDGET,
    )  # fmt: skip
    assert result.decision == "no"
    assert result.comparisons[0].verdict == "inconclusive"
    result = judge(
        run(2, task("evaluate")), run(1, task("evaluate", good)), manifests=("c", "p"), load=shelf.get, keep=shelf.put,
        past={("evaluate", "auc"): Past(values=past)}, budget=BUDGET,
    )  # fmt: skip
    assert result.decision == "no"


@given(
    past=histories, before=st.floats(-1e3, 1e3), loss=st.floats(0.1, 1e3), margin=st.floats(0, 100), better=directions
)
@settings(max_examples=100)
def test_knowing_noise_never_turns_a_loss_beyond_the_margin_into_a_pass(
    past: Any, before: float, loss: float, margin: float, better: Any
) -> None:
    after = before - loss if better == "higher" else before + loss
    by_margin = weigh(before, after, better=better, margin=margin)
    assume(by_margin.verdict == "regressed")
    by_noise = weigh(before, after, past=Past(values=(*past, before)), better=better, margin=margin)
    assert by_noise.verdict in {"regressed", "inconclusive"}
