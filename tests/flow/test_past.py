"""What the gate is told of a run's records from before: which runs are comparable, and which values count."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from proofbook.exceptions import ConfigurationError
from proofbook.flow import configuration as configurations
from proofbook.flow.check import check
from proofbook.flow.past import collect
from proofbook.model.configuration import GateConfiguration
from proofbook.model.record import Record, Rule
from proofbook.model.run import Run, TaskRun, canonical
from proofbook.store import Store

AUC = ("evaluate", "auc")
VALUES = (0.8012, 0.7988, 0.8005, 0.7993, 0.8021, 0.7979, 0.8009, 0.7996)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path) as opened:
        yield opened


def seal(store: Store, value: Any, *, made_by: int | None = None, eval_set: str | None = None, **more: Any) -> int:
    rule = Rule(better="higher", margin=0.005)
    record = Record(name="auc", task="evaluate", kind="scalar", value=value, rule=rule, eval_set=eval_set)
    number = store.reserve(more.get("pipeline", "pipeline.yaml"))
    task = TaskRun(name="evaluate", status="ran" if made_by is None else "restored", records=(record,), made_by=made_by)
    run = Run(
        number=number, pipeline="pipeline.yaml", ending="succeeded", started=f"2013-10-{number:02}T06:00:00.000Z",
        finished="", seconds=1.0, tasks=(task,),
    )  # fmt: skip
    store.seal(msgspec.structs.replace(run, **more))
    return number


def promote(store: Store, number: int) -> None:
    held = store.generation("production")
    store.advance("production", number, expected=held.number if held else 0, kind="promote", by="somebody")


def told(store: Store, number: int, **gate: Any) -> Any:
    held = store.generation("production")
    production = None if held is None else store.run(held.run)
    asked = GateConfiguration(**gate)
    return collect(store, store.run(number), production, configuration=asked, channel="production")


def values(store: Store, number: int, **gate: Any) -> tuple[float, ...]:
    found = told(store, number, **gate).past.get(AUC)
    return () if found is None else found.values


def test_runs_that_were_never_promoted_count_too_and_the_candidate_does_not(store: Store) -> None:
    numbers = [seal(store, value) for value in VALUES]
    promote(store, numbers[2])
    assert values(store, numbers[-1]) == VALUES[:-1]
    assert [run.number for run in told(store, numbers[-1]).earlier] == numbers[:-1]


def test_only_runs_before_the_candidate_count_so_that_the_word_stays_the_same(store: Store) -> None:
    numbers = [seal(store, value) for value in VALUES]
    promote(store, numbers[5])
    assert values(store, numbers[3]) == (*VALUES[:3], VALUES[5])


def test_runs_that_failed_or_are_of_a_part_or_of_another_pipeline_do_not_count(store: Store) -> None:
    promote(store, seal(store, 0.8))
    seal(store, 0.5, ending="failed")
    seal(store, 0.6, scope="partial")
    seal(store, 0.7, pipeline="other.yaml")
    seal(store, "0.75")
    seal(store, True)
    assert values(store, seal(store, 0.81)) == (0.8,)


def test_other_parameters_are_not_comparable_but_for_seeds_and_data(store: Store) -> None:
    promote(store, seal(store, 0.8, parameters={"as_of": "2013-09-30", "depth": 4, "seed": 1}))
    seal(store, 0.9, parameters={"as_of": "2013-09-30", "depth": 9, "seed": 1})
    seal(store, 0.7, parameters={"as_of": "2013-10-31", "depth": 4, "seed": 2})
    last = seal(store, 0.79, parameters={"as_of": "2013-09-30", "depth": 4, "seed": 3})
    assert values(store, last) == (0.8,)
    assert values(store, last, data_parameters=["as_of"]) == (0.8, 0.7)


def test_a_result_that_was_taken_over_counts_once(store: Store) -> None:
    first = seal(store, 0.8)
    promote(store, first)
    for _ in range(4):
        seal(store, 0.8, made_by=first)
    seal(store, 0.81)
    assert values(store, seal(store, 0.79)) == (0.8, 0.81)


def test_what_was_forced_again_and_came_out_the_same_is_a_copy_too(store: Store) -> None:
    def forced(value: float, key: str) -> int:
        task = TaskRun(
            name="evaluate", status="ran", key=key,
            records=(Record(name="auc", task="evaluate", kind="scalar", value=value, rule=Rule(better="higher")),),
        )  # fmt: skip
        return seal(store, value, tasks=(task,))

    promote(store, forced(0.80123456789, "a"))
    forced(0.80123456789, "a")
    forced(0.80123456789, "a")
    assert values(store, forced(0.79876543219, "b")) == (0.80123456789,)
    # other inputs, and what rounding may make equal, are draws of their own
    forced(0.80123456789, "c")
    forced(0.81, "d")
    forced(0.81, "d")
    last = forced(0.8, "e")
    assert values(store, last) == (0.80123456789, 0.79876543219, 0.80123456789, 0.81, 0.81)


def test_values_of_another_evaluation_set_do_not_count(store: Store) -> None:
    promote(store, seal(store, 0.8, eval_set="a" * 64))
    seal(store, 0.7, eval_set="b" * 64)
    last = seal(store, 0.81, eval_set="a" * 64)
    found = told(store, last)
    assert found.past[AUC].values == (0.8,)
    assert found.past[AUC].same_set
    assert found.looks == {"a" * 64: 2}


def test_what_the_gate_found_broken_is_no_noise_unless_it_was_promoted_all_the_same(store: Store) -> None:
    promote(store, seal(store, 0.8))
    broken = seal(store, 0.5)
    assert check(store, broken).decision == "no"
    last = seal(store, 0.79)
    assert values(store, last) == (0.8,)
    promote(store, broken)
    assert values(store, last) == (0.8, 0.5)


def test_what_was_promoted_against_the_gate_and_rolled_back_is_no_noise_either(store: Store) -> None:
    sound = seal(store, 0.8)
    promote(store, sound)
    broken = seal(store, 0.5)
    assert check(store, broken).decision == "no"
    promote(store, broken)
    store.advance("production", sound, expected=2, kind="rollback", by="somebody")
    last = seal(store, 0.79)
    assert values(store, last) == (0.8,)
    promote(store, broken)
    assert values(store, last) == (0.8, 0.5)


def test_a_run_of_which_the_gates_word_is_damaged_teaches_nothing_and_ends_no_check(
    store: Store,
) -> None:
    for value in VALUES[:4]:
        seal(store, value)
    promote(store, 1)
    broken = seal(store, 0.5)
    assert check(store, broken).decision == "no"
    last = seal(store, 0.79)
    blob = store.blobs.path(hashlib.sha256(canonical(store.gate(broken))).hexdigest())
    blob.chmod(0o600)
    blob.write_bytes(b"{}")
    assert check(store, last).decision == "no"
    assert values(store, last) == VALUES[:4]


def test_drift_is_looked_for_from_what_a_person_accepted(store: Store) -> None:
    numbers = [seal(store, value) for value in VALUES]
    promote(store, numbers[0])
    assert told(store, numbers[-1]).past[AUC].accepted == 0
    promote(store, numbers[3])
    assert told(store, numbers[-1]).past[AUC].accepted == 3


def test_reruns_of_production_are_found_and_a_task_that_repeats_itself_is_known(store: Store) -> None:
    def again(value: float, seed: int) -> None:
        record = Record(name="auc", task="evaluate", kind="scalar", value=value)
        store.keep_replay(store.manifest(1), "noise", {"seed": seed}, (record,))

    promote(store, seal(store, 0.80123456789))
    last = seal(store, 0.8)
    again(0.80123456789, 1)
    again(0.80123456789, 2)
    found = told(store, last).past[AUC]
    assert (found.reruns, found.repeats) == ((0.80123456789,) * 3, True)
    again(0.79, 3)
    found = told(store, last).past[AUC]
    assert (found.reruns, found.repeats) == ((0.80123456789, 0.80123456789, 0.80123456789, 0.79), False)


def test_the_gate_uses_what_was_collected_and_prints_it(store: Store) -> None:
    for value in VALUES:
        seal(store, value)
    promote(store, 1)
    result = check(store, seal(store, 0.7955))
    (found,) = result.comparisons
    assert (result.decision, found.verdict) == ("review", "inconclusive")
    assert found.noise is not None
    assert found.noise.runs == 8
    assert result.budget is not None
    assert result.budget.schedule == "1 per day (the last 8 runs)"
    assert check(store, seal(store, 0.5)).decision == "no"


def test_without_production_there_is_only_the_budget(store: Store) -> None:
    number = seal(store, 0.8)
    found = told(store, number, schedule="2 per week", false_alarms="1 per year")
    assert (found.earlier, found.past) == ((), {})
    assert found.budget.runs == pytest.approx(2 * 365.25 / 7)


def test_a_budget_that_cannot_be_read_is_refused_before_anything_is_built(tmp_path: Path) -> None:
    (tmp_path / "proofbook.toml").write_text('[gate]\nfalse_alarms = "seldom"\n')
    with pytest.raises(ConfigurationError, match=r"proofbook\.toml\.gate: false_alarms = 'seldom' cannot be read"):
        configurations.load(tmp_path)
