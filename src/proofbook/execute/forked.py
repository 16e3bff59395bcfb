"""Runs a function in a process of its own: what it does to itself, or with `os._exit` to its process, hurts nobody."""

import asyncio
import codecs
import contextlib
import os
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Mapping
from typing import Literal

import msgspec
from msgspec import Struct

from proofbook.execute import watcher
from proofbook.execute.memory import Guard, spelled
from proofbook.execute.usage import Usage
from proofbook.model.run import Failure

__all__ = ["Ended", "run"]

_REPORT_LIMIT = 4 << 20
_TRACEBACK_LIMIT = 256 << 10
_OUTPUT_LIMIT = 64 << 10
"""Characters of what it prints that are handed on."""
_OUTPUT_EVERY = 0.2
_SAMPLE_EVERY = 0.5
_GRACE = 2.0
"""Seconds between the interrupt and the kill, and between the kill and the end of waiting for it."""
_POLL_EVERY = 0.02
_LAST_PIECES = 128

Stop = Literal["timeout", "cancelled", "out of memory"]


class Ended(Struct, frozen=True, kw_only=True):
    """What became of it."""

    failure: Failure | None
    """None where it returned."""
    seconds: float
    cpu_seconds: float
    """Of the process and all that it started."""
    peak_memory: int
    """Bytes: the most that they held at one time, what it shares with this process among it."""


async def run(
    function: Callable[[], object],
    *,
    limit: float | None = None,
    memory_limit: int | None = None,
    environment: Mapping[str, str] | None = None,
    on_output: Callable[[str, str], None] = lambda *_: None,
) -> Ended:
    """
    Call `function` in a forked process, and say how that failed; never raises for what it did.

    Ending without returning is a failure, whatever the exit code: `sys.exit(0)` and `os._exit(0)` among it. On
    cancellation and on timeout it is interrupted, and after a short while killed. All that it started ends with it,
    also what left its session, and when this process dies.

    Args:
        function: Takes nothing, what it returns is lost; and so is what it changes in memory.
        limit: Seconds that it may take.
        memory_limit: Bytes that it and all that it starts may hold, beyond what it shares with this process.
        environment: Variables that it has beside those of this process.
        on_output: Told what it prints: `stdout` or `stderr`, and text. Not more than the first 64 KiB.
    """
    process = _Process(on_output)
    process.start(function, dict(environment or {}))
    return await process.end(limit=limit, memory_limit=memory_limit)


class _Output:
    """One stream that the task prints to: handed on in pieces, a few times a second, up to a limit."""

    def __init__(self, name: str, on_output: Callable[[str, str], None]) -> None:
        self._name = name
        self._on_output = on_output
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._text: list[str] = []
        self._room = _OUTPUT_LIMIT
        self._timer: asyncio.TimerHandle | None = None

    def take(self, content: bytes) -> None:
        text = self._decoder.decode(content)[: self._room + 1]
        if self._room <= 0 or not text:
            return
        if len(text) > self._room:
            text = text[: self._room] + "\n[proofbook: what it printed after that was not kept]\n"
        self._room -= len(text)
        self._text.append(text)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_OUTPUT_EVERY, self.flush)

    def flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._text:
            text, self._text = "".join(self._text), []
            self._on_output(self._name, text)


