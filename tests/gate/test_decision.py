"""A whole run: which records meet, what follows from all of them, and why."""

import itertools
import subprocess
import sys
from typing import Any, get_args

import pytest

from proofbook.gate import registry
from proofbook.gate.decision import decide, judge
from proofbook.gate.outcome import outcome
from proofbook.model.record import Record, Rule
from proofbook.model.run import Failure, Run, canonical
from proofbook.model.verdict import Comparison, GateResult, Verdict
from tests.gate.conftest import Shelf, run, scalar, task

AUC = {"better": "higher", "margin": 0.005}


def gate(candidate: Run, production: Run | None = None, **more: Any) -> GateResult:
    shelf = Shelf()
    manifests = ("c" * 64, "p" * 64 if production else None)
    return judge(candidate, production, **{"manifests": manifests, "load": shelf.get, "keep": shelf.put, **more})


def comparison(verdict: Any, *, gates: bool, failed: bool) -> Comparison:
    return Comparison(record="r", task="t", kind="scalar", verdict=verdict, gates=gates, failed=failed, reason="")


@pytest.mark.parametrize(
    ("verdict", "gates", "failed"), list(itertools.product(get_args(Verdict), [True, False], [True, False]))
)
def test_the_decision_follows_from_verdict_gating_and_failure(verdict: str, gates: bool, failed: bool) -> None:
    word = "go"
    if gates and (failed or verdict == "regressed"):
        word = "no"
    elif gates and verdict in {"changed", "inconclusive"}:
        word = "review"
    others = [comparison("pass", gates=True, failed=False), comparison("improved", gates=True, failed=False)]
    for place in range(3):
        found = [*others[:place], comparison(verdict, gates=gates, failed=failed), *others[place:]]
        assert decide(found, first=False, partial=False, succeeded=True) == word
        at_most_review = "no" if word == "no" else "review"
        assert decide(found, first=True, partial=False, succeeded=True) == at_most_review
        assert decide(found, first=False, partial=True, succeeded=True) == at_most_review
        assert decide(found, first=False, partial=False, succeeded=False) == "no"


@pytest.mark.parametrize("pair", list(itertools.product(itertools.product(get_args(Verdict), [True, False]), repeat=2)))
def test_the_worse_of_two_comparisons_decides(pair: Any) -> None:
    rank = ["go", "review", "no"]
    found = [comparison(verdict, gates=gates, failed=False) for verdict, gates in pair]
    single = [decide([one], first=False, partial=False, succeeded=True) for one in found]
    both = decide(found, first=False, partial=False, succeeded=True)
    assert both == max(single, key=rank.index)


def test_a_good_run_goes() -> None:
    before, after = (task("evaluate", scalar(value, **AUC), scalar(7, name="rows")) for value in (0.81, 0.84))
    result = gate(run(2, after), run(1, before))
    assert result.decision == "go"
    assert result.reasons == ("1 record gates: 1 improved; 1 record informs: 1 pass",)
    assert (result.run, result.production, result.manifest, result.production_manifest) == (2, 1, "c" * 64, "p" * 64)


def test_a_regression_stops_and_is_the_first_reason() -> None:
    before = task("evaluate", scalar(0.81, **AUC), scalar(3.0, name="brier", exact=True))
    after = task("evaluate", scalar(0.78, **AUC), scalar(3.0, name="brier", exact=True))
    result = gate(run(2, after), run(1, before))
    assert result.decision == "no"
    assert result.reasons[0] == "auc in evaluate: worse by 0.0300, margin 0.005"
    assert result.reasons[-1] == "2 records gate: 1 regressed, 1 pass"


def test_a_first_run_is_for_review_and_says_what_to_do() -> None:
    result = gate(run(1, task("evaluate", scalar(0.81, **AUC, floor=0.6), scalar(7, name="rows"))))
    assert result.decision == "review"
    assert result.reasons[0] == "no production run yet: look at the report, then `proofbook promote 1`"
    assert {found.verdict for found in result.comparisons} == {"inconclusive"}
    assert {found.reason for found in result.comparisons} == {"no production run yet"}
    assert [found.gates for found in result.comparisons] == [True, False]


def test_a_floor_is_not_waived_for_a_first_run() -> None:
    result = gate(run(1, task("evaluate", scalar(0.51, **AUC, floor=0.6))))
    assert result.decision == "no"
    assert result.reasons[:2] == ("auc in evaluate: 0.5100 is below its floor of 0.6000", "no production run yet")


