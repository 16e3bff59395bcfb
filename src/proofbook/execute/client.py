"""Runs the cells of one notebook in one kernel, and tells every way in which that can end."""

import ast
import asyncio
import json
import time
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_core.utils import ensure_async, run_sync
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient

from proofbook.execute import truth
from proofbook.execute.bounds import Bounds
from proofbook.execute.control import Control
from proofbook.execute.kernel import LocalKernel
from proofbook.execute.state import NotebookState
from proofbook.execute.usage import Usage
from proofbook.model.run import Failure

__all__ = ["NotebookClient"]

_TICK = 0.1
_SAMPLE_EVERY = 10
_LINGER = 0.3
"""Seconds in which the last messages of a dead kernel may still arrive."""
_SILENCE = 15.0
"""Seconds without a message after which the outputs of a cell that has ended are given up."""
_FOR_EVER = 1 << 30
_TRACEBACK_LIMIT = 100_000
_QUESTION_TIMEOUT = 5.0
# Names are looked up through __import__, because a notebook may have its own `list` or `getattr`.
_MODULES = (
    '__import__("json").dumps([file for module in [*__import__("sys").modules.values()] '
    'for file in [__import__("builtins").getattr(module, "__file__", None)] '
    'if file.__class__ is "".__class__ and file.startswith({roots!r})])'
)


