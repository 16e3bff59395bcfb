"""Write suppressions of all that lint finds, with one reason."""

import re
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from proofbook.analyze import source
from proofbook.disk import atomic
from proofbook.exceptions import MachineError, NotebookError, UsageError
from proofbook.flow.examining import shown_path
from proofbook.lint import discovery, fixing
from proofbook.lint.ignoring import NEVER, ignoring
from proofbook.lint.result import LintResult

__all__ = ["Ignored", "add_ignores", "checked_reason"]


class Ignored(Struct, frozen=True, kw_only=True):
    """What became of it."""

    findings: int = 0
    """How many were suppressed."""
    files: int = 0
    """In how many files."""
    left: tuple[str, ...] = ()
    """What was not, and why; a line each."""


def checked_reason(reason: str | None) -> str:
    """
    The reason, in one line.

    Raises:
        UsageError: There is none, or it has no word in it.
    """
    text = " ".join((reason or "").split()).lstrip(":-\u2013\u2014 ")
    if not re.search(r"\w", text):
        raise UsageError("--add-ignores needs --reason TEXT: nothing is suppressed without a reason")
    return text


def add_ignores(paths: Sequence[Path], result: LintResult, *, root: Path, reason: str) -> Ignored:
    """
    Write a suppression for every finding of `result` that counts.

    Args:
        paths: What was linted: files, folders, or nothing for the pipeline's.
        result: What lint found there.
        root: Folder that the findings' paths start from.
        reason: As `checked_reason` gives it.

    Raises:
        PipelineError: `pipeline.yaml` cannot be read.
    """
    found = discovery.notebooks(paths, root=root, sources=discovery.pipeline_sources(root))
    files = {shown_path(path, root=root): path for path in found}
    open_: dict[str, int] = {}
    for finding in result.findings:
        if finding.counts and finding.rule not in NEVER:
            open_[finding.path] = open_.get(finding.path, 0) + 1
    left = [
        f"{finding.place}: {finding.rule} is to be mended, not suppressed"
        for finding in result.findings
        if finding.counts and finding.rule in NEVER
    ]
    written: list[int] = []
    for shown, number in open_.items():
        problem = _one(files[shown], shown, result, reason=reason)
        if problem:
            left.append(f"{shown}: {problem}")
        else:
            written.append(number)
    return Ignored(findings=sum(written), files=len(written), left=tuple(left))


def _one(path: Path, shown: str, result: LintResult, *, reason: str) -> str:
    """Write one file; why not, where it cannot be done."""
    try:
        raw = source.read_bytes(path, shown=shown)
        notebook = source.parse(raw, path=shown)
    except NotebookError as error:
        return str(error).removeprefix(f"{shown}: ")
    if notebook.format != "ipynb":
        return "only .ipynb files are changed; write the comment yourself"
    fixes = ignoring(notebook, [one for one in result.findings if one.path == shown], reason=reason)
    done = fixing.apply(raw, notebook, fixes)
    refused = [one.reason for one in done.refused] or (["two changes meet"] if done.waiting else [])
    if refused:
        return refused[0]
    if source.read_bytes(path, shown=shown) != raw:
        return "it has changed meanwhile; try again"
    try:
        atomic.rewrite(path.resolve(), done.content)
    except MachineError as error:
        return str(error)
    return ""