class _Process:
    """One task's process and its watcher, seen from the driver."""

    def __init__(self, on_output: Callable[[str, str], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._ended = self._loop.create_future()
        self._pid = 0
        self._task = 0
        self._fate: watcher.Fate | None = None
        self._said = {"report": b"", "fate": b""}
        self._outputs = {"stdout": _Output("stdout", on_output), "stderr": _Output("stderr", on_output)}
        self._reading: dict[int, str] = {}
        self._pidfd = -1
        self._unwatched = False
        self._stopped: tuple[Stop, str] | None = None
        self._timers: list[asyncio.TimerHandle] = []
        self._sampler: asyncio.TimerHandle | None = None
        self._usage: Usage | None = None
        self._guard: Guard | None = None
        self._memory_limit: int | None = None
        self._began = time.monotonic()

    def start(self, function: Callable[[], object], environment: dict[str, str]) -> None:
        names = ("report", "fate", "stdout", "stderr")
        pipes = [os.pipe() for _ in names]
        channels = watcher.Channels(*(writing for _, writing in pipes))
        driver = os.getpid()
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        # a signal that arrives in the child before it is itself would be told to this process's loop
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGCHLD})
        try:
            with warnings.catch_warnings():
                # a fork beside threads: Ploomber's own executors do the same, and the child runs nothing but the task
                warnings.simplefilter("ignore", DeprecationWarning)
                self._pid = os.fork()
            if self._pid == 0:
                for reading, _ in pipes:
                    os.close(reading)
                work = _Reporting(function, channels.report)
                watcher.watch(work, channels, parent=driver, environment=environment)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for name, (reading, writing) in zip(names, pipes, strict=True):
            os.close(writing)
            os.set_blocking(reading, False)
            self._reading[reading] = name
            self._loop.add_reader(reading, self._read, reading)
        self._follow()

    async def end(self, *, limit: float | None, memory_limit: int | None) -> Ended:
        """Wait for its end; bring it about when it is time."""
        self._memory_limit = memory_limit
        if limit is not None:
            message = f"task timeout after {limit:g} s"
            self._timers.append(self._loop.call_later(limit, self._stop, "timeout", message))
        try:
            await asyncio.shield(self._ended)
        except asyncio.CancelledError:
            self._stop("cancelled", "interrupted")
            try:
                await asyncio.shield(self._ended)
            except asyncio.CancelledError:
                self._signal(signal.SIGTERM)
                await asyncio.shield(self._ended)
        finally:
            self._close()
        largest = 0 if self._fate is None else self._fate.largest
        return Ended(
            failure=self._failure(),
            seconds=time.monotonic() - self._began,
            cpu_seconds=0.0 if self._fate is None else self._fate.cpu_seconds,
            peak_memory=max(largest, self._usage.peak_memory if self._usage else 0),
        )

    def _follow(self) -> None:
        """Learn of the watcher's end from the system, without a thread that waits."""
        try:
            self._pidfd = os.pidfd_open(self._pid)
        except (AttributeError, OSError):
            self._poll()
        else:
            self._loop.add_reader(self._pidfd, self._reap)

    def _poll(self) -> None:
        if not self._reap():
            self._loop.call_later(_POLL_EVERY, self._poll)

    def _reap(self) -> bool:
        try:
            pid, _ = os.waitpid(self._pid, os.WNOHANG)
        except ChildProcessError:
            # the system has waited for it (SIGCHLD is ignored), or a library: it is gone all the same
            pid, self._unwatched = self._pid, True
        if not pid:
            return False
        if self._pidfd >= 0:
            self._loop.remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = -1
        self._ended.set_result(None)
        return True

    def _read(self, descriptor: int) -> bool:
        """Take what a pipe holds; whether it may hold more."""
        try:
            content = os.read(descriptor, 1 << 16)
        except BlockingIOError:
            return False
        name = self._reading[descriptor]
        if not content:
            self._loop.remove_reader(descriptor)
        elif name in self._outputs:
            self._outputs[name].take(content)
        elif len(self._said[name]) < _REPORT_LIMIT:
            self._said[name] += content
            if name == "fate":
                self._take_fate()
        return bool(content)

    def _take_fate(self) -> None:
        first, *rest = self._said["fate"].splitlines(keepends=True)
        if not self._task and first.endswith(b"\n"):
            self._task = int(first)
            self._usage = Usage(self._task)
            self._sample()
            if self._memory_limit is not None:
                self._guard = Guard(self._task, self._memory_limit, on_excess=self._excess)
                self._guard.start()
        if rest and rest[0].endswith(b"\n"):
            self._fate = msgspec.json.decode(rest[0], type=watcher.Fate)

    def _sample(self) -> None:
        if self._usage is not None:
            self._usage.sample(family=True)
            self._sampler = self._loop.call_later(_SAMPLE_EVERY, self._sample)

    def _excess(self) -> None:
        self._stop("out of memory", self._out_of_memory())

    def _out_of_memory(self) -> str:
        limit, peak = self._memory_limit or 0, 0 if self._guard is None else self._guard.peak
        return f"out of memory (limit {spelled(limit, whole=True)}, peak {spelled(peak)})"

    def _stop(self, kind: Stop, message: str) -> None:
        """The first reason counts."""
        if self._stopped is not None or self._ended.done():
            return
        self._stopped = (kind, message)
        grace = 0.0 if kind == "out of memory" else _GRACE
        if grace:
            self._signal(signal.SIGINT)
        for delay, number in ((grace, signal.SIGTERM), (grace + _GRACE, signal.SIGKILL)):
            self._timers.append(self._loop.call_later(delay, self._signal, number))

    def _signal(self, number: int) -> None:
        """To the watcher: it hands on an interrupt, and kills all when it is terminated."""
        if not self._ended.done():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, number)

    def _close(self) -> None:
        for descriptor in list(self._reading):
            self._loop.remove_reader(descriptor)
            # what was written before the end; whoever is left, if anybody is, and still writes is not waited for
            for _ in range(_LAST_PIECES):
                if not self._read(descriptor):
                    break
            os.close(descriptor)
        self._reading.clear()
        for timer in (*self._timers, self._sampler):
            if timer is not None:
                timer.cancel()
        if self._guard is not None:
            self._guard.stop()
        for output in self._outputs.values():
            output.flush()

    def _failure(self) -> Failure | None:
        if self._stopped is not None:
            return Failure(kind=self._stopped[0], message=self._stopped[1])
        report = self._said["report"]
        if report:
            said = msgspec.json.decode(report, type=Failure | bool)
            return said if isinstance(said, Failure) else None
        if self._fate is None and self._unwatched:
            return Failure(kind="kernel died", message="its process ended, and nobody can tell how (SIGCHLD ignored)")
        if self._fate is None:
            return Failure(kind="kernel died", message="its process was killed, and the one that watched it")
        if os.WIFSIGNALED(self._fate.status):
            number = os.WTERMSIG(self._fate.status)
            if number == signal.SIGKILL and self._guard is not None and self._guard.was_near():
                return Failure(kind="out of memory", message=self._out_of_memory())
            name = signal.Signals(number).name
            return Failure(kind="kernel died", message=f"its process died ({name})")
        return Failure(kind="exit", message=f"it ended its process with {os.WEXITSTATUS(self._fate.status)}")


