"""Ploomber's objects, turned into values that the rest of Proofbook understands."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ploomber.products import File, MetaProduct
from ploomber.tasks import NotebookRunner

from proofbook.exceptions import PipelineError
from proofbook.model.pipeline import Pipeline, Task

__all__ = ["calls_code", "pipeline_of", "rendered"]

_ONLY = "product"
_GIVEN = {"upstream", "product", "resources_"}


def pipeline_of(dag: Any, *, root: Path, path: str = "pipeline.yaml") -> Pipeline:
    """The pipeline that a rendered DAG is."""
    return Pipeline(path=path, tasks=tuple(_task(task, root=root) for task in dag.values()))


def rendered(task: Any) -> bytes:
    """The notebook that Ploomber made of a notebook task: nbformat 4 JSON with the injected parameters."""
    text: str = task.source.nb_str_rendered
    return text.encode()


def calls_code(tasks: Iterable[Mapping[str, Any]]) -> str:
    """
    Which of the user's code decides what the pipeline is, so that its files alone do not; empty where none does.

    Args:
        tasks: The tasks of the spec: a parameter may be a function's answer, and a hook may change a task.
    """
    for task in tasks:
        if any(task.get(hook) for hook in ("on_render", "on_finish", "on_failure")):
            return "a task has hooks"
        grid = task.get("grid") or []
        for values in (task.get("params") or {}, *(grid if isinstance(grid, list) else [grid])):
            for value in values.values():
                is_call = "dotted_path" in value if isinstance(value, Mapping) else "::" in str(value)
                if is_call:
                    return "a parameter may be a function's answer"
    return ""


def _task(task: Any, *, root: Path) -> Task:
    params = task.params.to_json_serializable()
    is_notebook = isinstance(task, NotebookRunner)
    products = _products(task.product, root=root)
    if is_notebook and isinstance(task.nb_product_key, list):
        raise PipelineError(f"task {task.name}: several notebook products (nb_product_key) are not supported: name one")
    return Task(
        name=str(task.name),
        kind="notebook" if is_notebook else "other",
        source=_location(task.source.loc, root=root),
        code="" if is_notebook else str(task.source),
        upstream=tuple(str(name) for name in task.upstream),
        products=products,
        notebook_product=(task.nb_product_key if task.nb_product_key in products else _ONLY) if is_notebook else None,
        params={name: value for name, value in params.items() if name not in _GIVEN},
        data={name: _relative(path, root=root) for name, path in (params.get("resources_") or {}).items()},
        kernel=_kernel(task) if is_notebook else None,
        unseen=any(not isinstance(product, File) for product in _parts(task.product)),
    )


def _parts(product: Any) -> list[Any]:
    return list(product) if isinstance(product, MetaProduct) else [product]


def _products(product: Any, *, root: Path) -> dict[str, str]:
    """Files by key. Products that are no files (a database table) have no path, and are left to Ploomber."""
    if not isinstance(product, MetaProduct):
        return {_ONLY: _relative(str(product), root=root)} if isinstance(product, File) else {}
    parts = product.products
    named: Mapping[str, Any] = parts if isinstance(parts, Mapping) else dict(product.to_json_serializable())
    return {str(key): _relative(str(product[key]), root=root) for key in named if isinstance(product[key], File)}


def _location(location: Any, *, root: Path) -> str | None:
    if location is None:
        return None
    path = str(location)
    # a function's location is written `file.py:12`
    head, _, tail = path.rpartition(":")
    return _relative(head if head and tail.isdigit() else path, root=root)


def _relative(path: str, *, root: Path) -> str:
    absolute = os.path.abspath(path)  # noqa: PTH100 - `resolve` would follow links
    return os.path.relpath(absolute, root) if Path(absolute).is_relative_to(root) else absolute


def _kernel(task: Any) -> str | None:
    name: str | None = task.source._nb_obj_unrendered.metadata.get("kernelspec", {}).get("name")
    return name
