"""Lint many notebooks. Reading never changes a file."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from proofbook.analyze import source
from proofbook.analyze.positions import source_starts
from proofbook.exceptions import NotebookError
from proofbook.flow.projects import Read, known, projects
from proofbook.lint import discovery, engine, registry
from proofbook.lint.declared import Declared
from proofbook.lint.result import LintResult
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
    pipeline = known(root, injected=injected, declared=declared)
    found = discovery.notebooks(paths, root=root, sources=pipeline.sources)
    findings: list[Finding] = []
    read: list[Read] = []
    for path in found:
        shown = _shown(path, root=root)
        try:
            notebook = source.read(path, shown=shown)
        except NotebookError as error:
            reason = str(error).removeprefix(f"{shown}: ")
            findings += engine.unreadable(shown, reason, configuration=configuration)
            continue
        read.append((path.resolve(), notebook, engine.analyze(notebook)))
    facts = projects(pipeline, read)
    for path, notebook, flow in read:
        found_here = engine.lint(notebook, configuration=configuration, project=facts[path], flow=flow, folder=root)
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
