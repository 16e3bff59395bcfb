"""The order of tasks, with tasks that only pretend to work."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proofbook.execute import schedule
from proofbook.execute.resources import Capacity, Need
from proofbook.execute.schedule import Again

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

    async def __call__(self, name: str, gpus: tuple[str, ...]) -> bool | Again:
        self.log.append(f"+{name}")
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            await asyncio.sleep(self._seconds)
        finally:
            self.at_once -= 1
            self.log.append(f"-{name}")
        return name not in self._bad


def run(
    tasks: dict[str, tuple[str, ...]],
    work: Callable[[str, tuple[str, ...]], Awaitable[bool | Again]],
    *,
    workers: float = 2,
    **options: Any,
) -> dict[str, str]:
    return asyncio.run(schedule.run(tasks, work, **{"capacity": Capacity(cpu=workers), **options}))


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


def test_where_it_stops_on_failure_what_runs_may_end_and_nothing_new_starts() -> None:
    async def work(name: str, gpus: tuple[str, ...]) -> bool:
        await asyncio.sleep(0.01 if name == "bad" else 0.05)
        return name != "bad"

    fates = run({"bad": (), "other": (), "third": (), "behind": ("other",)}, work, stop_on_failure=True)
    assert fates == {"bad": "failed", "other": "done", "third": "skipped", "behind": "skipped"}


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
        running = asyncio.ensure_future(schedule.run({"a": (), "b": (), "c": ()}, work, capacity=Capacity(cpu=2)))
        await asyncio.sleep(0.01)
        running.cancel()
        await running

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())
    assert sorted(work.log) == ["+a", "+b", "-a", "-b"]


def test_a_task_that_swallows_the_cancellation_is_waited_for() -> None:
    """As a notebook's run does: it comes back with a cancelled outcome."""
    ended = []

    async def work(name: str, gpus: tuple[str, ...]) -> bool:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await asyncio.sleep(0.02)
            ended.append(name)
        return False

    async def cancelled() -> None:
        running = asyncio.ensure_future(schedule.run({"a": (), "b": ("a",)}, work, capacity=Capacity(cpu=2)))
        await asyncio.sleep(0.01)
        running.cancel()
        await running

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())
    assert ended == ["a"]


@pytest.mark.parametrize("where", ["work", "decide"])
def test_what_is_raised_comes_out_after_the_independent_tasks_are_done(where: str) -> None:
    log = []

    async def work(name: str, gpus: tuple[str, ...]) -> bool:
        if name == "bad":
            raise RuntimeError("a fault of ours")
        await asyncio.sleep(0.01)
        log.append(name)
        return True

    def decide(name: str) -> None:
        if name == "bad" and where == "decide":
            raise RuntimeError("a fault of ours")

    with pytest.raises(RuntimeError, match="a fault of ours"):
        run({"bad": (), "behind": ("bad",), "good": (), "better": ("good",)}, work, decide=decide)
    assert log == ["good", "better"]


def test_what_is_done_already_takes_no_room_and_lets_the_next_start() -> None:
    work = Work(seconds=0.05)
    verdicts = {"old": True, "older": True, "broken": False}
    tasks = {"long": (), "old": (), "older": ("old",), "new": ("older",), "broken": (), "behind": ("broken",)}

    fates = run(tasks, work, workers=2, decide=verdicts.get)

    assert fates == {
        "long": "done", "old": "done", "older": "done", "new": "done", "broken": "failed", "behind": "skipped",
    }  # fmt: skip
    assert sorted(work.log) == ["+long", "+new", "-long", "-new"]
    assert work.most == 2


def test_a_task_is_decided_after_its_upstream_and_once() -> None:
    seen: list[str] = []
    work = Work()
    run(DIAMOND, work, decide=seen.append)
    assert sorted(seen) == sorted(DIAMOND)
    assert seen.index("report") > max(seen.index("profile"), seen.index("train"))


class Flaky:
    """Fails a task some times before it succeeds."""

    def __init__(self, *, failures: int, seconds: float = 0.0) -> None:
        self.starts: list[float] = []
        self._failures = failures
        self._seconds = seconds

    async def __call__(self, name: str, gpus: tuple[str, ...]) -> bool | Again:
        if name != "flaky":
            await asyncio.sleep(0.01)
            return True
        self.starts.append(time.monotonic())
        return Again(self._seconds) if len(self.starts) <= self._failures else True


def test_a_task_is_tried_again_after_its_wait_and_what_is_behind_it_waits_too() -> None:
    work = Flaky(failures=2, seconds=0.05)
    assert run({"flaky": (), "behind": ("flaky",), "other": ()}, work) == dict.fromkeys(
        ("flaky", "behind", "other"), "done"
    )
    first, second, third = work.starts
    assert second - first >= 0.05
    assert third - second >= 0.05


def test_while_a_task_waits_to_be_tried_again_others_have_its_room() -> None:
    work = Flaky(failures=1, seconds=0.2)
    log: list[str] = []

    async def noted(name: str, gpus: tuple[str, ...]) -> bool | Again:
        log.append(name)
        return await work(name, gpus)

    run({"flaky": (), "a": (), "b": (), "c": ()}, noted, workers=1, durations={"flaky": 9})
    assert log == ["flaky", "a", "b", "c", "flaky"]


