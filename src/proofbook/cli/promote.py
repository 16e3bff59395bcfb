"""`proofbook promote`: a run becomes what production holds."""

from pathlib import Path

import click

__all__ = ["promote"]


@click.command()
@click.argument("run", default="latest")
@click.option("--channel", default="production", show_default=True, help="Where the run goes.")
@click.option("--reason", metavar="TEXT", help="Why; kept in the history.")
@click.option("--accept", metavar="TEXT", help="Accept a `review`: what you looked at, and why it is fine.")
@click.option("--override", is_flag=True, help="Promote against the gate's `no`; needs --reason, and is kept for ever.")
@click.option("--entry-point", "-e", default="pipeline.yaml", show_default=True, help="The pipeline's file.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document: what is there now, and what was before.")
def promote(
    *, run: str, channel: str, reason: str | None, accept: str | None, override: bool, entry_point: str, as_json: bool
) -> None:
    """Put RUN into production (or another channel).

    RUN is a number, `latest`, a channel, or at least 6 digits of a run's digest. It must have succeeded, be of the
    whole pipeline, and have been checked against what production holds now.

    What the gate said decides: `go` needs nothing more; `review` needs --accept, but for the very first run, whose
    promotion is the acceptance; `no` needs --override and --reason. Then the rules of the policy are asked, where the
    project has one (`policy.toml`); --override passes those of them that allow it.
    """
    from proofbook.flow import promote as flow
    from proofbook.terminal import releases, tables

    root = Path(entry_point).resolve().parent
    release = flow.promote(root, run, channel=channel, reason=reason, accept=accept, override=override)
    if as_json:
        tables.document(release)
    else:
        releases.print_release(release)
