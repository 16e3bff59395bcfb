"""One build: decide, run, seal, gate, report. Success is written last, once, and by content."""

import asyncio
import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from proofbook.disk import clock
from proofbook.exceptions import LockHeldError
from proofbook.flow import check, debug, kept, policy, report, surroundings
from proofbook.flow.drive import GOOD, Drive
from proofbook.flow.plan import Planner
from proofbook.flow.task import Request, TaskRunner
from proofbook.gate import rules
from proofbook.model.pipeline import Task
from proofbook.model.run import Ending, Run, TaskRun
from proofbook.model.verdict import GateResult
from proofbook.store import Store

__all__ = ["Built", "Request", "build"]

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
        observe: Called with each event, as it happens: a mapping with `event` and, mostly, `task`. Beside those of
            `execute.notebook.run`: `run_started`, `expected`, `task_started`, `attempt_failed`, `task_finished`,
            `run_finished`.

    Raises:
        MachineError: The store cannot be written, or another build holds the lock for too long.
        UsageError: A notebook or a data file is not as the pipeline says.
        ConfigurationError: A contract or the policy cannot be read.
    """
    try:
        if request.debug is not None:
            debug.require(request.pipeline, request.debug)
        # said now rather than when everything has run
        policy.load(request.root)
        store = Store.open(request.root)
        try:
            held = store.build_lock(0)
        except LockHeldError as error:
            observe({"event": "waiting", "message": str(error)})
            held = store.build_lock(request.configuration.lock_wait)
        # what is loaded by now stays: the collector need not look through it again and again for what may go
        gc.freeze()
        with held:
            return _Build(request, store, observe).go()
    finally:
        gc.unfreeze()
        if request.pool is not None:
            # a second time where all went well, which does nothing
            asyncio.run(request.pool.close())


class _Build:
    def __init__(self, request: Request, store: Store, observe: Callable[[Event], None]) -> None:
        self._request = request
        self._store = store
        self._observe = observe
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
        self._log = store.live_log(self._number)
        self._drive = Drive(
            request,
            store,
            planner=self._planner,
            runner=TaskRunner(request, store, run=self._number, emit=self._emit),
            run=self._number,
            cpus=environment.cpus,
            emit=self._emit,
        )

    def go(self) -> Built:
        started, clock_started = clock.now(), time.monotonic()
        code = surroundings.code(self._request.root, self._store)
        self._emit(event="run_started", run=self._number, tasks=[task.name for task in self._request.pipeline.tasks])
        try:
            with self._store.keeping():
                cancelled = asyncio.run(self._drive.run())
        except BaseException:
            self._log.close()
            self._store.abandon(self._number)
            raise
        tasks = tuple(self._drive.runs.get(task.name) or self._skipped(task) for task in self._request.pipeline.tasks)
        tasks = self._under_rules(tasks)
        ending: Ending = "succeeded"
        if cancelled:
            ending = "cancelled"
        elif self._drive.out_of_time or any(task.status == "failed" for task in tasks):
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
            log=self._log.keep(self._store.blobs),
        )
        run = kept.keep(self._store, self._request.root, run, pipeline=self._request.pipeline)
        self._store.seal(run)
        self._log.remove()
        return self._judge(run)

    def _judge(self, run: Run) -> Built:
        gate = None
        if run.ending != "cancelled":
            asked = self._request.configuration.gate
            gate = check.check(
                self._store,
                run.number,
                against=asked.channel,
                configuration=asked,
                # the run's own log is sealed by now
                say=lambda line: self._observe({"event": "judging", "message": line}),
            )
        page = report.write(self._store, run.number, folder=self._request.root / self._request.configuration.report)
        exit_code = 0
        if run.ending == "cancelled":
            exit_code = 130
        elif run.ending == "failed":
            exit_code = 1
        elif gate is not None:
            exit_code = check.exit_code(gate, strict=self._request.configuration.gate.strict)
        return Built(run=run, gate=gate, report=page, exit_code=exit_code)

    def _under_rules(self, tasks: tuple[TaskRun, ...]) -> tuple[TaskRun, ...]:
        """The tasks with the configuration's rules in force: also of those that stand, and did not run for it."""
        configured = self._request.configuration.gate.rules
        ruled = rules.of_tasks(tasks, rules=configured)
        # of a part, or of tasks that did not get so far, nobody knows what they would have recorded
        if self._request.targets is None and all(task.status in GOOD for task in tasks):
            for place in rules.unmatched(tasks, rules=configured):
                message = f"{place} names no record of this pipeline, so it guards nothing"
                self._emit(event="unguarded", message=message)
            for contract in self._planner.idle_contracts():
                message = f"{contract.path} speaks of no file that a task declares under [data]: it was not looked at"
                self._emit(event="unguarded", message=message)
        return ruled

    def _skipped(self, task: Task) -> TaskRun:
        runs = self._drive.runs
        configuration = self._request.configuration
        blocked = [name for name in task.upstream if name not in runs or runs[name].status not in GOOD]
        failed = [name for name, run in runs.items() if run.status == "failed"]
        if blocked:
            reason = f"{blocked[0]} did not succeed"
        elif self._drive.out_of_time:
            reason = f"run timeout after {configuration.run_timeout:g} s, before it started"
        elif failed and configuration.on_failure == "stop":
            reason = f"{failed[0]} failed, and nothing is started after that (on_failure = stop)"
        else:
            reason = "interrupted before it started"
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
