"""Runs what must run of a pipeline, in one event loop: decides task by task, grants, tries again, ends well."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable

import msgspec

from proofbook.exceptions import MachineError
from proofbook.execute import schedule
from proofbook.execute.resources import Capacity, Need, gpus_of_machine, memory_of_machine
from proofbook.execute.schedule import Again, Fate
from proofbook.flow import preload, products
from proofbook.flow.plan import Plan, Planner
from proofbook.flow.task import Request, TaskRunner, Terms
from proofbook.kernels.pool import Pool
from proofbook.model.pipeline import Task
from proofbook.model.run import Attempt, Failure, TaskRun
from proofbook.store import Store

__all__ = ["GOOD", "Drive"]

# `skipped` is only ever returned by a task that was taken as it is, under --skip-upstream
GOOD = {"ran", "restored", "up-to-date", "skipped"}

_LONGEST_WAIT = 300.0
"""Seconds between two attempts, however many there were."""
_FLUSH = 0.2
"""Seconds for which results are gathered, to be written in one transaction: a build that is killed loses no more."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class _Begun(msgspec.Struct):
    """A task that must run."""

    plan: Plan
    since: int
    """When it was decided, in nanoseconds of the wall clock."""
    attempts: tuple[Attempt, ...] = ()
    """Those that failed."""


