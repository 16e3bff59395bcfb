"""`proofbook lint`: findings on notebooks, before anything runs."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from proofbook.exceptions import LintFailedError

if TYPE_CHECKING:
    from proofbook.flow.fix import FixResult
    from proofbook.model.configuration import Configuration

__all__ = ["lint"]


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--select", multiple=True, metavar="CODES", help="Only these rules: codes or prefixes, with commas.")
@click.option("--ignore", multiple=True, metavar="CODES", help="Not these rules: codes or prefixes, with commas.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "sarif"]), default="text", help="How they are shown."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document; the same as --format json.")
@click.option("--statistics", is_flag=True, help="How often each rule spoke, in place of the findings.")
@click.option("--fix", "mend", is_flag=True, help="Mend what can be mended safely, and write it.")
@click.option("--unsafe-fixes", "unsafe", is_flag=True, help="Also what may change what a notebook means.")
@click.option("--diff", is_flag=True, help="Show what --fix would change, cell by cell; write nothing.")
def lint(
    paths: tuple[Path, ...],
    *,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    form: str,
    as_json: bool,
    statistics: bool,
    mend: bool,
    unsafe: bool,
    diff: bool,
) -> int:
    """Say what stands between notebooks and production. Without --fix it runs nothing and changes nothing.

    PATHS are notebooks, percent scripts, or folders of them. Without PATHS: the notebooks of pipeline.yaml, or where
    there is none every .ipynb below this folder.

    With --fix, what can be mended safely is mended, with --unsafe-fixes also the rest. Only what is meant changes in a
    file; a notebook whose outputs come from another order of cells is executed, and keeps what that shows.

    Ends with 3 if there is a finding of level error, or what was to be mended could not be; with --diff, if anything
    would change; else with 0.
    """
    from proofbook.flow import configuration as settings
    from proofbook.flow import lint as flow
    from proofbook.lint import output

    root = Path.cwd()
    whole = settings.load(root)
    configuration = whole.lint
    if select:
        configuration = msgspec.structs.replace(configuration, select=_codes(select))
    if ignore:
        configuration = msgspec.structs.replace(configuration, ignore=[*configuration.ignore, *_codes(ignore)])
    done = None
    if mend or diff:
        whole = msgspec.structs.replace(whole, lint=configuration)
        done = _mended(paths, root=root, configuration=whole, unsafe=unsafe, write=not diff)
        if diff:
            for file in done.files:
                for line in file.difference.splitlines():
                    click.echo(output.visible(line))
            return LintFailedError.exit_code if done.changed or done.problems else 0
    result = flow.lint(paths, root=root, configuration=configuration)
    if done is not None:
        result = msgspec.structs.replace(result, fixed=done.made)
    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    form = "json" if as_json else form
    show = output.statistics if statistics and form == "text" else output.FORMATS[form]
    said = show(result, colour=colour)
    # JSON is UTF-8, whatever a locale says of text
    click.echo(said if form == "text" else said.encode())
    return LintFailedError.exit_code if result.errors or (done is not None and done.problems) else 0


def _mended(
    paths: tuple[Path, ...], *, root: Path, configuration: "Configuration", unsafe: bool, write: bool
) -> "FixResult":
    """Mend; what takes long and what could not be mended is said on stderr."""
    from proofbook.flow import fix

    def say(text: str) -> None:
        click.echo(text, err=True)

    done = fix.fix(paths, root=root, configuration=configuration, unsafe=unsafe, write=write, say=say)
    for file in done.files:
        for left in file.left:
            say(f"{file.path}: cell {left.finding.cell}: {left.finding.rule} was not mended: {left.reason}")
        if file.problem:
            say(f"{file.path}: {file.problem}")
    return done


def _codes(written: tuple[str, ...]) -> list[str]:
    return [code.strip() for part in written for code in part.split(",") if code.strip()]
