"""`proofbook history`: what a channel held, when, and why."""

from pathlib import Path

import click

__all__ = ["history"]


@click.command()
@click.argument("channel", default="production")
@click.option("--entry-point", "-e", default="pipeline.yaml", show_default=True, help="The pipeline's file.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document: a list of generations.")
def history(channel: str, entry_point: str, as_json: bool) -> None:
    """Show every generation of CHANNEL, newest first: which run, when, by whom, and why."""
    from proofbook.flow import history as flow
    from proofbook.terminal import releases, tables

    found = flow.history(Path(entry_point).resolve().parent, channel=channel)
    if as_json:
        tables.document(found)
    else:
        releases.print_history(found)
