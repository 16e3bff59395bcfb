"""A stored run held against a channel: by the flow, and by `proofbook check`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from proofbook.cli.check import check as command
from proofbook.exceptions import NotFoundError
from proofbook.flow.check import check, exit_code
from proofbook.model.record import Record, Rule
from proofbook.model.run import Run, TaskRun
from proofbook.model.verdict import GateResult
from proofbook.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path) as opened:
        yield opened


def seal(store: Store, auc: float, *, margin: float = 0.005, status: Any = "ran") -> int:
    rule = Rule(better="higher", margin=margin)
    records = (Record(name="auc", task="evaluate", kind="scalar", value=auc, rule=rule),)
    number = store.reserve("pipeline.yaml")
    run = Run(
        number=number,
        pipeline="pipeline.yaml",
        ending="succeeded" if status == "ran" else "failed",
        started="2013-10-31T06:00:00.000Z",
        finished="2013-10-31T06:01:00.000Z",
        seconds=60.0,
        tasks=(TaskRun(name="evaluate", status=status, records=records),),
    )
    store.seal(run)
    return number


def promote(store: Store, number: int, *, channel: str = "production") -> None:
    held = store.generation(channel)
    store.advance(channel, number, expected=held.number if held else 0, kind="promote", by="somebody")


def ask(store: Store, *arguments: str) -> Result:
    entry = str(store.folder.parent / "pipeline.yaml")
    return CliRunner().invoke(command, [*arguments, "--entry-point", entry], standalone_mode=False)


def test_a_first_run_is_for_review_and_the_word_is_kept(store: Store) -> None:
    seal(store, 0.81)
    result = check(store)
    assert (result.run, result.decision, result.production) == (1, "review", None)
    assert store.gate(1) == result


def test_a_run_is_compared_with_what_production_holds_not_with_the_run_before(store: Store) -> None:
    promote(store, seal(store, 0.81))
    seal(store, 0.70)
    result = check(store, seal(store, 0.8099))
    assert (result.production, result.decision) == (1, "go")
    assert result.production_manifest == store.manifest(1)
    assert check(store, 2).decision == "no"


def test_another_channel_holds_another_run(store: Store) -> None:
    promote(store, seal(store, 0.81))
    promote(store, seal(store, 0.70), channel="staging")
    seal(store, 0.7001)
    assert check(store).decision == "no"
    assert check(store, against="staging").decision == "go"
    assert store.gate(3, channel="staging") is not None


def test_a_channel_that_was_mistyped_is_no_first_run(store: Store) -> None:
    promote(store, seal(store, 0.81))
    with pytest.raises(NotFoundError, match="'prodution'; channels that hold one: production"):
        check(store, against="prodution", must_exist=True)
    assert store.gate(1) is None


def test_a_run_that_does_not_exist_is_said(store: Store) -> None:
    with pytest.raises(NotFoundError):
        check(store)


@pytest.mark.parametrize(("decision", "plain", "strict"), [("go", 0, 0), ("review", 0, 4), ("no", 4, 4)])
def test_exit_codes(decision: Any, plain: int, strict: int) -> None:
    result = GateResult(run=1, manifest="a" * 64, decision=decision, reasons=())
    assert (exit_code(result), exit_code(result, strict=True)) == (plain, strict)


def test_the_command_prints_the_table_and_ends_with_the_decision(store: Store) -> None:
    promote(store, seal(store, 0.81))
    seal(store, 0.70)
    result = ask(store)
    assert result.return_value == 4
    assert result.output.splitlines()[0] == "run 2 against production, run 1"
    assert "auc" in result.output
    assert "decision: no" in result.output
    assert " - auc in evaluate: worse by 0.1100, margin 0.005" in result.output
    assert ask(store, "1").return_value == 0


def test_strict_makes_review_a_refusal_on_the_command_line_and_in_the_configuration(store: Store) -> None:
    seal(store, 0.81)
    assert ask(store).return_value == 0
    assert ask(store, "--strict").return_value == 4
    (store.folder.parent / "proofbook.toml").write_text("[gate]\nstrict = true\n")
    assert ask(store).return_value == 4


def test_json_is_one_document_on_standard_output(store: Store) -> None:
    seal(store, 0.81)
    document = json.loads(ask(store, "--json").stdout)
    assert document["decision"] == "review"
    assert document["comparisons"][0]["record"] == "auc"


def test_the_command_refuses_a_mistyped_channel(store: Store) -> None:
    seal(store, 0.81)
    assert isinstance(ask(store, "--against", "stagin").exception, NotFoundError)


def test_where_there_is_no_store_none_is_made(tmp_path: Path) -> None:
    result = CliRunner().invoke(command, ["--entry-point", str(tmp_path / "pipeline.yaml")], standalone_mode=False)
    assert isinstance(result.exception, NotFoundError)
    assert list(tmp_path.iterdir()) == []
