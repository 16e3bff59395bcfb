"""Runs one task, and says what became of it: products, records, cells, resources."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from proofbook.analyze import source
from proofbook.disk import clock, spool
from proofbook.execute import forked, records
from proofbook.execute import notebook as notebooks
from proofbook.flow import contracts, products
from proofbook.flow.plan import Plan
from proofbook.kernels.pool import Pool
from proofbook.model.configuration import Configuration
from proofbook.model.contract import Breach
from proofbook.model.notebook import Notebook
from proofbook.model.pipeline import Pipeline, Task
from proofbook.model.record import Record
from proofbook.model.run import Failure, TaskRun
from proofbook.store import Store
from proofbook.store.blobs import Together

if TYPE_CHECKING:
    from proofbook.kernels.local import LocalKernel

__all__ = ["Request", "TaskRunner", "Terms"]


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
    pool: Pool | None = None
    """Gives the kernels, where it was started early; the build closes it."""
    debug: str | None = None
    """Task whose kernel is handed to `on_failed` when a cell of it has failed."""
    on_failed: "Callable[[str, LocalKernel, Failure], Awaitable[None]] | None" = None

    def parsed(self, task: Task) -> Notebook:
        """
        The notebook that will be run, without the injected parameters.

        Not read from disk again: what counts is what runs, also when the file is edited meanwhile.
        """
        # what is run is an `.ipynb`, whatever it was read from
        notebook = source.parse(self.notebook(task.name), path=f"{task.name}.ipynb")
        cells = tuple(cell for cell in notebook.cells if "injected-parameters" not in cell.tags)
        return msgspec.structs.replace(notebook, path=task.source or notebook.path, cells=cells)


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What one attempt at a task is granted."""

    cell_timeout: float | None
    """Seconds."""
    task_timeout: float | None
    """Seconds: its own limit, or what is left of the run's."""
    memory_limit: int | None
    """Bytes."""
    environment: dict[str, str]


