"""A sealed run, turned back into what was built: its pipeline, and its notebooks as they were before they ran."""

import ast
import json
from pathlib import PurePath
from typing import Any

from proofbook.exceptions import ReplayError, StoreError
from proofbook.model.pipeline import Pipeline, Task
from proofbook.model.run import Run, TaskRun
from proofbook.store import Store

__all__ = ["notebook_of", "numbers_of", "pipeline_of", "resources_of"]

_TRACES = ("execution", "papermill", "proofbook", "ploomber")
"""What running a notebook leaves in the metadata of its cells."""


def pipeline_of(run: Run, *, store: Store) -> Pipeline:
    """
    The pipeline that a run built.

    Raises:
        ReplayError: A task did not come to a good end, so that not all of it is known.
    """
    return Pipeline(path=run.pipeline, tasks=tuple(_task(task, run, store=store) for task in run.tasks))


def _task(task: TaskRun, run: Run, *, store: Store) -> Task:
    if task.failure is not None or not task.key:
        raise ReplayError(f"run {run.number} cannot be built again: task {task.name} {task.status} in it")
    is_notebook = task.notebook is not None
    return Task(
        name=task.name,
        kind="notebook" if is_notebook else "other",
        source=task.source,
        code="" if is_notebook else _text(task, run, store=store),
        upstream=task.upstream,
        products={key: product.path for key, product in task.products.items()},
        notebook_product=_notebook_product(task) if is_notebook else None,
        params=task.params,
        data={path: path for path in task.inputs.get("data", {})},
        kernel=task.inputs.get("kernel"),
        unseen=not task.products,
    )


def _text(task: TaskRun, run: Run, *, store: Store) -> str:
    digest = run.texts.get(task.name) or str(task.inputs.get("code", ""))
    try:
        return store.blobs.get(digest).decode()
    except StoreError:
        raise ReplayError(
            f"run {run.number} cannot be built again: the source of task {task.name}, which is no notebook, is not in "
            "the store"
        ) from None


def _notebook_product(task: TaskRun) -> str:
    """The key of the product that is the executed notebook, whatever its format."""
    same = [key for key, product in task.products.items() if product.digest == task.notebook]
    return (same + ["nb"] * ("nb" in task.products) + list(task.products))[0]


def notebook_of(task: TaskRun, *, store: Store) -> dict[str, Any]:
    """
    The notebook of a task as it was before it ran: no outputs, no injected parameters, no traces of the run.

    Raises:
        ReplayError: Its executed notebook is not in the store.
    """
    try:
        notebook: dict[str, Any] = json.loads(store.blobs.get(task.notebook or ""))
    except (StoreError, ValueError):
        raise ReplayError(f"the executed notebook of task {task.name} is not in the store, or damaged") from None
    cells = []
    for cell in notebook["cells"]:
        metadata = {key: value for key, value in cell.get("metadata", {}).items() if key not in _TRACES}
        if "injected-parameters" in metadata.get("tags", []):
            continue
        cleared: dict[str, Any] = {"outputs": [], "execution_count": None} if cell.get("cell_type") == "code" else {}
        cells.append({**cell, "metadata": metadata, **cleared})
    metadata = {key: value for key, value in notebook.get("metadata", {}).items() if key not in _TRACES}
    return {**notebook, "metadata": metadata, "cells": cells}


def numbers_of(task: TaskRun, *, store: Store) -> dict[str, int]:
    """Id of a cell of the executed notebook to its number, as records and failures name it."""
    try:
        cells = json.loads(store.blobs.get(task.notebook or ""))["cells"]
    except (StoreError, ValueError):
        return {}
    return {cell["id"]: number for number, cell in enumerate(cells, start=1) if "id" in cell}


def resources_of(task: TaskRun, *, store: Store) -> dict[str, str]:
    """
    What Ploomber gave a notebook as `resources_`: key to path, relative to the project's folder.

    The run does not keep it by itself; the cell with the injected parameters says it, with absolute paths.
    """
    try:
        notebook = json.loads(store.blobs.get(task.notebook or ""))
    except (StoreError, ValueError):
        return {}
    given: dict[str, Any] = {}
    for cell in notebook["cells"]:
        if "injected-parameters" in cell.get("metadata", {}).get("tags", []):
            given |= _assigned("".join(cell.get("source", "")))
    resources = given.get("resources_")
    if not isinstance(resources, dict):
        return {}
    known = sorted(task.inputs.get("data", {}), key=len, reverse=True)
    return {str(key): _shortened(str(path), known) for key, path in resources.items()}


def _shortened(path: str, known: list[str]) -> str:
    """The end of an absolute path that is a declared data file, or a folder of such files."""
    parts = PurePath(path).parts
    for start in range(len(parts)):
        end = "/".join(part for part in parts[start:] if part != "/")
        if any(name == end or name.startswith(f"{end}/") for name in known):
            return end
    return path


def _assigned(source: str) -> dict[str, Any]:
    """The literals that the lines of a cell assign; what is no literal is passed over."""
    found: dict[str, Any] = {}
    try:
        statements = ast.parse(source).body
    except (SyntaxError, ValueError):
        return found
    for statement in statements:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            try:
                found[statement.targets[0].id] = ast.literal_eval(statement.value)
            except ValueError:
                continue
    return found
