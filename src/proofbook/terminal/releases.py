"""What a promotion or rollback did, and the history of a channel, for a person."""

from collections.abc import Iterable

import click

from proofbook.release.promote import Release
from proofbook.store import Generation
from proofbook.terminal.say import line
from proofbook.terminal.tables import Cell, local, table

__all__ = ["print_history", "print_release"]


def print_release(release: Release) -> None:
    """Print what the channel holds now, what it held before, and what to do next."""
    now, before = release.now, release.before
    if not release.changed:
        line(f"{now.channel} holds run {now.run} already (generation {now.number}): nothing was changed")
        return
    line(f"{now.channel} is run {now.run} now (generation {now.number}, {now.manifest[:12]})", fg="green", bold=True)
    line(f"before: run {before.run} (generation {before.number})" if before else "before: nothing")
    if now.override:
        against = "the policy" if now.decision in {"go", None} else f"the gate's {now.decision}"
        line(f"against {against}: {now.reason}", fg="yellow")
    elif now.reason:
        line(f"reason: {now.reason}")
    channel = "" if now.channel == "production" else f" --channel {now.channel}"
    click.echo()
    if now.kind == "rollback":
        line(f"next: `proofbook diff {now.run} {before.run if before else now.run}` shows what was taken back")
    elif before:
        line(f"next: builds are compared with run {now.run} from now on; `proofbook rollback{channel}` takes it back")
    else:
        line(f"next: builds are compared with run {now.run} from now on; change something and run `proofbook build`")


def print_history(history: Iterable[Generation]) -> None:
    """Print all generations as a table."""
    rows: list[list[Cell]] = []
    for step in history:
        style = "yellow" if step.kind == "rollback" or step.override else ""
        how = f"{step.kind} (override)" if step.override else step.kind
        said, reason = step.decision or "", step.reason or ""
        rows.append([str(step.number), f"run {step.run}", local(step.at), step.by, (how, style), said, reason])
    table(["generation", "run", "when", "by", "kind", "gate", "reason"], rows)
