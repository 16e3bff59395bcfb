"""What an executed notebook's metadata says of its cells: written and read in one place."""

import re
from collections.abc import Mapping
from typing import Any

from proofbook.model.run import CellRun

__all__ = ["cell_runs", "error_output", "forget", "measure", "plain_text"]

_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_MEASURED = ("seconds", "cpu_seconds", "peak_memory", "truncated")

Dictionary = dict[str, Any]


def measure(cell: Dictionary, **measured: Any) -> None:
    """Note in a cell's metadata what was measured of it."""
    cell["metadata"].setdefault("proofbook", {}).update(measured)


def forget(cell: Dictionary) -> None:
    """Drop what an older run had measured, and what somebody else has put in its place."""
    held = cell["metadata"].get("proofbook", {})
    if not isinstance(held, dict):
        del cell["metadata"]["proofbook"]
        return
    for name in _MEASURED:
        held.pop(name, None)


def plain_text(text: str) -> str:
    """`text` without terminal colours."""
    return _ANSI.sub("", text)


def error_output(ename: str, message: str) -> Dictionary:
    """An error as the kernel would have written it, had it been able to."""
    return {"output_type": "error", "ename": ename, "evalue": message, "traceback": [f"{ename}: {message}"]}


def cell_runs(notebook: Mapping[str, Any]) -> tuple[CellRun, ...]:
    """What each code cell took, as the metadata has it; a cell without any is pending."""
    runs = []
    for number, cell in enumerate(notebook.get("cells", ()), start=1):
        if cell.get("cell_type") != "code":
            continue
        metadata = cell.get("metadata", {})
        status = metadata.get("papermill", {}).get("status")
        measured = metadata.get("proofbook", {})
        runs.append(
            CellRun(
                number=number,
                id=cell.get("id", ""),
                status=status if status in ("completed", "failed") else "pending",
                seconds=measured.get("seconds", 0.0),
                cpu_seconds=measured.get("cpu_seconds", 0.0),
                peak_memory=measured.get("peak_memory", 0),
            )
        )
    return tuple(runs)
