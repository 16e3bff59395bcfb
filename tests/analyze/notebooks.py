"""Builds notebooks for the tests of this room."""

import json
from typing import Any

from proofbook.analyze import cells
from proofbook.analyze.flow import CellFlow
from proofbook.model.notebook import Cell, Notebook


def notebook(*sources: str, tags: dict[int, tuple[str, ...]] | None = None, language: str = "python") -> Notebook:
    """A notebook of code cells; `tags` by number of the cell."""
    made = (
        Cell(number=number, id=f"id-{number}", kind="code", source=text, tags=(tags or {}).get(number, ()))
        for number, text in enumerate(sources, start=1)
    )
    return Notebook(path="book.ipynb", cells=tuple(made), language=language)


def flows(*sources: str) -> tuple[CellFlow, ...]:
    """The analysis of cells with these sources."""
    return cells.analyze(notebook(*sources))


def flow(*sources: str) -> CellFlow:
    """The analysis of the last of these cells."""
    return flows(*sources)[-1]


def used(of: CellFlow, *, deferred: bool = False) -> set[str]:
    """Names that a cell reads from outside."""
    return {use.name for use in of.uses if use.deferred == deferred}


def document(*sources: str, **keys: Any) -> bytes:
    """An `.ipynb` file's bytes."""
    cells = [
        {
            "cell_type": "code",
            "id": f"id-{number}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": text,
        }
        for number, text in enumerate(sources, start=1)
    ]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells, **keys}).encode()
