"""The last lines of a build: what failed and where, the gate's word, where the report lies."""

from pathlib import Path

from rich.console import Console
from rich.text import Text

from proofbook.flow.build import Built
from proofbook.terminal import say
from proofbook.terminal.say import printable
from proofbook.terminal.verdict import print_gate

__all__ = ["print_outcome"]


def print_outcome(built: Built, *, console: Console | None = None) -> None:
    """Print what came of a build."""
    console = console or say.console()
    run = built.run
    counted = [
        f"{sum(task.status == status for task in run.tasks)} {status}"
        for status in dict.fromkeys(task.status for task in run.tasks)
    ]
    console.print(
        Text(f"run {run.number} {run.ending} in {run.seconds:.1f} s: {', '.join(counted)}", style="bold"),
        soft_wrap=True,
    )
    for task in run.tasks:
        failure = task.failure
        if failure is None:
            continue
        where = f", cell {failure.cell} ({failure.cell_id})" if failure.cell else ""
        console.print(
            Text(f"\n{task.source or task.name}{where}: {printable(failure.message)}", style="bold red"), soft_wrap=True
        )
        if failure.traceback:
            console.print(
                Text("\n".join(printable(failure.traceback).rstrip().splitlines()[-12:]), style="dim"), soft_wrap=True
            )
    if built.gate is not None:
        console.print()
        print_gate(built.gate, console)
    if built.report is not None:
        here = Path.cwd()
        shown = built.report.relative_to(here) if built.report.is_relative_to(here) else built.report
        console.print(Text.assemble("\nreport: ", (str(shown), "bold")), soft_wrap=True)
