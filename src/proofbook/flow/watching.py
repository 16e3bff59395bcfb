"""Lint again whenever something changes. The system tells of changes; between them nothing is done."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

from watchfiles import Change, DefaultFilter
from watchfiles._rust_notify import RustNotify  # documented; `watch` would tell nothing before the first change

from proofbook.exceptions import MachineError
from proofbook.lint.result import LintResult
from proofbook.model.finding import Finding

__all__ = ["changes", "news"]

_GATHER = 300
"""Milliseconds in which changes are taken for one: an editor writes a file in several steps."""
_STEP = 100
_NOTEBOOKS = (".ipynb", ".py", ".md")


def changes(paths: Sequence[Path], *, root: Path) -> Iterator[frozenset[Path]]:
    """
    Files and folders that changed, each time that some did; the first time at once, and nothing.

    Whatever changes after that is told, as the watch has begun by then.

    Raises:
        MachineError: The system allows no watch: a folder is gone, or too many are watched.
        KeyboardInterrupt: Ctrl-C.
    """
    wanted = DefaultFilter(ignore_dirs=(*DefaultFilter.ignore_dirs, ".proofbook", ".ipynb_checkpoints", ".ruff_cache"))
    try:
        watcher = RustNotify(_folders(paths, root=root), False, False, _GATHER, True, True)
    except (OSError, RuntimeError) as error:
        raise MachineError(f"changes cannot be watched: {error}") from None
    with watcher:
        yield frozenset()
        while True:
            told = watcher.watch(_GATHER, _STEP, 0, None)
            if isinstance(told, str):
                raise KeyboardInterrupt
            changed = frozenset(Path(name) for kind, name in told if wanted(Change(kind), name))
            if changed:
                yield changed


def news(before: LintResult, after: LintResult, *, changed: AbstractSet[str]) -> tuple[Finding, ...] | None:
    """
    What is to be shown: findings in files that changed, and in those of which is now said something else.

    None where nothing of that is so: what changed is of no interest to lint.
    """
    old, new = _by_file(before), _by_file(after)
    wanted = {path for path in {*old, *new} if old.get(path) != new.get(path)}
    if not wanted and not any(name.endswith(_NOTEBOOKS) for name in changed):
        return None
    return tuple(finding for finding in after.findings if finding.path in {*wanted, *changed})


def _by_file(result: LintResult) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for finding in result.findings:
        found.setdefault(finding.path, []).append(finding)
    return found


def _folders(paths: Sequence[Path], *, root: Path) -> list[str]:
    """The project, and what of `paths` lies elsewhere; of a file its folder, as editors put a new file in its place."""
    folders = [root, *(path if path.is_dir() else path.parent for path in paths)]
    found: list[Path] = []
    for folder in sorted({folder.resolve() for folder in folders}):
        if not any(folder.is_relative_to(other) for other in found):
            found.append(folder)
    return [str(folder) for folder in found]
