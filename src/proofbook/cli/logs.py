"""`proofbook logs`: what happened in a run, event by event."""

from pathlib import Path

import click

__all__ = ["logs"]


@click.command()
@click.argument("run", default="latest")
@click.argument("task", required=False)
@click.option("--follow", "-f", is_flag=True, help="Go on until the run ends, as `tail -f` does.")
@click.option("--entry-point", "-e", default="pipeline.yaml", show_default=True, help="The pipeline's file.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="One JSON document: all events; with --follow one object a line, as it comes.",
)
def logs(run: str, task: str | None, follow: bool, entry_point: str, as_json: bool) -> None:
    """Show the events of RUN, or only those of TASK: kernels, cells, what they printed, attempts, failures.

    RUN is a number, `latest`, a channel, or at least 6 digits of a run's digest. A run that is being built has a log
    too, and one whose build was killed.
    """
    from proofbook.flow import logs as flow
    from proofbook.terminal import logs as shown
    from proofbook.terminal import tables

    root = Path(entry_point).resolve().parent
    if follow:
        events = flow.follow(root, run, task=task)
        if as_json:
            for event in events:
                tables.json_line(event)
        else:
            shown.print_log(events)
        return
    found = flow.read(root, run, task=task)
    if as_json:
        tables.document(found)
    else:
        shown.print_log(found.events)
        if found.ending == "interrupted":
            shown.print_log([{"event": "interrupted", "run": found.run}])