class Drive:
    """
    One build's tasks, from the first to the last.

    Args:
        request: What to build.
        store: Where results come from and go to.
        planner: Decides what must be done.
        runner: Does it.
        run: Number of the run.
        cpus: Of the machine.
        emit: Told what happens.
    """

    def __init__(
        self,
        request: Request,
        store: Store,
        *,
        planner: Planner,
        runner: TaskRunner,
        run: int,
        cpus: int,
        emit: Callable[..., None],
    ) -> None:
        self.runs: dict[str, TaskRun] = {}
        """What became of each task so far; those that were never begun are missing."""
        self.out_of_time = False
        """Whether the run's time was up before all was done."""
        self._request = request
        self._store = store
        self._planner = planner
        self._runner = runner
        self._number = run
        self._emit = emit
        self._cpu = request.configuration.workers or cpus
        self._gpus = gpus_of_machine(request.configuration.gpus)
        self._pool = request.pool
        self._begun: dict[str, _Begun] = {}
        self._flushing: asyncio.TimerHandle | None = None
        self._to_come = {task.name for task in request.pipeline.tasks if task.kind == "notebook"}
        limit = request.configuration.run_timeout
        self._until = None if not limit else time.monotonic() + limit

    async def run(self) -> bool:
        """
        Run all that must run. Returns whether it was interrupted.

        A first SIGINT or SIGTERM interrupts the running cells and lets the tasks come to a good end. A second one ends
        this process at once, and with it all that it started: the run then shows as interrupted.
        """
        loop = asyncio.get_running_loop()
        if signal.getsignal(signal.SIGCHLD) == signal.SIG_IGN:
            # inherited so from some shells and supervisors: the system would then keep to itself how a process ended
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        work = asyncio.ensure_future(self._schedule())

        def stop() -> None:
            work.cancel()
            for number in _SIGNALS:
                loop.remove_signal_handler(number)
                signal.signal(number, signal.SIG_DFL)

        for number in _SIGNALS:
            loop.add_signal_handler(number, stop)
        try:
            await work
        except asyncio.CancelledError:
            self._give_up()
            return True
        finally:
            for number in _SIGNALS:
                loop.remove_signal_handler(number)
            await self._close()
        return any(run.status == "cancelled" for run in self.runs.values())

    async def _close(self) -> None:
        try:
            if self._flushing is not None:
                self._flushing.cancel()
                self._flushing = None
            # there is no next result any more with which it would be tried again: this one must do, before the seal
            self._store.flush()
        finally:
            await self._close_pool()

    async def _close_pool(self) -> None:
        if self._pool is None:
            return
        try:
            told = preload.shown(self._pool)
            if told["modules"] or told["refused"]:
                self._emit(event="preload", **told)
            preload.keep(self._request.root, self.runs, self._pool.costs(), refused=self._pool.spoils())
        finally:
            await self._pool.close()

    async def _schedule(self) -> None:
        request = self._request
        graph = {task.name: task.upstream for task in request.pipeline.tasks}
        durations = self._store.durations()
        self._emit(event="expected", upstream=graph, durations=durations, workers=self._cpu)
        loop = asyncio.get_running_loop()
        fates = await schedule.run(
            graph,
            self._work,
            capacity=Capacity(cpu=self._cpu, memory=memory_of_machine(), gpus=self._gpus),
            needs={name: self._need(name) for name in graph},
            durations=durations,
            decide=self._decide,
            stop_on_failure=request.configuration.on_failure == "stop",
            until=None if self._until is None else loop.time() + (self._until - time.monotonic()),
        )
        self._store.flush()
        self._settle(fates)

    def _need(self, name: str) -> Need:
        said = self._request.configuration.task(name)
        # one that asks for more GPUs than there are fails, when it is known that it must run
        gpu = min(said.gpu or 0, len(self._gpus))
        return Need(cpu=1.0 if said.cpu is None else said.cpu, memory=said.memory_bytes or 0, gpu=gpu)

    def _give_up(self) -> None:
        """What waits to be tried again when the build is interrupted has failed, and is told so."""
        for name in [*self._begun]:
            if name in self.runs:
                self._finish(name, self.runs[name])

    def _settle(self, fates: dict[str, Fate]) -> None:
        """What was to be tried again when everything stopped has failed; and was time the reason?"""
        for name, fate in fates.items():
            if fate == "failed" and name in self._begun:
                self._finish(name, self.runs[name])
        late = self._until is not None and time.monotonic() >= self._until
        self.out_of_time = late and any(name not in self.runs for name in fates)

    def _decide(self, name: str) -> bool | None:
        """Whether there is anything to do for a task; None where it must run."""
        request = self._request
        task = request.pipeline[name]
        if request.skip_upstream and request.targets is not None and name not in request.targets:
            return self._finish(name, self._runner.taken_as_is(task))
        since = time.time_ns()
        plan = self._planner.decide(task, upstream=self._upstream(task), force=request.force)
        if plan.past is not None:
            if plan.action == "restore":
                products.restore(self._store, request.root, plan.past.products, plan.differing)
            self._runner.remind(task, plan.past)
            status = "up-to-date" if plan.action == "nothing" else "restored"
            return self._finish(name, msgspec.structs.replace(plan.past, status=status, reason=plan.reason))
        wanted = request.configuration.task(name).gpu or 0
        if wanted > len(self._gpus):
            message = f"it needs {wanted} GPUs, and there are {len(self._gpus)}: `gpu` under [tool.proofbook.tasks]"
            return self._finish(name, self._failed(task, plan, Failure(kind="error", message=message)))
        self._begun[name] = _Begun(plan, since)
        return None

    def _upstream(self, task: Task) -> dict[str, TaskRun]:
        return {name: self.runs[name] for name in task.upstream}

    async def _work(self, name: str, gpus: tuple[str, ...]) -> bool | Again:
        task, begun = self._request.pipeline[name], self._begun[name]
        if not begun.attempts:
            self._emit(event="task_started", task=name, reason=begun.plan.reason)
            # from here on, and until it succeeds, no earlier result of these inputs counts: a failure stays one
            self._store.attempt(name, begun.plan.key, run=self._number)
        products.discard(self._request.root, task.products)
        if task.kind == "notebook":
            self._kernels()
        self._need_no_kernel(name)
        run = await self._runner.run(task, begun.plan, self._terms(name, gpus), pool=self._kernels)
        run = msgspec.structs.replace(self._in_time(run), attempts=begun.attempts)
        if run.status == "ran":
            return self._finish(name, self._remembered(task, begun, run))
        # half-written data must not lie where good data is looked for; the notebook shows what happened
        kept = task.notebook_product
        products.discard(self._request.root, {key: path for key, path in task.products.items() if key != kept})
        again = self._again(name, begun, run)
        if again is None:
            return self._finish(name, run)
        self.runs[name] = run
        return again

    def _terms(self, name: str, gpus: tuple[str, ...]) -> Terms:
        said = self._request.configuration.task(name)
        limits = [said.task_timeout] if said.task_timeout else []
        if self._until is not None:
            limits.append(max(0.001, self._until - time.monotonic()))
        return Terms(
            cell_timeout=said.cell_timeout,
            task_timeout=min(limits, default=None),
            memory_limit=said.memory_bytes,
            environment={"CUDA_VISIBLE_DEVICES": ",".join(gpus)} if gpus else {},
        )

    def _kernels(self) -> Pool:
        """The pool; the build's own, where no door started one early."""
        request = self._request
        if self._pool is None:
            self._pool = preload.pool(
                root=request.root, pipeline=request.pipeline.path, configuration=request.configuration,
                on_note=lambda note: self._emit(event="log", level="warning", message=note),
            )  # fmt: skip
        return self._pool

    def _in_time(self, run: TaskRun) -> TaskRun:
        """Where a task had all the time that was left of the run, that is what it ran out of."""
        late = self._until is not None and time.monotonic() >= self._until
        if run.failure is None or run.failure.kind != "timeout" or not late:
            return run
        message = f"run timeout after {self._request.configuration.run_timeout:g} s"
        failure = msgspec.structs.replace(run.failure, message=message)
        return msgspec.structs.replace(run, failure=failure, reason=message)

    def _remembered(self, task: Task, begun: _Begun, run: TaskRun) -> TaskRun:
        if task.name in self._runner.unsure:
            # a module that it found while running may be edited, and nobody would see that this result is of before
            return msgspec.structs.replace(run, reason=f"{run.reason}; what it imported is not known")
        changed = self._planner.changed_meanwhile(begun.plan, run, upstream=self._upstream(task), since=begun.since)
        if changed is None:
            self._store.remember(run, run=self._number, later=True)
            if self._flushing is None:
                self._flushing = asyncio.get_running_loop().call_later(_FLUSH, self._flush)
            return run
        # what it read is not what its key says: good for this run, and for no other
        return msgspec.structs.replace(run, reason=f"{run.reason}; {changed} changed while it ran")

    def _flush(self) -> None:
        self._flushing = None
        # what cannot be written now is tried again with the next result, and said then
        with contextlib.suppress(MachineError):
            self._store.flush()

    def _again(self, name: str, begun: _Begun, run: TaskRun) -> Again | None:
        """Whether, and after how long, a failed task is tried again: a lost kernel, or an error that passes."""
        retry = self._request.configuration.task(name).retry
        failed = len(begun.attempts) + 1
        if run.failure is None or retry is None or failed >= retry.attempts or self._request.debug == name:
            return None
        raised = run.failure.message.partition(":")[0]
        passing = run.failure.kind == "exception" and any(_is_named(raised, declared) for declared in retry.errors)
        if run.failure.kind != "kernel died" and not passing:
            return None
        wait = min(retry.wait * 2 ** (failed - 1), _LONGEST_WAIT)
        begun.attempts += (
            Attempt(failure=run.failure, started=run.started, seconds=run.seconds, notebook=run.notebook),
        )
        self._emit(
            event="attempt_failed", task=name, attempt=failed, attempts=retry.attempts, wait=wait,
            failure=msgspec.to_builtins(run.failure),
        )  # fmt: skip
        return Again(wait)

    def _finish(self, name: str, run: TaskRun) -> bool:
        self.runs[name] = run
        self._begun.pop(name, None)
        self._need_no_kernel(name)
        self._emit(
            event="task_finished", task=name, status=run.status, reason=run.reason, seconds=run.seconds,
            failure=msgspec.to_builtins(run.failure),
        )  # fmt: skip
        return run.status in GOOD

    def _need_no_kernel(self, name: str) -> None:
        """Of the spare kernels none is for this task any more: none is started that nobody will use."""
        self._to_come.discard(name)
        if self._pool is not None:
            self._pool.spare = min(self._pool.spare, len(self._to_come))

    def _failed(self, task: Task, plan: Plan, failure: Failure) -> TaskRun:
        """A task that cannot be begun."""
        return TaskRun(
            name=task.name, status="failed", reason=failure.message, source=task.source, key=plan.key,
            inputs=plan.inputs, params=task.params, upstream=task.upstream, failure=failure,
        )  # fmt: skip


def _is_named(raised: str, declared: str) -> bool:
    """
    Whether an exception is one that was declared to pass.

    A kernel tells no more than the last part of an exception's name, and so does a forked task. Where only that is
    known, a dotted declaration is matched by its last part: `requests.ConnectionError` then also covers the built-in
    one. Where the full name is known, a dotted declaration has to be that name exactly. An undotted declaration covers
    each exception whose last part it is.

    Args:
        raised: Its name, as the failure tells it.
        declared: One of `retry.errors`.
    """
    if "." in raised and "." in declared:
        return raised == declared
    return raised.rpartition(".")[2] == declared.rpartition(".")[2]
