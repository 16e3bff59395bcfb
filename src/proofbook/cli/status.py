"""`proofbook status`: what a build would do, and why."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from proofbook.flow.status import TaskStatus

__all__ = ["status"]

_STYLES = {"up to date": "green", "would restore": "cyan", "would run": "yellow", "may run": "dim"}


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--entry-point", "-e", default="pipeline.yaml", show_default=True, help="The pipeline's file.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document: a list of tasks.")
@click.argument("env_flags", nargs=-1, type=click.UNPROCESSED)
def status(entry_point: str, as_json: bool, env_flags: tuple[str, ...]) -> None:
    """Say for each task whether a build would run it, and why. Runs and writes nothing.

    Takes --env--NAME VALUE for each name of env.yaml, as a build does.
    """
    from proofbook.flow import status as flow
    from proofbook.ploomber.entry import read
    from proofbook.terminal import tables

    path = Path(entry_point).resolve()
    tasks = flow.status(read(path, flags=env_flags), root=path.parent)
    if as_json:
        tables.document(tasks)
        return
    rows: list[list[tables.Cell]] = [
        [task.task, (task.status, _STYLES[task.status]), task.reason, _last(task)] for task in tasks
    ]
    tables.table(["task", "status", "why", "last run"], rows, whole=True)


def _last(task: "TaskStatus") -> str:
    from proofbook.terminal.tables import duration

    return f"run {task.last_run}, {duration(task.seconds)}" if task.last_run is not None else ""
