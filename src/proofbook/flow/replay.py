"""
Builds a run again, as it was or with something exchanged, and leaves nothing behind: no run, no log, no product.

It happens in a private folder that is laid out as the project was, with the store open for reading only: what tasks
recorded before, for the same inputs, is taken up again, so that only what the exchange touches runs.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from fnmatch import fnmatchcase
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
from msgspec.structs import replace

from proofbook.disk import atomic, spool
from proofbook.exceptions import CancelledError, MachineError, ReplayError
from proofbook.execute import parameters
from proofbook.flow import configuration as configurations
from proofbook.flow import environments, others, preload, recast, surroundings
from proofbook.flow import recipe as recipes
from proofbook.flow.drive import GOOD, Drive
from proofbook.flow.plan import Plan, Planner
from proofbook.flow.recipe import Recipe
from proofbook.flow.stage import Stage
from proofbook.flow.task import Request, TaskRunner
from proofbook.kernels.pool import Pool
from proofbook.model.configuration import Configuration
from proofbook.model.pipeline import Pipeline, Task
from proofbook.model.record import Record
from proofbook.model.run import Run, TaskRun
from proofbook.store import Aside, Store

__all__ = ["Recipe", "Replayed", "Replayer", "replay"]

_NO_RUN = 0
"""What stands for the number of a run that is none."""


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    tasks: tuple[TaskRun, ...]
    seconds: float

    @property
    def records(self) -> tuple[Record, ...]:
        """All records, in pipeline order."""
        return tuple(record for task in self.tasks for record in task.records)

    @property
    def ran(self) -> tuple[str, ...]:
        """Tasks that ran; of the others a result was known."""
        return tuple(task.name for task in self.tasks if task.status == "ran")


def replay(
    store: Store,
    run: Run,
    *,
    code: Run | None = None,
    data: Run | None = None,
    parameters: Run | None = None,
    environment: Run | None = None,
    seed: int | None = None,
    deadline: float | None = None,
) -> tuple[Record, ...]:
    """
    What `run` records when it is built again, with what others had in place of its own.

    Args:
        store: Holds the runs; only read.
        run: The run to build again.
        code: Whose notebooks and modules, if not its own.
        data: Whose data.
        parameters: Whose parameters.
        environment: Whose interpreter and packages.
        seed: Draws other seeds.
        deadline: Seconds that it may take.

    Raises:
        ReplayError: It cannot be built again: its code or data is gone, a task fails, time is up; in one line.
        CancelledError: It was interrupted.
    """
    exchanged = {"code": code, "data": data, "parameters": parameters, "environment": environment}
    recipe = Recipe.of(run, seed=seed, **{name: other for name, other in exchanged.items() if other is not None})
    runs = tuple({other.number: other for other in (run, *exchanged.values()) if other is not None}.values())

    async def go() -> tuple[Record, ...]:
        async with Replayer(store, runs, seconds=deadline) as replayer:
            return (await replayer.replay(recipe)).records

    return asyncio.run(go())


class Replayer:
    """
    Replays recipes of some runs, one after the other; an asynchronous context manager.

    Args:
        store: Holds the runs; only read. Its folder is that of the project.
        runs: All runs that take part; their own results go before any others of the same inputs.
        seconds: What all replays together may take; None: as long as they like.
        configuration: Of the project; read where it is not given.
        say: Told in one line what is being done.
    """

    def __init__(
        self,
        store: Store,
        runs: Iterable[Run],
        *,
        seconds: float | None = None,
        configuration: Configuration | None = None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.runs = tuple(runs)
        self.project = store.folder.parent
        self.configuration = configuration or configurations.load(self.project)
        self.count = 0
        """Replays that were begun."""
        self.begun = time.monotonic()
        self._until = None if seconds is None else self.begun + seconds
        self._under = store
        self._say = say
        self._stack = ExitStack()
        self._pools: dict[str, Pool] = {}
        self._here = surroundings.environment(self.project)

    async def __aenter__(self) -> Self:
        self._folder = self._stack.enter_context(spool.folder())
        (self._folder / "store").mkdir()
        self.store = Aside(self._under, self._folder / "store", first=[task for run in self.runs for task in run.tasks])
        reports = self.configuration.report
        self._stage = Stage(self.project, store=self._under, runs=self.runs, reports=reports)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            for pool in self._pools.values():
                await pool.close()
        finally:
            self._stack.close()

    @property
    def left(self) -> float | None:
        """Seconds that are left; None: no limit."""
        return None if self._until is None else self._until - time.monotonic()

    async def replay(self, recipe: Recipe) -> Replayed:
        """
        Build what a recipe says.

        Raises:
            ReplayError: It cannot be built, in one line.
            CancelledError: It was interrupted.
        """
        if self.left is not None and self.left <= 0:
            raise ReplayError("time is up")
        self.count += 1
        started = time.monotonic()
        folder = self._folder / str(self.count)
        folder.mkdir()
        try:
            root = self._stage.lay(folder, recipe)
            tasks = await self._build(root, recipe)
        except OSError as error:
            raise MachineError(f"the project cannot be laid out to be built again: {error}") from None
        finally:
            # links to data are removed, not followed
            atomic.remove(folder)
        return Replayed(tasks=tasks, seconds=round(time.monotonic() - started, 3))

    def pipeline(self, recipe: Recipe) -> Pipeline:
        """The pipeline that a recipe says. Raises ReplayError."""
        gate = self.configuration.gate
        return recipes.pipeline_of(
            recipe, store=self.store, seeds=gate.seed_parameters, data_parameters=gate.data_parameters
        )

    async def _build(self, root: Path, recipe: Recipe) -> tuple[TaskRun, ...]:
        pipeline = self.pipeline(recipe)
        _refuse_outside(pipeline, recipe.code)
        notebooks = {
            task.name: self._notebook(pipeline, task, recipe, root=root)
            for task in pipeline.tasks
            if task.kind == "notebook"
        }
        pool = self._pool(recipe.environment)
        env = self._env(recipe)
        request = Request(
            pipeline=pipeline,
            root=root,
            configuration=replace(self.configuration, data={}, run_timeout=self.left),
            notebook=notebooks.__getitem__,
            other=others.runner(pipeline, root=root, parameters=env),
            convert=others.converter(pipeline, root=root),
            pool=pool,
        )
        planner = _Afresh(
            self.store,
            root=root,
            pipeline=pipeline,
            configuration=request.configuration,
            environment=recipe.environment.environment,
            notebook=request.parsed,
        )
        planner.afresh = recipe.afresh
        drive = _Drive(
            request,
            self.store,
            planner=planner,
            runner=TaskRunner(request, self.store, run=_NO_RUN, emit=lambda **_: None),
            run=_NO_RUN,
            cpus=self._here.cpus,
            emit=lambda **_: None,
        )
        pool.spare = len(notebooks) if pool is self._pools.get("") else 0
        if await drive.run():
            raise CancelledError("interrupted while a run was built again")
        if drive.out_of_time:
            raise ReplayError("time is up")
        return tuple(self._good(drive.runs[task.name]) for task in pipeline.tasks if task.name in drive.runs)

    def _good(self, task: TaskRun) -> TaskRun:
        if task.status not in GOOD:
            if self.left is not None and self.left <= 0:
                raise ReplayError("time is up")
            message = task.failure.message if task.failure else task.reason
            # one of ours, which came from within the task's kernel
            if message.startswith(f"{ReplayError.__name__}: "):
                raise ReplayError(message.removeprefix(f"{ReplayError.__name__}: ").splitlines()[0])
            raise ReplayError(f"task {task.name} {task.status} when it was built again: {message.splitlines()[0]}")
        return task

    def _notebook(self, pipeline: Pipeline, task: Task, recipe: Recipe, *, root: Path) -> bytes:
        """The notebook of a task with its parameters, as Ploomber gives them: paths are absolute."""
        run = next(one for one in recipe.code.tasks if one.name == task.name)
        notebook = recipe.notebooks.get(task.name) or recast.notebook_of(run, store=self.store)
        given: dict[str, Any] = dict(task.params)
        if resources := recast.resources_of(run, store=self.store):
            given["resources_"] = {key: str(root / path) for key, path in resources.items()}
        if task.upstream:
            given["upstream"] = {name: _paths(pipeline[name], root) for name in task.upstream}
        given["product"] = _paths(task, root)
        return parameters.inject(msgspec.json.encode(notebook), given)

    def _env(self, recipe: Recipe) -> dict[str, Any]:
        """Values for the names in `env.yaml`, from where the recipe has them."""
        counted = self.configuration.gate.data_parameters
        values = {}
        for name, own in recipe.code.parameters.items():
            is_data = any(fnmatchcase(name, pattern) for pattern in counted)
            giver = recipe.data if is_data else recipe.parameters
            values[name] = giver.parameters.get(name, own)
        return values

    def _pool(self, run: Run) -> Pool:
        """Kernels of the environment that a run had: warm ones of this very interpreter, if it is the same."""
        at_hand = environments.same(run.environment, self._here)
        key = "" if at_hand else surroundings.fingerprint(run.environment)
        if key not in self._pools:
            if key:
                made = environments.Elsewhere(
                    self.project, wanted=run.environment, here=self._here, say=self._say, left=lambda: self.left
                )
                self._pools[key] = made
            else:
                self._pools[key] = preload.pool(
                    root=self.project, pipeline=run.pipeline, configuration=self.configuration
                )
        return self._pools[key]


class _Afresh(Planner):
    """Lets some tasks run even where a result of them is known."""

    afresh: frozenset[str] = frozenset()

    def decide(self, task: Task, *, upstream: Mapping[str, TaskRun], force: bool = False) -> Plan:
        """As a build decides, but for those tasks."""
        return super().decide(task, upstream=upstream, force=force or task.name in self.afresh)


class _Drive(Drive):
    """A build whose kernels serve the next one too."""

    async def _close_pool(self) -> None:
        """Whoever started the pool closes it."""


def _paths(task: Task, root: Path) -> Any:
    """The products of a task as Ploomber gives them to a notebook."""
    paths = {key: str(root / path) for key, path in task.products.items()}
    return paths["product"] if list(paths) == ["product"] else paths


def _refuse_outside(pipeline: Pipeline, run: Run) -> None:
    for task in pipeline.tasks:
        for path in task.products.values():
            if Path(path).is_absolute():
                raise ReplayError(
                    f"run {run.number} cannot be built again beside the project: product {path} of {task.name} lies "
                    "outside of it, and would be overwritten"
                )
