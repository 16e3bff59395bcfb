"""The driver's end of the line to its keeper: what it asks for, and what it has heard."""

import asyncio
import contextlib
import itertools
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import proofbook
from proofbook.disk import spool
from proofbook.exceptions import MachineError
from proofbook.kernels import family

__all__ = ["Kept", "Line"]

_PIECE = 1 << 18
_numbers = itertools.count(1)
"""Of the lines of this process."""
_START = "import sys; sys.path.insert(0, {place!r}); from proofbook.kernels.keeper import main; main({arguments})"
_ANSWER = 10.0
"""Seconds in which the keeper must take what it is sent, and die when it is asked to."""


class Kept:
    """One kernel's process, as the keeper tells of it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.pid: int | None = None
        self.generation = 0
        self.booted = False
        self.failed = ""
        """Why there is no process."""
        self.code: int | None = None
        """Exit code once it has ended; minus the signal's number where one ended it."""
        self.said = ""
        """The last it wrote that did not go to its notebook."""
        self.leave: Callable[[], None] | None = None
        """To be done once it is over, for one that nobody waits for."""

    @property
    def over(self) -> bool:
        """Whether it has ended, or never began."""
        return self.code is not None or bool(self.failed)


class Line:
    """
    A keeper, from its start to its end. Any thread and any event loop may use it.

    Args:
        on_note: Called with the reason when there will be no template.
    """

    def __init__(self, *, on_note: Callable[[str], None]) -> None:
        self._on_note = on_note
        self._name = f"{os.getpid()}-{next(_numbers)}"
        self._stack = ExitStack()
        self._lock = threading.RLock()
        self._socket: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._buffer = b""
        self._kernels: dict[str, Kept] = {}
        self._environments: dict[tuple[tuple[str, str], ...], int] = {}
        self._waiters: list[tuple[asyncio.AbstractEventLoop, asyncio.Event, Callable[[], bool]]] = []
        self._readers: dict[asyncio.AbstractEventLoop, int] = {}
        self._count = 0
        self._checks = 0
        self._checked = 0
        self.folder = Path()
        """Private, short of path, for sockets; gone with the keeper."""
        self.lost = ""
        """Why the keeper is gone."""
        self.ready = 0
        """Generation of the template that can fork now; 0 while there is none."""
        self.since = time.monotonic()
        """Since when there is none that can."""
        self.ends = 0
        """How many kernels have ended."""
        self.spoils: dict[str, str] = {}
        """Of the refused modules those that were tried, and spoilt the process that tried them."""
        self.stale = 0
        """Generation up to which templates have imported what is no longer installed."""
        self.broken = ""
        """Why there will be no template."""
        self.refused: dict[str, str] = {}
        self.costs: dict[str, tuple[float, int]] = {}

    def start(self, *, after: "Line | None" = None) -> None:
        """
        Start the keeper; returns at once.

        Args:
            after: One whose keeper died, to be in its place: its folder and what lies there is taken over.
        """
        if after is not None and after.folder.is_dir():
            self._stack, self.folder = after.release(), after.folder
        else:
            self.folder = self._stack.enter_context(spool.folder(short=True))
        ours, theirs = socket.socketpair()
        place = str(Path(proofbook.__file__).resolve().parents[1])
        arguments = f"{theirs.fileno()}, {os.getpid()}, {str(self.folder)!r}"
        program = [sys.executable, "-I", "-S", "-c", _START.format(place=place, arguments=arguments)]
        nothing = subprocess.DEVNULL
        try:
            self._process = subprocess.Popen(
                program,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                cwd="/",
                stdin=nothing,
                stdout=nothing,
                stderr=nothing,
            )
        except OSError as error:
            ours.close()
            self._stack.close()
            raise MachineError(f"the keeper of kernels cannot be started: {error}") from None
        finally:
            theirs.close()
        # of what is sent; `settimeout` would make reading wait as well
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", int(_ANSWER), 0))
        self._socket = ours

    def release(self) -> ExitStack:
        """Give away what must be undone at the end."""
        return self._stack.pop_all()

    # asking

    def template(
        self, *, argv: list[str], env: dict[str, str], cwd: str, modules: list[str], calm: dict[str, str], budget: int
    ) -> None:
        """
        Have a template that imports `modules`, as far as `budget` bytes go; one there was is replaced.

        `calm` is what is added to its environment, and taken away again in kernels.
        """
        with self._lock:
            self.ready, self.broken, self.refused, self.costs = 0, "", {}, {}
            self.since = time.monotonic()
            number = self._environment(env)
            self._send("template", argv=argv, env=number, cwd=cwd, modules=modules, calm=calm, budget=budget)

    def warm(self, *, argv: list[str], orig_argv: list[str], env: dict[str, str], cwd: str) -> Kept:
        """Ask for a fork."""
        with self._lock:
            kept = self._new()
            number = self._environment(env)
            self._send(
                "warm", name=kept.name, argv=argv, orig_argv=orig_argv, env=number, extra={}, cwd=cwd, umask=_umask()
            )
            return kept

    def cold(self, *, argv: list[str], env: dict[str, str], cwd: str) -> Kept:
        """Ask for a kernel's program to be started."""
        with self._lock:
            kept = self._new()
            number = self._environment(env)
            self._send("cold", name=kept.name, argv=argv, env=number, extra={}, cwd=cwd, umask=_umask())
            return kept

    def signal(self, kept: Kept, number: int, *, tree: bool = False) -> None:
        """Signal a kernel's group; with `tree` also what left the group. One that has not begun never will."""
        if not kept.over:
            self._send("signal", name=kept.name, number=int(number), tree=tree)

    def forget(self, kept: Kept) -> None:
        """Drop what is known of a kernel that is over."""
        self._kernels.pop(kept.name, None)

    def abandon(self, kept: Kept, leave: Callable[[], None]) -> None:
        """End a kernel that nobody waits for, with all that it started; `leave` is called when it is over."""
        with self._lock:
            self.signal(kept, signal.SIGKILL, tree=True)
            kept.leave = leave
            self._part(kept)

    def _part(self, kept: Kept) -> None:
        if kept.over and kept.leave is not None:
            kept.leave()
            self.forget(kept)

    def stuck(self, generation: int) -> None:
        """Have a template given up that is ready and does not fork."""
        with self._lock:
            if self.ready == generation:
                self._send("stuck", generation=generation)
                self.ready, self.since = 0, time.monotonic()
                self._wake()

    async def check(self, *, timeout: float) -> bool:  # noqa: ASYNC109  the keeper may not answer
        """Have the template look at its files; `stale` tells what it found. Returns whether it did in time."""
        with self._lock:
            self._checks += 1
            number = self._checks
            self._send("check", number=number)
        return await self.until(lambda: self._checked >= number, timeout=timeout)

    def _new(self) -> Kept:
        self._count += 1
        kept = Kept(f"{self._name}-{self._count}")
        if self.lost:
            kept.failed = self.lost
        self._kernels[kept.name] = kept
        return kept

    def _environment(self, env: dict[str, str]) -> int:
        """The number of an environment, which the keeper is told once."""
        key = tuple(sorted(env.items()))
        if key not in self._environments:
            self._environments[key] = len(self._environments) + 1
            self._send("env", number=self._environments[key], env=env)
        return self._environments[key]

    def _send(self, do: str, **order: Any) -> None:
        with self._lock:
            if self._socket is None or self.lost:
                return
            try:
                self._socket.sendall(json.dumps({"do": do, **order}).encode() + b"\n")
            except OSError as error:
                self._lose(f"the keeper of kernels does not listen: {error}")

    # hearing

    def pump(self) -> None:
        """Take in all that the keeper has said so far; never waits."""
        with self._lock:
            heard = False
            while self._socket is not None and not self.lost:
                try:
                    piece = self._socket.recv(_PIECE, socket.MSG_DONTWAIT)
                except BlockingIOError:
                    break
                except OSError as error:
                    self._lose(f"the keeper of kernels cannot be heard: {error}")
                    break
                if not piece:
                    self._lose("the keeper of kernels died")
                    break
                heard = True
                *lines, self._buffer = (self._buffer + piece).split(b"\n")
                for line in lines:
                    event = json.loads(line)
                    getattr(self, f"_hear_{event.pop('event')}")(**event)
            if heard or self.lost:
                self._wake()

    async def until(self, condition: Callable[[], bool], *, timeout: float | None = None) -> bool:  # noqa: ASYNC109
        """Wait for what the keeper says to make `condition` true. Returns whether it did in time."""
        self.pump()
        if condition():
            return True
        loop, changed = asyncio.get_running_loop(), asyncio.Event()
        waiter = (loop, changed, condition)
        with self._reading(loop):
            self._waiters.append(waiter)
            try:
                async with asyncio.timeout(timeout):
                    while not condition():
                        if self.lost:
                            return condition()
                        await changed.wait()
                        changed.clear()
                        self.pump()
            except TimeoutError:
                return condition()
            finally:
                self._waiters.remove(waiter)
        return True

    @contextlib.contextmanager
    def _reading(self, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
        """While this lasts, the loop listens to the keeper."""
        if self._socket is None or self.lost:
            yield
            return
        descriptor = self._socket.fileno()
        self._readers[loop] = self._readers.get(loop, 0) + 1
        if self._readers[loop] == 1:
            loop.add_reader(descriptor, self.pump)
        try:
            yield
        finally:
            self._readers[loop] -= 1
            if not self._readers[loop]:
                del self._readers[loop]
                loop.remove_reader(descriptor)

    def _wake(self) -> None:
        try:
            here: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            here = None
        for loop, changed, condition in [*self._waiters]:
            # a build has a waiter for each notebook that runs: most of what is said is for one of them
            if not (self.lost or condition()):
                continue
            if loop is here:
                changed.set()
            else:
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(changed.set)

    def _lose(self, why: str) -> None:
        """The keeper is gone; its kernels die with it."""
        self.lost = self.broken = why
        self.ready = 0
        for kept in [*self._kernels.values()]:
            if kept.pid is None:
                kept.failed = kept.failed or why
            elif kept.code is None:
                kept.code = -signal.SIGKILL
            self._part(kept)
        self._wake()

    def _hear_started(self, name: str, pid: int, generation: int) -> None:
        kept = self._kernels.get(name)
        if kept is not None:
            kept.pid, kept.generation = pid, generation

    def _hear_booted(self, name: str) -> None:
        kept = self._kernels.get(name)
        if kept is not None:
            kept.booted = True

    def _hear_failed(self, name: str, why: str) -> None:
        kept = self._kernels.get(name)
        if kept is not None:
            kept.failed = why
            self._part(kept)

    def _hear_ended(self, name: str, code: int, said: str) -> None:
        self.ends += 1
        kept = self._kernels.get(name)
        if kept is not None:
            kept.code, kept.said = code, said
            self._part(kept)

    def _hear_ready(self, generation: int, costs: dict[str, list[float]], seconds: float) -> None:  # noqa: ARG002
        self.ready = generation
        self.costs = {module: (cost[0], int(cost[1])) for module, cost in costs.items()}

    def _hear_refused(self, module: str, why: str, spoils: bool = False) -> None:
        self.refused[module] = why
        if spoils:
            self.spoils[module] = why
        self.ready = 0

    def _hear_stale(self, generation: int, path: str) -> None:  # noqa: ARG002  said for whoever reads the line
        self.stale, self.ready, self.since = max(self.stale, generation), 0, time.monotonic()

    def _hear_checked(self, number: int) -> None:
        self._checked = max(self._checked, number)

    def _hear_broken(self, why: str) -> None:
        self.broken, self.ready = why, 0
        self._on_note(why)

    # the end

    def mourn(self) -> str:
        """
        After the keeper was lost: end what it left behind, though nobody told it to go. Returns how it ended, in words.

        Its kernels get a SIGKILL from Linux when it dies; what they had started is found by its mark.
        """
        if self._process is None:
            return self.lost
        self._process.kill()
        code = self._process.wait()
        family.end_marked(f"{self._name}-")
        return f"{self.lost} ({f'signal {-code}' if code < 0 else f'exit code {code}'})"

    async def close(self) -> None:
        """End the keeper and all that it keeps, and wait for it."""
        if self._socket is None or self._process is None:
            return
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
        await self.until(lambda: bool(self.lost), timeout=_ANSWER)
        self.finish()

    def finish(self) -> None:
        """End the keeper without an event loop; after `close` nothing is left to wait for."""
        if self._socket is None or self._process is None:
            return
        self._lose(self.lost or "the keeper of kernels was closed")
        self._socket.close()
        self._socket = None
        try:
            self._process.wait(timeout=_ANSWER)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._stack.close()


def _umask() -> int:
    """This process's umask, which can only be read by setting it; Linux also tells it."""
    with contextlib.suppress(OSError, StopIteration), Path("/proc/self/status").open(encoding="ascii") as file:
        return int(next(line for line in file if line.startswith("Umask:")).split()[1], 8)
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