class TaskRunner:
    """Runs the tasks of one build."""

    def __init__(self, request: Request, store: Store, *, run: int, emit: Callable[..., None]) -> None:
        self._request = request
        self._store = store
        self._number = run
        self._emit = emit
        self.unsure: set[str] = set()
        """Tasks of which it is not known what they imported: nobody can tell when such a result is out of date."""

    async def run(self, task: Task, plan: Plan, terms: Terms, *, pool: Callable[[], Pool]) -> TaskRun:
        """
        Run `task` once; never raises for what the task did.

        Args:
            task: A task whose upstream is there.
            plan: Why it runs, and on what.
            terms: What it is granted.
            pool: Gives the kernels; only asked for by a notebook.
        """
        self.unsure.discard(task.name)
        held = await contracts.hold(
            plan.contracts, task=task.name, parameters=task.params, data=plan.inputs["data"], root=self._request.root,
            configuration=self._request.configuration, limit=terms.task_timeout,
        )  # fmt: skip
        self._say(task, held.breaches)
        for aside in (aside for one in held.checked for aside in one.set_aside):
            # what a task did not get is part of the run
            self._store.blobs.put_file(self._request.root / aside.path)
        if held.failure is not None:
            with self._store.blobs.together() as blobs:
                failed = self._taken(task, plan, blobs, ran=False, failure=held.failure)
            return msgspec.structs.replace(failed, contracts=held.checked, started=clock.now())
        run = await self._run(task, plan, replace(terms, environment=terms.environment | held.environment), pool=pool)
        asked = contracts.unasked(held, plan.contracts, sources=lambda: self._sources(task, plan))
        self._say(task, tuple(breach for one in asked for breach in one.breaches if breach.check == "contracted"))
        return msgspec.structs.replace(run, contracts=asked)

    async def _run(self, task: Task, plan: Plan, terms: Terms, *, pool: Callable[[], Pool]) -> TaskRun:
        if task.kind != "notebook":
            return await self._run_other(task, plan, terms)
        product = self._request.root / task.products[task.notebook_product or "product"]
        if product.suffix == ".ipynb":
            return await self._run_notebook(task, plan, terms, pool(), product=product, executed=product)
        with spool.folder() as private:
            # another format is made of the executed notebook, which then lies where it overwrites nobody's file
            executed = private / "executed.ipynb"
            return await self._run_notebook(task, plan, terms, pool(), product=product, executed=executed)

    def remind(self, task: Task, past: TaskRun) -> None:
        """Say again what the contracts of a task's data said when it ran: nothing has changed since."""
        self._say(task, tuple(breach for one in past.contracts for breach in one.breaches))

    def _say(self, task: Task, breaches: tuple[Breach, ...]) -> None:
        for breach in breaches:
            self._emit(event="breach", task=task.name, line=breach.line, **msgspec.structs.asdict(breach))

    def _sources(self, task: Task, plan: Plan) -> str:
        """All that a task runs, as far as it is the project's."""
        cells = self._request.parsed(task).cells if task.kind == "notebook" else ()
        files = [self._request.root / path for path in plan.inputs["modules"]]
        texts = [path.read_text(encoding="utf-8", errors="replace") for path in files if path.is_file()]
        return "\n".join([task.code, *(cell.source for cell in cells), *texts])

    def taken_as_is(self, task: Task) -> TaskRun:
        """An upstream task under `--skip-upstream`: its products count as they lie there."""
        with self._store.blobs.together() as blobs:
            captured, missing = products.capture(blobs, self._request.root, task.products)
        if missing:
            path = next(iter(missing.values()))
            message = f"product {path} is missing: build {task.name} first, or leave out --skip-upstream"
            failure = Failure(kind="product", message=message)
            return TaskRun(name=task.name, status="failed", reason=message, source=task.source, failure=failure)
        return TaskRun(
            name=task.name, status="skipped", reason="not asked for (--skip-upstream)", source=task.source,
            params=task.params, upstream=task.upstream, products=captured,
        )  # fmt: skip

    async def _run_notebook(
        self, task: Task, plan: Plan, terms: Terms, pool: Pool, *, product: Path, executed: Path
    ) -> TaskRun:
        request = self._request
        order = notebooks.Order(
            task=task.name,
            notebook=request.notebook(task.name),
            output=str(executed),
            root=str(request.root),
            kernel=task.kernel,
            cell_timeout=terms.cell_timeout,
            task_timeout=terms.task_timeout,
            memory_limit=terms.memory_limit,
            environment=terms.environment,
            project=str(request.root),
        )
        for path in task.products.values():
            products.located(request.root, path).parent.mkdir(parents=True, exist_ok=True)
        on_failed = None
        if request.on_failed is not None and request.debug == task.name:
            on_failed = partial(request.on_failed, task.name)
        outcome = await notebooks.run(
            order,
            pool=pool,
            on_event=lambda event: self._emit(**{**event, "task": task.name}),
            on_failed=on_failed,
        )
        if outcome.modules is None:
            self.unsure.add(task.name)
        failure = outcome.failure
        if outcome.status == "succeeded" and product != executed:
            failure = self._converted(task, executed)
        with self._store.blobs.together() as blobs:
            notebook = blobs.put(outcome.notebook)
            recorded = records.read(json.loads(outcome.notebook), task=task.name)
            for content in recorded.blobs.values():
                blobs.put(content)
            ran = outcome.status == "succeeded" and failure is None
            return msgspec.structs.replace(
                self._taken(task, plan, blobs, ran=ran, failure=failure),
                notebook=notebook,
                records=tuple(self._with_file(record, blobs) for record in recorded.records),
                cells=outcome.cells,
                modules=outcome.modules or {},
                started=outcome.started,
                seconds=round(outcome.seconds, 3),
                cpu_seconds=round(outcome.cpu_seconds, 3),
                peak_memory=outcome.peak_memory,
                memory_limit=terms.memory_limit,
                kernel="warm" if outcome.warm else "cold",
                kernel_note=outcome.note,
                imports=outcome.imports,
                postmortem=blobs.put(outcome.postmortem) if outcome.postmortem else None,
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

    async def _run_other(self, task: Task, plan: Plan, terms: Terms) -> TaskRun:
        """A task that Ploomber runs itself, in a forked process."""
        started = clock.now()
        ended = await forked.run(
            lambda: self._request.other(task.name),
            limit=terms.task_timeout,
            memory_limit=terms.memory_limit,
            environment=terms.environment,
            on_output=lambda name, text: self._emit(event="output", task=task.name, name=name, text=text),
        )
        with self._store.blobs.together() as blobs:
            run = self._taken(task, plan, blobs, ran=ended.failure is None, failure=ended.failure)
        return msgspec.structs.replace(
            run,
            started=started,
            seconds=round(ended.seconds, 3),
            cpu_seconds=round(ended.cpu_seconds, 3),
            peak_memory=ended.peak_memory,
            memory_limit=terms.memory_limit,
        )

    def _taken(self, task: Task, plan: Plan, blobs: Together, *, ran: bool, failure: Failure | None) -> TaskRun:
        """What a task that was run left behind. Products count only if it wrote them all."""
        captured, missing = products.capture(blobs, self._request.root, task.products) if ran else ({}, {})
        if missing:
            key, path = next(iter(missing.items()))
            failure = Failure(kind="product", message=f"product {key!r} ({path}) was not written by the task")
        cancelled = failure is not None and failure.kind == "cancelled"
        return TaskRun(
            name=task.name,
            status="ran" if failure is None and ran else "cancelled" if cancelled else "failed",
            reason=plan.reason if failure is None else failure.message,
            source=task.source,
            key=plan.key,
            inputs=plan.inputs,
            params=task.params,
            upstream=task.upstream,
            products=captured if failure is None else {},
            made_by=self._number,
            failure=failure,
        )

    def _with_file(self, record: Record, blobs: Together) -> Record:
        """A file recorded by reference goes into the store, if it still is what was recorded."""
        if record.kind != "model" or record.blob is not None or not isinstance(record.value, dict):
            return record
        path = self._request.root / str(record.value.get("path", ""))
        if not path.is_file():
            return msgspec.structs.replace(record, unreadable=f"{record.value.get('path')} is not there any more")
        digest = blobs.put_file(path)
        if digest != record.value.get("digest"):
            return msgspec.structs.replace(
                record, unreadable=f"{record.value.get('path')} changed after it was recorded"
            )
        return msgspec.structs.replace(record, blob=digest)