def test_nan_in_a_first_run_stops() -> None:
    assert gate(run(1, task("evaluate", scalar(special="nan", **AUC)))).decision == "no"


@pytest.mark.parametrize("status", ["failed", "cancelled", "skipped"])
def test_a_task_that_did_not_finish_stops_and_its_records_do_not_count(status: str) -> None:
    good = task("evaluate", scalar(0.81, **AUC), scalar(7, name="rows"))
    failure = Failure(kind="exception", message="ValueError: no\nrows", cell=4) if status == "failed" else None
    bad = task("evaluate", scalar(0.99, **AUC), status=status, failure=failure)
    result = gate(run(2, task("ingest"), bad, ending="failed"), run(1, task("ingest"), good))
    assert result.decision == "no"
    assert [(found.kind, found.verdict, found.failed) for found in result.comparisons] == [
        ("task", "inconclusive", True),
        ("scalar", "inconclusive", True),
        ("scalar", "inconclusive", True),
    ]
    assert [found.gates for found in result.comparisons] == [True, True, False]
    assert result.reasons[0].startswith("task evaluate ")
    assert not any(reason.startswith("auc") for reason in result.reasons)
    if status == "failed":
        assert result.reasons[0] == "task evaluate failed: ValueError: no rows (cell 4)"
    assert gate(run(2, bad, ending="failed")).decision == "no"


def test_a_failed_task_stops_even_where_the_run_claims_success() -> None:
    assert gate(run(2, task("a", status="failed")), run(1, task("a"))).decision == "no"


def test_an_interrupted_run_never_goes() -> None:
    result = gate(run(2, task("evaluate"), ending="interrupted"), run(1, task("evaluate")))
    assert result.decision == "no"
    assert result.reasons[0] == "run 2 is not complete: it was interrupted"


def test_a_missing_record_stops_where_it_gated() -> None:
    before = task("evaluate", scalar(0.81, **AUC), scalar(7, name="rows"))
    result = gate(run(2, task("evaluate", scalar(7, name="rows"))), run(1, before))
    assert result.decision == "no"
    assert result.reasons[0] == "auc in evaluate: is missing, and production has it"
    result = gate(run(2, task("evaluate", scalar(0.81, **AUC))), run(1, before))
    assert result.decision == "go"
    assert [found.verdict for found in result.comparisons] == ["pass", "changed"]


def test_a_renamed_record_is_missing_and_new() -> None:
    result = gate(
        run(2, task("evaluate", scalar(0.8, name="AUC", **AUC))), run(1, task("evaluate", scalar(0.8, **AUC)))
    )
    assert result.decision == "no"
    assert [(found.record, found.gates) for found in result.comparisons] == [("AUC", False), ("auc", True)]


def test_a_record_that_moved_to_another_task_is_compared_and_reviewed() -> None:
    before = run(1, task("evaluate", scalar(0.81, **AUC)))
    result = gate(run(2, task("score", scalar(0.81, **AUC))), before)
    assert result.decision == "review"
    assert result.comparisons[-1].reason == "moved here from task evaluate; pass: equal"
    assert result.comparisons[0].reason == "is no longer in the pipeline"
    assert gate(run(2, task("score", scalar(0.5, **AUC))), before).decision == "no"
    twice = run(2, task("score", scalar(0.81, **AUC)), task("other", scalar(0.81, **AUC)))
    assert gate(twice, before).decision == "no"


def test_the_same_name_in_two_tasks_is_two_records() -> None:
    before = run(1, task("train", scalar(1.0, **AUC)), task("test", scalar(0.5, **AUC)))
    after = run(2, task("train", scalar(0.5, **AUC)), task("test", scalar(1.0, **AUC)))
    found = gate(after, before).comparisons
    assert [(one.task, one.verdict) for one in found] == [("train", "regressed"), ("test", "improved")]


def test_a_name_recorded_twice_by_one_task_fails() -> None:
    after = run(2, task("evaluate", scalar(0.1, **AUC), scalar(0.81, **AUC)))
    result = gate(after, run(1, task("evaluate", scalar(0.81, **AUC))))
    assert result.decision == "no"
    assert result.reasons[0] == "auc in evaluate: was recorded 2 times by one task"


