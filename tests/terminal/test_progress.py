"""The progress of a build, in a log and in a terminal."""

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from proofbook.store import Store
from proofbook.terminal import progress as module
from proofbook.terminal.board import Board, summary
from proofbook.terminal.progress import Progress

EVENTS: list[dict[str, Any]] = [
    {"event": "run_started", "run": 7, "tasks": ["a", "b"]},
    {"event": "task_started", "task": "a", "reason": "its code changed"},
    {"event": "kernel_started", "task": "a", "pid": 1, "warm": False, "note": "polars cannot be forked", "seconds": 1},
    {"event": "kernel_started", "task": "a", "pid": 2, "warm": False, "note": "polars cannot be forked", "seconds": 1},
    {"event": "kernel_started", "task": "a", "pid": 3, "warm": True, "note": "", "seconds": 0.02},
    {"event": "cell_started", "task": "a", "cell": 2, "cells": 9, "title": "Load the flights"},
    {"event": "output", "task": "a", "cell": 2, "name": "stdout", "text": "1,234 rows\n"},
    {"event": "task_finished", "task": "a", "status": "ran", "reason": "its code changed", "seconds": 1.25},
    {"event": "task_started", "task": "b", "reason": "never ran"},
    {
        "event": "attempt_failed",
        "task": "b",
        "attempt": 1,
        "attempts": 2,
        "failure": {"message": "kernel died (signal 9)"},
        "wait": 1.0,
    },
    {
        "event": "task_finished",
        "task": "b",
        "status": "failed",
        "reason": "KeyError: 'x'",
        "seconds": 2.0,
        "failure": {"cell": 4, "cell_id": "z", "message": "KeyError: 'x'"},
    },
    {"event": "something_new", "task": "a"},
    {"event": "waiting", "message": "another build (pid 1) holds the lock"},
]
LOG = [
    "run 7  2 tasks",
    "  > a  (its code changed)",
    "  ~ a: its kernel started cold: polars cannot be forked",
    "  ✓ a                ran            1.25 s  its code changed",
    "  > b  (never ran)",
    "  ~ b                attempt 1 of 2 failed, again in 1.00 s: kernel died (signal 9)",
    "  ✗ b                failed         2.00 s  in cell 4",
    "waiting: another build (pid 1) holds the lock",
]


def _shown(*, terminal: bool, events: list[dict[str, Any]] = EVENTS) -> str:
    file = io.StringIO()
    with Progress(Console(file=file, width=100, force_terminal=terminal, highlight=False)) as progress:
        for event in events:
            progress(event)
    return file.getvalue()


def test_a_log_gets_one_plain_line_an_event() -> None:
    assert _shown(terminal=False).splitlines() == LOG


def test_standard_output_that_is_no_terminal_gets_the_same_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress() as progress:
        for event in EVENTS:
            progress(event)
    assert capsys.readouterr().out.splitlines() == LOG


def test_a_name_or_a_message_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress() as progress:
        progress({"event": "run_started", "run": 1, "tasks": ["a"]})
        progress({"event": "task_started", "task": "a\x1b[2J", "reason": "\x1b]0;owned\x07"})
    assert "\x1b" not in capsys.readouterr().out


def test_a_terminal_shows_what_runs_and_which_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_INTERVAL", 0.0)
    text = _shown(terminal=True, events=EVENTS[:6])
    assert "cell 2 of 9" in text
    assert "Load the flights" in text
    assert "0 of 2 tasks done" in text
    # it is taken away at the end, and the cursor is back
    assert text.rstrip().endswith("\x1b[2K")
    assert "\x1b[?25h" in text


def test_a_terminal_is_not_redrawn_more_often_than_anybody_can_read() -> None:
    # all of it within a quarter of a second: drawn at the start, and where it is taken away at the end
    text = _shown(terminal=True)
    assert text.count("tasks done") <= 2


def test_of_many_tasks_a_terminal_keeps_only_those_that_failed() -> None:
    events: list[dict[str, Any]] = [{"event": "run_started", "run": 7, "tasks": [f"t{n}" for n in range(100)]}]
    for number in range(100):
        status = "failed" if number == 50 else "ran" if number % 2 else "up-to-date"
        done = {"event": "task_finished", "task": f"t{number}", "status": status, "reason": "r", "seconds": 1.0}
        events.append(done)
    text = _shown(terminal=True, events=events)
    assert re.findall(r"t\d+", text) == ["t50"]
    # a log has them all
    assert len(_shown(terminal=False, events=events).splitlines()) == 101


def test_while_it_is_suspended_nothing_is_written_and_nothing_is_lost() -> None:
    for terminal in (True, False):
        file = io.StringIO()
        with Progress(Console(file=file, width=100, force_terminal=terminal, highlight=False)) as progress:
            progress(EVENTS[0])
            with progress.suspended():
                before = file.getvalue()
                for event in EVENTS[1:]:
                    progress(event)
                assert file.getvalue() == before
        assert "KeyError" not in before
        assert "in cell 4" in file.getvalue()


