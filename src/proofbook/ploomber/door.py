"""What all ways to build share, whether or not Ploomber is loaded: kernels before, findings, progress, and the end."""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proofbook.exceptions import LintFailedError, ProofbookError
from proofbook.flow import reading

if TYPE_CHECKING:
    from proofbook.flow.build import Built, Request
    from proofbook.kernels.pool import Pool
    from proofbook.lint.result import LintResult

__all__ = ["close", "early_pool", "place_of", "report_findings", "run"]


def place_of(arguments: Sequence[str]) -> Path:
    """The file of the pipeline that the flags of a build seem to mean: enough to start kernels early."""
    words = [word for argument in arguments for word in argument.split("=", 1)]
    for flag, value in pairwise(words):
        if flag in {"-e", "--entry-point"}:
            return Path.cwd() / value
    name = os.environ.get("ENTRY_POINT") or "pipeline.yaml"
    places = [folder / name for folder in reading.folders(reading.Asked())]
    return next((place for place in places if place.is_file()), places[0])


def early_pool(file: Path) -> "Pool | None":
    """
    The kernels for building the pipeline in `file`, started; None where that has to wait until somebody has read it.

    Called before anything else is loaded: what notebooks import is imported beside all that a build needs itself.
    """
    from proofbook.flow import configuration, preload

    if not file.is_file():
        return None
    try:
        return preload.pool(root=file.parent, pipeline=file.name, configuration=configuration.load(file.parent))
    except ProofbookError:
        return None  # what is wrong is said where the same is done in earnest


def close(pool: "Pool | None") -> None:
    """End the kernels that a build did not come to use; a second time does nothing."""
    if pool is not None:
        import asyncio

        asyncio.run(pool.close())


def report_findings(result: "LintResult") -> None:
    """
    Print what lint found.

    Raises:
        LintFailedError: Something of level error was found.
    """
    import click

    from proofbook.lint import output
    from proofbook.terminal import say

    if result.findings:
        try:
            click.echo(output.text(result, colour=sys.stdout.isatty()))
        except (OSError, ValueError) as problem:
            say.unheard(sys.stdout, problem)
    if result.errors:
        raise LintFailedError(
            f"lint found {result.errors} errors, so nothing was run: mend them, or suppress each with a reason"
        )


def run(request: "Request", *, heed: Callable[[dict[str, Any]], None] = lambda _: None) -> "Built":
    """
    Build, and show the progress.

    Args:
        request: What to build; its pool is closed at the end.
        heed: Told of each event before anybody else.
    """
    from proofbook.flow import build
    from proofbook.terminal.progress import Progress

    try:
        with Progress() as progress:
            if request.debug is not None:
                from proofbook.terminal.console import Attach

                request = replace(request, on_failed=Attach(progress))

            def observe(event: dict[str, Any]) -> None:
                heed(event)
                progress(event)

            return build.build(request, observe=observe)
    finally:
        close(request.pool)