def test_a_name_that_production_recorded_twice_is_never_passed_on_either_value() -> None:
    before = run(1, task("evaluate", scalar(0.81, **AUC), scalar(0.4, **AUC)))
    for value in (0.4, 0.5, 0.81, 0.9):
        result = gate(run(2, task("evaluate", scalar(value, **AUC))), before)
        assert result.decision == "review"
        assert result.reasons[0].startswith("auc in evaluate: production recorded it 2 times: ")
    assert gate(run(2, task("evaluate", scalar(0.3, **AUC))), before).decision == "no"


def test_of_a_partial_run_only_what_was_built_is_compared_and_it_is_at_most_for_review() -> None:
    before = run(1, task("ingest", scalar(7, name="rows", exact=True)), task("evaluate", scalar(0.81, **AUC)))
    part = run(
        2, task("ingest", scalar(7, name="rows", exact=True)), task("evaluate", status="skipped"), scope="partial"
    )
    result = gate(part, before)
    assert result.decision == "review"
    assert [found.record for found in result.comparisons] == ["rows"]
    assert "only a part of the pipeline was built: tasks outside of it were not compared" in result.reasons
    part = run(2, task("ingest", scalar(8, name="rows", exact=True)), scope="partial")
    assert gate(part, before).decision == "no"


def test_production_itself_is_said_to_be_itself() -> None:
    one = run(1, task("evaluate", scalar(0.81, **AUC)))
    result = gate(one, one, manifests=("a" * 64, "a" * 64))
    assert result.decision == "go"
    assert result.reasons[0] == "run 1 is production itself"


def test_where_nothing_gates_that_is_said() -> None:
    result = gate(run(2, task("a", scalar(1))), run(1, task("a", scalar(2))))
    assert result.decision == "go"
    assert result.reasons == (
        "nothing gates: 1 record informs; declare better, floor or exact on a record that counts",
    )
    assert gate(run(2), run(1)).reasons == ("the run has no records, so nothing was held against production",)


def test_another_channel_is_named_in_the_reasons() -> None:
    assert "`proofbook promote 1 --channel staging`" in gate(run(1), channel="staging").reasons[0]


def test_the_same_runs_always_get_the_same_word() -> None:
    before = run(1, task("a", *(scalar(0.1 * place, name=f"n{place}", **AUC) for place in range(50))))
    after = run(2, task("a", *(scalar(0.1 * place - 0.01, name=f"n{place}", **AUC) for place in range(50))))
    words = [gate(after, before) for _ in range(3)]
    assert canonical(words[0]) == canonical(words[1]) == canonical(words[2])
    assert "and 30 more like these" in words[0].reasons


def test_a_comparator_may_be_replaced_through_the_same_door_and_may_not_end_the_gate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(registry, "COMPARATORS", dict(registry.COMPARATORS))

    def always(production: Record, candidate: Record, **_: Any) -> Comparison:
        return outcome(
            candidate, "improved", f"{production.value} or {candidate.value}, who cares", heard=("better", "margin")
        )

    def broken(*_: Any, **__: Any) -> Comparison:
        raise ZeroDivisionError("oh")

    before, after = (run(number, task("a", scalar(value, **AUC))) for number, value in ((1, 0.8), (2, 0.7)))
    with pytest.raises(ValueError, match="replace=True"):
        registry.register("scalar", always)
    registry.register("scalar", always, replace=True)
    assert gate(after, before).decision == "go"
    registry.register("scalar", lambda *_, **__: None, replace=True)  # type: ignore[arg-type, return-value]
    assert gate(after, before).decision == "no"
    registry.register("scalar", lambda *_, **__: comparison("regressed", gates=False, failed=False), replace=True)
    assert gate(after, before).reasons[0].startswith("auc in a: ")
    registry.register("scalar", broken, replace=True)
    result = gate(after, before)
    assert result.decision == "no"
    assert "the scalar could not be compared: ZeroDivisionError: oh" in result.reasons[0]


def test_every_kind_has_a_comparator() -> None:
    assert set(registry.COMPARATORS) == set(get_args(Record.__annotations__["kind"]))
    unknown = Record(name="x", kind="hologram", rule=Rule(exact=True))  # type: ignore[arg-type]
    assert Shelf().compare(unknown, unknown).failed


def test_the_gate_imports_nothing_heavy_until_it_is_needed() -> None:
    heavy = "numpy", "polars", "pandas", "skimage", "PIL", "scipy"
    code = f"import sys, proofbook.gate.decision; print([name for name in {heavy!r} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
