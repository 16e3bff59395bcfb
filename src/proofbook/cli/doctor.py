"""`proofbook doctor`."""

from pathlib import Path

import click
import msgspec

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

    found = examine(Path.cwd())
    problems = sum(one.level == "problem" for one in found)
    if as_json:
        click.echo(msgspec.json.encode({"problems": problems, "checks": found}))
        return MachineError.exit_code if problems else 0
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, padding=(0, 1))
    for one in found:
        mark, style = _MARKS[one.level]
        said = Text(one.what)
        if one.cure:
            said.append(f"\n→ {one.cure}", style="cyan")
        table.add_row(Text(mark, style=style), one.code, one.name, said)
    console = Console(highlight=False)
    console.print(table)
    warnings = sum(one.level == "warning" for one in found)
    console.print(f"\n{problems} problems, {warnings} warnings, {len(found) - problems - warnings} as they should be")
    return MachineError.exit_code if problems else 0
