"""`proofbook doctor`."""

from pathlib import Path

import click

from proofbook.exceptions import MachineError

__all__ = ["doctor"]

_MARKS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "problem": ("✗", "bold red")}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print all checks as one JSON document.")
def doctor(as_json: bool) -> int:
    """
    Find the known traps in this environment and project, with the cure for each.

    Looks at Python and the installed packages, Jupyter and its kernels, the disk and the locale, pipeline.yaml and git.
    Ends with 5 when something does not work, with 0 when there are at most warnings.
    """
    from proofbook.flow.doctor import examine
    from proofbook.terminal import say, tables

    found = examine(Path.cwd())
    problems = sum(one.level == "problem" for one in found)
    if as_json:
        tables.document({"problems": problems, "checks": found})
        return MachineError.exit_code if problems else 0
    rows: list[list[tables.Cell]] = []
    for one in found:
        rows.append([_MARKS[one.level], one.code, one.name, one.what])
        if one.cure:
            rows.append(["", "", "", (f"→ {one.cure}", "cyan")])
    tables.table(["", "code", "check", "found"], rows, whole=True)
    warnings = sum(one.level == "warning" for one in found)
    say.line(f"\n{problems} problems, {warnings} warnings, {len(found) - problems - warnings} as they should be")
    return MachineError.exit_code if problems else 0
