"""`proofbook check`: hold a run against production again."""

from pathlib import Path

import click

__all__ = ["check"]


@click.command()
@click.argument("run", default="latest")
@click.option("--against", metavar="CHANNEL", help="Compare with what this channel holds.  [default: gate.channel]")
@click.option("--strict", is_flag=True, help="End with 4 on `review` as well.  [default: gate.strict]")
@click.option("--cause/--no-cause", default=None, help="Find out why records changed.  [default: gate.cause]")
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), help="Also write it as JUnit XML.")
@click.option("--markdown", type=click.Path(path_type=Path, dir_okay=False), help="Also write it as Markdown.")
@click.option("--entry-point", "-e", default="pipeline.yaml", show_default=True, help="The pipeline's file.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document: the decision, its reasons, every comparison.")
def check(
    run: str,
    *,
    against: str | None,
    strict: bool,
    cause: bool | None,
    junit: Path | None,
    markdown: Path | None,
    entry_point: str,
    as_json: bool,
) -> int:
    """Compare RUN, record by record, with the run in production, and say whether it may go there.

    RUN is a number, the beginning of a digest, a channel, or `latest`, which is the default.

    With --cause production is built again with parts of RUN, in a folder of its own, to tell code from data,
    parameters and environment; by default that is done when a record has regressed.

    Ends with 0 for `go` and for `review`, 4 for `no` (with --strict for `review` too).
    """
    from proofbook.flow import check as flow
    from proofbook.flow import configuration
    from proofbook.flow.announce import announce
    from proofbook.store import Store

    root = Path(entry_point).resolve().parent
    gate = configuration.load(root).gate
    with Store.open(root, create=False) as store:
        channel = against or gate.channel
        named = channel not in (gate.channel, "production")
        result = flow.check(
            store,
            run,
            against=channel,
            must_exist=named,
            configuration=gate,
            cause=None if cause is None else "always" if cause else "never",
            say=lambda line: click.echo(line, err=True),
        )
    from proofbook.terminal import say, tables
    from proofbook.terminal.verdict import print_gate

    strict = strict or gate.strict
    announce(result, junit=junit, markdown=markdown, strict=strict)
    if as_json:
        tables.document(result)
    else:
        print_gate(result, say.console())
    return flow.exit_code(result, strict=strict)
