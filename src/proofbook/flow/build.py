"""One build: decide, run, seal, gate, report. Success is written last, once, and by content."""

import asyncio
import json
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from proofbook.disk import clock
from proofbook.exceptions import LockHeldError, ProofbookError
from proofbook.execute import notebook as notebooks
from proofbook.execute import records, schedule
from proofbook.flow import check, products, report, surroundings
from proofbook.flow.plan import Plan, Planner
from proofbook.model.configuration import Configuration
from proofbook.model.pipeline import Pipeline, Task
from proofbook.model.record import Record
from proofbook.model.run import Ending, Failure, Run, TaskRun
from proofbook.model.verdict import GateResult
from proofbook.store import Store

__all__ = ["Built", "Request", "build"]

# `skipped` is only ever returned by a task that was taken as it is, under --skip-upstream
_GOOD = {"ran", "restored", "up-to-date", "skipped"}

Event = dict[str, Any]


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


@dataclass(frozen=True, kw_only=True)
class Built:
    """What came of it."""

    run: Run
    gate: GateResult | None
    report: Path | None
    exit_code: int


def build(request: Request, *, observe: Callable[[Event], None]) -> Built:
    """
    Build the pipeline.

    Args:
        request: What to build.
        observe: Called with each event, as it happens: a mapping with `event` and, mostly, `task`.

    Raises:
        MachineError: The store cannot be written, or another build holds the lock for too long.
        UsageError: A notebook or a data file is not as the pipeline says.
    """
    store = Store.open(request.root)
    try:
        held = store.build_lock(0)
    except LockHeldError as error:
        observe({"event": "waiting", "message": str(error)})
        held = store.build_lock(request.configuration.lock_wait)
    with held:
        return _Build(request, store, observe).go()


class _Build:
    def __init__(self, request: Request, store: Store, observe: Callable[[Event], None]) -> None:
        self._request = request
        self._store = store
        self._observe = observe
        self._runs: dict[str, TaskRun] = {}
        self._log: list[bytes] = []
        self._others = asyncio.Lock()
        environment = surroundings.environment(request.root)
        self._environment = environment
        self._planner = Planner(
            store,
            root=request.root,
            pipeline=request.pipeline,
            configuration=request.configuration,
            environment=environment,
        )
        self._number = store.reserve(request.pipeline.path)

    def go(self) -> Built:
        started, clock_started = clock.now(), time.monotonic()
        code = surroundings.code(self._request.root, self._store)
        self._emit(event="run_started", run=self._number, tasks=[task.name for task in self._request.pipeline.tasks])
        try:
            cancelled = asyncio.run(self._drive())
        except BaseException:
            self._store.abandon(self._number)
            raise
        tasks = tuple(self._runs.get(task.name) or self._skipped(task) for task in self._request.pipeline.tasks)
        ending: Ending = "succeeded"
        if cancelled:
            ending = "cancelled"
        elif any(task.status == "failed" for task in tasks):
            ending = "failed"
        seconds = time.monotonic() - clock_started
        self._emit(event="run_finished", run=self._number, ending=ending, seconds=round(seconds, 3))
        run = Run(
            number=self._number,
            pipeline=self._request.pipeline.path,
            ending=ending,
            scope="full" if self._request.targets is None else "partial",
            started=started,
            finished=clock.now(),
            seconds=round(seconds, 3),
            parameters=self._request.parameters,
            data=self._planner.data,
            code=code,
            environment=self._environment,
            tasks=tasks,
            findings=self._request.findings,
            log=self._store.blobs.put(b"".join(self._log)),
        )
        self._store.seal(run)
        return self._judge(run)

    def _judge(self, run: Run) -> Built:
        gate = None
        if run.ending != "cancelled":
            gate = check.check(self._store, run.number, against=self._request.configuration.gate.channel)
        page = report.write(self._store, run.number, folder=self._request.root / self._request.configuration.report)
        exit_code = 0
        if run.ending == "cancelled":
            exit_code = 130
        elif run.ending == "failed":
            exit_code = 1
        elif gate is not None:
            exit_code = check.exit_code(gate, strict=self._request.configuration.gate.strict)
        return Built(run=run, gate=gate, report=page, exit_code=exit_code)

    async def _drive(self) -> bool:
        """Run all that must run. Returns whether it was interrupted."""
        loop = asyncio.get_running_loop()
        work = asyncio.ensure_future(self._schedule())

        def stop() -> None:
            work.cancel()
            # a second signal ends us at once: the run then shows as interrupted, as after a power cut
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)
                signal.signal(number, signal.SIG_DFL)

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop)
        try:
            await work
        except asyncio.CancelledError:
            return True
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)
        return any(run.status == "cancelled" for run in self._runs.values())

    async def _schedule(self) -> None:
        request = self._request
        graph = {task.name: task.upstream for task in request.pipeline.tasks}
        durations = {name: past.seconds for name in graph if (past := self._store.latest(name)) is not None}
        workers = request.configuration.workers or self._environment.cpus
        await schedule.run(graph, self._task, workers=workers, durations=durations)

    async def _task(self, name: str) -> bool:
        task = self._request.pipeline[name]
        run = await self._outcome(task)
        self._runs[name] = run
        self._emit(
            event="task_finished", task=name, status=run.status, reason=run.reason, seconds=run.seconds,
            failure=msgspec.to_builtins(run.failure),
        )  # fmt: skip
        return run.status in _GOOD

    async def _outcome(self, task: Task) -> TaskRun:
        request = self._request
        if request.skip_upstream and request.targets is not None and task.name not in request.targets:
            return self._taken_as_is(task)
        plan = self._planner.decide(
            task, upstream={name: self._runs[name] for name in task.upstream}, force=request.force
        )
        if plan.past is not None:
            if plan.action == "restore":
                products.restore(self._store, request.root, plan.past.products, plan.differing)
            status = "up-to-date" if plan.action == "nothing" else "restored"
            return msgspec.structs.replace(plan.past, status=status, reason=plan.reason)
        self._emit(event="task_started", task=task.name, reason=plan.reason)
        # from here on, and until it succeeds, no earlier result of these inputs counts: a failure stays one
        self._store.attempt(task.name, plan.key, run=self._number)
        products.discard(request.root, task.products)
        run = await (self._run_notebook(task, plan) if task.kind == "notebook" else self._run_other(task, plan))
        if run.status == "ran":
            self._store.remember(run, run=self._number)
        else:
            # half-written data must not lie where good data is looked for; the notebook shows what happened
            products.discard(
                request.root, {key: path for key, path in task.products.items() if key != task.notebook_product}
            )
        return run

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

    def _taken_as_is(self, task: Task) -> TaskRun:
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

    def _skipped(self, task: Task) -> TaskRun:
        blocked = [
            name for name in task.upstream if self._runs.get(name) is None or self._runs[name].status not in _GOOD
        ]
        reason = f"{blocked[0]} did not succeed" if blocked else "interrupted before it started"
        return TaskRun(
            name=task.name,
            status="skipped",
            reason=reason,
            source=task.source,
            params=task.params,
            upstream=task.upstream,
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

    def _emit(self, **event: Any) -> None:
        self._log.append(msgspec.json.encode({"at": clock.now(), **event}, enc_hook=str) + b"\n")
        self._observe(event)
