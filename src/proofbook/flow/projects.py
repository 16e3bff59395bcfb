"""What the pipeline knows of each notebook that lint looks at."""

import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from proofbook.analyze.cells import CellFlow
from proofbook.lint import discovery, records
from proofbook.lint.declared import Declared
from proofbook.lint.discovery import Sources
from proofbook.lint.rule import Project
from proofbook.model.notebook import Notebook

__all__ = ["Known", "Read", "known", "project", "projects"]

Read = tuple[Path, Notebook, tuple[CellFlow, ...] | str]
"""Resolved path of a notebook, what was read of it, and what `engine.analyze` said of that."""


class Known(Struct, frozen=True, kw_only=True):
    """A pipeline, as far as lint goes. Paths are resolved."""

    sources: Sources | None = None
    """What `pipeline.yaml` says, where that was read."""
    tasks: Mapping[Path, frozenset[str]] = {}
    """Notebook to the names that the pipeline defines in it."""
    declared: Mapping[Path, Declared] = {}


def known(
    root: Path,
    *,
    injected: Mapping[Path, frozenset[str]] | None = None,
    declared: Mapping[Path, Declared] | None = None,
) -> Known:
    """
    The pipeline in `root`, as those say who have it at hand, or else as `pipeline.yaml` does.

    Raises:
        PipelineError: `pipeline.yaml` was to be read and cannot be.
    """
    sources = discovery.pipeline_sources(root) if injected is None else None
    named = {root / path: names for path, names in (injected or (sources.injected if sources else {})).items()}
    said = {root / path: task for path, task in (declared or (sources.declared if sources else {})).items()}
    return Known(
        sources=sources,
        tasks={Path(os.path.realpath(path)): names for path, names in named.items()},
        declared={Path(os.path.realpath(path)): task for path, task in said.items()},
    )


def projects(pipeline: Known, read: Sequence[Read]) -> dict[Path, Project | None]:
    """Notebook to what the pipeline knows of it; None where there is no pipeline."""
    recorded = _recorded([(notebook, flow) for path, notebook, flow in read if path in pipeline.tasks])
    return {path: project(pipeline, path, shown=notebook.path, recorded=recorded) for path, notebook, _ in read}


def project(pipeline: Known, path: Path, *, shown: str, recorded: Mapping[str, Sequence[str]]) -> Project | None:
    """
    What the pipeline knows of one notebook.

    Args:
        pipeline: The pipeline.
        path: The notebook, resolved.
        shown: How findings name it.
        recorded: Record name to the tasks' notebooks that record it, by the names that findings give them.
    """
    if path not in pipeline.tasks:
        return Project(task=False, injected=frozenset()) if pipeline.sources is not None else None
    shared = {name: tuple(other for other in paths if other != shown) for name, paths in recorded.items()}
    return Project(
        injected=pipeline.tasks[path],
        records={name: others for name, others in shared.items() if others and shown in recorded[name]},
        declared=pipeline.declared.get(path),
    )


def _recorded(notebooks: Sequence[tuple[Notebook, tuple[CellFlow, ...] | str]]) -> dict[str, list[str]]:
    """Record name to the notebooks that record it."""
    names: defaultdict[str, list[str]] = defaultdict(list)
    for notebook, flow in notebooks:
        if isinstance(flow, str):
            continue
        for name in {record.name for cell in flow for record in records.recorded(cell) if record.name is not None}:
            names[name].append(notebook.path)
    return dict(names)
