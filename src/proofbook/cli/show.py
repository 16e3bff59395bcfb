"""`proofbook show`: one run in full."""

from pathlib import Path

import click

__all__ = ["show"]


@click.command()
@click.argument("run", default="latest")
@click.option("--entry-point", "-e", default="pipeline.yaml", show_default=True, help="The pipeline's file.")
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON document: the whole manifest, its digest, the gate's word."
)
def show(run: str, entry_point: str, as_json: bool) -> None:
    """Show RUN: parameters, code, environment, tasks with time and memory, records, and what the gate said.

    RUN is a number, `latest`, a channel, or at least 6 digits of a run's digest.
    """
    from proofbook.flow import runs as flow
    from proofbook.terminal import runs as shown
    from proofbook.terminal import tables

    found = flow.show(Path(entry_point).resolve().parent, run)
    if as_json:
        tables.document(found)
    else:
        shown.print_run(found)
