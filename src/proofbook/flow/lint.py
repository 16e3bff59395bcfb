"""Lint many notebooks. Reading never changes a file."""

import stat
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from msgspec.structs import replace

from proofbook.analyze import source
from proofbook.exceptions import MachineError, NotebookError
from proofbook.flow.examining import examine_all
from proofbook.flow.projects import Known, known, project
from proofbook.lint import discovery, looked, registry, ruff, ruff_findings, ruff_settings
from proofbook.lint.cache import Cache
from proofbook.lint.declared import Declared
from proofbook.lint.examined import Examined, Job, digest, facts, placed
from proofbook.lint.result import LintResult
from proofbook.model.configuration import LintConfiguration
from proofbook.model.finding import Finding

__all__ = ["LintResult", "lint", "shown_path"]

_AT_ONCE = 16 * 1024 * 1024
"""Bytes up to which ruff reads a file while we do; a larger one is only shown to it if we could read it."""


def lint(
    paths: Sequence[Path],
    *,
    root: Path,
    configuration: LintConfiguration,
    injected: Mapping[Path, frozenset[str]] | None = None,
    declared: Mapping[Path, Declared] | None = None,
    python: bool = False,
    cache: Cache | None = None,
    workers: int = 1,
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
        python: Whether ruff is asked too. What it says are warnings.
        cache: What was said before, and where to keep what is said now.
        workers: Processes at most; more than one only where this process has no threads.

    Raises:
        ConfigurationError: `select` or `ignore` name a rule that does not exist.
        PipelineError: `pipeline.yaml` was to be read and cannot be.
        MachineError: A process that lints was ended from outside.
    """
    ours = registry.selected(configuration)  # a wrong code is said before anything is read
    pipeline = known(root, injected=injected, declared=declared)
    found = discovery.notebooks(paths, root=root, sources=pipeline.sources)
    files = [_File(path, root=root, cache=cache) for path in found]
    asked = _Ruff(root, files, configuration=configuration, ours=[rule.code for rule in ours]) if python else None
    try:
        _examine(files, pipeline, root=root, configuration=configuration, workers=workers)
        failure = asked.place() if asked is not None else ""
    finally:
        if asked is not None:
            asked.stop()
    if cache is not None:
        for file in files:
            file.keep(cache)
        cache.save()
    said = [file.examined for file in files if file.examined is not None]
    return LintResult(
        findings=tuple(sorted(finding for one in said for finding in (*one.findings, *one.python_findings))),
        notebooks=len(found),
        cells=sum(one.cells for one in said),
        failure=failure,
    )


class _File:
    """One file on its way through lint."""

    def __init__(self, path: Path, *, root: Path, cache: Cache | None) -> None:
        self.path = path
        self.real = path.resolve()
        self.shown = shown_path(path, root=root)
        self.state = looked.state(str(path))
        self.examined: Examined | None = None
        """What is said of what it holds now."""
        before = cache.get(self.shown) if cache is not None else None
        if before is not None:
            with suppress(NotebookError):
                now = digest(source.read_bytes(path, shown=self.shown))
                self.examined = before if now == before.digest and looked.holds(before.looked) else None

    def keep(self, cache: Cache) -> None:
        # what changed while it was read, or could not be, is not kept
        if self.examined is not None and self.examined.digest and looked.state(str(self.path)) == self.state:
            cache.put(self.shown, self.examined)
        else:
            cache.forget(self.shown)


def _examine(
    files: Sequence[_File], pipeline: Known, *, root: Path, configuration: LintConfiguration, workers: int
) -> None:
    """
    Ask our rules of what nothing is known.

    A second time of those notebooks that record what others record too, or of which the pipeline says something new.
    """
    recorded: dict[str, list[str]] = {}
    for again in (False, True):
        jobs: list[tuple[_File, Job]] = []
        for file in files:
            about = project(pipeline, file.real, shown=file.shown, recorded=recorded)
            if file.examined is None or (again and file.examined.facts != facts(about)):
                jobs.append((file, Job(path=file.path, shown=file.shown, folder=root, project=about)))
        done = examine_all([job for _, job in jobs], configuration=configuration, workers=workers)
        for (file, _), examined in zip(jobs, done, strict=True):
            file.examined = examined
        for file in files if not again else ():
            for name in file.examined.recorded if file.examined is not None and file.real in pipeline.tasks else ():
                recorded.setdefault(name, []).append(file.shown)


class _Ruff:
    """Ruff's part of it: begun early, waited for at the end."""

    def __init__(
        self, root: Path, files: Sequence[_File], *, configuration: LintConfiguration, ours: Sequence[str]
    ) -> None:
        ruff_settings.forget()
        self._files = files
        self._chosen = ruff.selection(configuration, root=root, ours=ours)
        self._prints: dict[Path, str | None] = {}
        self._failure = ""
        self._reading: ruff.Reading | None = None
        early = [file for file in files if file.path.suffix in {".ipynb", ".py"} and self._unknown(file)]
        self._asked = [file for file in early if _is_file(file.path)]
        self._later = [file for file in early if file not in self._asked]
        self._begin(self._asked)

    def place(self) -> str:
        """Wait for ruff, and add its word to what is known of each file; why it has none, where it fails."""
        self._gather(self._asked)
        late = [file for file in self._later if file.examined is not None and file.examined.python]
        if late and not self._failure:
            self._begin(late)
            self._gather(late)
        return self._failure

    def stop(self) -> None:
        if self._reading is not None:
            self._reading.stop()

    def _unknown(self, file: _File) -> bool:
        if self._chosen.codes == () or self._failure:
            return False
        try:
            wanted = self._print(file)
        except MachineError as error:
            self._failure = str(error)
            return False
        return wanted is None or file.examined is None or file.examined.ruff != wanted

    def _print(self, file: _File) -> str | None:
        folder = file.path.absolute().parent
        if folder not in self._prints:
            self._prints[folder] = ruff.fingerprint(folder, chosen=self._chosen)
        return self._prints[folder]

    def _begin(self, files: Sequence[_File]) -> None:
        try:
            self._reading = ruff.Reading([file.path.absolute() for file in files], chosen=self._chosen)
        except MachineError as error:
            self._failure = str(error)

    def _gather(self, files: Sequence[_File]) -> None:
        if self._reading is None or self._failure:
            return
        try:
            said = self._reading.said()
        except MachineError as error:
            self._failure = str(error)
            return
        for file in files:
            if file.examined is not None:
                about = said.get(file.path.absolute(), ()) if file.examined.python else ()
                file.examined = replace(
                    file.examined, ruff=self._print(file), python_findings=_python_level(file, file.examined, about)
                )


def _python_level(file: _File, examined: Examined, said: Sequence[ruff.Said]) -> tuple[Finding, ...]:
    if not said:
        return ()
    with suppress(NotebookError):
        content = source.read_bytes(file.path, shown=file.shown)
        if digest(content) == examined.digest:
            notebook = source.parse(content, path=file.shown)
            found = ruff_findings.findings(notebook, said)
            return placed(tuple(finding for finding, _ in found), notebook, content=content)
    return ()


def shown_path(path: Path, *, root: Path) -> str:
    """How findings name `path`: relative to the root where it lies below it."""
    try:
        return path.absolute().relative_to(root.absolute()).as_posix()
    except ValueError:
        return str(path)


def _is_file(path: Path) -> bool:
    """Whether it is a regular file that ruff may read before we have."""
    try:
        state = path.stat()
    except (OSError, ValueError):
        return False
    return stat.S_ISREG(state.st_mode) and state.st_size <= _AT_ONCE
