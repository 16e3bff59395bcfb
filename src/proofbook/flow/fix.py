"""Mend what lint finds, as far as rules say how; a notebook that has to be run for it is run."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from proofbook.analyze import source
from proofbook.analyze.cells import CellFlow
from proofbook.disk import atomic
from proofbook.exceptions import MachineError, NotebookError
from proofbook.flow import rerun
from proofbook.flow.lint import shown_path
from proofbook.flow.projects import known, projects
from proofbook.flow.python_fixes import PythonFixes
from proofbook.lint import discovery, engine, mending, registry
from proofbook.lint.difference import difference
from proofbook.lint.fix import Fix
from proofbook.lint.mending import Left
from proofbook.lint.rule import Project
from proofbook.model.configuration import Configuration
from proofbook.model.finding import Finding
from proofbook.model.notebook import Notebook

__all__ = ["FixResult", "FixedFile", "fix"]


class FixedFile(Struct, frozen=True, kw_only=True):
    """One notebook of which something was mended, or was to be."""

    path: str
    made: tuple[Finding, ...] = ()
    """What was mended, or with `write=False` would be."""
    left: tuple[Left, ...] = ()
    """What could not be, each with the reason."""
    problem: str = ""
    """Why the file is as it was, where that is not as it should be."""
    difference: str = ""
    """For people, cell by cell."""


class FixResult(Struct, frozen=True, kw_only=True):
    """What became of all files."""

    files: tuple[FixedFile, ...] = ()

    @property
    def made(self) -> int:
        """How many findings were mended."""
        return sum(len(file.made) for file in self.files)

    @property
    def changed(self) -> bool:
        """Whether any file was changed, or would be."""
        return any(file.difference for file in self.files)

    @property
    def problems(self) -> int:
        """How many files are not as they should be."""
        return sum(bool(file.problem) for file in self.files)


def fix(
    paths: Sequence[Path],
    *,
    root: Path,
    configuration: Configuration,
    unsafe: bool = False,
    write: bool = True,
    say: Callable[[str], None] = lambda _: None,
) -> FixResult:
    """
    Mend `paths`: files, folders, or where there are none the notebooks of the pipeline in `root`.

    A file is changed as a whole or not at all, and not where it has changed since it was read.

    Args:
        paths: Notebooks, percent scripts, folders.
        root: Folder of the pipeline.
        configuration: Which rules run; how long cells may, where a notebook has to be executed.
        unsafe: Whether also what may change the meaning of a notebook.
        write: False only tells what would be done. Nothing is executed then.
        say: Told what takes long.

    Raises:
        ConfigurationError: `select` or `ignore` name a rule that does not exist.
        PipelineError: `pipeline.yaml` cannot be read.
        CancelledError: A run was interrupted; the notebook at hand is as it was.
    """
    registry.selected(configuration.lint)
    pipeline = known(root)
    read = _read(discovery.notebooks(paths, root=root, sources=pipeline.sources), root=root)
    facts = projects(pipeline, [(path, notebook, flow) for path, notebook, flow, _ in read])
    mendable = {path: raw for path, notebook, _, raw in read if notebook.format == "ipynb"}
    python = PythonFixes(mendable, root=root, configuration=configuration.lint)
    files = []
    for path, notebook, _, raw in read:
        one = _One(path, notebook, raw, root=root, project=facts[path], python=python, configuration=configuration)
        place = root if path in pipeline.tasks else path.parent
        found = one.mended(place=place, unsafe=unsafe, write=write, say=say)
        if found is not None:
            files.append(found)
    return FixResult(files=tuple(files))


_Whole = tuple[Path, Notebook, tuple[CellFlow, ...] | str, bytes]


def _read(paths: Sequence[Path], *, root: Path) -> list[_Whole]:
    """The notebooks that can be read; lint says what is wrong with the others."""
    read: list[_Whole] = []
    for path in paths:
        shown = shown_path(path, root=root)
        try:
            raw = source.read_bytes(path, shown=shown)
            notebook = source.parse(raw, path=shown)
        except NotebookError:
            continue
        # through a link the file is changed that it leads to
        read.append((path.resolve(), notebook, engine.analyze(notebook), raw))
    return read


class _One:
    """One notebook, and what is asked of it."""

    def __init__(
        self,
        path: Path,
        notebook: Notebook,
        raw: bytes,
        *,
        root: Path,
        project: Project | None,
        python: PythonFixes,
        configuration: Configuration,
    ) -> None:
        self._path = path
        self._notebook = notebook
        self._raw = raw
        self._root = root
        self._project = project
        self._python = python
        self._configuration = configuration

    def mended(self, *, place: Path, unsafe: bool, write: bool, say: Callable[[str], None]) -> FixedFile | None:
        """What became of it; None where there was nothing to do."""
        name = self._notebook.path
        done = mending.mend(self._raw, path=name, examine=self._examine, unsafe=unsafe)
        if done.endless:
            rules = " and ".join(done.endless)
            return FixedFile(
                path=name,
                problem=f"the fixes of {rules} do not come to an end; ignore the rule, or mend the file by hand",
            )
        if write and (done.made or done.rerun) and not os.access(self._path, os.W_OK):
            return FixedFile(path=name, problem="it may not be written; nothing was mended: change its permissions")
        content, made, problem = done.content, done.made, ""
        for_rules = " and ".join(sorted({finding.rule for finding in done.rerun}))
        if done.rerun and write:
            say(f"{name}: running it, for {for_rules}")
            ran = rerun.rerun(content, self._notebook, place=place, configuration=self._configuration)
            if ran.failure:
                problem = f"it was run for {for_rules}, and failed: {ran.failure}; its outputs are as they were"
            else:
                content, made = ran.content, (*made, *done.rerun)
        elif done.rerun:
            made = (*made, *done.rerun)
        if not (made or done.left or problem):
            return None
        told = difference(self._notebook, source.parse(content, path=name))
        if done.rerun and not write:
            told = told or f"--- {name}\n+++ {name}"
            told += f"\n@@ all cells @@\n~ outputs and counts: those of a run from top to bottom, for {for_rules}"
        unwritten = self._put(content) if write and content != self._raw else ""
        if unwritten:
            return FixedFile(path=name, problem=unwritten)
        return FixedFile(path=name, made=made, left=done.left, problem=problem, difference=told)

    def _examine(self, notebook: Notebook, content: bytes) -> Sequence[tuple[Finding, Fix | None]]:
        ours = engine.examine(
            notebook, configuration=self._configuration.lint, project=self._project, folder=self._root
        )
        return (*ours, *self._python.of(self._path, notebook, content))

    def _put(self, content: bytes) -> str:
        """Write the file, unless somebody else has; why not, where it cannot be done."""
        changed = "it has changed while it was being mended; nothing was written, try again"
        try:
            now = source.read_bytes(self._path, shown=self._notebook.path)
        except NotebookError:
            return changed  # gone, or a folder by now
        if now != self._raw:
            return changed
        try:
            atomic.rewrite(self._path, content)
        except MachineError as error:
            # the folder is not writable, the disk is full: the next file may lie elsewhere
            return f"nothing was mended: {error}"
        return ""
