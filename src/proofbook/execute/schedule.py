"""
Runs the tasks of a pipeline: each as soon as all that it needs has succeeded, the longest way to the end first.

The first in line that finds no room is held: nobody takes what it lacks, so small tasks do not starve a big one. What
it does not lack others may use meanwhile, as it may wait for long; but for GPUs, which are kept for it.
"""

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Literal

from msgspec import Struct

from proofbook.execute.resources import Amounts, Capacity, Need

__all__ = ["Again", "Fate", "run"]

Fate = Literal["done", "failed", "skipped"]


class Again(Struct, frozen=True):
    """What the work on a task returns when it failed, and should be tried again."""

    seconds: float
    """How long to wait before that; nothing is kept for the task meanwhile."""


Work = Callable[[str, tuple[str, ...]], Awaitable[bool | Again]]

_UNKNOWN = 1.0
"""Seconds that a task counts for when nobody knows: tasks with more behind them still go first."""


async def run(
    tasks: Mapping[str, Iterable[str]],
    work: Work,
    *,
    capacity: Capacity,
    needs: Mapping[str, Need] | None = None,
    durations: Mapping[str, float] | None = None,
    decide: Callable[[str], bool | None] = lambda _: None,
    stop_on_failure: bool = False,
    until: float | None = None,
) -> dict[str, Fate]:
    """
    Run every task once, after its upstream.

    A task that fails, or whose work raises, takes those behind it with it; what is independent is finished. On
    cancellation the running tasks are cancelled and waited for, and nothing new starts.

    Args:
        tasks: Name to the names of its upstream, which are all among the tasks; without cycles.
        work: Does one task, with the GPUs that it is given, and returns whether it succeeded.
        capacity: What the running tasks may take together.
        needs: What a task takes while it runs; one processor where nothing is said.
        durations: Seconds that tasks took last time, as far as known.
        decide: Asked once for each task when all that it needs is done, whether or not there is room for it: True where
            it is done already, False where it cannot be, None where the work must be done.
        stop_on_failure: After a failure nothing new starts; what runs may end.
        until: Time of the loop after which nothing new starts.

    Returns:
        What became of each task, in the order of `tasks`.

    Raises:
        ValueError: There is a cycle, an unknown upstream, no processor, or a task that needs more GPUs than there are.
        BaseException: What `work` or `decide` raised first, after all that could run has run.
    """
    if capacity.cpu <= 0:
        raise ValueError(f"at least one worker is needed, not {capacity.cpu:g}")
    upstream = {name: frozenset(above) for name, above in tasks.items()}
    scheduler = _Scheduler(
        upstream,
        ways=_ways(upstream, durations or {}),
        amounts={name: capacity.of((needs or {}).get(name, Need())) for name in upstream},
        capacity=capacity,
    )
    return await scheduler.run(work, decide=decide, stop_on_failure=stop_on_failure, until=until)


