"""What a failed cell leaves for later."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from proofbook.execute import notebook as notebooks
from proofbook.execute import postmortem
from proofbook.execute.notebook import Outcome
from proofbook.kernels.pool import Pool
from proofbook.model.run import Failure
from tests.execute.notebooks import cells, order, text

SOURCES = {
    "deep": (
        """list = getattr = type = repr = str = None
def ratio(rows, total):
    share = len(rows) / total
    return share""",
        "rows = [1, 2, 3]\nratio(rows, 0)",
    ),
    "bad": (
        """class Bad:
    def __repr__(self): raise RuntimeError('no')
bad, text, many, secret = Bad(), 'x' * 100_000, [0] * 100_000, 1
1 / 0""",
    ),
    "slow": ("import time\nclass Slow:\n    def __repr__(self): time.sleep(60)\nfirst = 1\nslow = Slow()\n1 / 0",),
    "huge": ("\n".join(f"v{n} = 'x' * 3000" for n in range(400)) + "\n1 / 0",),
    "recursion": ("def f(n):\n    return f(n + 1) if n < 100 else 1 / 0\nf(0)",),
    "timeout": ("import time\ndef wait(seconds):\n    time.sleep(seconds)\nwait(60)",),
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    root = tmp_path_factory.mktemp("postmortem")

    async def build() -> dict[str, Outcome]:
        pool = Pool(root=root)
        try:
            found = {}
            for name, sources in SOURCES.items():
                one = order(root, *sources, name=name, cell_timeout=1 if name == "timeout" else None)
                found[name] = await notebooks.run(one, pool=pool, on_event=lambda _: None)
            return found
        finally:
            await pool.close()

    return asyncio.run(build())


def frames(outcome: Outcome) -> list[dict[str, Any]]:
    assert outcome.postmortem is not None
    return json.loads(outcome.postmortem)["frames"]


def test_each_frame_of_the_notebooks_code_is_kept_with_what_it_held(outcomes) -> None:
    """Although the notebook has taken the names `list`, `repr` and others."""
    outcome = outcomes["deep"]
    outer, inner = frames(outcome)
    assert (outer["function"], inner["function"], inner["line"]) == ("<module>", "ratio", 3)
    assert outer["locals"]["rows"] == "[1, 2, 3]"
    assert inner["locals"] == {"rows": "[1, 2, 3]", "total": "0"}
    assert [3, "    share = len(rows) / total"] in inner["source"]
    assert json.loads(outcome.postmortem)["error"] == outcome.failure.message


def test_values_that_cannot_be_shown_or_are_large_do_no_harm(outcomes) -> None:
    held = frames(outcomes["bad"])[-1]["locals"]
    assert held["bad"] == "<its repr raises RuntimeError>"
    assert len(held["text"]) <= 2000
    assert len(held["many"]) <= 2000
    assert held["secret"] == "1"


def test_a_value_that_takes_for_ever_costs_two_seconds_at_most(outcomes) -> None:
    outcome = outcomes["slow"]
    held = frames(outcome)[-1]["locals"]
    assert held["first"] == "1"
    assert "too long" in held["slow"]
    assert outcome.seconds < 10


def test_it_is_bounded(outcomes) -> None:
    assert len(outcomes["huge"].postmortem) < 300_000
    assert len(frames(outcomes["recursion"])) == 60


def test_a_timeout_shows_where_the_cell_was_stuck(outcomes) -> None:
    assert frames(outcomes["timeout"])[-1]["locals"] == {"seconds": "60"}


def test_the_notebook_shows_nothing_of_it(outcomes) -> None:
    failed = cells(outcomes["deep"])[-1]
    assert [out["output_type"] for out in failed["outputs"]] == ["error"]
    assert text(failed) == ""


@pytest.mark.parametrize("said", [None, [], {"frames": []}, {"frames": [{"file": 1}]}, {"frames": "x"}])
def test_what_is_no_answer_is_not_kept(said: Any) -> None:
    assert postmortem.read(said, Failure(kind="exception", message="x")) is None


def test_somebody_may_look_at_a_failed_kernel_before_it_ends(tmp_path: Path) -> None:
    looked: list[tuple[str | None, str]] = []

    async def look(kernel: Any, failure: Failure) -> None:
        looked.append((kernel.ended(), failure.message))

    async def build() -> Outcome:
        one = order(tmp_path, "1 / 0", task_timeout=30)
        return await notebooks.run(one, on_event=lambda _: None, on_failed=look)

    outcome = asyncio.run(build())
    assert looked == [(None, "ZeroDivisionError: division by zero")]
    assert outcome.status == "failed"


def test_an_interruption_ends_the_visit_and_the_failure_stays(tmp_path: Path) -> None:
    async def build() -> Outcome:
        there = asyncio.Event()

        async def stay(*_: Any) -> None:
            there.set()
            await asyncio.Event().wait()

        one = order(tmp_path, "1 / 0")
        running = asyncio.ensure_future(notebooks.run(one, on_event=lambda _: None, on_failed=stay))
        await there.wait()
        running.cancel()
        return await running

    outcome = asyncio.run(build())
    assert outcome.failure.message == "ZeroDivisionError: division by zero"


def test_a_kernel_that_is_deaf_after_its_timeout_is_not_waited_for(tmp_path: Path) -> None:
    deaf = (
        "import re, threading, time\n"
        "try:\n"
        "    time.sleep(60)\n"
        "except KeyboardInterrupt:\n"
        "    threading.Timer(0.3, re.match, ('(a+)+b', 'a' * 60)).start()\n"
        "    time.sleep(0.2)\n"
        "    raise\n"
    )
    began: list[float] = []

    async def run() -> Outcome:
        def told(event: dict[str, object]) -> None:
            if event["event"] == "cell_started":
                began.append(time.monotonic())

        return await notebooks.run(order(tmp_path, deaf, cell_timeout=1), on_event=told)

    outcome = asyncio.run(run())
    # the timeout and the five seconds that are promised; the rest is for a busy machine
    assert time.monotonic() - began[0] < 1 + 5 + 5
    assert outcome.failure is not None
    assert outcome.failure.kind == "timeout"