class _Reporting:
    """What the task's process does: the function, and then a word on how it ended."""

    def __init__(self, function: Callable[[], object], report: int) -> None:
        self._function = function
        self._report = report

    def __call__(self) -> None:
        said: Failure | bool = True
        process = os.getpid()
        try:
            self._function()
        except SystemExit as error:
            said = Failure(kind="exit", message=f"the task called sys.exit({str(error.code)[:200]})")
        except BaseException as error:  # noqa: BLE001 - whatever a user's task raises is its failure, not ours
            said = _failure(error)
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        if os.getpid() != process:
            return  # a fork of its own that came back: it does not speak for the task
        with os.fdopen(self._report, "wb") as file:
            file.write(msgspec.json.encode(said))


def _failure(error: BaseException) -> Failure:
    """The first cause, and the whole chain: what wraps it says only that a task failed."""
    cause = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    lines = str(cause).splitlines()
    message = f"{type(cause).__name__}: {lines[0]}" if lines else type(cause).__name__
    shown = "".join(traceback.format_exception(error))
    return Failure(kind="exception", message=_clean(message[:500]), traceback=_clean(shown[-_TRACEBACK_LIMIT:]))


def _clean(text: str) -> str:
    """`text` without what cannot be written as UTF-8."""
    return text.encode(errors="replace").decode()
