"""Why a number changed, told by building production again with parts of the candidate."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from proofbook.cli.check import check as command
from proofbook.flow import cause, check
from proofbook.model.verdict import GateResult, Share
from proofbook.store import Store

from .replaying import Small


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Small:
    made = Small(tmp_path_factory.mktemp("built"))
    made.data(11, 12, 13)
    made.configure("[gate]\ncause = 'never'\n")
    made.build()
    made.promote(1)
    return made


@pytest.fixture
def small(tmp_path: Path, built: Small) -> Small:
    return built.copy(tmp_path / "project")


@pytest.fixture
def store(small: Small) -> Iterator[Store]:
    with Store.open(small.root) as opened:
        yield opened


def explained(store: Store, *, when: cause.When = "regression", said: list[str] | None = None) -> GateResult:
    candidate, production = store.run("latest"), store.run("production")
    result = check.check(store)
    return cause.explain(store, result, candidate=candidate, production=production, when=when, say=(said or []).append)


def of(result: GateResult, record: str) -> Share:
    assert result.cause is not None
    return next(share for share in result.cause.shares if share.record == record)


def amounts(share: Share) -> dict[str, float]:
    return {factor.name: round(factor.amount, 9) for factor in share.factors}


def test_code_data_and_parameters_have_their_shares_and_what_carries_them(small: Small, store: Store) -> None:
    small.data(9, 10, 11)
    small.cells["fit"][2] = "offset = 0.5"
    small.cells["fit"][0] += "\nimport math"
    small.params["load"]["scale"] = 0.5
    small.build()
    before, runs = small.files(), store.runs()
    result = explained(store)

    share = of(result, "fit")
    # 13 -> 5.5: data alone -2, code alone -0.5, the scale alone -6; with the scale, data do only half as much
    assert share.change == pytest.approx(-7.5)
    assert amounts(share) == {"code": -0.5, "data": -2.0, "parameters": -6.0, "interaction": 1.0}
    assert share.carried_by == ("load (data/rows.txt)", "load scale")
    assert result.cause is not None
    assert result.cause.skipped == ()
    assert any(reason.startswith("because -7.5 fit: code -0.5, data -2") for reason in result.reasons)
    assert small.files() == before
    assert store.runs() == runs
    assert store.verify() == ()

    # all of it is known now
    again = explained(store)
    assert again.cause is not None
    assert again.cause.replays == 0
    assert of(again, "fit") == share


def test_of_changed_code_the_cell_is_found_that_carries_the_change(small: Small, store: Store) -> None:
    small.cells["load"][0] += "\nimport math"
    small.cells["fit"][0] += "\nimport math"
    small.cells["fit"][1] += "\nassert rows"
    small.cells["fit"][2] = "offset = -4.0"
    small.build()
    result = explained(store)
    share = of(result, "fit")
    assert amounts(share) == {"code": -5.0}
    # the injected parameters are a cell too, as in the record's own number
    assert share.carried_by == ("fit cell 5",)
    (fit,) = [record for record in store.run("latest").records if record.name == "fit"]
    assert fit.cell == 7


def test_a_build_that_regresses_says_why_and_check_may_leave_it_out(small: Small, store: Store) -> None:
    small.configure()
    small.data(8, 9, 10)
    built = small.build()
    assert built.gate is not None
    assert built.gate.decision == "no"
    assert "because -3 fit: data -3; carried by load (data/rows.txt)" in built.gate.reasons
    (said,) = [event["message"] for event in small.events if event["event"] == "judging"]
    assert said == "finding out why: run 1 is built again with data of run 2, for 600 s at most"
    assert store.gate(2) == built.gate

    entry = str(small.root / "pipeline.yaml")
    plain = CliRunner().invoke(command, ["--no-cause", "--json", "--entry-point", entry], standalone_mode=False)
    assert plain.return_value == 4
    assert json.loads(plain.stdout)["cause"] is None
    always = CliRunner().invoke(command, ["--cause", "--entry-point", entry], standalone_mode=False)
    assert " - because -3 fit: data -3; carried by load (data/rows.txt)" in always.stdout


def test_what_changed_without_a_cause_that_was_recorded_is_said_to_be_chance(small: Small, store: Store) -> None:
    small.cells["fit"][2] = "import time\noffset = time.time() % 1000"
    small.build()
    small.promote(2)
    with small.forced():
        small.build()
    result = explained(store, when="always")
    assert result.cause is not None
    assert result.cause.shares == ()
    assert result.cause.skipped[0].startswith("nothing that was recorded of the two runs differs")


def test_code_that_cannot_run_on_the_old_data_is_said_and_the_other_order_is_told(small: Small, store: Store) -> None:
    small.data(8, 9, 10, 11)
    small.cells["fit"][1] += "\nassert len(rows) == 4, 'four rows'"
    small.cells["fit"][2] = "offset = 0.0"
    small.build()
    result = explained(store)
    assert result.cause is not None
    assert amounts(of(result, "fit")) == {"code": -1.0, "data": -2.5}
    assert (
        "new code with old data: task fit failed when it was built again: AssertionError: four rows"
        in result.cause.skipped
    )


def test_data_that_is_gone_is_said_and_the_word_of_the_gate_stands(small: Small, store: Store) -> None:
    small.data(8, 9, 10)
    small.cells["fit"][2] = "offset = 0.5"
    small.build()
    store.blobs.path(store.run(1).data["data/rows.txt"]).unlink()
    result = explained(store)
    assert result.decision == "no"
    assert result.cause is not None
    (gone,) = result.cause.skipped
    assert gone == (
        "new code with old data: data file data/rows.txt, as run 1 read it, is gone: the file is another one now, "
        "and no copy is kept"
    )
    # with the data exchanged first, the rest is the code's
    assert amounts(of(result, "fit")) == {"code": -0.5, "data": -3.0}


def test_when_time_is_up_it_says_what_was_not_tried(small: Small, store: Store) -> None:
    small.configure("[gate]\ncause_budget = 0\n")
    small.data(8, 9, 10)
    small.cells["fit"][2] = "offset = 0.5"
    small.build()
    result = explained(store)
    assert result.cause is not None
    assert (result.cause.shares, result.cause.replays) == ((), 0)
    assert result.cause.skipped == (
        "new code with old data: time is up",
        "new data with old code: time is up",
        "fit: too few of the builds that would tell its cause could be made",
    )


def test_a_run_that_failed_has_no_cause_and_the_gate_goes_on(small: Small, store: Store) -> None:
    small.data(8, 9, 10)
    small.cells["fit"] = [*small.cells["fit"], "raise ValueError('no')"]
    small.build()
    result = explained(store, when="always")
    assert result.decision == "no"
    assert result.cause is not None
    (why,) = result.cause.skipped
    assert why == "the cause could not be looked for: run 2 cannot be built again: task fit failed in it"


def test_an_interrupt_ends_the_search_and_not_the_gate(small: Small, store: Store) -> None:
    small.data(8, 9, 10)
    # the notebook itself interrupts whoever builds it again
    small.cells["load"][2] = (
        "import os, time\nif Path('who').exists():\n    os.kill(int(Path('who').read_text()), 2)\n    time.sleep(60)"
    )
    small.build()
    (small.root / "who").write_text(str(os.getpid()))
    result = explained(store)
    assert result.decision == "no"
    assert result.cause is not None
    assert "the rest: interrupted" in result.cause.skipped
