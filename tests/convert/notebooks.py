"""Notebooks and conversions for the tests of this room."""

import json
from pathlib import Path
from typing import Any

from proofbook.convert import pipeline_file, task
from proofbook.convert.pipeline_file import PipelineFile
from proofbook.convert.task import Conversion

KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
STRIPPED = {"execution_count": None, "outputs": []}


def document(*cells: str | dict[str, Any], **metadata: Any) -> dict[str, Any]:
    """A notebook of code cells; a dictionary says what a cell has instead, `md:` starts a cell of prose."""
    made = []
    for number, given in enumerate(cells, start=1):
        cell: dict[str, Any] = {"cell_type": "code", "id": f"c{number}", "metadata": {}, "execution_count": 7}
        cell |= {"outputs": [{"output_type": "stream", "name": "stdout", "text": "old"}]}
        if isinstance(given, dict):
            cell |= given
        elif given.startswith("md:"):
            cell = {"cell_type": "markdown", "id": f"c{number}", "metadata": {}, "source": given[3:]}
        else:
            cell["source"] = given
        made.append(cell)
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {**KERNEL, **metadata}, "cells": made}


def encoded(*cells: str | dict[str, Any], **metadata: Any) -> bytes:
    return json.dumps(document(*cells, **metadata), indent=1).encode()


def tagged(source: str, *tags: str) -> dict[str, Any]:
    return {"source": source, "metadata": {"tags": list(tags)}}


def converted(
    *cells: str | dict[str, Any],
    beside: str = ".",
    root: Path = Path("/nowhere"),
    pipeline: PipelineFile | None = None,
    **metadata: Any,
) -> Conversion:
    """The task that a notebook of these cells becomes."""
    known = pipeline or PipelineFile(extract_upstream=False)
    drafted = task.draft(
        encoded(*cells, **metadata), shown="book.ipynb", name="book", beside=beside, root=root, pipeline=known
    )
    return task.convert(drafted, path="notebooks/book.ipynb", written=known.products, pipeline=known)


def cells(made: Conversion) -> list[dict[str, Any]]:
    return json.loads(made.notebook)["cells"]


def sources(made: Conversion) -> list[str]:
    return ["".join(cell["source"]) for cell in cells(made)]


def parameters(made: Conversion) -> str:
    """Source of the cell tagged `parameters`."""
    (cell,) = [cell for cell in cells(made) if "parameters" in cell["metadata"].get("tags", [])]
    return "".join(cell["source"])


def with_products(**products: tuple[str, str | None]) -> PipelineFile:
    """A pipeline whose tasks write these: `path=(task, key)`, `/` written as `__`, `.` as `_dot_`."""
    named = {name.replace("__", "/").replace("_dot_", "."): value for name, value in products.items()}
    return PipelineFile(products=named, names=frozenset(task for task, _ in named.values()), extract_upstream=False)


__all__ = [
    "cells", "converted", "document", "encoded", "parameters", "pipeline_file", "sources", "tagged", "with_products",
]  # fmt: skip
