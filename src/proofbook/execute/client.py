"""Runs the cells of one notebook in one kernel, and tells every way in which that can end."""

import asyncio
import contextlib
import time
from typing import Any, cast

from proofbook.execute import truth
from proofbook.execute.bounds import Bounds
from proofbook.execute.control import Control, Stopped
from proofbook.execute.ending import Ending, judged
from proofbook.execute.libraries import CellExecutionError, DeadKernelError, NotebookNode, from_dict, run_hook
from proofbook.execute.memory import Guard
from proofbook.execute.outputs import OutputClient
from proofbook.execute.request import Request
from proofbook.execute.state import NotebookState
from proofbook.execute.usage import Usage
from proofbook.kernels.channels import Channels, Message
from proofbook.kernels.local import LocalKernel
from proofbook.model.run import Failure

__all__ = ["NotebookClient"]

_SAMPLE_EVERY = 1.0
_LINGER = 0.05
"""Seconds without a message after which a dead kernel has said all it had to say."""
_LINGERED = 0.3
"""Seconds that its last words may take."""
_AGAIN = 0.1
"""Seconds after which a kernel that has answered, but could not be heard to the end, is asked again."""
_QUIET = 1.0
"""Seconds after which a kernel that should speak by itself is asked."""

_language: dict[str, Any] = {}
"""What warm kernels say of their language: they are all of one Python, so one of them is asked."""


