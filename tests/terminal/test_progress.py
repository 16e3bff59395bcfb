"""The progress of a build, in a log and in a terminal."""

import io
from typing import Any

from rich.console import Console

from proofbook.terminal.progress import Progress

EVENTS: list[dict[str, Any]] = [
    {"event": "run_started", "run": 7, "tasks": ["a", "b"]},
    {"event": "task_started", "task": "a", "reason": "its code changed"},
    {"event": "cell_started", "task": "a", "cell": 2, "cells": 9},
    {"event": "task_finished", "task": "a", "status": "ran", "reason": "its code changed", "seconds": 1.25},
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


def _shown(*, terminal: bool, events: list[dict[str, Any]] = EVENTS) -> str:
    file = io.StringIO()
    with Progress(Console(file=file, width=100, force_terminal=terminal, highlight=False)) as progress:
        for event in events:
            progress(event)
    return file.getvalue()


def test_a_log_gets_one_plain_line_an_event() -> None:
    lines = _shown(terminal=False).splitlines()
    assert lines == [
        "run 7  2 tasks",
        "  > a  (its code changed)",
        "  ✓ a                ran            1.25 s  its code changed",
        "  ✗ b                failed         2.00 s  in cell 4",
        "waiting: another build (pid 1) holds the lock",
    ]


def test_a_terminal_shows_what_runs_and_which_cell() -> None:
    text = _shown(terminal=True, events=EVENTS[:3])
    assert "cell 2 of 9" in text
    assert "0 of 2 tasks done" in text
    assert "\x1b" in text
