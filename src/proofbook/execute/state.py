"""The notebook while it runs: what became of each cell, and a file on disk that is whole and true at any moment."""

import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import writes_json
from papermill.engines import NotebookExecutionManager

from proofbook.disk import atomic
from proofbook.execute import truth
from proofbook.model.run import Failure

__all__ = ["NotebookState", "serialised"]

_INTERVAL = 0.5
"""Seconds between two writes of the progress, at least."""
_SHARE = 0.1
"""Share of the time that writing may take."""
_SCRAP = "application/scrapbook.scrap.json+json"


class NotebookState(NotebookExecutionManager):
    """Papermill's record of a run, which here never calls a cell completed that was not."""

    def __init__(
        self, nb: Any, *, output_path: str | None, on_event: Callable[[dict[str, Any]], None] | None, **options: Any
    ) -> None:
        self._on_event = on_event
        self._written = self._took = self._cell_began = 0.0
        self._dirty = False
        self.began = time.monotonic()
        self.failure: Failure | None = None
        local = output_path and "://" not in output_path and output_path != "-"
        self._path = Path(output_path).absolute() if output_path and local else None
        super().__init__(nb, output_path=output_path, **options)

    def emit(self, event: str, **content: Any) -> None:
        """Tell whoever follows the run."""
        if self._on_event is not None:
            self._on_event({"event": event, **content})

    def save(self, **_: Any) -> None:
        """Note that something changed, and write it if the last write is long enough ago."""
        self._dirty = True
        self.save_if_due()

    def save_if_due(self) -> None:
        """Write what changed, unless it is too soon."""
        if self._dirty and time.monotonic() - self._written >= max(_INTERVAL, self._took / _SHARE):
            self.flush()

    def autosave_cell(self, **_: Any) -> None:
        """An output arrived."""
        self._dirty = True

    def flush(self) -> None:
        """Write the notebook now; the file is the old one or the new one, never a part."""
        began = time.monotonic()
        if self._path is not None:
            atomic.write(self._path, serialised(self.nb), durable=False)
        self._written = time.monotonic()
        self._took = self._written - began
        self._dirty = False

    def notebook_start(self, **_: Any) -> None:
        """Every cell is pending, and no trace of an older run is left."""
        for cell in self.nb.cells:
            truth.forget(cell)
        super().notebook_start()

    def cell_start(self, cell: Any, cell_index: int, **_: Any) -> None:
        """A cell begins."""
        self._cell_began = time.monotonic()
        if cell.cell_type == "code":
            self.emit("cell_started", cell=cell_index + 1, id=cell.get("id", ""), cells=len(self.nb.cells))
        super().cell_start(cell, cell_index)

    def cell_complete(self, cell: Any, cell_index: int, **measured: Any) -> None:
        """A cell has ended, well or not."""
        # by the monotonic clock, which nobody sets back
        seconds = round(time.monotonic() - self._cell_began, 6)
        if cell.cell_type == "code":
            measured = {"seconds": seconds, **measured}
            truth.measure(cell, **measured)
        super().cell_complete(cell, cell_index)
        cell.metadata.papermill["duration"] = seconds
        if cell.cell_type == "code":
            status = cell.metadata.papermill["status"]
            self.emit("cell_finished", cell=cell_index + 1, id=cell.get("id", ""), status=status, **measured)

    def cell_failed(self, cell: Any, cell_index: int, failure: Failure, *, ename: str, show: bool) -> None:
        """
        A cell is why the notebook ends.

        Args:
            cell: The cell.
            cell_index: Its place, from 0.
            failure: What happened.
            ename: The class that an error output names.
            show: Say it in an output, because the kernel could not.
        """
        self.failure = failure
        self.cell_exception(cell, cell_index)
        if show:
            cell.outputs.append(NotebookNode(truth.error_output(ename, failure.message)))

    def notebook_complete(self, **_: Any) -> None:
        """The end: times, the failure if there is one, and a last write. Cells that did not run stay pending."""
        metadata = self.nb.metadata
        self.end_time = self.now()
        metadata.papermill["end_time"] = self.end_time.isoformat()
        metadata.papermill["duration"] = round(time.monotonic() - self.began, 6)
        if self.failure is not None:
            metadata.papermill["exception"] = True
        else:
            self.complete_pbar()
        self.cleanup_pbar()
        self.flush()


def serialised(notebook: Any) -> bytes:
    """
    A notebook as nbformat writes it, always as valid JSON in UTF-8.

    A NaN that a library put into an output becomes null, in a scrap of scrapbook's the text that it decodes to NaN;
    halves of surrogate pairs become question marks.
    """
    try:
        text: str = writes_json(notebook, allow_nan=False)
    except ValueError:
        text = writes_json(_without_nan(notebook))
    return (text if text.endswith("\n") else text + "\n").encode(errors="replace")


def _without_nan(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [_without_nan(item) for item in value]
    if not isinstance(value, dict):
        return value
    mended = type(value)()
    for name, item in value.items():
        if name == _SCRAP and isinstance(item, dict) and "data" in item and not isinstance(item["data"], str):
            mended[name] = type(value)(item, data=json.dumps(item["data"]))
        else:
            mended[name] = _without_nan(item)
    return mended
