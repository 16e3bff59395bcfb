"""Runs for a person: the list, one in full, what differs between two."""

from collections.abc import Iterable, Mapping
from typing import Any

import click

from proofbook.flow.runs import Differences, Shown, value_of
from proofbook.model.run import Run
from proofbook.store import RunSummary
from proofbook.terminal.say import line
from proofbook.terminal.tables import Cell, duration, local, memory, one_line, table

__all__ = ["print_differences", "print_run", "print_runs"]

_STYLES = {
    **dict.fromkeys(("succeeded", "ran", "go", "pass", "improved"), "green"),
    **dict.fromkeys(("failed", "no", "regressed"), "bold red"),
    **dict.fromkeys(("cancelled", "interrupted", "review", "changed", "inconclusive"), "yellow"),
    **dict.fromkeys(("running", "restored"), "cyan"),
    **dict.fromkeys(("up-to-date", "skipped"), "dim"),
}


def print_runs(found: Iterable[RunSummary]) -> None:
    """Print the list of runs."""
    rows: list[list[Cell]] = []
    for run in found:
        done = f"{run.ran} of {run.tasks} ran" if run.tasks else ""
        code = (run.commit or "")[:10] + ("+" if run.dirty else "")
        scope = " (part)" if run.scope == "partial" else ""
        rows.append([
            str(run.number), local(run.started), (run.ending + scope, _STYLES.get(run.ending, "")),
            duration(run.seconds), done, code, (run.decision or "", _STYLES.get(run.decision or "", "")),
            (", ".join(run.channels), "bold"),
        ])  # fmt: skip
    if not rows:
        line("no run yet: `proofbook build` makes the first")
        return
    table(["run", "started", "ending", "took", "tasks", "code", "gate", "channel"], rows)


def print_run(found: Shown) -> None:
    """Print one run in full."""
    run = found.run
    held = f"  [{', '.join(found.channels)}]" if found.channels else ""
    line(f"run {run.number}  {run.ending}{held}", bold=True)
    _facts(_summary(found))
    if run.parameters:
        _heading("parameters")
        _facts(run.parameters)
    _heading("tasks")
    _print_tasks(run)
    if run.records:
        _heading("records")
        rows = [[record.name, record.task, record.kind, value_of(record)] for record in run.records]
        table(["record", "task", "kind", "value"], rows)
    _print_gate(found)


def print_differences(found: Differences) -> None:
    """Print what differs."""
    line(f"from run {found.old} to run {found.new}", bold=True)
    if not found.differences:
        line("nothing differs")
        return
    rows: list[list[Cell]] = [
        [difference.about, difference.name, _side(difference.old), _side(difference.new)]
        for difference in found.differences
    ]
    table(["about", "name", f"run {found.old}", f"run {found.new}"], rows)
    if found.same_tasks:
        line(f"{found.same_tasks} task{'s' * (found.same_tasks != 1)} depended on the same in both")


def _summary(found: Shown) -> dict[str, str]:
    run, code, environment = found.run, found.run.code, found.run.environment
    commit = f"{code.commit[:12]}{f' on {code.branch}' if code.branch else ''}" if code.commit else "not in git"
    dirty = ", with uncommitted changes" if code.dirty else ""
    facts = {
        "manifest": found.manifest,
        "pipeline": f"{run.pipeline} ({run.scope})",
        "started": f"{local(run.started)}, took {duration(run.seconds)}",
        "code": commit + dirty,
        "python": f"{environment.python} on {environment.system}, {environment.cpus} cores",
        "packages": f"{len(environment.packages)}{f', lock {environment.lock[:12]}' if environment.lock else ''}",
        "data": f"{len(run.data)} file{'s' * (len(run.data) != 1)}",
    }
    if run.findings:
        facts["lint"] = f"{run.findings} warning{'s' * (run.findings != 1)}"
    return facts


def _print_tasks(run: Run) -> None:
    rows: list[list[Cell]] = []
    for task in run.tasks:
        reason = task.reason if task.failure is None else f"{task.failure.message}{_cell_of(task.failure.cell)}"
        rows.append([
            task.name, (task.status, _STYLES.get(task.status, "")), duration(task.seconds), duration(task.cpu_seconds),
            memory(task.peak_memory), reason,
        ])  # fmt: skip
    table(["task", "status", "time", "CPU", "memory", "why"], rows)


def _print_gate(found: Shown) -> None:
    gate = found.gate
    _heading("gate")
    if gate is None:
        line(f"  not checked: `proofbook check {found.run.number}` compares it with production")
        return
    against = f"run {gate.production}" if gate.production is not None else "nothing"
    line(f"  {gate.decision}, against {against} in {gate.channel}", fg={"go": "green", "no": "red"}.get(gate.decision))
    for reason in gate.reasons:
        line(f"  {one_line(reason)}")


def _cell_of(number: int) -> str:
    return f" (cell {number})" if number else ""


def _heading(text: str) -> None:
    click.echo()
    line(text, bold=True)


def _facts(facts: Mapping[str, Any]) -> None:
    width = max(len(name) for name in facts)
    for name, value in facts.items():
        line(f"  {one_line(name):<{width}}  {one_line(value)}")


def _side(text: str | None) -> Cell:
    return ("none", "dim") if text is None else text
