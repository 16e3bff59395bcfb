"""One notebook in one kernel, from the kernel's first word to its end: the one way in which cells are run."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from proofbook.execute import postmortem, questions
from proofbook.execute.client import NotebookClient
from proofbook.execute.control import Control
from proofbook.execute.state import NotebookState
from proofbook.kernels.local import LocalKernel
from proofbook.model.run import Failure

__all__ = ["Conduct", "OnFailed"]

_IMPORTS_TIMEOUT = 5.0
_POSTMORTEM_TIMEOUT = 2.0
_STOPPED = 4.0
"""Seconds that one that was stopped may take in all to end its cell and to answer: its kernel ends after that."""
_POLITE = 5.0
"""Seconds that a kernel has, when all went well, for what it registered to run at its end."""

OnFailed = Callable[[LocalKernel, Failure], Awaitable[None]]


class Conduct:
    """Runs the notebook of a state, and knows afterwards what was learned beside."""

    def __init__(
        self,
        state: NotebookState,
        control: Control,
        *,
        roots: tuple[str, ...] = (),
        baseline: bool = False,
        on_failed: OnFailed | None = None,
        on_cells_over: Callable[[], None] = lambda: None,
        client: type[NotebookClient] = NotebookClient,
        **options: Any,
    ) -> None:
        """
        Prepare.

        Args:
            state: The notebook, and who is told of it.
            control: The brake.
            roots: Folders, with a slash at the end: the files below that the kernel imported are reported.
            baseline: Whether to ask also what the kernel had imported before the first cell.
            on_failed: Awaited when a cell has failed and its kernel still lives, before that is ended.
            on_cells_over: Called when no cell will run any more.
            client: What runs the cells.
            options: Of the client.
        """
        self.imports: questions.Imports | None = None
        """What the kernel had imported at the end; None where it did not say."""
        self.before: frozenset[str] | None = None
        """And before the first cell, where that was asked for, and where it said."""
        self.postmortem: bytes | None = None
        self.cpu_seconds = 0.0
        self.peak_memory = 0
        self._state = state
        self._control = control
        self._roots = roots
        self._baseline = baseline
        self._on_failed = on_failed
        self._on_cells_over = on_cells_over
        self._class = client
        self._options = options
        self._visit: asyncio.Task[None] | None = None

    async def run(self, kernel: LocalKernel) -> None:
        """Run the notebook in `kernel`, and end that, whatever happens."""
        self._control.attach(kernel)
        try:
            client = self._class(self._state, kernel=kernel, control=self._control, **self._options)
            try:
                await self._see_through(client, kernel)
            finally:
                client.close()
                self.cpu_seconds, self.peak_memory = client.usage.cpu_seconds, client.usage.peak_memory
        finally:
            self._control.release()
            await kernel.bury()

    async def _see_through(self, client: NotebookClient, kernel: LocalKernel) -> None:
        self._state.failure = await client.start()
        if self._state.failure is not None:
            return
        about = {"imports": questions.of_imports(self._roots)}
        if self._baseline:
            reply = await client.ask({"imports": questions.of_imports(())}, seconds=_IMPORTS_TIMEOUT)
            before = questions.Imports.read(reply)
            self.before = before.names if before is not None else None
        await client.run(about)
        self._on_cells_over()
        await self._inquire(client, about)
        await self._call(kernel)
        if self._state.failure is None:
            await self._dismiss(client)

    def interrupt(self) -> None:
        """End a visit to a failed kernel."""
        if self._visit is not None:
            self._visit.cancel()

    async def _inquire(self, client: NotebookClient, about: dict[str, str]) -> None:
        """Ask the kernel what it had imported, and why it failed."""
        failure = self._state.failure
        if failure is not None and failure.kind == "cancelled":
            return
        if not client.is_python:
            self.imports = questions.Imports()
            return
        if self._control.since is None:
            await self._inquire_imports(client, about)
        if failure is not None and failure.cell:
            await self._inquire_cause(client, failure)

    async def _inquire_imports(self, client: NotebookClient, about: dict[str, str]) -> None:
        failure = self._state.failure
        reply = client.reply if failure is None and client.reply.get("user_expressions") else {}
        self.imports = questions.Imports.read(reply or await client.ask(about, seconds=_IMPORTS_TIMEOUT))

    async def _inquire_cause(self, client: NotebookClient, failure: Failure) -> None:
        seconds, since = _POSTMORTEM_TIMEOUT, self._control.since
        if since is not None:
            # it has to end, and may be deaf: the interrupt has taken some of the time that there is for that
            seconds = min(seconds, since + _STOPPED - asyncio.get_running_loop().time())
        if seconds > 0:
            reply = await client.ask({"postmortem": postmortem.question()}, seconds=seconds)
            self.postmortem = postmortem.read(questions.answered(reply, "postmortem"), failure)

    async def _call(self, kernel: LocalKernel) -> None:
        """Let somebody look at a failed kernel while it still lives."""
        failure = self._state.failure
        if self._on_failed is None or failure is None or failure.kind == "cancelled" or kernel.ended() is not None:
            return
        self._visit = asyncio.ensure_future(self._visited(kernel, failure))
        await asyncio.wait((self._visit,))
        visit, self._visit = self._visit, None
        if not visit.cancelled() and (error := visit.exception()) is not None:
            raise error

    async def _visited(self, kernel: LocalKernel, failure: Failure) -> None:
        if self._on_failed is not None:
            await self._on_failed(kernel, failure)

    async def _dismiss(self, client: NotebookClient) -> None:
        """
        End the kernel politely.

        Until it is gone, a file that the notebook left open may lack its end.
        """
        client.dismiss()
        await asyncio.wait((client.ended,), timeout=_POLITE)


def logger(name: str, emit: Callable[[str, str], None]) -> logging.Logger:
    """
    A logger of one notebook's own.

    Args:
        name: What lines are said to come from.
        emit: Told of level, in small letters, and message.
    """
    made = logging.Logger(name, logging.WARNING)  # noqa: LOG001 - it is this notebook's alone, and ends with it
    made.addHandler(_Handler(emit))
    return made


class _Handler(logging.Handler):
    def __init__(self, emit: Callable[[str, str], None]) -> None:
        super().__init__()
        self._tell = emit

    def emit(self, record: logging.LogRecord) -> None:
        self._tell(record.levelname.lower(), record.getMessage()[:2000])
