"""Convert exploratory notebooks into tasks: plan, write, and prove each by running it beside its original."""

import asyncio
import os
import re
from collections.abc import Callable, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from msgspec import Struct

from proofbook.analyze import source
from proofbook.convert import pipeline_file, task
from proofbook.convert.pipeline_file import PipelineFile
from proofbook.convert.task import Conversion, Draft
from proofbook.disk import atomic, failures
from proofbook.exceptions import ConversionError, PipelineError, UsageError
from proofbook.flow import door, proof
from proofbook.flow.proof import Proof
from proofbook.model.configuration import Configuration

__all__ = ["Converted", "convert"]

_NEW = "meta:\n  extract_upstream: false\n\n"


class Converted(Struct, frozen=True, kw_only=True):
    """What became of one notebook."""

    original: str
    task: str
    notebook: str
    """The task's notebook, relative to the pipeline."""
    pipeline: str
    pipeline_made: bool = False
    """There was no `pipeline.yaml` before."""
    params: dict[str, object] = {}
    upstream: dict[str, list[str]] = {}
    """Task to the files of it that are read."""
    products: dict[str, str] = {}
    removed: tuple[str, ...] = ()
    """Magics that only served a screen."""
    notes: tuple[str, ...] = ()
    proof: Proof | None = None
    """None: it was not to be run."""


def convert(
    notebooks: Sequence[Path],
    *,
    into: Path,
    configuration: Configuration,
    output: str | None = None,
    name: str | None = None,
    run: bool = True,
    say: Callable[[str], None] = lambda _: None,
) -> tuple[Converted, ...]:
    """
    Make tasks of `notebooks`. The originals are only read.

    Everything is planned before anything is written: on an error no file has changed.

    Args:
        notebooks: Below the folder of the pipeline.
        into: The `pipeline.yaml`; made where there is none.
        configuration: Limits for the runs of the proof.
        output: Folder, relative to the pipeline, for the tasks' notebooks; `notebooks`, or `tasks` where the original
            is in there.
        name: The task's, for a single notebook.
        run: Prove it.
        say: Told what is being done.

    Raises:
        UsageError: Something is asked that cannot be.
        NotebookError: A notebook cannot be read.
        ConversionError: A notebook cannot become a task.
        PipelineError: `pipeline.yaml` cannot be read.
        MachineError: A file cannot be written.
    """
    if not notebooks:
        raise UsageError("name at least one notebook")
    if name is not None and (len(notebooks) > 1 or not re.fullmatch(r"\w[\w-]*", name)):
        raise UsageError("--name is for a single notebook, and takes letters, digits, - and _")
    root = into.absolute().parent.resolve()
    made = not into.exists()
    content = _opened() if made else into.read_bytes()
    env = (root / "env.yaml").read_bytes() if (root / "env.yaml").is_file() else b""
    pipeline = pipeline_file.read(content, name=into.name, env=pipeline_file.environment(env))
    conversions = _planned(notebooks, root=root, pipeline=pipeline, output=output, name=name)
    text = pipeline_file.added(content, tuple(conversion.entry for conversion in conversions), name=into.name)
    for conversion in conversions:
        with failures.explained(root / conversion.path):
            atomic.write(root / conversion.path, conversion.notebook)
    with failures.explained(into):
        atomic.write(into.resolve(), text)
    proofs: dict[str, Proof] = {}
    if run:
        proofs = asyncio.run(proof.prove(_ordered(conversions), root=root, configuration=configuration, say=say))
    return tuple(
        _converted(conversion, pipeline=into.name, made=made, found=proofs.get(conversion.name))
        for conversion in conversions
    )


def _opened() -> bytes:
    """A new `pipeline.yaml` with our door in it."""
    return ("\n".join(door.LINES.values()) + "\n\n" + _NEW).encode()


def _planned(
    notebooks: Sequence[Path], *, root: Path, pipeline: PipelineFile, output: str | None, name: str | None
) -> tuple[Conversion, ...]:
    """All conversions, each knowing what the others write."""
    drafts: list[tuple[Draft, str]] = []
    names = set(pipeline.names)
    for path in notebooks:
        drafted, target = _drafted(path, root=root, pipeline=pipeline, output=output, name=name)
        if drafted.name in names:
            raise ConversionError(f"{drafted.shown}: a task named {drafted.name} is there already; use --name")
        names.add(drafted.name)
        drafts.append((drafted, target))
    conversions = []
    for drafted, target in drafts:
        written = dict(pipeline.products)
        for other, _ in drafts:
            if other is not drafted:
                written |= {path: (other.name, key) for key, path in other.files.products.items()}
        conversions.append(task.convert(drafted, path=target, written=written, pipeline=pipeline))
    _ordered(conversions)
    return tuple(conversions)


def _drafted(
    path: Path, *, root: Path, pipeline: PipelineFile, output: str | None, name: str | None
) -> tuple[Draft, str]:
    real = path.absolute()
    resolved = real.parent.resolve() / real.name
    if not resolved.is_relative_to(root):
        raise ConversionError(f"{path}: lies outside of {root}, the pipeline's folder; put it below, or use --into")
    shown = resolved.relative_to(root).as_posix()
    if os.path.normpath(shown) in pipeline.sources:
        raise ConversionError(f"{shown}: is a task already")
    content = source.read_bytes(path, shown=shown)
    beside = resolved.parent.relative_to(root).as_posix()
    named = name or task.task_name(path)
    folder = output if output is not None else "tasks" if beside == "notebooks" else "notebooks"
    target = os.path.normpath(f"{folder}/{named}.ipynb")
    if target.startswith(("/", "..")):
        raise UsageError(f"--output {folder}: lies outside of the pipeline's folder")
    if (root / target).exists():
        raise ConversionError(f"{shown}: {target} is there already, and is not overwritten; use --name or --output")
    return task.draft(content, shown=shown, name=named, beside=beside, root=root, pipeline=pipeline), target


def _ordered(conversions: Sequence[Conversion]) -> list[Conversion]:
    """Those that others read from first."""
    by_name = {conversion.name: conversion for conversion in conversions}
    graph = {
        conversion.name: {name for name in conversion.files.upstream if name in by_name} for conversion in conversions
    }
    try:
        return [by_name[name] for name in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        raise PipelineError(
            f"these notebooks read each other's files in a circle: {' -> '.join(error.args[1])}"
        ) from None


def _converted(conversion: Conversion, *, pipeline: str, made: bool, found: Proof | None) -> Converted:
    return Converted(
        original=conversion.original,
        task=conversion.name,
        notebook=conversion.path,
        pipeline=pipeline,
        pipeline_made=made,
        params=conversion.params,
        upstream={name: sorted(keys.values()) for name, keys in conversion.files.upstream.items()},
        products={"nb": conversion.notebook_product, **conversion.files.products},
        removed=conversion.removed,
        notes=conversion.notes,
        proof=found,
    )
