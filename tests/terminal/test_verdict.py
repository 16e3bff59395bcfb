"""The table of verdicts, in a terminal and in a pipe."""

import io
from typing import Any

import pytest
from msgspec.structs import replace
from rich.console import Console

from proofbook.model.verdict import Comparison, GateResult, Noise
from proofbook.terminal.verdict import print_gate


def comparison(record: str, verdict: Any, *, gates: bool = True, **more: Any) -> Comparison:
    values = {"task": "evaluate", "kind": "scalar", "reason": "", "production": "0.8123", "candidate": "0.8154", **more}
    return Comparison(record=record, verdict=verdict, gates=gates, **values)


RESULT = GateResult(
    run=2,
    manifest="a" * 64,
    production=1,
    decision="no",
    reasons=(
        "brier in evaluate: worse by 0.0210, margin 0.005, which is a good deal more than anybody would want",
        "2 records gate",
    ),
    comparisons=(
        comparison("rows", "changed", gates=False, change="+1,204"),
        comparison("auc", "pass", change="+0.0031"),
        comparison("brier", "regressed", change="+0.0210"),
        comparison("delay_rate_by_hour_and_by_origin_airport", "changed", change="+2, -1, 3 of 19 rows"),
        comparison(
            "train", "inconclusive", kind="task", task="train", failed=True, production=None, candidate="failed"
        ),
    ),
)


def printed(result: GateResult = RESULT, *, width: int = 80, terminal: bool = False) -> str:
    file = io.StringIO()
    colours: Any = "standard" if terminal else "auto"
    print_gate(result, Console(file=file, width=width, force_terminal=terminal, highlight=False, color_system=colours))
    return file.getvalue()


def test_what_gates_comes_first_and_failed_tasks_before_it() -> None:
    lines = printed(width=120).splitlines()
    names = [line.split("  ")[0] for line in lines if line and not line.startswith(" ")]
    assert names[2:9] == [
        "task train", "auc", "brier", "delay_rate_by_hour_and_by_origin_airport", "these inform:", "rows", "decision: no",
    ]  # fmt: skip
    assert lines[0] == "run 2 against production, run 1"
    assert "decision: no" in lines


@pytest.mark.parametrize("width", [72, 80, 200])
def test_nothing_is_wider_than_the_console_and_nothing_is_lost(width: int) -> None:
    text = printed(width=width)
    assert max(map(len, text.splitlines())) <= width
    squeezed = "".join(text.split())
    for word in ("0.8154", "regressed", "inconclusive", "inform:", "anybodywouldwant"):
        assert word in squeezed


def test_a_pipe_gets_no_colours_and_no_boxes() -> None:
    assert printed().replace("\n", "").isprintable()
    assert not set(printed()) & set("─│┃━┏┓\x1b")
    assert not any(line.endswith(" ") for line in printed().splitlines())


def test_a_terminal_gets_colours_and_dims_what_only_informs() -> None:
    lines = printed(terminal=True, width=120).splitlines()
    regressed = next(line for line in lines if "brier" in line)
    assert "\x1b[1;31mregressed" in regressed
    rows = next(line for line in lines if line.startswith("\x1b[2mrows"))
    assert "\x1b[2;33mchanged" in rows


def test_the_same_name_in_two_tasks_is_told_apart() -> None:
    result = GateResult(
        run=2, manifest="a" * 64, decision="go", reasons=(),
        comparisons=(comparison("auc", "pass", task="train"), comparison("auc", "pass", task="test"), comparison("n", "pass")),
    )  # fmt: skip
    text = printed(result)
    assert "train: auc" in text
    assert "test: auc" in text
    assert "\nn " in text


def test_markup_and_control_characters_of_a_record_are_shown_not_obeyed() -> None:
    hostile = comparison("[red]x[/red]", "pass", candidate="\x1b[2J\x1b]0;gone\x07")
    text = printed(
        GateResult(run=2, manifest="a" * 64, decision="go", reasons=("\x1b[31m[bold]",), comparisons=(hostile,))
    )
    assert "[red]x[/red]" in text
    assert "\x1b" not in text
    assert "[bold]" in text


def test_a_run_without_records_prints_its_decision() -> None:
    text = printed(GateResult(run=1, manifest="a" * 64, decision="review", reasons=("no production run yet",)))
    assert text == "run 1 against no production run\n\ndecision: review\n - no production run yet\n"


def test_of_numbers_that_pass_the_smallest_loss_that_would_have_been_seen_is_told() -> None:
    known = Noise(source="interval", runs=20, level=0.01, baseline=0.8, bound=0.77, detectable=0.05123)
    blind = Noise(source="reruns", runs=3, level=0.01, baseline=0.8)
    comparisons = (
        comparison("auc", "pass", noise=known),
        comparison("brier", "improved", noise=blind),
        comparison("rows", "pass", noise=known, gates=False),
        comparison("recall", "regressed", noise=known),
        comparison("f1", "pass", noise=Noise(source="none")),
    )
    text = printed(replace(RESULT, comparisons=comparisons), width=120)
    told = text[text.index("smallest loss that would have been seen") :]
    assert [line.strip() for line in told.splitlines()[1:] if line.strip()] == [
        "- evaluate: auc: 0.0512 (20 runs)",
        "- evaluate: brier: none could have been told from noise (3 builds of production)",
    ]


def test_what_a_task_took_is_named_by_its_task() -> None:
    taken = comparison("peak_memory", "changed", gates=False, kind="resources", task="train")
    assert "train: peak memory" in printed(replace(RESULT, comparisons=(taken,)), width=120)