class _Scheduler:
    """One run of one graph."""

    def __init__(
        self,
        upstream: Mapping[str, frozenset[str]],
        *,
        ways: Mapping[str, float],
        amounts: Mapping[str, Amounts],
        capacity: Capacity,
    ) -> None:
        self._ways = ways
        self._amounts = amounts
        self._order = tuple(upstream)
        self._missing = {name: len(above) for name, above in upstream.items()}
        self._downstream = _turned(upstream)
        self._fates: dict[str, Fate] = {}
        self._undecided: list[tuple[float, str]] = []
        # those that wait for room, by what they need: of those that need the same, all have room or none
        self._ready: dict[Amounts, list[tuple[float, str]]] = {}
        self._later: dict[str, asyncio.TimerHandle] = {}
        self._tried: set[str] = set()
        self._running: dict[asyncio.Task[bool | Again], tuple[str, tuple[str, ...]]] = {}
        self._ended: list[asyncio.Task[bool | Again]] = []
        self._held: str | None = None
        self._free = list(capacity.amounts)
        self._gpus = list(capacity.gpus)
        self._wake = asyncio.Event()
        self._stopped = False
        self._raised: BaseException | None = None

    async def run(
        self, work: Work, *, decide: Callable[[str], bool | None], stop_on_failure: bool, until: float | None
    ) -> dict[str, Fate]:
        loop = asyncio.get_running_loop()
        alarm = None if until is None else loop.call_at(until, self._stop)
        self._stopped = until is not None and until <= loop.time()
        for name, missing in self._missing.items():
            if not missing:
                heapq.heappush(self._undecided, (-self._ways[name], name))
        try:
            await self._go(work, decide, stop_on_failure=stop_on_failure)
        except BaseException:
            await self._cancel()
            raise
        finally:
            if alarm is not None:
                alarm.cancel()
        if self._raised is not None:
            raise self._raised
        # what was stopped before it was tried again has failed
        return {name: self._fates.get(name, "failed" if name in self._tried else "skipped") for name in self._order}

    async def _go(self, work: Work, decide: Callable[[str], bool | None], *, stop_on_failure: bool) -> None:
        while True:
            self._wake.clear()
            self._take_in(stop_on_failure)
            while not self._stopped and (ready := self._next()) is not None:
                self._start(ready, work)
            if self._undecided and not self._stopped:
                self._settle(heapq.heappop(self._undecided)[1], decide, stop_on_failure)
                await asyncio.sleep(0)  # those that run have their say in between
            elif self._running or self._later:
                await self._wake.wait()
            else:
                return

    def _settle(self, name: str, decide: Callable[[str], bool | None], stop_on_failure: bool) -> None:
        """Ask whether there is anything to do for a task."""
        try:
            verdict = decide(name)
        except Exception as error:  # noqa: BLE001 - raised at the end, as what work raises
            self._raised = self._raised or error
            verdict = False
        if verdict is None:
            self._queue(name)
        else:
            self._finish(name, done=verdict, stop_on_failure=stop_on_failure)

    def _take_in(self, stop_on_failure: bool) -> None:
        """Note what became of the tasks that ended."""
        while self._ended:
            task = self._ended.pop()
            name, gpus = self._running.pop(task)
            self._gpus[:0] = gpus
            self._give(self._amounts[name])
            error = asyncio.CancelledError() if task.cancelled() else task.exception()
            self._raised = self._raised or error
            result = False if error is not None else task.result()
            if isinstance(result, Again) and not self._stopped:
                loop = asyncio.get_running_loop()
                self._later[name] = loop.call_later(result.seconds, self._due, name)
                self._tried.add(name)
            else:
                self._finish(name, done=result is True, stop_on_failure=stop_on_failure)

    def _due(self, name: str) -> None:
        del self._later[name]
        self._queue(name)
        self._wake.set()

    def _queue(self, name: str) -> None:
        heapq.heappush(self._ready.setdefault(self._amounts[name], []), (-self._ways[name], name))

    def _finish(self, name: str, *, done: bool, stop_on_failure: bool) -> None:
        self._fates[name] = "done" if done else "failed"
        if done:
            for below in self._downstream[name]:
                self._missing[below] -= 1
                if not self._missing[below] and below not in self._fates:
                    heapq.heappush(self._undecided, (-self._ways[below], below))
            return
        if stop_on_failure:
            self._stop()
        lost = [name]
        while lost:
            for below in self._downstream[lost.pop()]:
                if below not in self._fates:
                    self._fates[below] = "skipped"
                    lost.append(below)

    def _stop(self) -> None:
        """Start nothing any more."""
        self._stopped = True
        for timer in self._later.values():
            timer.cancel()
        self._later.clear()
        self._wake.set()

    def _next(self) -> str | None:
        """The task that is to start now: out of those that have room, the one with the longest way."""
        free: Amounts = (self._free[0], self._free[1], self._free[2])
        if self._held is not None:
            held, needed = self._held, self._amounts[self._held]
            if _fits(needed, free):
                self._held = None
                return held
            free = _left_over(free, needed)
        for _, amounts in sorted((heap[0], amounts) for amounts, heap in self._ready.items()):
            fits = _fits(amounts, free)
            if not fits and self._held is not None:
                continue
            heap = self._ready[amounts]
            _, name = heapq.heappop(heap)
            if not heap:
                del self._ready[amounts]
            if fits:
                return name
            self._held = name
            free = _left_over(free, amounts)
        return None

    def _start(self, name: str, work: Work) -> None:
        amounts = self._amounts[name]
        for kind, amount in enumerate(amounts):
            self._free[kind] -= amount
        gpus, self._gpus = tuple(self._gpus[: amounts[2]]), self._gpus[amounts[2] :]
        task = asyncio.ensure_future(_awaited(work, name, gpus))
        self._running[task] = (name, gpus)
        task.add_done_callback(self._end)

    def _give(self, amounts: Amounts) -> None:
        for kind, amount in enumerate(amounts):
            self._free[kind] += amount

    def _end(self, task: "asyncio.Task[bool | Again]") -> None:
        self._ended.append(task)
        self._wake.set()

    async def _cancel(self) -> None:
        for timer in self._later.values():
            timer.cancel()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)


def _fits(needed: Amounts, free: Amounts) -> bool:
    return all(not need or need <= room for need, room in zip(needed, free, strict=True))


def _left_over(free: Amounts, needed: Amounts) -> Amounts:
    """What others may use while a task is held that needs so much."""
    (cpu, memory, gpu), (need_cpu, need_memory, need_gpu) = free, needed
    return (0 if need_cpu > cpu else cpu), (0 if need_memory > memory else memory), gpu - need_gpu


async def _awaited(work: Work, name: str, gpus: tuple[str, ...]) -> bool | Again:
    return await work(name, gpus)


def _turned(upstream: Mapping[str, frozenset[str]]) -> dict[str, list[str]]:
    """For each task, those that need it."""
    downstream: dict[str, list[str]] = {name: [] for name in upstream}
    for name, above in upstream.items():
        for one in above:
            if one not in downstream:
                raise ValueError(f"an unknown upstream, {one!r}, holds up {name}")
            downstream[one].append(name)
    return downstream


def _ways(upstream: Mapping[str, frozenset[str]], durations: Mapping[str, float]) -> dict[str, float]:
    """For each task, the seconds of the longest way from its start to the end of the pipeline."""
    downstream = _turned(upstream)
    missing = {name: len(above) for name, above in upstream.items()}
    order = [name for name, count in missing.items() if not count]
    for name in order:  # which grows meanwhile
        for below in downstream[name]:
            missing[below] -= 1
            if not missing[below]:
                order.append(below)
    if len(order) < len(upstream):
        stuck = sorted(name for name, count in missing.items() if count)
        raise ValueError(f"a cycle holds up {', '.join(stuck)}")
    ways: dict[str, float] = {}
    for name in reversed(order):
        ways[name] = durations.get(name, _UNKNOWN) + max((ways[below] for below in downstream[name]), default=0.0)
    return ways
