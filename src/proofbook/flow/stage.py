"""
Sets up a folder as the project was for a run: nothing in it leads back to the project but links to large data.

Lowest layer first: files of the project that version control does not know, as they are now; the commit, and on it the
run's uncommitted changes; what the run kept of its project; declared data, by digest.
"""

import hashlib
import io
import os
import tarfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from proofbook.analyze import fingerprint
from proofbook.disk import atomic, mirror
from proofbook.exceptions import ReplayError
from proofbook.flow.digests import Digests
from proofbook.flow.recipe import Recipe
from proofbook.flow.surroundings import LARGEST_UNTRACKED, git
from proofbook.model.run import Run
from proofbook.store import Store

__all__ = ["Stage"]

_LARGEST = 32 << 20
"""Bytes of the largest file that is copied: larger data are linked, other large files left out."""


class Stage:
    """
    Lays out projects as they were.

    Args:
        project: The project's folder as it is now.
        store: Holds what the runs kept.
        runs: All runs that take part: their products and data are never taken from the project as it is.
        reports: Folder of reports, relative to the project.
    """

    def __init__(self, project: Path, *, store: Store, runs: Iterable[Run], reports: str) -> None:
        self._project = project
        self._store = store
        self._digests = Digests()
        self._runs = tuple(runs)
        self._own = {path for run in self._runs for path in run.data}
        self._own |= {product.path for run in self._runs for task in run.tasks for product in task.products.values()}
        self._own.add(reports)
        self._known_to_git = self._listed()

    def lay(self, folder: Path, recipe: Recipe) -> Path:
        """
        Set up the project in `folder`, which is empty.

        Returns:
            The pipeline's folder in it.

        Raises:
            ReplayError: What is needed is gone; it says what.
        """
        code = recipe.code
        within = self._within() if code.code.commit else ""
        root = (folder / within).resolve()
        root.mkdir(parents=True, exist_ok=True)
        has_commit = self._has(code.code.commit)
        elsewhere = self._known_to_git if has_commit else frozenset()
        mirror.mirror(
            self._project,
            root,
            largest=_LARGEST,
            without=lambda name: name in elsewhere or self._is_own(name),
        )
        if has_commit:
            self._check_out(folder, root, code, within=within)
        for name, digest in code.files.items():
            if name not in code.data:
                self._write(root, name, digest)
        self._require_modules(root, code)
        self._lay_data(root, recipe)
        return root

    def _listed(self) -> frozenset[str]:
        """Files that a commit and a patch speak of: those under version control, and small ones that are new."""
        cached = git(self._project, "ls-files", "-z", "--cached") or b""
        new = git(self._project, "ls-files", "-z", "--others", "--exclude-standard") or b""
        small = (name for name in _names(new) if self._is_small(name))
        return frozenset([*_names(cached), *small])

    def _is_small(self, name: str) -> bool:
        path = self._project / name
        return path.is_file() and path.stat().st_size <= LARGEST_UNTRACKED

    def _within(self) -> str:
        return os.fsdecode(git(self._project, "rev-parse", "--show-prefix") or b"").strip("\n/")

    def _has(self, commit: str | None) -> bool:
        return commit is not None and git(self._project, "cat-file", "-e", f"{commit}^{{commit}}") is not None

    def _is_own(self, name: str) -> bool:
        """Whether a file is a product, data, or a report: these never come from the project as it is now."""
        return any(str(parent) in self._own for parent in (PurePosixPath(name), *PurePosixPath(name).parents))

    def _check_out(self, folder: Path, root: Path, run: Run, *, within: str) -> None:
        """The files of the commit, and the run's uncommitted changes on them."""
        packed = git(self._project, "archive", "--format=tar", str(run.code.commit))
        if packed is None:
            return
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isreg() else None
                if content is not None and not self._is_own(member.name):
                    path = self._inside(root, member.name)
                    atomic.write(path, content.read(), durable=False, mode=member.mode & 0o755 | 0o600)
        if run.code.patch is None:
            return
        patch = folder.parent / f"{folder.name}.patch"
        atomic.write(patch, self._store.blobs.get(run.code.patch), durable=False)
        only = [f"--include={within}/*"] if within else []
        exclude = [f"--exclude={within}/{name}" if within else f"--exclude={name}" for name in self._own]
        applied = git(folder, "apply", "--whitespace=nowarn", *only, *exclude, str(patch), ceiling=folder.parent)
        atomic.remove(patch)
        if applied is None and not run.files:
            raise ReplayError(f"the uncommitted changes of run {run.number} do not apply to its commit any more")

    def _write(self, root: Path, name: str, digest: str) -> None:
        # what is lost here may have come from the commit: it is looked at afterwards
        if self._store.blobs.has(digest):
            atomic.write(self._inside(root, name), self._store.blobs.get(digest), durable=False)

    def _require_modules(self, root: Path, run: Run) -> None:
        """
        Every module must be the one that the run imported.

        Raises:
            ReplayError: One is not.
        """
        for task in run.tasks:
            for name, seen in {**task.inputs.get("modules", {}), **task.modules}.items():
                path = root / name
                if not path.is_file() or fingerprint.of_module(path) != seen:
                    commit = run.code.commit
                    why = f"commit {commit[:8]} is not in the repository" if commit else "there was no commit"
                    if commit and self._has(commit):
                        why = "the commit holds another"
                    raise ReplayError(
                        f"run {run.number} cannot be built again: {name}, which {task.name} imports, is gone "
                        f"({why}, and the store has no copy)"
                    )

    def _lay_data(self, root: Path, recipe: Recipe) -> None:
        for name, digest in recipe.data_files().items():
            target = root / name
            if Path(name).is_absolute():
                self._require_outside(Path(name), digest)
            elif digest == "missing":
                atomic.remove(target)
            else:
                self._lay_file(target, name, digest)

    def _lay_file(self, target: Path, name: str, digest: str) -> None:
        now = self._project / name
        if now.is_file() and self._digests.of(now) == digest:
            mirror.place(now, target, largest=_LARGEST)
            return
        if self._store.blobs.has(digest):
            mirror.place(self._store.blobs.path(digest), target, largest=_LARGEST)
            return
        for run in self._runs:
            if self._has(run.code.commit):
                content = git(self._project, "show", f"{run.code.commit}:./{name}")
                if content is not None and _digest(content) == digest:
                    atomic.write(target, content, durable=False)
                    return
        state = "is another one now" if now.exists() else "is no longer there"
        owners = ", ".join(str(run.number) for run in self._runs if run.data.get(name) == digest) or "the replayed run"
        raise ReplayError(f"data file {name}, as run {owners} read it, is gone: the file {state}, and no copy is kept")

    def _require_outside(self, path: Path, digest: str) -> None:
        """A data file outside the project is read where it lies, if it is still the same."""
        if (self._digests.of(path) if path.is_file() else "missing") != digest:
            raise ReplayError(f"data file {path} is not what it was, and lies outside the project: no copy is kept")

    def _inside(self, root: Path, name: str) -> Path:
        path = (root / name).resolve()
        if not path.is_relative_to(root):
            raise ReplayError(f"{name} leads outside the project's folder: it cannot be laid out")
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def _names(listed: bytes) -> list[str]:
    return [os.fsdecode(name) for name in listed.split(b"\0") if name]


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
