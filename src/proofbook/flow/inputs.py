"""
All that a task's result depends on, by content: the one definition of *up to date*.

A task is up to date when the digest of its inputs is that of a good run, and its products are what that run wrote.
Time stamps play no part.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from proofbook.analyze import fingerprint, reach
from proofbook.disk import atomic
from proofbook.model.notebook import Notebook
from proofbook.model.pipeline import Pipeline, Task
from proofbook.model.run import TaskRun, canonical

__all__ = ["data_digests", "data_files", "explain", "key_of", "modules_now", "of_task", "outputs_digest"]

_FORMAT = 1
_SHOWN = ("output_type", "name", "text", "data", "ename", "evalue")


def of_task(
    task: Task,
    *,
    pipeline: Pipeline,
    root: Path,
    upstream: Mapping[str, TaskRun],
    environment: str,
    data: Mapping[str, str],
    outputs: Mapping[str, str],
    notebook: Notebook | None,
    contracts: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """
    The inputs of `task` by name, as JSON.

    Args:
        task: The task.
        pipeline: The pipeline that it is part of.
        root: The pipeline's folder.
        upstream: What became of each upstream task in this build.
        environment: Digest of Python and the packages.
        data: Declared data files of the task: path to digest.
        outputs: Upstream task to digest of what its executed notebook shows, for tasks that have one.
        notebook: The notebook that the task runs, without injected parameters; None for other tasks.
        contracts: Contracts of its data files: path to digest.
    """
    modules: dict[str, str] = {}
    if notebook is not None:
        modules = fingerprint.imported_modules(notebook, root=root)
    elif task.source and task.source.endswith(".py"):
        modules = fingerprint.imported_modules(root / task.source, root=root)
        # a function sees all of its own file
        modules[task.source] = fingerprint.of_module(root / task.source)
    reader = _Reader(notebook, tuple((root / path).read_text(encoding="utf-8", errors="replace") for path in modules))
    return {
        "format": _FORMAT,
        "code": fingerprint.of_notebook(notebook) if notebook else hashlib.sha256(task.code.encode()).hexdigest(),
        "modules": modules,
        "params": task.params,
        "products": task.products,
        "upstream": {name: _seen(reader, pipeline[name], upstream[name], outputs) for name in task.upstream},
        "data": dict(data),
        "kernel": task.kernel,
        "environment": environment,
        # only where there are any: all else keeps the key that it had before there were contracts
        **({"contracts": dict(contracts)} if contracts else {}),
    }


def key_of(inputs: Mapping[str, Any]) -> str:
    """Digest of the inputs."""
    return hashlib.sha256(canonical(dict(inputs))).hexdigest()


def modules_now(root: Path, modules: Mapping[str, str]) -> bool:
    """Whether project modules that a run was seen to import are still what they were."""
    return all((root / path).is_file() and fingerprint.of_module(root / path) == seen for path, seen in modules.items())


def data_files(task: Task, globs: list[str], *, root: Path) -> list[str]:
    """Declared data files of a task: its `resources_`, and what the configuration's globs match. Relative paths."""
    found = {file for declared in task.data.values() for file in _expand(root, declared)}
    for glob in globs:
        found.update(str(path.relative_to(root)) for path in root.glob(glob) if path.is_file())
    return sorted(found)


def _expand(root: Path, declared: str) -> Iterator[str]:
    path = root / declared
    if path.is_dir():
        yield from (str(Path(declared) / file.relative_to(path)) for file in path.rglob("*") if file.is_file())
    else:
        # one name for one file: a contract speaks of `data/a.csv`, and not of `./data/a.csv`
        yield os.path.normpath(declared)


def explain(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> str:
    """Why a task must run, in one line: what differs between the inputs of its last good run and now."""
    if old is None:
        return "never ran"
    reasons = []
    if old.get("code") != new["code"]:
        reasons.append("its code changed")
    for part, said in (
        ("modules", "module {} changed"),
        ("data", "data file {} changed"),
        ("upstream", "{} has new products"),
        ("contracts", "contract {} changed"),
    ):
        reasons += [said.format(name) for name in _changed(old.get(part, {}), new.get(part, {}))]
    for name in _changed(old.get("params", {}), new["params"]):
        was, now = old.get("params", {}).get(name, "(none)"), new["params"].get(name, "(none)")
        reasons.append(f"parameter {name}: {_short(was)} -> {_short(now)}")
    for part, said in (
        ("products", "its products were renamed"),
        ("kernel", "its kernel changed"),
        ("environment", "the environment changed"),
    ):
        if old.get(part) != new[part]:
            reasons.append(said)
    if len(reasons) > 3:
        reasons = [*reasons[:3], f"and {len(reasons) - 3} more"]
    return ", ".join(reasons) or "no good result is in the store"


def outputs_digest(executed: bytes) -> str:
    """
    Digest of what an executed notebook shows: its outputs, without counts, ids, times and metadata.

    It stands for the notebook where a task downstream reads it: the file itself differs after every run.
    """
    shown = []
    for cell in json.loads(executed).get("cells", []):
        for output in cell.get("outputs", []):
            shown.append({name: output.get(name) for name in _SHOWN})  # noqa: PERF401 - two loops read better
    return hashlib.sha256(canonical(shown)).hexdigest()


class _Reader(Struct, frozen=True):
    """What a task runs: its notebook, and the sources of the project's modules that it imports."""

    notebook: Notebook | None
    modules: tuple[str, ...]

    def may_read(self, above: Task, key: str) -> bool:
        if self.notebook is None:
            return True
        file = Path(above.products[key]).name
        return reach.may_read(self.notebook, task=above.name, key=key, file=file, modules=self.modules)


def _seen(reader: _Reader, above: Task, run: TaskRun, outputs: Mapping[str, str]) -> dict[str, str]:
    """What a task can see of one upstream: each product by content; its executed notebook only if it may be read."""
    digests = {}
    for key, product in run.products.items():
        if key != above.notebook_product:
            digests[key] = product.digest
        elif reader.may_read(above, key):
            digests[key] = outputs.get(above.name, product.digest)
    if not run.products:
        # products that are no files (a database table): only a new run of the task tells that they changed
        digests["run"] = str(run.made_by)
    return digests


def _changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    return sorted(name for name in {*old, *new} if old.get(name) != new.get(name))


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else text[:37] + "..."


def data_digests(
    root: Path, files: list[str], *, digest_of: Callable[[Path], str] = atomic.digest_of
) -> dict[str, str]:
    """Content of data files: path to digest; `missing` for one that is not there."""
    return {file: digest_of(root / file) if (root / file).is_file() else "missing" for file in files}
