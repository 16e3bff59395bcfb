"""One build: decide, run, seal, gate, report. Success is written last, once, and by content."""

import asyncio
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from proofbook.disk import clock
from proofbook.exceptions import LockHeldError
from proofbook.execute import schedule
from proofbook.flow import check, products, report, surroundings
from proofbook.flow.plan import Planner
from proofbook.flow.task import Request, TaskRunner
from proofbook.model.pipeline import Task
from proofbook.model.run import Ending, Run, TaskRun
from proofbook.model.verdict import GateResult
from proofbook.store import Store

__all__ = ["Built", "Request", "build"]

# `skipped` is only ever returned by a task that was taken as it is, under --skip-upstream
_GOOD = {"ran", "restored", "up-to-date", "skipped"}

Event = dict[str, Any]


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
        environment = surroundings.environment(request.root)
        self._environment = environment
        self._planner = Planner(
            store,
            root=request.root,
            pipeline=request.pipeline,
            configuration=request.configuration,
            environment=environment,
            notebook=request.parsed,
        )
        self._number = store.reserve(request.pipeline.path)
        self._runner = TaskRunner(request, store, run=self._number, emit=self._emit)

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
            return self._runner.taken_as_is(task)
        upstream, since = {name: self._runs[name] for name in task.upstream}, time.time_ns()
        plan = self._planner.decide(task, upstream=upstream, force=request.force)
        if plan.past is not None:
            if plan.action == "restore":
                products.restore(self._store, request.root, plan.past.products, plan.differing)
            status = "up-to-date" if plan.action == "nothing" else "restored"
            return msgspec.structs.replace(plan.past, status=status, reason=plan.reason)
        self._emit(event="task_started", task=task.name, reason=plan.reason)
        # from here on, and until it succeeds, no earlier result of these inputs counts: a failure stays one
        self._store.attempt(task.name, plan.key, run=self._number)
        products.discard(request.root, task.products)
        run = await self._runner.run(task, plan)
        if run.status == "ran":
            changed = self._planner.changed_meanwhile(plan, run, upstream=upstream, since=since)
            if changed is None:
                self._store.remember(run, run=self._number)
            else:
                # what it read is not what its key says: good for this run, and for no other
                run = msgspec.structs.replace(run, reason=f"{run.reason}; {changed} changed while it ran")
        else:
            # half-written data must not lie where good data is looked for; the notebook shows what happened
            products.discard(
                request.root, {key: path for key, path in task.products.items() if key != task.notebook_product}
            )
        return run

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

    def _emit(self, **event: Any) -> None:
        self._log.append(msgspec.json.encode({"at": clock.now(), **event}, enc_hook=str) + b"\n")
        self._observe(event)
