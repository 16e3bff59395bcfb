"""`proofbook lab`."""

import os
from pathlib import Path

import click

__all__ = ["lab"]


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--json", "as_json", is_flag=True, help="Print the command as one JSON document instead of running it.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def lab(arguments: tuple[str, ...], as_json: bool) -> None:
    """
    Start JupyterLab on the project in this folder.

    A task's notebook opens with the pipeline's parameters (upstream, product, its own) in a cell that saving does not
    keep, and its kernel starts in this folder, as in a build. Percent scripts (.py) open as notebooks.

    ARGUMENTS after `--` are passed on to JupyterLab: proofbook lab -- --no-browser --port 8889
    """
    from proofbook.lab.app import command
    from proofbook.terminal import tables

    words = command(arguments, root=Path.cwd())
    if as_json:
        tables.document({"command": words})
        return
    # JupyterLab takes the place of this process, so that signals and the exit code are its own
    os.execv(words[0], words)  # noqa: S606  # our own interpreter, and no shell
