"""
What a cell's outputs were made of, noted beside them: so that a source that is newer than its output can be told.

A stamp is written by whoever executes a notebook and keeps what it shows. It holds two digests: of the cell's source,
by its syntax, so that a comment makes nothing stale; and of what the cell showed, so that outputs which somebody else
has made since do not count. A stamp of another version of Python says nothing.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from proofbook.analyze import fingerprint
from proofbook.model.notebook import Cell

__all__ = ["PATH", "is_stale", "source_digest", "stamp"]

PATH = ("proofbook", "ran")
"""Where in a cell's metadata the stamp stands."""


def source_digest(cell: Cell, *, python: bool = True) -> str:
    """SHA-256 of what the cell does: in Python without comments and layout, elsewhere all of its text."""
    return fingerprint.of_cell(cell, python=python)


def stamp(cell: Cell, *, python: bool = True) -> dict[str, str]:
    """
    What to write at `PATH` of the metadata of a cell that was just executed as it stands.

    Args:
        cell: With the outputs and the execution count of that execution, and the metadata that will stand beside them.
        python: Whether its language is Python.
    """
    return {
        "python": fingerprint.dialect(),
        "source": source_digest(cell, python=python),
        "outputs": _shown(cell),
    }


def is_stale(cell: Cell, *, python: bool = True) -> bool:
    """Whether the cell still shows what another source of it made. Without a stamp nobody knows, and it is not."""
    own = cell.metadata.get(PATH[0])
    noted = own.get(PATH[1]) if isinstance(own, Mapping) else None
    if not isinstance(noted, Mapping) or not cell.outputs or noted.get("python") != fingerprint.dialect():
        return False
    shown = _shown(cell)
    if not shown or noted.get("outputs") != shown:
        return False
    return noted.get("source") != source_digest(cell, python=python)


def _shown(cell: Cell) -> str:
    """Digest of the outputs by their content: however their text is cut into lines, and without their metadata."""
    # JupyterLab and others may note when a cell ran: where they do, no later run goes unseen
    times = [cell.metadata.get(key) for key in ("execution", "ExecuteTime")]
    outputs = [
        [str(output.get("output_type")), _content(output.get("data")), _text(output.get("text"))]
        + [str(output.get(key)) for key in ("name", "ename", "evalue")]
        for output in cell.outputs
    ]
    try:
        # not `canonical`, which refuses the half characters that JSON lets through
        content = json.dumps(["shown", cell.execution_count, times, outputs], sort_keys=True)
    except RecursionError:
        return ""
    return hashlib.sha256(content.encode()).hexdigest()


def _content(data: Any) -> Any:
    return {str(kind): _text(value) for kind, value in data.items()} if isinstance(data, Mapping) else None


def _text(value: Any) -> Any:
    lines = isinstance(value, list) and all(isinstance(line, str) for line in value)
    return "".join(value) if lines else value
