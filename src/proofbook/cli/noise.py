"""`proofbook noise`: build production again, to see how much its records move by themselves."""

from pathlib import Path

import click

__all__ = ["noise"]


@click.command()
@click.option("--runs", default=5, show_default=True, metavar="N", help="How often, earlier times included.")
@click.option("--against", metavar="CHANNEL", help="Build what this channel holds.  [default: gate.channel]")
@click.option("--entry-point", "-e", default="pipeline.yaml", show_default=True, help="The pipeline's file.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document: every record with all its values.")
def noise(*, runs: int, against: str | None, entry_point: str, as_json: bool) -> None:
    """Build the run in production again on the same data, with other seeds, and show how much its records move.

    Parameters called `seed`, `random_state` and the like are drawn anew, and those that the configuration names
    (gate.seed_parameters). Tasks that draw without a seed run each time; where nothing is left to chance the known
    result is taken. It happens in a folder of its own; the gate uses what is learned.
    """
    from proofbook.flow import noise as flow

    root = Path(entry_point).resolve().parent
    found = flow.noise(root, runs=runs, channel=against, say=lambda line: click.echo(line, err=True))
    from proofbook.terminal import tables

    if as_json:
        tables.document(found)
        return
    from proofbook.terminal.noise import print_noise

    print_noise(found)
