"""A function in a process of its own: every way to end."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from proofbook.execute import forked
from proofbook.model.run import Failure


def _run(function: object, *, limit: float | None = None) -> Failure | None:
    return asyncio.run(forked.run(function, limit=limit))  # type: ignore[arg-type]


def test_what_returns_has_not_failed_and_what_it_wrote_is_there(tmp_path: Path) -> None:
    assert _run(lambda: (tmp_path / "a").write_text("x") and None) is None
    assert (tmp_path / "a").read_text() == "x"


def test_an_exception_names_its_first_cause_and_shows_the_chain() -> None:
    def fail() -> None:
        try:
            _ = {}["no such table"]
        except KeyError as error:
            raise RuntimeError("the task failed") from error

    failure = _run(fail)
    assert failure is not None
    assert (failure.kind, failure.message) == ("exception", "KeyError: 'no such table'")
    assert "RuntimeError: the task failed" in failure.traceback


@pytest.mark.parametrize(
    ("end", "said"),
    [
        (lambda: sys.exit(0), "the task called sys.exit(0)"),
        (lambda: os._exit(0), "it ended its process with 0"),
        (lambda: os._exit(3), "it ended its process with 3"),
        (lambda: os.kill(os.getpid(), signal.SIGKILL), "its process died (SIGKILL)"),
    ],
)
def test_ending_the_process_is_a_failure_whatever_the_code(end: object, said: str) -> None:
    failure = _run(end)
    assert failure is not None
    assert failure.message == said


def test_a_timeout_kills_it_and_what_it_started() -> None:
    started = time.monotonic()
    failure = _run(lambda: time.sleep(60), limit=0.3)
    assert failure is not None
    assert (failure.kind, failure.message) == ("timeout", "task timeout after 0.3 s")
    assert time.monotonic() - started < 10


def test_a_cancelled_one_is_killed_and_writes_nothing_later(tmp_path: Path) -> None:
    def late() -> None:
        time.sleep(1)
        (tmp_path / "late").write_text("x")

    async def drive() -> Failure | None:
        work = asyncio.ensure_future(forked.run(late))
        await asyncio.sleep(0.2)
        work.cancel()
        return await work

    failure = asyncio.run(drive())
    assert failure is not None
    assert failure.kind == "cancelled"
    time.sleep(1.2)
    assert not (tmp_path / "late").exists()