class NotebookClient(PapermillNotebookClient):
    """Papermill's client, which here owns neither the kernel's start nor its end."""

    def __init__(
        self,
        state: NotebookState,
        *,
        kernel: LocalKernel,
        control: Control,
        cell_timeout: float | None,
        project: str | None,
        **options: Any,
    ) -> None:
        super().__init__(state, km=kernel, iopub_timeout=_FOR_EVER, **options)
        self._state = state
        self._kernel = kernel
        self._control = control
        self._cell_timeout = cell_timeout
        self._roots = tuple({f"{project}/", f"{Path(project).resolve()}/"}) if project else ()
        self._deadline: float | None = None
        self._cell: Any = None
        self._last_message = 0.0
        self._silent = False
        self._bounds = Bounds()
        self._reply: dict[str, Any] = {}
        self.usage = Usage(kernel.pid or 0)
        self.modules: list[str] = []
        """Files below the project that the kernel had imported at the end."""
        self.on_cell_executed = self._note_reply

    def execute(self, **_: Any) -> Any:
        """Run the cells until one fails or the control stops them; the state then knows how it ended."""
        self.reset_execution_trackers()
        try:
            self.start_new_kernel_client()
        except RuntimeError as error:
            self._state.failure = self._not_started(error)
            return self.nb
        run_sync(self._run)()
        return self.nb

    def _not_started(self, error: RuntimeError) -> Failure:
        if self._control.stopped:
            kind, message = self._control.stopped
            return Failure(kind=kind, message=message)
        ended = self._kernel.ended()
        if ended:
            return Failure(kind="kernel died", message=f"kernel died while it started ({ended})")
        return Failure(kind="error", message=f"kernel {self._kernel.kernel_name!r} did not start: {error}")

    async def _run(self) -> None:
        await self._learn_language()
        # what the kernel took to start is nobody's cell
        self.usage.sample()
        watch = asyncio.ensure_future(self._watch())
        try:
            for index, cell in enumerate(self.nb.cells):
                if self._control.stopped:
                    kind, message = self._control.stopped
                    self._state.failure = Failure(kind=kind, message=message)
                    break
                if not await self._run_cell(cell, index):
                    break
            self.set_widgets_metadata()
            if self._roots and self._kernel.language == "python" and self._kernel.ended() is None:
                self.modules = await self._imported()
        finally:
            watch.cancel()

    async def _learn_language(self) -> None:
        reply = await self._answer(await ensure_async(self.kc.kernel_info()))
        if "language_info" in reply:
            self.nb.metadata["language_info"] = NotebookNode(reply["language_info"])

    async def _run_cell(self, cell: Any, index: int) -> bool:
        """Run one cell. Returns whether the next one may run."""
        runs = cell.cell_type == "code" and bool(cell.source.strip())
        self._state.cell_start(cell, index)
        self._bounds, self._reply = Bounds(), {}
        before = self.usage.cpu_seconds
        trouble: Exception | None = None
        if runs and self._cell_timeout:
            self._deadline = time.monotonic() + self._cell_timeout
        self._cell = cell if runs else None
        self._last_message = time.monotonic()
        self._control.cell(runs)
        try:
            await self.async_execute_cell(cell, index)
        except (CellExecutionError, DeadKernelError) as error:
            trouble = error
        finally:
            self._control.cell(False)
            self._deadline = self._cell = None
        if runs:
            self.usage.sample()
        if notice := self._bounds.notice():
            cell.outputs.append(NotebookNode(notice))
            truth.measure(cell, truncated=self._bounds.dropped)
        judged = self._judge(trouble)
        if judged:
            failure, ename = judged
            failure = Failure(
                kind=failure.kind,
                message=failure.message,
                cell=index + 1,
                cell_id=cell.get("id", ""),
                traceback=failure.traceback,
            )
            said = failure.kind in ("exception", "exit") and any(out.output_type == "error" for out in cell.outputs)
            self._state.cell_failed(cell, index, failure, ename=ename, show=not said)
        measured = {"cpu_seconds": round(max(0.0, self.usage.cpu_seconds - before), 3)} if runs else {}
        if runs:
            measured["peak_memory"] = self.usage.peak_memory
        self._state.cell_complete(cell, index, **measured)
        return judged is None

    def _judge(self, trouble: Exception | None) -> tuple[Failure, str] | None:
        """What happened, and the name of the error; None if all is well."""
        traceback = ""
        if isinstance(trouble, CellExecutionError):
            traceback = truth.plain_text(trouble.traceback)[-_TRACEBACK_LIMIT:]
        if self._control.stopped:
            kind, message = self._control.stopped
            ename = {"timeout": "TimeoutError"}.get(kind, "KeyboardInterrupt")
            return Failure(kind=kind, message=message, traceback=traceback), ename
        if any(part.get("source") == "ask_exit" for part in self._reply.get("payload", ())):
            return Failure(kind="exit", message="exit() ended the notebook at this cell"), "SystemExit"
        if isinstance(trouble, CellExecutionError):
            if trouble.ename == "SystemExit":
                message = f"sys.exit({trouble.evalue}) ended the notebook at this cell"
                return Failure(kind="exit", message=message, traceback=traceback), "SystemExit"
            first = truth.plain_text(trouble.evalue).strip().splitlines()[:1]
            message = ": ".join([trouble.ename, *first])
            return Failure(kind="exception", message=message[:1000], traceback=traceback), trouble.ename
        if self._silent:
            return Failure(kind="error", message="the cell ended, but its outputs did not arrive"), "TimeoutError"
        if isinstance(trouble, DeadKernelError):
            message = f"kernel died ({self._kernel.ended() or 'it does not answer'})"
            return Failure(kind="kernel died", message=message), "DeadKernelError"
        return None

    async def _watch(self) -> None:
        """Time limits, a kernel that is gone, measurements, and the file on disk, while cells run."""
        ticks = 0
        while True:
            await asyncio.sleep(_TICK)
            ticks += 1
            if self._deadline is not None and time.monotonic() >= self._deadline:
                self._control.stop("timeout", f"cell timeout after {self._cell_timeout:g} s")
            if ticks % _SAMPLE_EVERY == 0:
                self.usage.sample()
            gone = self._kernel.ended() is not None
            replied = self._cell is not None and "shell.execute_reply" in self._cell["metadata"].get("execution", {})
            self._silent = replied and time.monotonic() - self._last_message > _SILENCE
            if (gone or self._silent) and self.task_poll_for_reply is not None:
                await asyncio.sleep(_LINGER)
                self.task_poll_for_reply.cancel()
                return
            self._state.save_if_due()

    def _note_reply(self, execute_reply: dict[str, Any], **_: Any) -> None:
        self._reply = execute_reply["content"]

    def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> Any:
        """Take one message of the cell's."""
        self._last_message = time.monotonic()
        return super().process_message(msg, cell, cell_index)

    def output(self, outs: list[Any], msg: dict[str, Any], display_id: str | None, cell_index: int) -> Any:
        """Take one output of the cell, within bounds."""
        content = msg["content"]
        hooked = self.output_hook_stack[msg["parent_header"].get("msg_id")]
        if not hooked and not self.clear_before_next_output:
            if msg["msg_type"] == "stream":
                content["text"] = self._bounds.stream(outs, content["name"], content["text"])
                if not content["text"]:
                    return None
            elif msg["msg_type"] in ("display_data", "execute_result") and not self._bounds.display(
                outs, content["data"]
            ):
                return None
        return super().output(outs, msg, display_id, cell_index)

    async def _imported(self) -> list[str]:
        """Ask the kernel, without a trace in the notebook, which files of the project it has imported."""
        question = {"files": _MODULES.format(roots=self._roots)}
        answer = await self._answer(
            self.kc.execute("", silent=True, store_history=False, user_expressions=question, stop_on_error=False)
        )
        said = answer.get("user_expressions", {}).get("files", {}).get("data", {}).get("text/plain")
        try:
            return [str(file) for file in json.loads(ast.literal_eval(said))] if said else []
        except (ValueError, SyntaxError):
            return []

    async def _answer(self, message_id: str) -> dict[str, Any]:
        """The content of the reply to a message on the shell channel; empty if none comes."""
        deadline = time.monotonic() + _QUESTION_TIMEOUT
        while (left := deadline - time.monotonic()) > 0:
            try:
                reply = await ensure_async(self.kc.shell_channel.get_msg(timeout=left))
            except Empty:
                break
            if reply["parent_header"].get("msg_id") == message_id:
                content: dict[str, Any] = reply["content"]
                return content
        return {}
