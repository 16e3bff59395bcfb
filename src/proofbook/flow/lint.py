"""Lint many notebooks. Reading never changes a file."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from proofbook.analyze import source
from proofbook.analyze.cells import CellFlow
from proofbook.analyze.positions import source_starts
from proofbook.exceptions import NotebookError
from proofbook.lint import discovery, engine, records, registry
from proofbook.lint.declared import Declared
from proofbook.lint.result import LintResult
from proofbook.lint.rule import Project
from proofbook.model.configuration import LintConfiguration
from proofbook.model.finding import Finding
from proofbook.model.notebook import Notebook

__all__ = ["LintResult", "lint"]


def lint(
    paths: Sequence[Path],
    *,
    root: Path,
    configuration: LintConfiguration,
    injected: Mapping[Path, frozenset[str]] | None = None,
    declared: Mapping[Path, Declared] | None = None,
) -> LintResult:
    """
    Lint `paths`: files, folders, or where there are none the notebooks of the pipeline in `root`.

    Args:
        paths: Notebooks, percent scripts, folders.
        root: Folder of the pipeline; findings name files relative to it.
        configuration: Which rules run.
        injected: Notebook to the names that the pipeline defines in it, from one who has the pipeline at hand. Left
            out, `pipeline.yaml` is read; a notebook that is not named is no task.
        declared: Notebook to what the pipeline declares of its task, from the same hand.

    Raises:
        ConfigurationError: `select` or `ignore` name a rule that does not exist.
        PipelineError: `pipeline.yaml` was to be read and cannot be.
    """
    registry.selected(configuration)  # a wrong code is said before anything is read
    sources = discovery.pipeline_sources(root) if injected is None else None
    named = {root / path: names for path, names in (injected or (sources.injected if sources else {})).items()}
    tasks = {path.resolve(): names for path, names in named.items()}
    said = {root / path: task for path, task in (declared or (sources.declared if sources else {})).items()}
    plain = {path.resolve(): task for path, task in said.items()}
    found = discovery.notebooks(paths, root=root, sources=sources)
    findings: list[Finding] = []
    read: list[tuple[Path, Notebook, tuple[CellFlow, ...] | str]] = []
    for path in found:
        shown = _shown(path, root=root)
        try:
            notebook = source.read(path, shown=shown)
        except NotebookError as error:
            reason = str(error).removeprefix(f"{shown}: ")
            findings += engine.unreadable(shown, reason, configuration=configuration)
            continue
        read.append((path.resolve(), notebook, engine.analyze(notebook)))
    recorded = _recorded([(notebook, flow) for path, notebook, flow in read if path in tasks])
    shared = {name: paths for name, paths in recorded.items() if len(paths) > 1}
    for path, notebook, flow in read:
        project = Project(task=False, injected=frozenset()) if sources is not None else None
        if path in tasks:
            elsewhere = {name: tuple(p for p in paths if p != notebook.path) for name, paths in shared.items()}
            project = Project(
                injected=tasks[path],
                records={name: paths for name, paths in elsewhere.items() if paths},
                declared=plain.get(path),
            )
        found_here = engine.lint(notebook, configuration=configuration, project=project, flow=flow)
        findings += _placed(found_here, notebook, path=path) if found_here else ()
    cells = sum(len(notebook.code_cells) for _, notebook, _ in read)
    return LintResult(findings=tuple(sorted(findings)), notebooks=len(found), cells=cells)


def _placed(findings: Sequence[Finding], notebook: Notebook, *, path: Path) -> tuple[Finding, ...]:
    """The findings with their lines in the file, as far as its layout tells them."""
    starts = tuple(cell.line for cell in notebook.cells)
    if notebook.format == "ipynb":
        text = source.read_bytes(path, shown=notebook.path).decode("utf-8", "replace")
        starts = source_starts(text, cells=len(notebook.cells))
    return tuple(
        replace(found, file_line=starts[found.cell - 1] + max(found.line, 1) - 1) if found.cell and starts else found
        for found in findings
    )


def _shown(path: Path, *, root: Path) -> str:
    """How findings name `path`: relative to the root where it lies below it."""
    try:
        return path.absolute().relative_to(root.absolute()).as_posix()
    except ValueError:
        return str(path)


def _recorded(notebooks: Sequence[tuple[Notebook, tuple[CellFlow, ...] | str]]) -> dict[str, list[str]]:
    """Record name to the notebooks that record it."""
    names: defaultdict[str, list[str]] = defaultdict(list)
    for notebook, flow in notebooks:
        if isinstance(flow, str):
            continue
        for name in {record.name for cell in flow for record in records.recorded(cell) if record.name is not None}:
            names[name].append(notebook.path)
    return dict(names)
