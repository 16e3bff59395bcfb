"""Runs one task, and says what became of it: products, records, cells, resources."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from proofbook.analyze import source
from proofbook.disk import clock
from proofbook.execute import notebook as notebooks
from proofbook.execute import records
from proofbook.flow import products
from proofbook.flow.plan import Plan
from proofbook.model.configuration import Configuration
from proofbook.model.notebook import Notebook
from proofbook.model.pipeline import Pipeline, Task
from proofbook.model.record import Record
from proofbook.model.run import Failure, TaskRun
from proofbook.store import Store

__all__ = ["Request", "TaskRunner"]


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to build, and how."""

    pipeline: Pipeline
    root: Path
    configuration: Configuration
    notebook: Callable[[str], bytes]
    """Task to its notebook with parameters injected."""
    other: Callable[[str], None]
    """Runs a task that is no notebook; raises what it raises."""
    convert: Callable[[str, Path], None]
    """Makes a notebook product that is no `.ipynb` (HTML, say) of the executed notebook at the path."""
    parameters: dict[str, Any] = field(default_factory=dict)
    force: bool = False
    targets: frozenset[str] | None = None
    skip_upstream: bool = False
    findings: int = 0

    def parsed(self, task: Task) -> Notebook:
        """
        The notebook that will be run, without the injected parameters.

        Not read from disk again: what counts is what runs, also when the file is edited meanwhile.
        """
        notebook = source.parse(self.notebook(task.name), path=task.source or task.name)
        cells = tuple(cell for cell in notebook.cells if "injected-parameters" not in cell.tags)
        return msgspec.structs.replace(notebook, cells=cells)


class TaskRunner:
    """Runs the tasks of one build."""

    def __init__(self, request: Request, store: Store, *, run: int, emit: Callable[..., None]) -> None:
        self._request = request
        self._store = store
        self._number = run
        self._emit = emit
        # Ploomber's own tasks run in threads of this process, and it was not made for two at a time
        self._others = asyncio.Lock()

    async def run(self, task: Task, plan: Plan) -> TaskRun:
        """Run `task`; never raises for what the task did."""
        return await (self._run_notebook(task, plan) if task.kind == "notebook" else self._run_other(task, plan))

    def taken_as_is(self, task: Task) -> TaskRun:
        """An upstream task under `--skip-upstream`: its products count as they lie there."""
        captured, missing = products.capture(self._store, self._request.root, task.products)
        if missing:
            path = next(iter(missing.values()))
            message = f"product {path} is missing: build {task.name} first, or leave out --skip-upstream"
            failure = Failure(kind="product", message=message)
            return TaskRun(name=task.name, status="failed", reason=message, source=task.source, failure=failure)
        return TaskRun(
            name=task.name, status="skipped", reason="not asked for (--skip-upstream)", source=task.source,
            params=task.params, upstream=task.upstream, products=captured,
        )  # fmt: skip

    async def _run_notebook(self, task: Task, plan: Plan) -> TaskRun:
        request = self._request
        product = request.root / task.products[task.notebook_product or "product"]
        executed = product.with_suffix(".ipynb")
        order = notebooks.Order(
            task=task.name,
            notebook=request.notebook(task.name),
            output=str(executed),
            root=str(request.root),
            kernel=task.kernel,
            cell_timeout=request.configuration.cell_timeout,
            task_timeout=request.configuration.task_timeout,
            project=str(request.root),
        )
        for path in task.products.values():
            products.located(request.root, path).parent.mkdir(parents=True, exist_ok=True)
        outcome = await notebooks.run(order, on_event=lambda event: self._emit(**{**event, "task": task.name}))
        recorded = records.read(json.loads(outcome.notebook), task=task.name)
        for content in recorded.blobs.values():
            self._store.blobs.put(content)
        failure = outcome.failure
        if outcome.status == "succeeded" and product != executed:
            request.convert(task.name, executed)
        run = self._taken(task, plan, ran=outcome.status == "succeeded", failure=failure)
        if outcome.status == "cancelled":
            run = msgspec.structs.replace(run, status="cancelled", reason="interrupted")
        return msgspec.structs.replace(
            run,
            notebook=self._store.blobs.put(outcome.notebook),
            records=tuple(self._with_file(record) for record in recorded.records),
            cells=outcome.cells,
            modules=outcome.modules,
            started=outcome.started,
            seconds=round(outcome.seconds, 3),
            cpu_seconds=round(outcome.cpu_seconds, 3),
            peak_memory=outcome.peak_memory,
        )

    async def _run_other(self, task: Task, plan: Plan) -> TaskRun:
        """A task that Ploomber runs itself, in a thread of this process, one at a time."""
        started, clock_started, cpu_started = clock.now(), time.monotonic(), time.process_time()
        failure = None
        async with self._others:
            try:
                await asyncio.to_thread(self._request.other, task.name)
            except asyncio.CancelledError:
                failure = Failure(kind="cancelled", message="interrupted")
            except SystemExit as error:
                failure = Failure(kind="exit", message=f"the task called sys.exit({error.code!r})")
            except Exception as error:  # noqa: BLE001 - whatever a user's task raises is its failure, not ours
                failure = Failure(
                    kind="exception", message=f"{type(error).__name__}: {error}".splitlines()[0], traceback=str(error)
                )
        run = self._taken(task, plan, ran=failure is None, failure=failure)
        if failure is not None and failure.kind == "cancelled":
            run = msgspec.structs.replace(run, status="cancelled", reason="interrupted")
        seconds, cpu = time.monotonic() - clock_started, time.process_time() - cpu_started
        return msgspec.structs.replace(run, started=started, seconds=round(seconds, 3), cpu_seconds=round(cpu, 3))

    def _taken(self, task: Task, plan: Plan, *, ran: bool, failure: Failure | None) -> TaskRun:
        """What a task that was run left behind. Products count only if it wrote them all."""
        captured, missing = products.capture(self._store, self._request.root, task.products) if ran else ({}, {})
        if missing:
            key, path = next(iter(missing.items()))
            failure = Failure(kind="product", message=f"product {key!r} ({path}) was not written by the task")
        reason = plan.reason
        if failure is not None:
            reason = failure.message
        return TaskRun(
            name=task.name,
            status="ran" if failure is None and ran else "failed",
            reason=reason,
            source=task.source,
            key=plan.key,
            inputs=plan.inputs,
            params=task.params,
            upstream=task.upstream,
            products=captured if failure is None else {},
            made_by=self._number,
            failure=failure,
        )

    def _with_file(self, record: Record) -> Record:
        """A file recorded by reference goes into the store, if it still is what was recorded."""
        if record.kind != "model" or record.blob is not None or not isinstance(record.value, dict):
            return record
        path = self._request.root / str(record.value.get("path", ""))
        if not path.is_file():
            return msgspec.structs.replace(record, unreadable=f"{record.value.get('path')} is not there any more")
        digest = self._store.blobs.put_file(path)
        if digest != record.value.get("digest"):
            return msgspec.structs.replace(
                record, unreadable=f"{record.value.get('path')} changed after it was recorded"
            )
        return msgspec.structs.replace(record, blob=digest)
