"""Events for a person."""

import os
import time
from typing import Any

import pytest

from proofbook.terminal.logs import print_log

EVENTS: list[dict[str, Any]] = [
    {"at": "2013-10-31T06:00:00.000Z", "event": "run_started", "run": 7, "tasks": ["ingest", "a_task_with_a_name"]},
    {"at": "2013-10-31T06:00:00.001Z", "event": "expected", "upstream": {}, "durations": {}, "workers": 2},
    {"at": "2013-10-31T06:00:00.002Z", "event": "task_started", "task": "ingest", "reason": "its code changed"},
    {"event": "kernel_started", "task": "ingest", "pid": 41, "warm": True, "note": "", "seconds": 0.031},
    {"event": "kernel_started", "task": "ingest", "pid": 42, "warm": False, "note": "polars cannot", "seconds": 1.25},
    {"event": "cell_started", "task": "ingest", "cell": 2, "cells": 9, "title": "Load the flights"},
    {"event": "output", "task": "ingest", "cell": 2, "name": "stdout", "text": "one\ntwo\n"},
    {"event": "output", "task": "ingest", "cell": 2, "name": "stderr", "text": " 1%\r50%\r100%\n"},
    {
        "event": "output",
        "task": "ingest",
        "cell": 2,
        "name": "stdout",
        "text": "\x1b[31mred\x1b[0m\x1b]0;x\x07 \x9bA\n",
    },
    {"event": "cell_finished", "task": "ingest", "cell": 2, "status": "completed", "seconds": 0.5, "peak_memory": 2e8},
    {"event": "cell_finished", "task": "ingest", "cell": 3, "status": "failed", "seconds": 0.25},
    {"event": "attempt_failed", "task": "ingest", "attempt": 1, "attempts": 2, "failure": {"message": "lost"}},
    {"event": "log", "task": "ingest", "level": "warning", "message": "papermill says so"},
    {
        "event": "task_finished",
        "task": "ingest",
        "status": "failed",
        "reason": "KeyError: 'x'",
        "seconds": 2.0,
        "failure": {"cell": 3, "message": "KeyError: 'x'", "traceback": "Traceback\n\x1b[31mKeyError\x1b[0m"},
    },
    {
        "event": "task_finished",
        "task": "a_task_with_a_name",
        "status": "up-to-date",
        "reason": "nothing changed",
        "seconds": 2.0,
        "failure": None,
    },
    {
        "event": "preload",
        "modules": ["numpy", "pandas", "pandas.io"],
        "refused": {"polars": "its thread pool does not survive a fork"},
        "seconds": 1.5,
    },
    {"event": "preload", "modules": [], "refused": {"odd": "importing it\nraised"}, "seconds": 0.0},
    {"event": "run_finished", "run": 7, "ending": "failed", "seconds": 2.5},
    {"event": "interrupted", "run": 7},
    {"event": "new_kind", "task": "ingest", "text": "\x1b"},
    {"event": "task_finished", "task": "ingest"},
]


@pytest.fixture(autouse=True)
def _in_utc(monkeypatch: pytest.MonkeyPatch) -> Any:
    before = os.environ.get("TZ")
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    if before is None:
        monkeypatch.delenv("TZ")
    else:
        monkeypatch.setenv("TZ", before)
    time.tzset()


def test_every_event_is_readable(capsys: pytest.CaptureFixture[str]) -> None:
    print_log(EVENTS)
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        "2013-10-31 UTC",
        "06:00:00.000                      run 7: 2 tasks",
        "06:00:00.002  ingest              started: its code changed",
    ]
    assert [line[14:].rstrip() for line in lines[3:]] == [
        "ingest              kernel started warm in 0.03 s (pid 41)",
        "ingest              kernel started cold in 1.25 s (pid 42): polars cannot",
        "ingest              cell 2 of 9: Load the flights",
        "ingest              | one",
        "ingest              | two",
        "ingest              ! 100%",
        "ingest              | red \\x9bA",
        "ingest              cell 2 done in 0.50 s, 200 MB",
        "ingest              cell 3 failed in 0.25 s",
        "ingest              attempt 1 of 2 failed, again at once: lost",
        "ingest              warning: papermill says so",
        "ingest              failed after 2.00 s in cell 3: KeyError: 'x'",
        "ingest                  Traceback",
        "ingest                  KeyError",
        "a_task_with_a_name  up-to-date: nothing changed",
        "                    preloaded numpy, pandas in 1.50 s",
        "                    not preloaded: polars: its thread pool does not survive a fork",
        "                    not preloaded: odd: importing it\\nraised",
        "                    run 7 failed in 2.50 s",
        "                    the build of run 7 was killed: its log ends here",
        "ingest              new_kind {'text': '\\x1b'}",
        "ingest              task_finished {}",
    ]


def test_a_traceback_that_the_cell_printed_is_not_printed_again(capsys: pytest.CaptureFixture[str]) -> None:
    traceback = (
        "An error occurred\n------------------\nx / 0\n------------------\n\n\nTraceback\nZeroDivisionError: zero"
    )
    failure = {"cell": 3, "message": "ZeroDivisionError: zero", "traceback": traceback}
    failed = {"event": "task_finished", "task": "a", "status": "failed", "seconds": 1.0, "failure": failure}
    printed = {"event": "output", "task": "a", "cell": 3, "name": "stderr", "text": "Trace\nZeroDivisionError: zero\n"}
    print_log([printed, failed])
    assert "    Traceback" not in capsys.readouterr().out
    print_log([failed])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("a  ", 1)[1].strip() for line in lines if "a  " in line][1:] == [
        "Traceback",
        "ZeroDivisionError: zero",
    ]


def test_the_day_is_said_again_after_midnight(capsys: pytest.CaptureFixture[str]) -> None:
    print_log(
        [
            {"at": "2013-10-31T23:59:59.000Z", "event": "log", "message": "a"},
            {"at": "2013-11-01T00:00:01.000Z", "event": "log", "message": "b"},
        ]
    )
    days = [line for line in capsys.readouterr().out.splitlines() if line.startswith("2013")]
    assert days == ["2013-10-31 UTC", "2013-11-01 UTC"]


def test_an_event_is_printed_as_soon_as_it_comes(capsys: pytest.CaptureFixture[str]) -> None:
    def coming() -> Any:
        yield EVENTS[0]
        assert "run 7" in capsys.readouterr().out

    print_log(coming())
