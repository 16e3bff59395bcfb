"""
What a run keeps of its project, so that it can be built again when the project has moved on.

Its executed notebooks hold the sources of its notebooks already. Beside them: what they imported, the pipeline's own
files, the lock file, and data files that are small. Larger data are known by their digest only: copying them for every
run would make the store grow with the data.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from proofbook.analyze import fingerprint
from proofbook.flow import surroundings
from proofbook.model.pipeline import Pipeline
from proofbook.model.run import Run
from proofbook.store import Store

__all__ = ["keep"]

_LARGEST_SOURCE = 1 << 20
"""Bytes of the largest file of code that is kept."""
_LARGEST_DATA = 4 << 20
"""Bytes of the largest data file that is kept."""
_ALL_DATA = 32 << 20
"""Bytes of all data files that are kept of one run: the smallest go first."""
_ENVS = ("env.yaml", "env.yml")


def keep(store: Store, root: Path, run: Run, *, pipeline: Pipeline) -> Run:
    """
    The run, with what is kept of its project named in it and put into the store.

    A file that is no longer what the run saw is left out.

    Args:
        store: Takes the contents.
        root: The project's folder.
        run: About to be sealed.
        pipeline: What was built.
    """
    files = dict(_sources(store, root, run))
    files |= _data(store, root, run)
    texts = {task.name: _put(store, task.code.encode()) for task in pipeline.tasks if task.kind == "other"}
    return replace(run, files=dict(sorted(files.items())), texts=texts)


def _sources(store: Store, root: Path, run: Run) -> Iterator[tuple[str, str]]:
    modules = {path: seen for task in run.tasks for path, seen in _modules(task.inputs.get("modules"), task.modules)}
    for name, seen in modules.items():
        content = _content(root / name, limit=_LARGEST_SOURCE)
        if content is not None and fingerprint.of_module(root / name) == seen:
            yield name, _put(store, content)
    others = {run.pipeline, *_ENVS, *(task.source for task in run.tasks if task.source)}
    lock = surroundings.lock_of(root)
    for name in sorted((others | ({lock} if lock else set())) - modules.keys()):
        content = None if Path(name).is_absolute() else _content(root / name, limit=_LARGEST_SOURCE)
        if content is not None:
            yield name, _put(store, content)


def _modules(declared: object, seen: dict[str, str]) -> Iterator[tuple[str, str]]:
    yield from declared.items() if isinstance(declared, dict) else ()
    yield from seen.items()


def _data(store: Store, root: Path, run: Run) -> dict[str, str]:
    sizes = {}
    for name in run.data:
        path = root / name
        if not Path(name).is_absolute() and path.is_file() and path.stat().st_size <= _LARGEST_DATA:
            sizes[name] = path.stat().st_size
    found, left = {}, _ALL_DATA
    for name, size in sorted(sizes.items(), key=lambda item: (item[1], item[0])):
        left -= size
        if left < 0:
            break
        digest = run.data[name]
        if not store.blobs.has(digest):
            content = _content(root / name, limit=_LARGEST_DATA)
            if content is None or hashlib.sha256(content).hexdigest() != digest:
                continue
            store.blobs.put(content)
        found[name] = digest
    return found


def _content(path: Path, *, limit: int) -> bytes | None:
    try:
        return path.read_bytes() if path.stat().st_size <= limit else None
    except OSError:
        return None


def _put(store: Store, content: bytes) -> str:
    digest = hashlib.sha256(content).hexdigest()
    # what is there needs no second fsync: that is done for every file of every build
    return digest if store.blobs.has(digest) else store.blobs.put(content)
