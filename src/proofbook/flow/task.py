"""Runs one task, and says what became of it: products, records, cells, resources."""

import json
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from proofbook.analyze import source
from proofbook.disk import clock, spool
from proofbook.execute import forked, records
from proofbook.execute import notebook as notebooks
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
        # what is run is an `.ipynb`, whatever it was read from
        notebook = source.parse(self.notebook(task.name), path=f"{task.name}.ipynb")
        cells = tuple(cell for cell in notebook.cells if "injected-parameters" not in cell.tags)
        return msgspec.structs.replace(notebook, path=task.source or notebook.path, cells=cells)


class TaskRunner:
    """Runs the tasks of one build."""

    def __init__(self, request: Request, store: Store, *, run: int, emit: Callable[..., None]) -> None:
        self._request = request
        self._store = store
        self._number = run
        self._emit = emit

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
        with spool.folder() as private:
            return await self._run_notebook_into(task, plan, private)

    async def _run_notebook_into(self, task: Task, plan: Plan, private: Path) -> TaskRun:
        request = self._request
        product = request.root / task.products[task.notebook_product or "product"]
        # another format is made of the executed notebook, which then lies where it overwrites nobody's file
        executed = product if product.suffix == ".ipynb" else private / "executed.ipynb"
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
            failure = self._converted(task, executed)
        run = self._taken(task, plan, ran=outcome.status == "succeeded" and failure is None, failure=failure)
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

    def _converted(self, task: Task, executed: Path) -> Failure | None:
        """Make the notebook product of another format; None where that went well."""
        try:
            self._request.convert(task.name, executed)
        except Exception as error:  # noqa: BLE001 - exporters and templates are the user's, and raise what they like
            said = " ".join(str(error).split())[:300]
            path = task.products[task.notebook_product or "product"]
            return Failure(
                kind="error", message=f"{path} cannot be made of the notebook: {type(error).__name__}: {said}"
            )
        return None

    async def _run_other(self, task: Task, plan: Plan) -> TaskRun:
        """A task that Ploomber runs itself, in a forked process."""
        started, clock_started, used = clock.now(), time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        failure = await forked.run(
            lambda: self._request.other(task.name), limit=self._request.configuration.task_timeout
        )
        run = self._taken(task, plan, ran=failure is None, failure=failure)
        if failure is not None and failure.kind == "cancelled":
            run = msgspec.structs.replace(run, status="cancelled", reason="interrupted")
        now = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = (now.ru_utime + now.ru_stime) - (used.ru_utime + used.ru_stime)
        seconds = time.monotonic() - clock_started
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