def test_what_is_left_is_said_where_there_is_history() -> None:
    board = Board()
    board.take({"event": "run_started", "run": 7, "tasks": ["a", "b"]}, now=0.0)
    assert summary(board, now=0.0) == "0 of 2 tasks done"
    upstream: dict[str, list[str]] = {"a": [], "b": ["a"]}
    board.take({"event": "expected", "upstream": upstream, "durations": {"a": 30.0, "b": 10.0}, "workers": 2}, now=0.0)
    assert summary(board, now=0.0) == "0 of 2 tasks done  ·  about 40 s left"
    board.take({"event": "task_started", "task": "a", "reason": ""}, now=0.0)
    board.take({"event": "task_finished", "task": "a", "status": "ran", "reason": "", "seconds": 1.0}, now=1.0)
    assert summary(board, now=2.0) == "1 of 2 tasks done: 1 ran  ·  about 10 s left"
    board.take({"event": "run_finished", "run": 7, "ending": "cancelled", "seconds": 1.0}, now=2.0)
    assert summary(board, now=2.0).endswith("comparing, writing the report")


BUILD = """
import asyncio, resource, sys, time
from proofbook.store import Store
from proofbook.terminal.progress import Progress
names = [f"task_{n:04}" for n in range(int(sys.argv[1]))]

async def main(progress):
    places = asyncio.Semaphore(4)
    async def one(task):
        async with places:
            progress({"event": "task_started", "task": task, "reason": "its code changed"})
            for cell in range(2, 6):
                progress({"event": "cell_started", "task": task, "cell": cell, "cells": 5, "title": "x = 1"})
                await asyncio.sleep(float(sys.argv[2]))
                progress({"event": "cell_finished", "task": task, "cell": cell, "seconds": 0.1})
            progress({"event": "task_finished", "task": task, "status": "ran", "reason": "r", "seconds": 0.1})
    await asyncio.gather(*map(one, names))

with Progress() as progress:
    progress({"event": "run_started", "run": 7, "tasks": names})
    upstream, durations = {name: [] for name in names}, dict.fromkeys(names, 0.1)
    progress({"event": "expected", "upstream": upstream, "durations": durations, "workers": 4})
    before, began = time.process_time(), time.monotonic()
    asyncio.run(main(progress))
    used, took = time.process_time() - before, time.monotonic() - began
    progress({"event": "run_finished", "run": 7, "ending": "succeeded", "seconds": 1})
print(f"used {used} in {took}")
"""


def _in_a_terminal(*arguments: str) -> str:
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 20, 90, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(Path(module.__file__).parents[2])}
    environment.pop("COLUMNS", None)
    process = subprocess.Popen(
        [sys.executable, "-c", BUILD, *arguments], stdin=follower, stdout=follower, stderr=follower, env=environment
    )
    os.close(follower)
    said = b""
    try:
        while chunk := os.read(leader, 1 << 16):
            said += chunk
    except OSError:
        pass
    os.close(leader)
    assert process.wait() == 0, said.decode()
    return said.decode()


def test_on_a_real_terminal_a_thousand_tasks_neither_scroll_nor_cost() -> None:
    said = _in_a_terminal("1000", "0.001")
    found = re.search(r"used ([\d.]+) in ([\d.]+)", said)
    assert found is not None
    used, took = map(float, found.groups())
    # the loop and its five thousand sleeps are in it
    assert used < 1.0
    # the first drawing and the last are more than one
    assert 2 <= said.count("tasks done") <= took * 4 + 6
    # the table goes up again by as much as it went down: no task leaves a line
    ups = sum(int(number or 1) for number in re.findall(r"\x1b\[(\d*)A", said))
    assert said.count("\n") - ups < 5


def test_on_a_real_terminal_time_passes_without_events() -> None:
    said = _in_a_terminal("4", "0.6")
    assert "2 s" in said
    assert "almost done" in said


class _Full(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize("terminal", [True, False])
def test_where_nothing_can_be_written_it_is_silent_and_says_so_once(
    terminal: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    with Progress(Console(file=_Full(), width=100, force_terminal=terminal)) as progress:
        for event in EVENTS:
            progress(event)
        with progress.suspended():
            progress(EVENTS[0])
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert said[0].startswith("error: the output cannot be written (")


@pytest.mark.parametrize("closed", [BrokenPipeError(32, "Broken pipe"), ValueError("I/O operation on closed file")])
def test_a_pipe_that_is_closed_does_not_end_the_process(closed: Exception) -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise closed

    with Progress(Console(file=Closed(), width=100)) as progress:
        for event in EVENTS:
            progress(event)


UNSEEN = """
import sys
from proofbook.terminal.outcome import print_outcome
from proofbook.store import Store
from proofbook.terminal.progress import Progress
from proofbook.terminal import say
from pathlib import Path
from tests.flow.conftest import Project
from proofbook.flow.build import build

say.forgive_encoding()
project = Project(root=Path(sys.argv[1]))
with Progress() as progress:
    built = build(project.request(), observe=progress)
assert built.run.ending == "succeeded"
assert {task.status for task in built.run.tasks} == {"ran"}
print_outcome(built)
sys.exit(built.exit_code)
"""


@pytest.mark.parametrize("kind", ["full", "closed"])
def test_a_build_whose_output_goes_nowhere_succeeds_and_is_sealed(kind: str, tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    if kind == "full":
        out = os.open("/dev/full", os.O_WRONLY)
    else:
        reading, out = os.pipe()
        os.close(reading)
    try:
        ended = subprocess.run(
            [sys.executable, "-c", UNSEEN, str(tmp_path)],
            cwd=root, stdout=out, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    finally:
        os.close(out)
    assert ended.returncode == 0, ended.stderr
    (said,) = ended.stderr.splitlines()
    assert said.startswith("error: the output cannot be written (")
    with Store.open(tmp_path) as store:
        assert store.run("latest").ending == "succeeded"
