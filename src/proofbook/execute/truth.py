"""What an executed notebook's metadata says of its cells: one place for the engine and for repairs after its death."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from proofbook.model.run import CellRun, Failure

__all__ = ["cell_runs", "error_output", "forget", "measure", "plain_text", "repair"]

_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_MEASURED = ("seconds", "cpu_seconds", "peak_memory", "truncated")

Dictionary = dict[str, Any]


def measure(cell: Dictionary, **measured: Any) -> None:
    """Note in a cell's metadata what was measured of it."""
    cell["metadata"].setdefault("proofbook", {}).update(measured)


def forget(cell: Dictionary) -> None:
    """Drop what an older run had measured."""
    for name in _MEASURED:
        cell["metadata"].get("proofbook", {}).pop(name, None)


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


def repair(
    notebook: Dictionary, failure: Failure, *, events: list[Dictionary], started: str, seconds: float
) -> Failure:
    """
    Make the last saved state of a notebook true after its worker died.

    The file may be half a second older than the death, or never have been written, so only the worker's events tell
    what became of a cell; the file has the outputs of those that began.

    Args:
        notebook: The last saved state, or the notebook as it was ordered; changed in place.
        failure: What happened, without the cell.
        events: `cell_started` and `cell_finished`, as they came.
        started: When the run started, ISO 8601.
        seconds: How long it ran.

    Returns:
        The failure, with the cell that was running.
    """
    cells = notebook.get("cells", [])
    begun = max((event["cell"] for event in events), default=0)
    for number, cell in enumerate(cells, start=1):
        code = cell.get("cell_type") == "code"
        status = "completed" if number < begun and not code else "pending"
        cell.setdefault("metadata", {}).setdefault("papermill", {}).update(status=status, exception=None)
        if code and number > begun:
            cell.update(outputs=[], execution_count=None)
            forget(cell)
    for event in events:
        if event["event"] == "cell_finished":
            cell = cells[event["cell"] - 1]
            cell["metadata"]["papermill"].update(status=event["status"], exception=event["status"] == "failed")
            measure(cell, **{name: event[name] for name in _MEASURED if name in event})
    if events and events[-1]["event"] == "cell_started":
        cell = cells[begun - 1]
        cell["metadata"]["papermill"].update(status="failed", exception=True)
        cell["outputs"] = [*cell.get("outputs", ()), error_output("WorkerDied", failure.message)]
        failure = Failure(kind=failure.kind, message=failure.message, cell=begun, cell_id=cell.get("id", ""))
    notebook.setdefault("metadata", {}).setdefault("papermill", {}).update(
        exception=True,
        start_time=started,
        end_time=datetime.now(UTC).isoformat(),
        duration=round(seconds, 6),
    )
    return failure
