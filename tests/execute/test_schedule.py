"""The order of tasks, with tasks that only pretend to work."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proofbook.execute import schedule

DIAMOND = {
    "ingest": (),
    "profile": ("ingest",),
    "features": ("ingest",),
    "train": ("features",),
    "report": ("profile", "train"),
}


class Work:
    """Does tasks, and notes when each began and ended."""

    def __init__(self, *, bad: tuple[str, ...] = (), seconds: float = 0.0) -> None:
        self.log: list[str] = []
        self.at_once = self.most = 0
        self._bad = bad
        self._seconds = seconds

    async def __call__(self, name: str) -> bool:
        self.log.append(f"+{name}")
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            await asyncio.sleep(self._seconds)
        finally:
            self.at_once -= 1
            self.log.append(f"-{name}")
        return name not in self._bad


def run(tasks: dict[str, tuple[str, ...]], work: Callable[[str], Awaitable[bool]], **options) -> dict[str, str]:
    return asyncio.run(schedule.run(tasks, work, **{"workers": 2, **options}))


def test_a_task_starts_after_all_that_it_needs() -> None:
    work = Work()
    assert set(run(DIAMOND, work).values()) == {"done"}
    for name, upstream in DIAMOND.items():
        for above in upstream:
            assert work.log.index(f"-{above}") < work.log.index(f"+{name}")


def test_independent_tasks_run_at_once_and_never_more_than_there_are_workers() -> None:
    work = Work(seconds=0.01)
    run({str(number): () for number in range(9)}, work, workers=3)
    assert work.most == 3


def test_a_failure_skips_what_is_behind_it_and_finishes_what_is_not() -> None:
    fates = run(DIAMOND, Work(bad=("features",)))
    assert fates == {"ingest": "done", "profile": "done", "features": "failed", "train": "skipped", "report": "skipped"}


def test_fates_come_in_the_order_of_the_tasks() -> None:
    assert list(run(DIAMOND, Work(bad=("ingest",)))) == list(DIAMOND)


def test_the_longest_way_goes_first() -> None:
    tasks = {"short": (), "long": (), "behind": ("long",)}
    work = Work()
    run(tasks, work, workers=1, durations={"short": 5, "long": 2, "behind": 9})
    assert work.log[0] == "+long"
    work = Work()
    run(tasks, work, workers=1, durations={"short": 50, "long": 2, "behind": 9})
    assert work.log[0] == "+short"


def test_cancellation_reaches_every_running_task_and_nothing_new_starts() -> None:
    work = Work(seconds=60)

    async def cancelled() -> None:
        running = asyncio.ensure_future(schedule.run({"a": (), "b": (), "c": ()}, work, workers=2))
        await asyncio.sleep(0.01)
        running.cancel()
        await running

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())
    assert sorted(work.log) == ["+a", "+b", "-a", "-b"]


def test_a_task_that_swallows_the_cancellation_is_waited_for() -> None:
    """As a notebook's run does: it comes back with a cancelled outcome."""
    ended = []

    async def work(name: str) -> bool:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await asyncio.sleep(0.02)
            ended.append(name)
        return False

    async def cancelled() -> None:
        running = asyncio.ensure_future(schedule.run({"a": (), "b": ("a",)}, work, workers=2))
        await asyncio.sleep(0.01)
        running.cancel()
        await running

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())
    assert ended == ["a"]


def test_what_work_raises_comes_out_after_the_independent_tasks_are_done() -> None:
    log = []

    async def work(name: str) -> bool:
        if name == "bad":
            raise RuntimeError("a fault of ours")
        await asyncio.sleep(0.01)
        log.append(name)
        return True

    with pytest.raises(RuntimeError, match="a fault of ours"):
        run({"bad": (), "behind": ("bad",), "good": (), "better": ("good",)}, work)
    assert log == ["good", "better"]


@pytest.mark.parametrize("tasks", [{"a": ("b",), "b": ("a",)}, {"a": ("nowhere",)}, {"a": ("a",)}])
def test_a_graph_that_cannot_be_run_is_refused(tasks) -> None:
    with pytest.raises(ValueError, match="holds up a"):
        run(tasks, Work())


def test_no_worker_is_refused_and_no_task_is_fine() -> None:
    with pytest.raises(ValueError, match="at least one worker"):
        run({"a": ()}, Work(), workers=0)
    assert run({}, Work()) == {}


@st.composite
def graphs(draw) -> dict[str, tuple[str, ...]]:
    """Any graph without cycles, in any order of its tasks."""
    size = draw(st.integers(0, 8))
    tasks = {
        str(n): tuple(draw(st.sets(st.sampled_from([str(m) for m in range(n)])))) if n else () for n in range(size)
    }
    return {name: tasks[name] for name in draw(st.permutations(list(tasks)))}


@given(graphs(), st.data())
def test_any_graph_ends_with_each_task_done_failed_or_skipped_for_a_reason(tasks, data) -> None:
    bad = tuple(data.draw(st.sets(st.sampled_from(list(tasks)))) if tasks else ())
    work = Work(bad=bad)
    fates = run(tasks, work, workers=data.draw(st.integers(1, 3)))
    assert work.most <= 3
    for name, upstream in tasks.items():
        held = any(fates[above] != "done" for above in upstream)
        assert fates[name] == ("skipped" if held else "failed" if name in bad else "done")
        assert (f"+{name}" in work.log) is not held
