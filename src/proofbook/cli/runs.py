"""`proofbook runs`: what was built."""

from pathlib import Path

import click

__all__ = ["runs"]


@click.command()
@click.option("--limit", "-n", default=20, show_default=True, type=click.IntRange(min=0), help="How many; 0 means all.")
@click.option("--entry-point", "-e", default="pipeline.yaml", show_default=True, help="The pipeline's file.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document: a list of runs.")
def runs(limit: int, entry_point: str, as_json: bool) -> None:
    """List the runs, newest first: how each ended, what the gate said, and which channel holds it."""
    from proofbook.flow import runs as flow
    from proofbook.terminal import runs as shown
    from proofbook.terminal import tables

    found = flow.runs(Path(entry_point).resolve().parent, limit=limit or None)
    if as_json:
        tables.document(found)
    else:
        shown.print_runs(found)