class NotebookClient(OutputClient):
    """nbclient's client, which here owns neither the kernel's start nor its end, and waits for events alone."""

    def __init__(
        self,
        state: NotebookState,
        *,
        kernel: LocalKernel,
        control: Control,
        cell_timeout: float | None = None,
        memory_limit: int | None = None,
        startup_timeout: float = 60.0,
        **options: Any,
    ) -> None:
        """
        Prepare to run a notebook.

        Args:
            state: The notebook, and who is told of it.
            kernel: Its process runs; it need not answer yet.
            control: The brake.
            cell_timeout: Seconds.
            memory_limit: Bytes.
            startup_timeout: Seconds in which the kernel must answer.
            options: Of nbclient's.
        """
        super().__init__(state.nb, km=kernel, **options)
        self.usage = Usage(kernel.pid or 0)
        self.channels = Channels(kernel, on_message=self._receive)
        # all that nbclient's widgets want of a client
        self.kc = cast("Any", _Client(self.channels, kernel))
        self._state = state
        self._kernel = kernel
        self._control = control
        self._cell_timeout = cell_timeout
        self._startup_timeout = startup_timeout
        self._guard = Guard(kernel.pid or 0, memory_limit, on_excess=self._exceeded) if memory_limit else None
        self._loop = asyncio.get_running_loop()
        self._audible = self._loop.create_future()
        self._informed = self._loop.create_future()
        self._gone = self._loop.create_future()
        self.ended = self._loop.create_future()
        """Done when the kernel's process has ended."""
        self._is_python = kernel.warm or kernel.language == "python"
        self._last = -1
        self.reply: dict[str, Any] = {}
        """To the cell that was run last."""
        self._parting: dict[str, str] = {}
        self._watch: asyncio.Task[None] | None = None
        self._request: Request | None = None
        self._place: tuple[Any, int] | None = None
        self._heard = self._began = 0.0
        self._welcomed = False
        state.before_write = self._settle

    # the kernel

    async def start(self) -> Failure | None:
        """Wait until the kernel answers and can be heard. Returns why that did not come to be."""
        self._watch = asyncio.ensure_future(self._see_it_die())
        try:
            async with asyncio.timeout(self._startup_timeout):
                await self._answers()
        except Stopped:
            kind, message = self._control.stopped or ("cancelled", "interrupted")
            return Failure(kind=kind, message=message)
        except DeadKernelError:
            return Failure(kind="kernel died", message=f"kernel died while it started ({self._kernel.ended()})")
        except TimeoutError:
            seconds = f"{self._startup_timeout:g} s"
            message = f"kernel {self._kernel.kernel_name!r} did not start: no answer within {seconds}"
            return Failure(kind="error", message=message)
        self.nb.metadata["language_info"] = from_dict(self._informed.result())
        return None

    def dismiss(self) -> None:
        """Ask the kernel to end."""
        # ipykernel takes it here as well, which spares a socket; that it is idle is known
        self.channels.send("shutdown_request", {"restart": False}, channel="shell" if self._is_python else "control")

    def close(self) -> None:
        """Leave the kernel."""
        if self._guard is not None:
            self._guard.stop()
        if self._watch is not None:
            self._watch.cancel()
        self.channels.close()

    async def _answers(self) -> None:
        """
        Wait until it is known which language it is, and until something was heard on the way of the outputs.

        A kernel says a word there when somebody begins to listen; an older one, only when it is asked something.
        """
        self.channels.open()
        asked = not (self._kernel.warm and _language)
        if asked:
            self.channels.send("kernel_info_request", {})
        else:
            self._informed.set_result(_language)
        waiting = {self._audible, self._informed, self._gone, self._control.pulled}
        while not (self._audible.done() and self._informed.done()):
            waiting = {each for each in waiting if not each.done()}
            patience = _AGAIN if asked else _QUIET
            done, _ = await asyncio.wait(
                waiting,
                timeout=patience if self._informed.done() else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if self._control.stopped:
                raise Stopped
            if self._gone.done():
                raise DeadKernelError
            if not done:
                asked = True
                self.channels.send("kernel_info_request", {})
        if self._kernel.warm:
            _language.update(self._informed.result())

    async def _see_it_die(self) -> None:
        """Wait for the end of the kernel's process, and for the last that it had sent."""
        await self._kernel.wait()
        if not self.ended.done():
            self.ended.set_result(None)
        died = time.monotonic()
        while time.monotonic() - died < _LINGERED:
            await asyncio.sleep(_LINGER)
            if time.monotonic() - self._heard > _LINGER:
                break
        if not self._gone.done():
            self._gone.set_result(None)
        if self._request is not None:
            self._request.end()

    @property
    def is_python(self) -> bool:
        """Whether the kernel can be asked anything."""
        return self._is_python

    async def ask(self, questions: dict[str, str], *, seconds: float) -> dict[str, Any]:
        """
        Have a Python kernel evaluate expressions, without a trace in the notebook.

        Returns:
            The content of its reply; empty if none comes in that time.
        """
        if self.ended.done() or not self._is_python or self._kernel.ended() is not None:
            return {}
        content = {
            "code": "",
            "silent": True,
            "store_history": False,
            "user_expressions": questions,
            "allow_stdin": False,
            "stop_on_error": False,
        }
        self._place = None
        self._request = request = Request(self.channels.send("execute_request", content), ask=None)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await request.over()
        self._request = None
        return request.reply

    # the cells

    async def run(self, questions: dict[str, str]) -> None:
        """
        Run the cells until one fails or the control stops them; the state then knows how it ended.

        Args:
            questions: Expressions that a Python kernel is to evaluate when the last cell has run well: the answers
                are in `reply`.
        """
        self.reset_execution_trackers()
        self._last = max((number for number, cell in enumerate(self.nb.cells) if self._runs(cell)), default=-1)
        self._parting = questions if self._is_python else {}
        self._began = time.monotonic()
        # what the kernel took to start is nobody's cell
        self.usage.begin()
        if self._guard is not None:
            self._guard.start()
        self._tick = self._loop.call_later(_SAMPLE_EVERY, self._on_tick)
        try:
            for index, cell in enumerate(self.nb.cells):
                if self._control.stopped:
                    kind, message = self._control.stopped
                    self._state.failure = Failure(kind=kind, message=message)
                    break
                if not await self._run_cell(cell, index):
                    break
            self.set_widgets_metadata()
            if time.monotonic() - self._began > _SAMPLE_EVERY:
                self.usage.sample(family=True)
        finally:
            self._tick.cancel()

    def _runs(self, cell: Any) -> bool:
        """Whether the kernel gets to see a cell."""
        return bool(
            cell.cell_type == "code"
            and cell.source.strip()
            and self.skip_cells_with_tag not in cell.metadata.get("tags", [])
        )

    async def _run_cell(self, cell: Any, index: int) -> bool:
        """Run one cell. Returns whether the next one may run."""
        runs = self._runs(cell)
        self._state.cell_start(cell, index)
        self.bounds = Bounds()
        ending = Ending(cell=index + 1, cell_id=cell.get("id", ""), guard=self._guard)
        before = self.usage.cpu_seconds
        limit = None
        if runs and self._cell_timeout:
            message = f"cell timeout after {self._cell_timeout:g} s"
            limit = self._loop.call_later(self._cell_timeout, self._control.stop, "timeout", message)
        self._control.cell(runs)
        try:
            await self._execute(cell, index, ending)
        finally:
            self._control.cell(False)
            if limit is not None:
                limit.cancel()
        self.bounds.settle()
        if notice := self.bounds.notice():
            cell.outputs.append(NotebookNode(notice))
            truth.measure(cell, truncated=self.bounds.dropped)
        ending.stopped = self._control.stopped
        verdict = judged(ending) if runs or ending.stopped else None
        if verdict:
            failure, ename = verdict
            said = failure.kind in ("exception", "exit") and any(out.output_type == "error" for out in cell.outputs)
            self._state.cell_failed(cell, failure, ename=ename, show=not said)
        measured = {}
        if runs:
            self.usage.sample()
            measured["cpu_seconds"] = round(max(0.0, self.usage.cpu_seconds - before), 3)
            measured["peak_memory"] = self.usage.peak_memory
        self._state.cell_complete(cell, index, **measured)
        return verdict is None

    async def _execute(self, cell: Any, index: int, ending: Ending) -> None:
        """Run one cell to its end, good or bad, and note what is known of that."""
        try:
            await self.async_execute_cell(cell, index)
        except CellExecutionError as error:
            ending.error = error
        except DeadKernelError:
            ending.dead = self._kernel.ended()
        request, self._request = self._request, None
        if request is not None:
            ending.reply = self.reply = request.reply
            # a flood that was cut anyway may have taken the kernel's last word along
            ending.silent = request.silent and not (self.bounds.dropped or self.bounds.lost)

    async def async_execute_cell(
        self, cell: Any, cell_index: int, execution_count: int | None = None, store_history: bool = True
    ) -> Any:
        """Have the kernel run a cell; nbclient's, but for how messages come and what of them is kept."""
        await run_hook(self.on_cell_start, cell=cell, cell_index=cell_index)
        if not self._runs(cell):
            return cell
        tags = cell.metadata.get("tags", [])
        cell["metadata"]["execution"] = NotebookNode()
        cell["outputs"] = []
        self.clear_before_next_output = False
        allowed = not self.force_raise_errors and (self.allow_errors or "raises-exception" in tags)
        await run_hook(self.on_cell_execute, cell=cell, cell_index=cell_index)
        content = {
            "code": cell.source,
            "silent": False,
            "store_history": store_history,
            "user_expressions": self._parting if cell_index == self._last else {},
            "allow_stdin": False,
            "stop_on_error": not allowed,
        }
        self._place = (cell, cell_index)
        sent = self.channels.send("execute_request", content)
        self._request = request = Request(sent, ask=lambda: self.channels.send("kernel_info_request", {}))
        if self._gone.done():
            request.end()
        await run_hook(self.on_cell_complete, cell=cell, cell_index=cell_index)
        self.code_cells_executed += 1
        await request.over()
        if not request.reply:
            raise DeadKernelError("Kernel died")
        if execution_count:
            cell["execution_count"] = execution_count
        reply = {"content": request.reply}
        await run_hook(self.on_cell_executed, cell=cell, cell_index=cell_index, execute_reply=reply)
        await self._check_raise_for_error(cell, cell_index, reply)
        return cell

    # what comes by itself

    def _receive(self, channel: str, message: Message) -> None:
        """Take a message of the kernel's."""
        try:
            if channel == "iopub":
                self._overhear(message)
            elif message.type == "kernel_info_reply" and not self._informed.done():
                self._informed.set_result(message.content["language_info"])
            elif self._request is not None and message.parent.get("msg_id") == self._request.identity:
                if self._place is not None:
                    self._place[0]["metadata"]["execution"]["shell.execute_reply"] = message.header["date"]
                self._request.replied(message.content)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            self.log.warning("the kernel sent a message that makes no sense: %s: %s", type(error).__name__, error)

    def _overhear(self, message: Message) -> None:
        """Take a message from the way of the outputs, which are not for us alone."""
        self._heard = time.monotonic()
        if not self._audible.done():
            self._audible.set_result(None)
        if message.type == "iopub_welcome":
            # a second one: the connection had broken, as it does for a message without measure
            self.bounds.lost = self._welcomed
            self._welcomed = True
        request = self._request
        if request is not None:
            parent = message.parent.get("msg_id", "")
            if parent == request.identity and self._place is not None and self.take(message, *self._place):
                request.idle()
            request.heard(parent)

    def printed(self, name: str, text: str) -> None:
        """The cell printed something."""
        self._state.printed(name, text)

    def taken(self, output: NotebookNode) -> None:
        """An output came that is no print."""
        if output.output_type == "error":
            self._state.printed("stderr", truth.plain_text("\n".join(output.traceback)) + "\n")

    def _settle(self) -> None:
        self.bounds.settle()

    def _on_tick(self) -> None:
        # who has run for so long may have children that run as well
        self.usage.sample(family=True)
        self._state.save_if_due()
        self._tick = self._loop.call_later(_SAMPLE_EVERY, self._on_tick)

    def _exceeded(self) -> None:
        if self._guard is not None:
            cell = self._place[1] + 1 if self._place else 0
            self._control.stop("out of memory", self._guard.message(cell))


class _Client:
    """What nbclient's front ends for widgets use of a client: they answer the kernel."""

    def __init__(self, channels: Channels, kernel: LocalKernel) -> None:
        self.shell_channel = self
        self._channels = channels
        self._kernel = kernel

    @property
    def session(self) -> Any:
        """Of jupyter_client's: makes messages."""
        return self._kernel.session

    def send(self, message: dict[str, Any]) -> None:
        """Send what the session made."""
        self._channels.forward(message)
