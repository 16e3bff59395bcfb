"""`proofbook diff`: what differs between two runs."""

from pathlib import Path

import click

__all__ = ["diff"]


@click.command()
@click.argument("old")
@click.argument("new", default="latest")
@click.option("--entry-point", "-e", default="pipeline.yaml", show_default=True, help="The pipeline's file.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document: a list of differences.")
def diff(old: str, new: str, entry_point: str, as_json: bool) -> None:
    """Show what differs from run OLD to run NEW: parameters, code, data, environment, tasks, records.

    Each is a number, `latest`, a channel, or at least 6 digits of a run's digest: `proofbook diff production`
    compares production with the latest run.
    """
    from proofbook.flow import runs as flow
    from proofbook.terminal import runs as shown
    from proofbook.terminal import tables

    found = flow.diff(Path(entry_point).resolve().parent, old, new)
    if as_json:
        tables.document(found)
    else:
        shown.print_differences(found)
