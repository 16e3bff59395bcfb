"""The last lines of a build: what failed and where, the gate's word, where the report lies."""

from pathlib import Path

from rich.console import Console
from rich.text import Text

from proofbook.flow.build import Built
from proofbook.terminal import say
from proofbook.terminal.say import printable
from proofbook.terminal.tables import duration
from proofbook.terminal.verdict import print_gate

__all__ = ["print_outcome"]

_LINES = 12


def print_outcome(built: Built, *, console: Console | None = None) -> None:
    """Print what came of a build; that nobody can read it changes nothing."""
    console = console or say.console()
    try:
        _print(built, console)
        console.file.flush()
    except (OSError, ValueError, SystemExit) as error:  # rich ends the process where a pipe is closed
        say.unheard(console.file, error)


def _print(built: Built, console: Console) -> None:
    run = built.run
    counted = [
        f"{sum(task.status == status for task in run.tasks)} {status}"
        for status in dict.fromkeys(task.status for task in run.tasks)
    ]
    console.print(
        Text(f"run {run.number} {run.ending} in {duration(run.seconds)}: {', '.join(counted)}", style="bold"),
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
            console.print(Text(printable(_of_the_user(failure.traceback)), style="dim"), soft_wrap=True)
    if built.gate is not None:
        console.print()
        print_gate(built.gate, console)
    if built.report is not None:
        here = Path.cwd()
        shown = built.report.relative_to(here) if built.report.is_relative_to(here) else built.report
        console.print(Text.assemble("\nreport: ", (str(shown), "bold")), soft_wrap=True)


def _of_the_user(traceback: str) -> str:
    """The frame of a traceback that lies in the cell; all the frames stand in the notebook and in the report."""
    lines = traceback.rstrip().splitlines()
    starts = [number for number, text in enumerate(lines) if text.startswith("Cell In")]
    if not starts:
        return "\n".join(lines[-_LINES:])
    frame = lines[starts[0] : starts[0] + _LINES]
    ends = [number for number, text in enumerate(frame) if not text.strip()]
    return "\n".join(frame[: ends[0]] if ends else frame)
