"""`proofbook lint`: findings on notebooks, before anything runs."""

import os
import sys
from pathlib import Path

import click
import msgspec

from proofbook.exceptions import LintFailedError

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
def lint(
    paths: tuple[Path, ...],
    *,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    form: str,
    as_json: bool,
    statistics: bool,
) -> int:
    """Say what stands between notebooks and production. Runs nothing, changes nothing.

    PATHS are notebooks, percent scripts, or folders of them. Without PATHS: the notebooks of pipeline.yaml, or where
    there is none every .ipynb below this folder.

    Ends with 3 if there is a finding of level error, else with 0.
    """
    from proofbook.flow import configuration as settings
    from proofbook.flow import lint as flow
    from proofbook.lint import output

    root = Path.cwd()
    configuration = settings.load(root).lint
    if select:
        configuration = msgspec.structs.replace(configuration, select=_codes(select))
    if ignore:
        configuration = msgspec.structs.replace(configuration, ignore=[*configuration.ignore, *_codes(ignore)])
    result = flow.lint(paths, root=root, configuration=configuration)
    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    form = "json" if as_json else form
    show = output.statistics if statistics and form == "text" else output.FORMATS[form]
    said = show(result, colour=colour)
    # JSON is UTF-8, whatever a locale says of text
    click.echo(said if form == "text" else said.encode())
    return LintFailedError.exit_code if result.errors else 0


def _codes(written: tuple[str, ...]) -> list[str]:
    return [code.strip() for part in written for code in part.split(",") if code.strip()]
