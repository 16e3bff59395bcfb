"""`proofbook status`: what a build would do, and why."""

from pathlib import Path

import click

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
    import msgspec

    from proofbook.flow import status as flow
    from proofbook.ploomber.entry import read

    path = Path(entry_point).resolve()
    tasks = flow.status(read(path, flags=env_flags), root=path.parent)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(tasks), indent=2).decode())
        return
    from rich.table import Table
    from rich.text import Text

    from proofbook.terminal import say

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("task", "status", "why", "last run"):
        table.add_column(column, overflow="fold")
    for task in tasks:
        last = (
            f"run {task.last_run}, {task.seconds:.1f} s"
            if task.last_run is not None and task.seconds is not None
            else ""
        )
        table.add_row(task.task, Text(task.status, style=_STYLES[task.status]), task.reason, last)
    say.console().print(table)
