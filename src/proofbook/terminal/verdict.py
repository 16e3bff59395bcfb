"""The gate's word as a table: what gates first, the rest dimmed, the decision and its reasons below."""

import re
from collections import Counter

from rich.console import Console
from rich.table import Table
from rich.text import Text

from proofbook.gate.rules import told
from proofbook.model.verdict import Comparison, GateResult, Noise
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
_SHARES = 6
"""Records whose change is told beside the gate's reasons."""
_RULES = 20
"""Rules of the configuration that are written out."""
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
    _print_rules(result.comparisons, console)
    console.print()
    console.print(Text.assemble("decision: ", (result.decision, _DECISIONS[result.decision])))
    reasons = Table.grid(padding=(0, 1))
    for reason in result.reasons:
        reasons.add_row(" -", Text(printable(reason), overflow="fold"))
    _print(reasons, console)
    _print_seen(result, console)
    _print_cause(result, console)


def _print_seen(result: GateResult, console: Console) -> None:
    """What could have been seen of numbers that gate and give no reason: how much a `go` is worth."""
    lines = Table.grid(padding=(0, 1))
    found = [
        (f"{comparison.task}: {comparison.record}", comparison.noise.detectable, _known(comparison.noise))
        for comparison in result.comparisons
        if comparison.gates and comparison.verdict in ("pass", "improved") and comparison.noise is not None
        if comparison.noise.source != "none"
    ]
    for name, smallest, known in found[:_RULES]:
        said = "none could have been told from noise" if smallest is None else f"{smallest:.3g}"
        lines.add_row(" -", Text(printable(f"{name}: {said} ({known})"), overflow="fold"))
    if len(found) > _RULES:
        lines.add_row(" -", f"and {len(found) - _RULES} more: `--json` has all of them")
    if found:
        console.print()
        console.print("smallest loss that would have been seen, in 8 of 10 cases:")
        _print(lines, console)


def _known(noise: Noise) -> str:
    what = {
        "declared": "noise as declared",
        "reruns": "builds of production",
        "interval": "runs",
        "ranks": "runs, by rank",
        "paired": "rows in pairs",
    }[noise.source]
    return what if noise.source == "declared" else f"{noise.runs:,} {what}"


def _print_cause(result: GateResult, console: Console) -> None:
    """Why records changed, where that was looked for."""
    if result.cause is None:
        return
    lines = Table.grid(padding=(0, 1))
    # the gate's reasons have the others
    every = [share.told for share in result.cause.shares]
    shares = [line for line in every if not any(line in reason for reason in result.reasons)]
    for told_share in shares[:_SHARES]:
        lines.add_row(" -", Text(printable(told_share), overflow="fold"))
    if len(shares) > _SHARES:
        lines.add_row(" -", f"and {len(shares) - _SHARES} more: `--json` has all of them")
    for line in result.cause.skipped:
        lines.add_row(" -", Text(printable(f"not known: {line}"), style="dim", overflow="fold"))
    if lines.row_count:
        built = f" (production was built again {result.cause.replays} times, in {result.cause.seconds:.1f} s)"
        console.print()
        console.print(f"why{built if result.cause.replays else ''}:")
        _print(lines, console)


def _print_rules(comparisons: tuple[Comparison, ...], console: Console) -> None:
    """Which rules are not the notebooks' own."""
    ruled = [comparison for comparison in comparisons if comparison.rule_from]
    if not ruled:
        return
    console.print()
    console.print("rules by the configuration:")
    lines = Table.grid(padding=(0, 1))
    for comparison in ruled[:_RULES]:
        said = told(comparison.rule, declared=comparison.declared, rule_from=comparison.rule_from)
        lines.add_row(" -", Text(printable(f"{comparison.record} in {comparison.task}: {said}"), overflow="fold"))
    if len(ruled) > _RULES:
        lines.add_row(" -", f"and {len(ruled) - _RULES} more: `--json` has all of them")
    _print(lines, console)


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
    if comparison.kind == "resources":
        return f"{comparison.task}: {comparison.record.replace('_', ' ')}"
    return f"{comparison.task}: {comparison.record}" if ambiguous else comparison.record


def _cell(text: str | None, style: str) -> Text:
    # of a digest nobody reads more than the beginning
    text = _DIGEST.sub(lambda found: f"{found.group()[:12]}…", text or "")
    return Text(printable(text), style=style)
