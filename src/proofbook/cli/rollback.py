"""`proofbook rollback`: production holds an older run again."""

from pathlib import Path

import click

__all__ = ["rollback"]


@click.command()
@click.option("--to", metavar="RUN|gN", help="A run, or generation N written gN. Default: what was there before.")
@click.option("--channel", default="production", show_default=True, help="Which channel goes back.")
@click.option("--reason", metavar="TEXT", help="Why; kept in the history.")
@click.option("--override", is_flag=True, help="Go back against the policy; needs --reason, and is kept for ever.")
@click.option("--entry-point", "-e", default="pipeline.yaml", show_default=True, help="The pipeline's file.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document: what is there now, and what was before.")
def rollback(
    *, to: str | None, channel: str, reason: str | None, override: bool, entry_point: str, as_json: bool
) -> None:
    """Take production (or another channel) back to a run that it held before.

    This is a new generation: nothing in the history is taken away. The older run's files are verified first. Twice in
    a row goes back two promotions.

    A policy (`policy.toml`) may have rules for it; --override with --reason passes those that do not say otherwise.
    """
    from proofbook.flow import rollback as flow
    from proofbook.terminal import releases, tables

    root = Path(entry_point).resolve().parent
    release = flow.rollback(root, to=to, channel=channel, reason=reason, override=override)
    if as_json:
        tables.document(release)
    else:
        releases.print_release(release)