def test_a_task_that_was_to_be_tried_again_when_all_stopped_has_failed() -> None:
    async def work(name: str, gpus: tuple[str, ...]) -> bool | Again:
        await asyncio.sleep(0.01 if name == "flaky" else 0.03)
        return Again(60) if name == "flaky" else name == "third"

    tasks = {"flaky": (), "bad": (), "behind": ("flaky",), "third": (), "fourth": ("third",)}
    assert run(tasks, work, workers=2, durations={"flaky": 9, "bad": 9}, stop_on_failure=True) == {
        "flaky": "failed", "bad": "failed", "behind": "skipped", "third": "done", "fourth": "skipped",
    }  # fmt: skip


def test_when_time_is_up_what_runs_may_end_and_nothing_new_starts() -> None:
    async def timed() -> tuple[dict[str, str], float]:
        loop = asyncio.get_running_loop()
        began = loop.time()
        fates = await schedule.run(
            {"a": (), "b": ("a",), "flaky": ()},
            work,
            capacity=Capacity(cpu=2),
            until=began + 0.05,
        )
        return dict(fates), loop.time() - began

    async def work(name: str, gpus: tuple[str, ...]) -> bool | Again:
        await asyncio.sleep(0 if name == "flaky" else 0.1)
        return Again(60) if name == "flaky" else True

    fates, seconds = asyncio.run(timed())
    assert fates == {"a": "done", "b": "skipped", "flaky": "failed"}
    assert seconds < 5


def test_a_big_task_is_not_starved_by_small_ones() -> None:
    """Four processors, always some small task that would fit; the big one starts when those that run have ended."""
    log: list[str] = []

    async def work(name: str, gpus: tuple[str, ...]) -> bool:
        log.append(name)
        await asyncio.sleep(0.01)
        return True

    tasks = {f"small-{number}": () for number in range(40)} | {"big": ()}
    durations = dict.fromkeys(tasks, 1.0) | {"big": 1.5, **{f"small-{number}": 2.0 for number in range(8)}}
    run(tasks, work, workers=4, needs={"big": Need(cpu=4)}, durations=durations)
    assert log.index("big") == 8


def test_a_task_that_waits_for_a_gpu_leaves_the_processors_to_others() -> None:
    log: list[str] = []

    async def work(name: str, gpus: tuple[str, ...]) -> bool:
        log.append(f"+{name}")
        await asyncio.sleep(0.1 if "gpu" in name else 0.005)
        log.append(f"-{name}")
        return True

    tasks = {"gpu-1": (), "gpu-2": ()} | {f"plain-{number}": () for number in range(6)}
    needs = {"gpu-1": Need(gpu=1), "gpu-2": Need(gpu=1)}
    run(
        tasks, work, needs=needs, capacity=Capacity(cpu=2, gpus=("0",)), durations={"gpu-1": 9, "gpu-2": 8},
    )  # fmt: skip
    assert log[0] == "+gpu-1"
    assert all(log.index(f"-plain-{number}") < log.index("-gpu-1") for number in range(6))
    assert log.index("+gpu-2") > log.index("-gpu-1")


def test_one_that_asks_for_more_than_there_is_has_all_of_it() -> None:
    work = Work(seconds=0.01)
    tasks = {"wide": (), "heavy": (), "other": ()}
    needs = {"wide": Need(cpu=64), "heavy": Need(memory=1 << 50), "other": Need(memory=1)}
    assert set(run(tasks, work, capacity=Capacity(cpu=2, memory=1 << 30), needs=needs).values()) == {"done"}
    assert work.most == 1


def test_more_gpus_than_there_are_is_refused_before_anything_runs() -> None:
    work = Work()
    with pytest.raises(ValueError, match="2 GPUs are needed, and there are 1"):
        run({"a": (), "b": ()}, work, needs={"b": Need(gpu=2)}, capacity=Capacity(cpu=2, gpus=("0",)))
    assert work.log == []


@pytest.mark.parametrize("tasks", [{"a": ("b",), "b": ("a",)}, {"a": ("nowhere",)}, {"a": ("a",)}])
def test_a_graph_that_cannot_be_run_is_refused(tasks: dict[str, tuple[str, ...]]) -> None:
    with pytest.raises(ValueError, match="holds up a"):
        run(tasks, Work())


def test_no_worker_is_refused_and_no_task_is_fine() -> None:
    with pytest.raises(ValueError, match="at least one worker"):
        run({"a": ()}, Work(), workers=0)
    assert run({}, Work()) == {}


