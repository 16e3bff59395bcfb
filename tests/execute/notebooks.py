"""Small notebooks for the tests, and what they became."""

import json
from pathlib import Path
from typing import Any

from proofbook.execute.notebook import Order, Outcome

KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


def notebook(*sources: str | dict[str, Any], **metadata: Any) -> dict[str, Any]:
    """A notebook of code cells; a dictionary says what a cell has beside or instead."""
    cells = []
    for number, source in enumerate(sources, start=1):
        cell = {"cell_type": "code", "id": f"c{number}", "metadata": {}, "source": source}
        if isinstance(source, dict):
            cell |= source
        if cell["cell_type"] == "code":
            cell = {"outputs": [], "execution_count": None} | cell
        cells.append(cell)
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {**KERNEL, **metadata}, "cells": cells}


def encoded(*sources: str | dict[str, Any], **metadata: Any) -> bytes:
    return json.dumps(notebook(*sources, **metadata)).encode()


def order(root: Path, *sources: str | dict[str, Any], **options: Any) -> Order:
    name = options.pop("name", "task")
    return Order(
        task=name, notebook=encoded(*sources), output=str(root / f"output/{name}.ipynb"), root=str(root), **options
    )


def cells(outcome: Outcome) -> list[dict[str, Any]]:
    return json.loads(outcome.notebook)["cells"]


def statuses(content: bytes) -> list[str]:
    """What the file itself says of each cell."""
    return [cell["metadata"]["papermill"]["status"] for cell in json.loads(content)["cells"]]


def text(cell: dict[str, Any]) -> str:
    """All that a cell printed."""
    return "".join("".join(out["text"]) for out in cell["outputs"] if out["output_type"] == "stream")


def errors(cell: dict[str, Any]) -> list[tuple[str, str]]:
    return [(out["ename"], out["evalue"]) for out in cell["outputs"] if out["output_type"] == "error"]
