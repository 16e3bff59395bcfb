"""Lint many notebooks. Reading never changes a file."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

from proofbook.flow import projects
from proofbook.flow.examining import File, examine_all, shown_path
from proofbook.flow.projects import Known
from proofbook.flow.python_level import PythonLevel
from proofbook.lint import baseline, discovery, registry
from proofbook.lint.baseline import Baseline
from proofbook.lint.cache import Cache
from proofbook.lint.declared import Declared
from proofbook.lint.examined import Examined, Job, facts
from proofbook.lint.result import LintResult, NotAnalysed
from proofbook.lint.ruff_codes import is_code
from proofbook.lint.rule import Rule
from proofbook.model.configuration import LintConfiguration
from proofbook.model.finding import KnownFinding

__all__ = ["LintResult", "lint", "shown_path"]

_ABBREVIATION = 3
"""Letters at most."""


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
    known: Baseline | None = None,
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
        known: The baseline: findings that do not count.

    Raises:
        ConfigurationError: `select` or `ignore` name a rule that does not exist.
        PipelineError: `pipeline.yaml` was to be read and cannot be.
        MachineError: A process that lints was ended from outside.
    """
    ours = registry.selected(configuration)  # a wrong code is said before anything is read
    pipeline = projects.known(root, injected=injected, declared=declared)
    found = discovery.notebooks(paths, root=root, sources=pipeline.sources)
    files = [File(path, root=root, cache=cache) for path in found]
    asked = PythonLevel(root, files, configuration=configuration, ours=[rule.code for rule in ours]) if python else None
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
    result = LintResult(
        findings=tuple(sorted(finding for one in said for finding in (*one.findings, *one.python_findings))),
        notebooks=len(found),
        cells=sum(one.cells for one in said),
        failure=failure,
        not_analysed=tuple(_not_analysed(said, ours)),
    )
    if known is None:
        return result
    return baseline.compared(result, known, judged=_Judge(root, files, {rule.code for rule in ours}, asked).judges)


def _not_analysed(said: Sequence[Examined], rules: Sequence[Rule]) -> Iterator[NotAnalysed]:
    """The languages other than Python, and what was done about them."""
    found = Counter(one.language for one in said if one.language not in {"", "python"})
    applied = sum(not rule.python for rule in rules)
    for language, notebooks in sorted(found.items()):
        yield NotAnalysed(
            # short names are abbreviations (R, SQL), longer ones are names
            language=language.upper() if len(language) <= _ABBREVIATION else language.capitalize(),
            notebooks=notebooks,
            rules_applied=applied,
            rules_not_analysed=len(rules) - applied,
        )


def _examine(
    files: Sequence[File], pipeline: Known, *, root: Path, configuration: LintConfiguration, workers: int
) -> None:
    """
    Ask our rules of what nothing is known.

    A second time of those notebooks that record what others record too, or of which the pipeline says something new.
    """
    recorded: dict[str, list[str]] = {}
    for again in (False, True):
        jobs: list[tuple[File, Job]] = []
        for file in files:
            about = projects.project(pipeline, file.real, shown=file.shown, recorded=recorded)
            if file.examined is None or (again and file.examined.facts != facts(about)):
                jobs.append((file, Job(path=file.path, shown=file.shown, folder=root, project=about)))
        done = examine_all([job for _, job in jobs], configuration=configuration, workers=workers)
        for (file, _), examined in zip(jobs, done, strict=True):
            file.examined = examined
        for file in files if not again else ():
            for name in file.examined.recorded if file.examined is not None and file.real in pipeline.tasks else ():
                recorded.setdefault(name, []).append(file.shown)


class _Judge:
    """Says of what in a baseline this run would have found it, were it still there."""

    def __init__(self, root: Path, files: Sequence[File], ours: AbstractSet[str], asked: PythonLevel | None) -> None:
        self._root = root
        self._looked = {file.shown for file in files}
        self._ours = ours
        self._asked = asked

    def judges(self, entry: KnownFinding) -> bool:
        by = entry.rule in self._ours or (
            is_code(entry.rule) and self._asked is not None and self._asked.asks_for(entry.rule)
        )
        return by and (entry.path in self._looked or not (self._root / entry.path).exists())