@pytest.mark.parametrize("shape", ["wide", "chain", "layers"])
def test_the_time_it_takes_grows_with_the_number_of_tasks_and_not_with_its_square(shape: str) -> None:
    def seconds(size: int) -> float:
        names = [str(number) for number in range(size)]
        upstream = {
            "wide": lambda number: (),
            "chain": lambda number: names[max(0, number - 1) : number],
            "layers": lambda number: names[max(0, number // 10 - 1) * 10 : number // 10 * 10],
        }[shape]
        tasks = {name: tuple(upstream(int(name))) for name in names}
        needs = {name: Need(cpu=1 + int(name) % 3, memory=int(name) % 5) for name in names}

        async def work(name: str, gpus: tuple[str, ...]) -> bool:
            return True

        began = time.process_time()
        run(tasks, work, needs=needs, capacity=Capacity(cpu=4, memory=8))
        return time.process_time() - began

    seconds(300)
    small, large = min(seconds(500) for _ in range(3)), min(seconds(4000) for _ in range(2))
    assert large < 20 * small
    assert large < 4000 * 0.0005


@st.composite
def graphs(draw: Callable[..., Any]) -> dict[str, tuple[str, ...]]:
    """Any graph without cycles, in any order of its tasks."""
    size = draw(st.integers(0, 8))
    tasks = {
        str(n): tuple(draw(st.sets(st.sampled_from([str(m) for m in range(n)])))) if n else () for n in range(size)
    }
    return {name: tasks[name] for name in draw(st.permutations(list(tasks)))}


NEEDS = st.builds(
    Need, cpu=st.sampled_from([0, 0.1, 0.5, 1, 2, 3, 9]), memory=st.sampled_from([0, 1, 5, 99]), gpu=st.integers(0, 2)
)
# what a task does, time after time: nothing to do, impossible, done, failed, raised, or failed and to be tried again
LIVES = st.tuples(
    st.sampled_from([None, None, None, None, True, False]),
    st.lists(st.just("again"), max_size=2),
    st.sampled_from(["done", "done", "done", "failed", "raised"]),
)


class Lives:
    """Lets each task do what was drawn for it, and watches the rules while it does."""

    def __init__(self, tasks: dict[str, tuple[str, ...]], lives: dict[str, Any], needs: Any, room: Capacity) -> None:
        self.tasks, self.lives, self.room = tasks, lives, room
        self.amounts = {name: room.of(need) for name, need in needs.items()}
        self.asked: list[str] = []
        self.starts: dict[str, int] = {}
        self.good: set[str] = set()
        self.running: dict[str, tuple[str, ...]] = {}
        self.raised = False

    def decide(self, name: str) -> bool | None:
        assert name not in self.asked
        assert set(self.tasks[name]) <= self.good, "asked before its upstream was done"
        self.asked.append(name)
        verdict: bool | None = self.lives[name][0]
        if verdict:
            self.good.add(name)
        return verdict

    async def work(self, name: str, gpus: tuple[str, ...]) -> bool | Again:
        assert name in self.asked
        assert name not in self.running
        assert name not in self.good
        self.running[name] = gpus
        for used, limit in zip(map(sum, zip(*map(self.amounts.get, self.running), strict=True)), self.room.amounts,
                               strict=True):  # fmt: skip
            assert used <= limit, "more was taken than there is"
        taken = [gpu for mine in self.running.values() for gpu in mine]
        assert len(taken) == len(set(taken)), "one GPU for two tasks"
        assert len(gpus) == self.amounts[name][2]
        attempt = self.starts[name] = self.starts.get(name, 0) + 1
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        del self.running[name]
        _, again, last = self.lives[name]
        if attempt <= len(again):
            return Again(0.0)
        assert attempt == len(again) + 1, "tried once too often"
        if last == "raised":
            self.raised = True
            raise RuntimeError(name)
        if last == "done":
            self.good.add(name)
        return last == "done"


@settings(max_examples=200, deadline=None)
@given(graphs(), st.data())
def test_any_graph_with_any_needs_and_any_failures_ends_with_all_done_that_can_be(
    tasks: dict[str, tuple[str, ...]], data: Any
) -> None:
    room = Capacity(
        cpu=data.draw(st.sampled_from([0.5, 1, 2, 3])), memory=data.draw(st.sampled_from([1, 6])), gpus=("0", "1")
    )
    lives = {name: data.draw(LIVES) for name in tasks}
    needs = {name: data.draw(NEEDS) for name in tasks}
    stop = data.draw(st.booleans())
    watched = Lives(tasks, lives, needs, room)

    async def go() -> dict[str, str]:
        scheduled = schedule.run(
            tasks, watched.work, capacity=room, needs=needs, decide=watched.decide, stop_on_failure=stop,
            durations={name: float(len(name)) for name in tasks},
        )  # fmt: skip
        return dict(await asyncio.wait_for(scheduled, 20))

    try:
        fates = asyncio.run(go())
    except RuntimeError as error:
        assert watched.raised, error  # noqa: PT017 - whether it is raised depends on what was drawn
        return
    assert not watched.raised
    for name, upstream in tasks.items():
        decided, _, last = lives[name]
        good = decided if decided is not None else last == "done"
        blocked = any(fates[above] != "done" for above in upstream)
        if stop and "failed" in fates.values() and fates[name] == "skipped":
            assert name not in watched.good
            continue
        if stop and fates[name] == "failed":
            assert not blocked
            continue
        assert fates[name] == ("skipped" if blocked else "done" if good else "failed")
        assert (name in watched.asked) is not blocked
