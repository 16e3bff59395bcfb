"""What a build would do, task by task, and why. Runs and writes nothing."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from msgspec import Struct

from proofbook.analyze import source
from proofbook.flow import configuration, surroundings
from proofbook.flow.plan import Planner
from proofbook.model.notebook import Notebook
from proofbook.model.pipeline import Pipeline, Task
from proofbook.model.run import Environment, TaskRun
from proofbook.store import Store

__all__ = ["TaskStatus", "status"]

_SAID: dict[str, Literal["up to date", "would restore", "would run"]] = {
    "nothing": "up to date", "restore": "would restore", "run": "would run"
}  # fmt: skip


class TaskStatus(Struct, frozen=True, kw_only=True):
    """What a build would do for one task."""

    task: str
    status: Literal["up to date", "would restore", "would run", "may run"]
    """`may run`: something upstream would run, and whether its products change is not known before."""
    reason: str
    last_run: int | None = None
    """Number of the run that last did the work."""
    seconds: float | None = None
    """What it took then."""


def status(
    pipeline: Pipeline,
    *,
    root: Path,
    notebook: Callable[[Task], Notebook] | None = None,
    environment: Environment | None = None,
) -> tuple[TaskStatus, ...]:
    """
    The status of each task, in the order of the pipeline.

    Args:
        pipeline: What would be built.
        root: Its folder.
        notebook: What a task would run; read from its source, where it is left out.
        environment: What it would run on; looked up, where it is left out.
    """
    store = Store.open(root, create=False) if (root / ".proofbook").exists() else None
    if store is None:
        return tuple(TaskStatus(task=task.name, status="would run", reason="never ran") for task in pipeline.tasks)
    planner = Planner(
        store,
        root=root,
        pipeline=pipeline,
        configuration=configuration.load(root),
        environment=environment or surroundings.environment(root),
        notebook=notebook or (lambda task: source.read(root / (task.source or ""), shown=task.source)),
    )
    with store.keeping():
        return tuple(_told(store, planner, pipeline))


def _told(store: Store, planner: Planner, pipeline: Pipeline) -> Iterator[TaskStatus]:
    known: dict[str, TaskRun] = {}
    for task in pipeline.tasks:
        latest = store.latest(task.name)
        last, seconds = (latest.made_by, latest.seconds) if latest else (None, None)
        waiting = [name for name in task.upstream if name not in known]
        if waiting:
            yield TaskStatus(
                task=task.name,
                status="may run",
                reason=f"waits for {', '.join(waiting)}",
                last_run=last,
                seconds=seconds,
            )
            continue
        plan = planner.decide(task, upstream={name: known[name] for name in task.upstream})
        if plan.past is not None:
            known[task.name] = plan.past
        yield TaskStatus(task=task.name, status=_SAID[plan.action], reason=plan.reason, last_run=last, seconds=seconds)
