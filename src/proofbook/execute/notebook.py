"""Runs one task's notebook in a kernel of its own, and always comes back with a truthful notebook."""

import asyncio
import json
import sys
import sysconfig
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from proofbook.analyze import fingerprint
from proofbook.disk import atomic, clock
from proofbook.exceptions import NotebookError
from proofbook.execute import questions, truth
from proofbook.execute.conduct import Conduct, OnFailed, logger
from proofbook.execute.control import Control, Stopped
from proofbook.execute.libraries import NotebookNode, to_notebook
from proofbook.execute.order import Order, Outcome
from proofbook.execute.state import NotebookState
from proofbook.kernels.local import LocalKernel
from proofbook.kernels.pool import Pool
from proofbook.model.run import Failure

__all__ = ["Order", "Outcome", "run"]

Event = dict[str, Any]

_FOREIGN = {"site-packages", "dist-packages"}
_preloaded: "WeakKeyDictionary[Pool, tuple[frozenset[str], frozenset[str]]]" = WeakKeyDictionary()
"""What the template of a pool was told to import, and all that its kernels then have before their first cell."""
_LAST_CHANCE = 10.0
"""Seconds after which a notebook that was stopped is given up, should even its kernel's end not be told."""


async def run(
    order: Order,
    *,
    pool: Pool | None = None,
    on_event: Callable[[Event], None],
    on_failed: OnFailed | None = None,
) -> Outcome:
    """
    Run a notebook.

    When this is cancelled it interrupts the cell, waits a few seconds for a good end, and returns an outcome of status
    `cancelled` instead of raising; when it is cancelled again meanwhile it ends all at once. Its kernel is gone then.

    Args:
        order: What to run.
        pool: Gives the kernel; without one it is started cold.
        on_event: Called with `kernel_started` (`pid`, `warm`, `note`, `seconds`), `cell_started` and `cell_finished`
            (`cell`, `id`, `cells`, `status`, `seconds` ...), `output` (`cell`, `name`, `text`; the first 64 KiB of a
            cell, a few times a second), and `log` (`level`, `message`).
        on_failed: Awaited when a cell has failed, while its kernel still lives.

    Raises:
        MachineError: The executed notebook cannot be written.
    """
    return await _Execution(order, on_event=on_event, on_failed=on_failed).outcome(pool)


class _Execution:
    """One order, from its start to its outcome."""

    def __init__(self, order: Order, *, on_event: Callable[[Event], None], on_failed: OnFailed | None) -> None:
        self._order = order
        self._on_event = on_event
        self._on_failed = on_failed
        self._control = Control()
        self._conduct: Conduct | None = None
        self._log: list[str] = []
        self._warm = False
        self._note = ""
        self._preloaded: frozenset[str] = frozenset()
        self._template: frozenset[str] = frozenset()
        self._unknown = False

    async def outcome(self, pool: Pool | None) -> Outcome:
        order = self._order
        started, began = clock.now(), time.monotonic()
        try:
            notebook = _read(order)
        except ValueError as error:
            failure = Failure(kind="error", message=f"the notebook cannot be run: {error}")
            return self._told(None, order.notebook, failure, started=started, seconds=time.monotonic() - began)
        state = NotebookState(notebook, on_event=self._on_event)
        state.notebook_start()
        await self._see_through(asyncio.ensure_future(self._drive(state, pool)), state)
        content = state.notebook_complete()
        return self._told(state, content, state.failure, started=started, seconds=time.monotonic() - began)

    async def _see_through(self, driving: "asyncio.Task[None]", state: NotebookState) -> None:
        """Wait for the end; bring it about when the build is interrupted, and at once when it is again."""
        interruptions = 0
        while not driving.done():
            try:
                await asyncio.wait((driving,), timeout=_LAST_CHANCE if interruptions else None)
            except asyncio.CancelledError:
                interruptions += 1
                self._interrupted(again=interruptions > 1)
                continue
            if not driving.done():
                driving.cancel()
                await asyncio.wait((driving,), timeout=_LAST_CHANCE)
                break
        if not driving.done() or driving.cancelled():
            kind, message = self._control.stopped or ("cancelled", "interrupted")
            state.failure = state.failure or Failure(kind=kind, message=message)
        elif (error := driving.exception()) is not None:
            if not isinstance(error, Exception):
                raise error
            state.failure = state.failure or Failure(kind="error", message=_in_words(error))

    def _interrupted(self, *, again: bool) -> None:
        """Take an interruption for what happened, and not for one more thing to raise."""
        task = asyncio.current_task()
        if task is not None:
            task.uncancel()
        if self._conduct is not None:
            self._conduct.interrupt()
        if again:
            self._control.hurry()
        else:
            self._control.stop("cancelled", "interrupted")

    async def _drive(self, state: NotebookState, pool: Pool | None) -> None:
        order, control = self._order, self._control
        limit = None
        if order.task_timeout:
            message = f"task timeout after {order.task_timeout:g} s"
            limit = asyncio.get_running_loop().call_later(order.task_timeout, control.stop, "timeout", message)
        own = pool is None
        pool = pool or Pool(root=Path(order.root), mode="cold", spare=0)
        try:
            kernel = await self._kernel(state, pool)
            self._conduct = Conduct(
                state,
                control,
                roots=_roots(order.project),
                baseline=self._unknown,
                on_failed=self._on_failed,
                on_cells_over=limit.cancel if limit is not None else lambda: None,
                cell_timeout=order.cell_timeout,
                memory_limit=order.memory_limit,
                log=logger("nbclient", self._say),
            )
            await self._conduct.run(kernel)
            if self._unknown and self._conduct.before is not None:
                self._preloaded = self._conduct.before
                _preloaded[pool] = (self._template, self._preloaded)
        except Stopped:
            kind, message = control.stopped or ("cancelled", "interrupted")
            state.failure = Failure(kind=kind, message=message)
        except NotebookError as error:
            state.failure = Failure(kind="error", message=str(error))
        finally:
            if limit is not None:
                limit.cancel()
            if own:
                await pool.close()

    async def _kernel(self, state: NotebookState, pool: Pool) -> LocalKernel:
        """A kernel for this notebook, unless it is stopped before there is one."""
        order = self._order
        name = order.kernel or state.nb.metadata.get("kernelspec", {}).get("name")
        asked = time.monotonic()
        kernel = await self._control.unless_stopped(
            pool.kernel(name, cwd=order.root, environment=order.environment, notebook=order.notebook)
        )
        self._warm, self._note = kernel.warm, kernel.note
        if kernel.warm:
            self._template = frozenset(pool.costs())
            template, self._preloaded = _preloaded.get(pool, (None, frozenset()))
            self._unknown = template != self._template
        seconds = round(time.monotonic() - asked, 6)
        state.emit("kernel_started", pid=kernel.pid, warm=kernel.warm, note=kernel.note, seconds=seconds)
        return kernel

    def _say(self, level: str, message: str) -> None:
        self._log.append(f"{level}: nbclient: {message}")
        self._on_event({"event": "log", "level": level, "logger": "nbclient", "message": message})

    def _told(
        self, state: NotebookState | None, content: bytes, failure: Failure | None, *, started: str, seconds: float
    ) -> Outcome:
        """Publish the notebook, and say what became of it."""
        # what the store keeps of it is made durable there; no other product is, either
        atomic.write(Path(self._order.output), content, durable=False)
        conduct = self._conduct
        said = conduct.imports if conduct else None
        modules = _modules(said.files, self._order.project) if said is not None else None
        return Outcome(
            status="succeeded" if failure is None else "cancelled" if failure.kind == "cancelled" else "failed",
            notebook=content,
            cells=truth.cell_runs(state.nb) if state else (),
            failure=failure,
            started=started,
            seconds=seconds,
            cpu_seconds=conduct.cpu_seconds if conduct else 0.0,
            peak_memory=conduct.peak_memory if conduct else 0,
            modules=modules,
            imports=self._imports(state, said, modules or {}),
            warm=self._warm,
            note=self._note,
            postmortem=conduct.postmortem if conduct else None,
            log=tuple(self._log),
        )

    def _imports(
        self, state: NotebookState | None, said: questions.Imports | None, modules: dict[str, str]
    ) -> dict[str, float]:
        if state is None or said is None:
            return {}
        sources = [cell.source for cell in state.nb.cells if cell.cell_type == "code"]
        ours = {Path(path).parts[0].removesuffix(".py") for path in modules}
        if self._preloaded and self._order.project:
            sources += [Path(self._order.project, path).read_text(errors="replace") for path in modules]
        found = questions.because_of(said.names, sources, before=self._preloaded)
        return {name: 0.0 for name in found if name.partition(".")[0] not in ours}


