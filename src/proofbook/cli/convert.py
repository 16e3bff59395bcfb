"""`proofbook convert`: a task of an exploratory notebook, with proof."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from proofbook.flow.convert import Converted

__all__ = ["convert"]


@click.command()
@click.argument("notebooks", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="NOTEBOOK...")
@click.option("--name", help="Name of the task; the notebook's own name where left out. For a single notebook.")
@click.option(
    "--into",
    type=click.Path(dir_okay=False, path_type=Path),
    default="pipeline.yaml",
    show_default=True,
    help="Pipeline that the task is added to; made where there is none.",
)
@click.option(
    "--output",
    metavar="FOLDER",
    help="Folder for the task's notebook, relative to the pipeline: notebooks, or tasks if the original is in there.",
)
@click.option("--no-run", is_flag=True, help="Do not run original and task to compare them.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def convert(
    notebooks: tuple[Path, ...], *, name: str | None, into: Path, output: str | None, no_run: bool, as_json: bool
) -> int:
    """
    Make executable tasks of exploratory notebooks. The originals are never touched.

    Literal assignments at the top become typed parameters. Files that another task writes become upstream, files that
    the notebook writes become products. Outputs are stripped, and magics that only serve a screen go. The task is
    added to pipeline.yaml, whose other lines stay as they are.

    Then original and task are run, each in a copy of the project, and compared: what the cells show, and the files
    they write. What a notebook does beyond files (a database, a service) it does in both runs: use --no-run for such.

    Ends with 0 if they are equal, with 1 if they differ or cannot be compared, with 2 if a notebook cannot be
    converted; then nothing was written.
    """
    from proofbook.flow import configuration
    from proofbook.flow.convert import convert as make
    from proofbook.terminal import tables

    found = make(
        notebooks,
        into=into,
        configuration=configuration.load(into.absolute().parent),
        output=output,
        name=name,
        run=not no_run,
        say=lambda text: click.echo(text, err=True),
    )
    if as_json:
        tables.document(found)
    else:
        click.echo("\n\n".join("\n".join(_lines(each)) for each in found))
    return 0 if all(each.proof is None or each.proof.verdict == "equal" for each in found) else 1


def _lines(each: "Converted") -> list[str]:
    lines = [f"{each.original} -> {each.notebook}, task {each.task} in {each.pipeline}"]
    if each.params:
        shown = ", ".join(f"{name}={value!r}" for name, value in each.params.items())
        lines.append(f"  parameters  {shown}")
    lines += [f"  upstream    {name}: {', '.join(paths)}" for name, paths in each.upstream.items()]
    lines += [f"  product     {key}: {path}" for key, path in each.products.items()]
    lines += [f"  removed     {line}" for line in each.removed]
    lines += [f"  note        {line}" for line in each.notes]
    if each.proof is None:
        return [*lines, "  not run: whether it does what the original does is not known"]
    for found in each.proof.unstable:
        where = f"cell {found.cell}: " if found.cell else ""
        lines.append(f"  unstable    {where}differs between two runs of the original: {found.what}")
    if each.proof.verdict == "unproven":
        return [*lines, f"  unproven: {each.proof.reason}"]
    for found in each.proof.differences:
        lines.append(f"  differs     {f'cell {found.cell}: ' if found.cell else ''}{found.what}")
    count = f"{each.proof.cells} cells" + (f", {len(each.proof.files)} files" if each.proof.files else "")
    return [*lines, f"  {each.proof.verdict} ({count})"]
