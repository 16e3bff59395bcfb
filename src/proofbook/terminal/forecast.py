"""How long a build will still take: what its tasks took last time, laid out over the workers as the scheduler does."""

import heapq
from collections.abc import Iterable, Mapping
from typing import Final

__all__ = ["Forecast", "words"]

_FRESH: Final = 1.0
"""Seconds for which a reckoning holds; meanwhile it is counted down."""


class Forecast:
    """
    The remaining time of one build.

    Args:
        upstream: Task to the tasks that it waits for; all of them.
        durations: Task to the seconds of its newest good run; tasks without history are not in it.
        workers: How many tasks run at once.
    """

    def __init__(self, upstream: Mapping[str, Iterable[str]], durations: Mapping[str, float], *, workers: int) -> None:
        self._upstream = {name: tuple(above) for name, above in upstream.items()}
        self._durations = durations
        self._workers = max(1, workers)
        self._below: dict[str, list[str]] = {name: [] for name in self._upstream}
        for name, above in self._upstream.items():
            for one in above:
                self._below.setdefault(one, []).append(name)
        self._ways = self._ways_to_the_end()
        self._started: dict[str, float] = {}
        self._over: set[str] = set()
        self._reckoned = (float("-inf"), 0.0)

    def start(self, task: str, *, now: float) -> None:
        """A task began to run."""
        self._started[task] = now

    def finish(self, task: str, *, good: bool = True) -> None:
        """A task is over; where it did not succeed, so are all that wait for it."""
        self._started.pop(task, None)
        lost = [task]
        while lost:
            name = lost.pop()
            self._over.add(name)
            if not good:
                lost += [below for below in self._below.get(name, ()) if below not in self._over]

    def remaining(self, *, now: float) -> tuple[float, bool] | None:
        """
        Seconds until the end, and whether every task that is still to come has a history.

        Args:
            now: By the clock that `start` was told.

        Returns:
            None where nothing that is still to come has a history, or nothing is to come.
        """
        left = [name for name in self._upstream if name not in self._over]
        known = sum(name in self._durations for name in left)
        if not known:
            return None
        when, seconds = self._reckoned
        if now - when >= _FRESH:
            self._reckoned = when, seconds = now, self._laid_out(left, now)
        return max(seconds - (now - when), 0.0), known == len(left)

    def _laid_out(self, left: list[str], now: float) -> float:
        """Seconds until the last of `left` ends, if each takes as long as last time."""
        waits = {name: sum(above not in self._over for above in self._upstream[name]) for name in left}
        busy = [(max(self._durations.get(name, 0.0) - (now - at), 0.0), name) for name, at in self._started.items()]
        ready = [(-self._ways[name], name) for name in left if not waits[name] and name not in self._started]
        heapq.heapify(busy)
        heapq.heapify(ready)
        at = 0.0
        while busy or ready:
            while ready and len(busy) < self._workers:
                name = heapq.heappop(ready)[1]
                heapq.heappush(busy, (at + self._durations.get(name, 0.0), name))
            at, done = heapq.heappop(busy)
            for below in self._below.get(done, ()):
                if below in waits:
                    waits[below] -= 1
                    if not waits[below]:
                        heapq.heappush(ready, (-self._ways[below], below))
        return at

    def _ways_to_the_end(self) -> dict[str, float]:
        """For each task, the seconds of the longest way from its start to the end of the pipeline."""
        waits = {name: len(below) for name, below in self._below.items()}
        ways: dict[str, float] = dict.fromkeys(self._below, 0.0)
        free = [name for name, count in waits.items() if not count]
        while free:
            name = free.pop()
            ways[name] += self._durations.get(name, 0.0)
            for above in self._upstream.get(name, ()):
                ways[above] = max(ways[above], ways[name])
                waits[above] -= 1
                if not waits[above]:
                    free.append(above)
        return ways


def words(seconds: float, *, whole: bool) -> str:
    """
    `about 40 s left`, no finer than it is known; `at least ...` where a part is not known at all.

    Args:
        seconds: Until the end.
        whole: Whether every task that is still to come has a history.
    """
    if seconds < 1:
        return "almost done" if whole else ""
    if seconds < 10:
        said = f"{seconds:.0f} s"
    elif seconds < 57.5:
        said = f"{round(seconds / 5) * 5} s"
    elif seconds < 570:
        halves = round(seconds / 30)
        said = f"{halves // 2} min" + (" 30 s" if halves % 2 else "") if halves > 1 else "1 min"
    elif seconds < 3600:
        said = f"{round(seconds / 60)} min"
    else:
        minutes = round(seconds / 300) * 5
        said = f"{minutes // 60} h {minutes % 60:02d} min"
    return f"{'about' if whole else 'at least'} {said} left"
