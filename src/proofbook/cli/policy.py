"""`proofbook policy`: the rules of release."""

from pathlib import Path

import click

from proofbook.model.policy import TRANSITIONS, Transition

__all__ = ["policy"]


@click.group()
def policy() -> None:
    """Rules of release: what `policy.toml` says of each step.

    Each rule is an expression that must be true before a run is sealed, checked, approved, promoted or rolled back.
    """


@policy.command()
@click.option("--entry-point", "-e", default="pipeline.yaml", show_default=True, help="The pipeline's file.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document: every test and every rule's outcome in it.")
def test(entry_point: str, as_json: bool) -> int:
    """Run the tests that the policy has in its file.

    Ends with 0 where all hold, 1 where one does not, 2 where the policy cannot be read.
    """
    from proofbook.flow import policy as flow
    from proofbook.terminal import policies, tables

    found = flow.test(Path(entry_point).resolve().parent)
    if as_json:
        tables.document(found)
    else:
        policies.print_tests(found)
    return 0 if found.good else 1


@policy.command()
@click.argument("run", default="latest")
@click.option("--at", type=click.Choice(TRANSITIONS), default="promote", show_default=True, help="Which step.")
@click.option("--channel", help="Where the run would go.  [default: gate.channel]")
@click.option("--reason", metavar="TEXT", default="", help="As if this were given with the step.")
@click.option("--override", is_flag=True, help="As if this were given with the step.")
@click.option("--entry-point", "-e", default="pipeline.yaml", show_default=True, help="The pipeline's file.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document: every rule, what it looked at, its outcome.")
def explain(
    *, run: str, at: Transition, channel: str | None, reason: str, override: bool, entry_point: str, as_json: bool
) -> int:
    """Show what every rule of a step would say of RUN now, and why. Nothing is done.

    Ends with 0 where all let it pass, 4 where one refuses.
    """
    from proofbook.flow import configuration
    from proofbook.flow import policy as flow
    from proofbook.terminal import policies, tables

    root = Path(entry_point).resolve().parent
    channel = channel or configuration.load(root).gate.channel
    ruling = flow.explain(root, run, at=at, channel=channel, reason=reason, override=override)
    if as_json:
        tables.document(ruling)
    else:
        policies.print_ruling(ruling, at=at)
    return 4 if ruling is not None and ruling.refused else 0
