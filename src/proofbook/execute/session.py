"""One worker process, from its start to its death, seen from the driver."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import msgspec

from proofbook.disk import atomic, clock
from proofbook.execute import truth
from proofbook.execute.order import Order
from proofbook.model.run import Failure

__all__ = ["Event", "Session", "parsed"]

_GRACE = 5.0
"""Seconds that a worker has to end in good order after it was told to."""
_LINGER = 0.5
"""Seconds in which the last words on standard error may arrive."""
_LINE_LIMIT = 16 << 20
_STDERR_LIMIT = 64 << 10
_WORKER = "proofbook.execute.worker"

Event = dict[str, Any]


class Session:
    """One worker, from its start to its death."""

    def __init__(self, order: Order, on_event: Callable[[Event], None]) -> None:
        self._order = order
        self._on_event = on_event
        self._kernel: int | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._cells: list[Event] = []
        self._stopped: tuple[Literal["cancelled", "timeout"], str] | None = None
        self._broken: str | None = None
        self.started = clock.now()
        self.finished: Event | None = None
        self.log: list[str] = []

    async def run(self, folder: Path) -> None:
        """Start the worker, follow it, and see it end."""
        try:
            prepared = self._prepare(folder)
        except ValueError as error:
            self._broken = f"the notebook cannot be run: {error}"
            return
        reading, writing = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                # -P: a file of the user's named json.py is not what the worker wants
                sys.executable, "-P", "-m", _WORKER, str(writing),
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
                pass_fds=[writing], start_new_session=True, limit=_LINE_LIMIT,
            )  # fmt: skip
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        self._process = process
        self._say(prepared)
        following = asyncio.ensure_future(self._to_its_end(process, reading))
        try:
            await self._see_through(following)
        finally:
            self._kill()
            following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await following
            await process.wait()
            if process.stdin is not None:
                process.stdin.close()

    async def _to_its_end(self, process: asyncio.subprocess.Process, reading: int) -> None:
        overhearing = asyncio.ensure_future(self._overhear(process))
        try:
            await asyncio.gather(self._follow(reading), process.wait())
            # a daemon that the notebook left behind may hold standard error open for ever
            await asyncio.wait([overhearing], timeout=_LINGER)
        finally:
            overhearing.cancel()

    def _prepare(self, folder: Path) -> Event:
        notebook = parsed(self._order.notebook)
        if notebook is None:
            raise ValueError("it is not a notebook of nbformat 4")
        _give_ids(notebook)
        kernel = self._order.kernel or notebook.get("metadata", {}).get("kernelspec", {}).get("name") or "python3"
        atomic.write(folder / "in.ipynb", json.dumps(notebook).encode(errors="replace"), durable=False)
        output = Path(self._order.output)
        root = Path(self._order.root)
        return {
            "folder": str(folder),
            "shown_as": output.relative_to(root).as_posix() if output.is_relative_to(root) else output.name,
            "root": str(root),
            "kernel": kernel,
            "cell_timeout": self._order.cell_timeout,
            "project": self._order.project,
        }

    async def _see_through(self, following: "asyncio.Future[Any]") -> None:
        """Wait for the end; bring it about when time is up or the build is interrupted."""
        try:
            done, _ = await asyncio.wait([following], timeout=self._order.task_timeout)
            if done:
                return
            self._stop("timeout", f"task timeout after {self._order.task_timeout:g} s")
        except asyncio.CancelledError:
            self.cancelled()
            self._stop("cancelled", "interrupted")
        try:
            await asyncio.wait([following], timeout=_GRACE)
        except asyncio.CancelledError:
            self.cancelled()

    def cancelled(self) -> None:
        """Take an interruption for what happened, and not for one more thing to raise."""
        self._stopped = self._stopped or ("cancelled", "interrupted")
        task = asyncio.current_task()
        if task is not None:
            task.uncancel()

    def _stop(self, kind: Literal["cancelled", "timeout"], message: str) -> None:
        self._stopped = (kind, message)
        self._say({"stop": kind, "message": message})

    def _say(self, line: Event) -> None:
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError, RuntimeError):
                self._process.stdin.write(json.dumps(line).encode() + b"\n")

    async def _follow(self, descriptor: int) -> None:
        """Read the worker's events until it closes the channel."""
        reader = asyncio.StreamReader(limit=_LINE_LIMIT)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb")
        )
        try:
            while line := await reader.readline():
                with contextlib.suppress(ValueError):
                    self._take(json.loads(line))
        finally:
            transport.close()

    def _take(self, event: Event) -> None:
        match event["event"]:
            case "kernel_started":
                self._kernel = event["pid"]
            case "notebook_finished":
                self.finished = event
            case "broken":
                self._broken = event["message"]
            case "log":
                self.log.append(f"{event['level']}: {event['logger']}: {event['message']}")
                self._on_event(event)
            case _:
                self._cells.append(event)
                self._on_event(event)

    async def _overhear(self, process: asyncio.subprocess.Process) -> None:
        """Keep the last of what the worker, or a kernel that cannot start, writes to standard error."""
        tail = b""
        try:
            while process.stderr is not None and (chunk := await process.stderr.read(1 << 16)):
                tail = (tail + chunk)[-_STDERR_LIMIT:]
        finally:
            self.log.extend(f"stderr: {truth.plain_text(line)}" for line in tail.decode(errors="replace").splitlines())

    def _kill(self) -> None:
        """End the kernel's session and the worker's; those that have ended already are fine."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        if self._kernel is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._kernel, signal.SIGKILL)

    def truth(self, saved: bytes | None, seconds: float) -> tuple[bytes, Failure | None]:
        """
        The executed notebook and how it failed.

        Args:
            saved: What the worker wrote last, if anything.
            seconds: How long it all took.
        """
        if saved is not None and self.finished is not None:
            failure = self.finished["failure"]
            return saved, msgspec.convert(failure, Failure) if failure else None
        if self._stopped is not None:
            failure = Failure(kind=self._stopped[0], message=self._stopped[1])
        elif self._broken is not None:
            failure = Failure(kind="error", message=self._broken)
        else:
            failure = Failure(kind="kernel died", message=self._how_worker_died(), traceback="\n".join(self.log[-20:]))
        notebook = parsed(saved) if saved else None
        if notebook is None:
            notebook = parsed(self._order.notebook)
            if notebook is None:
                return self._order.notebook, failure
            _give_ids(notebook)
            for cell in notebook["cells"]:
                # what an ordered notebook shows is of some older run
                cell.update({"outputs": []} if cell.get("cell_type") == "code" else {})
        failure = truth.repair(notebook, failure, events=self._cells, started=self.started, seconds=seconds)
        return json.dumps(notebook, indent=1, sort_keys=True).encode(errors="replace") + b"\n", failure

    def _how_worker_died(self) -> str:
        code = self._process.returncode if self._process is not None else None
        if code is not None and code < 0:
            return f"worker died (signal {-code})"
        return f"worker died (exit code {code})"


def parsed(content: bytes) -> dict[str, Any] | None:
    """A notebook of nbformat 4 as a dictionary, else None."""
    try:
        notebook = json.loads(content)
    except (ValueError, RecursionError):
        return None
    good = isinstance(notebook, dict) and notebook.get("nbformat") == 4 and isinstance(notebook.get("cells"), list)
    return notebook if good else None


def _give_ids(notebook: dict[str, Any]) -> None:
    """Cells of older notebooks have no id, and nbformat would draw one at random: number them instead."""
    for number, cell in enumerate(notebook["cells"], start=1):
        cell.setdefault("id", f"cell-{number}")
        cell.setdefault("metadata", {})
    notebook["nbformat_minor"] = max(5, notebook.get("nbformat_minor", 0))
