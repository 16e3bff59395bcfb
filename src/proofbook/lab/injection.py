"""
The cell that shows a task's parameters: put in when a notebook is opened, taken out when it is saved.

The cell carries papermill's tag `injected-parameters`, so that people and tools know it, and a mark of our own, because
a file may hold a cell with that tag that is not ours: an executed notebook does. Only what has our mark is taken out.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import nbformat

__all__ = ["declared", "inject", "language_of", "same", "strip", "together"]

_TAG = "injected-parameters"
_MARK = {"injected": True}
_COMMENT = "# Parameters\n"
_ID = "proofbook-parameters"
# cell ids came with nbformat 4.5
_IDS_SINCE = 5


def inject(notebook: Any, *, source: str, task: str) -> None:
    """
    Put the cell with the parameters into `notebook`, in place.

    It stands where papermill would put it: after the `parameters` cell, or on top where there is none. A cell with
    papermill's tag that the file itself holds stays, and ours follows it, so that ours has the last word.

    Args:
        notebook: An nbformat 4 notebook node.
        source: Code that assigns the parameters.
        task: Name of the task in the pipeline.
    """
    heading = (
        f"# Parameters of the task {task!r}, from the pipeline. Proofbook shows them here while the notebook is open;\n"
        "# saving drops this cell and every edit of it."
    )
    cell = nbformat.v4.new_code_cell(
        source=f"{heading}\n{source.removeprefix(_COMMENT).rstrip()}",
        # the code is ours and has no outputs: it must not make the notebook look untrusted
        metadata={"tags": [_TAG], "proofbook": dict(_MARK), "trusted": True},
        id=_ID,
    )
    if notebook.get("nbformat_minor", 0) < _IDS_SINCE:
        del cell["id"]
    notebook["cells"].insert(_place(notebook["cells"]), cell)


def strip(notebook: Mapping[str, Any]) -> dict[str, Any]:
    """The notebook without our cell. Everything else is the same object, in the same order."""
    return {**notebook, "cells": [cell for cell in notebook["cells"] if not _is_ours(cell)]}


def declared(notebook: Mapping[str, Any]) -> str:
    """What the parameters cell says."""
    return together(cell["source"] for cell in notebook["cells"] if "parameters" in _tags(cell))


def together(sources: Iterable[str]) -> str:
    """What several parameters cells say, as one text."""
    return "\n".join(sources)


def language_of(notebook: Mapping[str, Any]) -> str:
    """The language that the notebook is written in; Python where it does not say."""
    metadata = notebook.get("metadata", {})
    named = metadata.get("kernelspec", {}).get("language") or metadata.get("language_info", {}).get("name")
    return str(named or "python")


def same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two notebooks would be saved as the same; the marks of trust are never saved."""
    return _saved(one) == _saved(other)


def _place(cells: list[Any]) -> int:
    for tag in (_TAG, "parameters"):
        for number, cell in enumerate(cells):
            if tag in _tags(cell):
                return number + 1
    return 0


def _tags(cell: Mapping[str, Any]) -> Any:
    return cell.get("metadata", {}).get("tags", ())


def _is_ours(cell: Mapping[str, Any]) -> bool:
    return bool(cell.get("metadata", {}).get("proofbook") == _MARK)


def _saved(notebook: Mapping[str, Any]) -> str:
    cells = [
        {**cell, "metadata": {key: value for key, value in cell.get("metadata", {}).items() if key != "trusted"}}
        for cell in notebook["cells"]
    ]
    # as JSON, because Python takes 1, 1.0 and True for equal and a notebook does not
    return json.dumps({**notebook, "cells": cells}, sort_keys=True)