def _read(order: Order) -> NotebookNode:
    """
    The notebook of an order, ready to be run.

    Raises:
        ValueError: It is none that could be.
    """
    try:
        content = json.loads(order.notebook)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict) or content.get("nbformat") != 4 or not isinstance(content.get("cells"), list):
        raise ValueError("it is not a notebook of nbformat 4")
    for number, cell in enumerate(content["cells"], start=1):
        if not isinstance(cell, dict) or not isinstance(cell.get("cell_type"), str) or "source" not in cell:
            raise ValueError(f"cell {number} has no type or no source")
        # cells of older notebooks have no id, and nbformat would draw one at random
        cell.setdefault("id", f"cell-{number}")
        cell.setdefault("metadata", {})
        if cell["cell_type"] == "code":
            # what an ordered notebook shows is of some older run
            cell["outputs"] = []
    content["nbformat_minor"] = max(5, content.get("nbformat_minor", 0))
    content.setdefault("metadata", {})
    try:
        notebook: NotebookNode = to_notebook(content)
    except (AttributeError, TypeError, KeyError) as error:
        raise ValueError(f"it is no valid notebook: {error}") from None
    output, root = Path(order.output), Path(order.root)
    shown_as = output.relative_to(root).as_posix() if output.is_relative_to(root) else output.name
    notebook.metadata["papermill"] = NotebookNode(input_path=shown_as, output_path=shown_as)
    return notebook


@cache
def _roots(project: str | None) -> tuple[str, ...]:
    return tuple({f"{project}/", f"{Path(project).resolve()}/"}) if project else ()


@cache
def _installed() -> tuple[Path, ...]:
    ours = Path(__file__).resolve().parents[1]
    return (Path(sys.prefix).resolve(), Path(sysconfig.get_path("stdlib")).resolve(), ours)


def _modules(files: Sequence[str], project: str | None) -> dict[str, str]:
    """The project's own modules among `files`: nothing installed, be the environment below the project or beside it."""
    if project is None or not files:
        return {}
    root = Path(project).resolve()
    found: dict[str, str] = {}
    for file in files:
        path = Path(file).resolve()
        foreign = any(path.is_relative_to(folder) for folder in _installed()) or _FOREIGN & set(path.parts)
        if path.is_relative_to(root) and path.suffix == ".py" and not foreign and path.is_file():
            found[path.relative_to(root).as_posix()] = fingerprint.of_module(path)
    return dict(sorted(found.items()))


def _in_words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:1000]
