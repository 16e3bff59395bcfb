"""Decides what must be done for a task: nothing, put its products back, or run it; and says why."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct, structs

from proofbook.contracts.contract import Contract
from proofbook.contracts.files import Assigned
from proofbook.exceptions import StoreError
from proofbook.flow import contracts, products, surroundings
from proofbook.flow import inputs as task_inputs
from proofbook.flow.digests import Digests
from proofbook.model.configuration import Configuration
from proofbook.model.notebook import Notebook
from proofbook.model.pipeline import Pipeline, Task
from proofbook.model.run import Environment, TaskRun
from proofbook.store import Store

__all__ = ["Plan", "Planner"]


class Plan(Struct, frozen=True, kw_only=True):
    """What must be done for one task."""

    action: Literal["nothing", "restore", "run"]
    reason: str
    inputs: dict[str, Any]
    key: str
    past: TaskRun | None = None
    """The good run whose result holds; None where the task must run."""
    differing: dict[str, str] = {}
    """Products to put back: key to `missing` or `edited`."""
    contracts: tuple[Assigned, ...] = ()
    """Those that speak of its data files."""


class Planner:
    """Knows the project and the store; decides one task at a time, upstream first."""

    def __init__(
        self,
        store: Store,
        *,
        root: Path,
        pipeline: Pipeline,
        configuration: Configuration,
        environment: Environment,
        notebook: Callable[[Task], Notebook],
    ) -> None:
        self._notebook = notebook
        self._store = store
        self._root = root
        self._pipeline = pipeline
        self._configuration = configuration
        self._contracts = contracts.load(configuration, root=root)
        self._claimed: set[str] = set()
        self._environment = surroundings.fingerprint(environment)
        self._digests = Digests()
        self._shown: dict[str, str] = {}
        self.data: dict[str, str] = {}
        """Declared data files of the tasks decided so far: path to digest."""
        # two contracts for one file are refused before anything runs
        for task in pipeline.tasks if self._contracts else ():
            self._assigned(task, self._data_files(task))

    def decide(self, task: Task, *, upstream: Mapping[str, TaskRun], force: bool = False) -> Plan:
        """
        What must be done for `task`, given what became of its upstream tasks.

        Raises:
            NotebookError: Its notebook cannot be read.
        """
        files = self._data_files(task)
        data = task_inputs.data_digests(self._root, files, digest_of=self._digests.of)
        self.data |= data
        held = self._assigned(task, files)
        inputs = task_inputs.of_task(
            task,
            pipeline=self._pipeline,
            root=self._root,
            upstream=upstream,
            environment=self._environment,
            data=data,
            outputs={name: self._outputs(run) for name, run in upstream.items() if run.notebook},
            notebook=self._notebook(task) if task.kind == "notebook" else None,
            contracts=contracts.digests(held, data=data, root=self._root),
        )
        key = task_inputs.key_of(inputs)
        if force:
            return Plan(action="run", reason="forced", inputs=inputs, key=key, contracts=held)
        if task.unseen:
            reason = "one of its products is no file: whether it is still there cannot be told"
            return Plan(action="run", reason=reason, inputs=inputs, key=key, contracts=held)
        return structs.replace(self._from_past(task, inputs=inputs, key=key), contracts=held)

    def idle_contracts(self) -> tuple[Contract, ...]:
        """Contracts that speak of no data file of any task."""
        return tuple(one for one in self._contracts if one.path not in self._claimed)

    def changed_meanwhile(self, plan: Plan, run: TaskRun, *, upstream: Mapping[str, TaskRun], since: int) -> str | None:
        """
        A file that the task may have read as another than the one it was decided on; None where there is none.

        Args:
            plan: What was decided before the task ran.
            run: What became of it.
            upstream: What became of its upstream tasks.
            since: When it was decided, in nanoseconds of the wall clock: for modules that only the running kernel
                showed, nothing else tells.
        """
        for above in upstream.values():
            differing = products.differing(self._root, above.products, digest_of=self._digests.of)
            if differing:
                return above.products[next(iter(differing))].path
        data: dict[str, str] = plan.inputs["data"]
        for path, digest in task_inputs.data_digests(self._root, list(data), digest_of=self._digests.of).items():
            if data[path] != digest:
                return path
        modules: dict[str, str] = plan.inputs["modules"]
        for path, seen in run.modules.items():
            status = (self._root / path).stat() if (self._root / path).exists() else None
            touched = status is None or max(status.st_mtime_ns, status.st_ctime_ns) > since
            if modules[path] != seen if path in modules else touched:
                return path
        return None

    def _data_files(self, task: Task) -> list[str]:
        return task_inputs.data_files(task, self._configuration.data.get(task.name, []), root=self._root)

    def _assigned(self, task: Task, files: Iterable[str]) -> tuple[Assigned, ...]:
        """
        The contracts that speak of the data files of a task.

        Raises:
            ConfigurationError: Two contracts claim one file.
        """
        globs = self._configuration.data.get(task.name, [])
        found = contracts.assigned(self._contracts, files=sorted(files), globs=globs)
        self._claimed.update(one.contract.path for one in found)
        return found

    def _from_past(self, task: Task, *, inputs: dict[str, Any], key: str) -> Plan:
        reason = ""
        for past in self._store.recall(task.name, key):
            if not task_inputs.modules_now(self._root, past.modules):
                reason = "a module that it imported while running changed"
                continue
            differing = products.differing(self._root, past.products, digest_of=self._digests.of)
            if not differing:
                return Plan(action="nothing", reason="nothing changed", inputs=inputs, key=key, past=past)
            lost = [name for name in differing if not self._whole(past, name)]
            if lost:
                reason = f"product {lost[0]} is {differing[lost[0]]}, and the store has lost it"
                continue
            latest = self._store.latest(task.name)
            if latest is not None and latest.key != key:
                said = f"the same inputs as in run {past.made_by}"
            else:
                said = ", ".join(f"{past.products[name].path} was {how}" for name, how in differing.items())
            return Plan(action="restore", reason=said, inputs=inputs, key=key, past=past, differing=differing)
        if not reason:
            latest = self._store.latest(task.name)
            reason = task_inputs.explain(latest.inputs if latest else None, inputs)
        return Plan(action="run", reason=reason, inputs=inputs, key=key)

    def _whole(self, past: TaskRun, name: str) -> bool:
        product = past.products[name]
        wanted = product.folder.values() if product.folder is not None else [product.digest]
        try:
            for digest in wanted:
                self._store.blobs.get(digest)
        except StoreError:
            return False
        return True

    def _outputs(self, run: TaskRun) -> str:
        if run.notebook is None:
            return ""
        if run.notebook not in self._shown:
            try:
                shown = task_inputs.outputs_digest(self._store.blobs.get(run.notebook))
            except StoreError:
                return run.notebook
            self._shown[run.notebook] = shown
        return self._shown[run.notebook]
