"""The gate's word as a table: what gates first, the rest dimmed, the decision and its reasons below."""

import re
from collections import Counter

from rich.console import Console
from rich.table import Table
from rich.text import Text

from proofbook.model.verdict import Comparison, GateResult
from proofbook.terminal.say import printable

__all__ = ["print_gate"]

_VERDICTS = {
    "pass": "green",
    "improved": "bold green",
    "regressed": "bold red",
    "changed": "yellow",
    "inconclusive": "magenta",
}
_DIGEST = re.compile(r"[0-9a-f]{40,}…?")
_NAME = 28
"""Characters of a record's name that stay on one line."""
_OTHERS = 62
"""Columns that the rest of a row needs."""
_DECISIONS = {"go": "bold green", "review": "bold yellow", "no": "bold red"}


def print_gate(result: GateResult, console: Console) -> None:
    """
    Print what the gate found.

    Args:
        result: The gate's word on one run.
        console: Where to; colours only where it is a terminal, and never wider than it is.
    """
    against = (
        f"{result.channel}, run {result.production}" if result.production is not None else f"no {result.channel} run"
    )
    console.print(Text.assemble((f"run {result.run}", "bold"), f" against {against}"))
    if result.comparisons:
        console.print()
        _print(_table(result.comparisons, width=console.width), console)
    console.print()
    console.print(Text.assemble("decision: ", (result.decision, _DECISIONS[result.decision])))
    reasons = Table.grid(padding=(0, 1))
    for reason in result.reasons:
        reasons.add_row(" -", Text(printable(reason), overflow="fold"))
    _print(reasons, console)


def _print(table: Table, console: Console) -> None:
    if console.is_terminal:
        console.print(table)
        return
    with console.capture() as captured:
        console.print(table)
    # Rich fills every line up to the table's width: junk in a log
    for line in captured.get().splitlines():
        console.print(Text(line.rstrip()), soft_wrap=True)


def _table(comparisons: tuple[Comparison, ...], *, width: int) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    longest = max(len(comparison.record) for comparison in comparisons)
    table.add_column("record", overflow="fold", min_width=max(10, min(longest, _NAME, width - _OTHERS)))
    for name in ("production", "candidate", "change"):
        table.add_column(name, justify="right", overflow="fold")
    table.add_column("verdict", no_wrap=True, min_width=12)
    twice = Counter(comparison.record for comparison in comparisons if comparison.kind != "task")
    gating = True
    for comparison in sorted(comparisons, key=_order):
        dim = "" if comparison.gates else "dim"
        if gating and not comparison.gates:
            gating = False
            table.add_row(Text("these inform:", style="dim italic"))
        verdict = f"{dim} {_VERDICTS[comparison.verdict]}".strip()
        table.add_row(
            _cell(_name(comparison, ambiguous=twice[comparison.record] > 1), dim),
            _cell(comparison.production, dim),
            _cell(comparison.candidate, dim),
            _cell(comparison.change, dim),
            Text(comparison.verdict, style="bold red" if comparison.failed and comparison.gates else verdict),
        )
    return table


def _order(comparison: Comparison) -> tuple[bool, bool]:
    # otherwise as the pipeline has them
    return (comparison.kind != "task" or not comparison.gates, not comparison.gates)


def _name(comparison: Comparison, *, ambiguous: bool) -> str:
    if comparison.kind == "task":
        return f"task {comparison.task}"
    return f"{comparison.task}: {comparison.record}" if ambiguous else comparison.record


def _cell(text: str | None, style: str) -> Text:
    # of a digest nobody reads more than the beginning
    text = _DIGEST.sub(lambda found: f"{found.group()[:12]}…", text or "")
    return Text(printable(text), style=style)
