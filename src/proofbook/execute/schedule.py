"""Runs the tasks of a pipeline: each as soon as all that it needs has succeeded, the longest way to the end first."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Literal

__all__ = ["Fate", "run"]

Fate = Literal["done", "failed", "skipped"]

_UNKNOWN = 1.0
"""Seconds that a task counts for when nobody knows: tasks with more behind them still go first."""


async def run(
    tasks: Mapping[str, Iterable[str]],
    work: Callable[[str], Awaitable[bool]],
    *,
    workers: int,
    durations: Mapping[str, float] | None = None,
) -> dict[str, Fate]:
    """
    Run every task once, after its upstream.

    A task that fails, or whose work raises, takes those behind it with it; what is independent is finished. On
    cancellation the running tasks are cancelled and waited for, and nothing new starts.

    Args:
        tasks: Name to the names of its upstream, which are all among the tasks; without cycles.
        work: Does one task and returns whether it succeeded.
        workers: How many run at once.
        durations: Seconds that tasks took last time, as far as known.

    Returns:
        What became of each task, in the order of `tasks`.

    Raises:
        ValueError: There is a cycle, an unknown upstream, or no worker.
        BaseException: What `work` raised first, after all that could run has run.
    """
    upstream = {name: frozenset(above) for name, above in tasks.items()}
    ways = _ways(upstream, durations or {})
    if workers < 1:
        raise ValueError(f"at least one worker is needed, not {workers}")
    fates: dict[str, Fate] = {}
    running: dict[asyncio.Task[bool], str] = {}
    waiting = set(upstream)
    raised: BaseException | None = None
    try:
        while waiting or running:
            _skip(waiting, upstream, fates)
            ready = (name for name in waiting if all(fates.get(above) == "done" for above in upstream[name]))
            for name in sorted(ready, key=lambda name: (-ways[name], name))[: workers - len(running)]:
                waiting.remove(name)
                running[asyncio.ensure_future(_awaited(work, name))] = name
            if not running:
                continue
            finished, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in finished:
                name = running.pop(task)
                error = asyncio.CancelledError() if task.cancelled() else task.exception()
                raised = raised or error
                fates[name] = "done" if error is None and task.result() else "failed"
    except BaseException:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        raise
    if raised is not None:
        raise raised
    return {name: fates[name] for name in tasks}


async def _awaited(work: Callable[[str], Awaitable[bool]], name: str) -> bool:
    return await work(name)


def _skip(waiting: set[str], upstream: Mapping[str, frozenset[str]], fates: dict[str, Fate]) -> None:
    """Give up the tasks that can never start."""
    bad = ("failed", "skipped")
    while lost := {name for name in waiting if any(fates.get(above) in bad for above in upstream[name])}:
        waiting -= lost
        fates.update(dict.fromkeys(lost, "skipped"))


def _ways(upstream: Mapping[str, frozenset[str]], durations: Mapping[str, float]) -> dict[str, float]:
    """For each task, the seconds of the longest way from its start to the end of the pipeline."""
    order: list[str] = []
    placed: set[str] = set()
    while len(order) < len(upstream):
        ready = [name for name in upstream if name not in placed and upstream[name] <= placed]
        if not ready:
            stuck = sorted(set(upstream) - placed)
            raise ValueError(f"a cycle or an unknown upstream holds up {', '.join(stuck)}")
        order += ready
        placed.update(ready)
    ways = {name: durations.get(name, _UNKNOWN) for name in order}
    longest = dict.fromkeys(order, 0.0)
    for name in reversed(order):
        ways[name] += longest[name]
        for above in upstream[name]:
            longest[above] = max(longest[above], ways[name])
    return ways
