"""The notebook while it runs: what became of each cell, who is told, and a file that is true at any moment."""

import asyncio
import contextlib
import json
import math
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from proofbook.analyze import titles
from proofbook.disk import atomic
from proofbook.execute import truth
from proofbook.execute.libraries import NotebookNode
from proofbook.model.run import Failure

__all__ = ["NotebookState", "serialised"]

_INTERVAL = 0.5
"""Seconds between two writes of the progress, at least."""
_SHARE = 0.1
"""Share of the time that writing may take."""
_LIVE_INTERVAL = 0.25
"""Seconds between two reports of what a cell prints, at least."""
_LIVE_LIMIT = 64 << 10
"""Characters that are reported of one cell while it runs."""
_SPLIT = {"application/javascript", "image/svg+xml"}
"""Beside text, what nbformat writes as a list of lines."""
_SCRAP = "application/scrapbook.scrap.json+json"


class NotebookState:
    """Papermill's record of a run, which here never calls a cell completed that was not."""

    def __init__(
        self, nb: Any, *, path: Path | None = None, on_event: Callable[[dict[str, Any]], None] | None = None
    ) -> None:
        """
        Take a notebook, before anything of it runs.

        Args:
            nb: The notebook; changed in place.
            path: Where it is written while it runs and at the end; nowhere when None.
            on_event: Told of each step.
        """
        self.nb = nb
        self.failure: Failure | None = None
        self.before_write: Callable[[], None] = lambda: None
        """Called before the notebook is written, for what is not yet in it."""
        self._path = path
        self._on_event = on_event
        self._written = self._took = self._cell_began = 0.0
        self._began = time.monotonic()
        self._due: asyncio.TimerHandle | None = None
        self._live = _Live(self.emit)

    def emit(self, event: str, **content: Any) -> None:
        """Tell whoever follows the run."""
        if self._on_event is not None:
            self._on_event({"event": event, **content})

    def printed(self, name: str, text: str) -> None:
        """The running cell printed something."""
        if self._on_event is not None:
            self._live.add(name, text)

    def save_if_due(self) -> None:
        """Write the notebook, now or when the last time is long enough ago."""
        if self._path is None or self._due is not None:
            return
        wait = self._written + max(_INTERVAL, self._took / _SHARE) - time.monotonic()
        if wait <= 0:
            self.flush()
            return
        with contextlib.suppress(RuntimeError):
            # without a loop there is nobody to come back
            self._due = asyncio.get_running_loop().call_later(wait, self.flush)

    def flush(self) -> bytes:
        """Write the notebook now; the file is the old one or the new one, never a part. Returns what was written."""
        if self._due is not None:
            self._due.cancel()
            self._due = None
        began = time.monotonic()
        self.before_write()
        content = serialised(self.nb)
        if self._path is not None:
            atomic.write(self._path, content, durable=False)
        self._written = time.monotonic()
        self._took = self._written - began
        return content

    def notebook_start(self) -> None:
        """Every cell is pending, and no trace of an older run is left."""
        record = self.nb.metadata.setdefault("papermill", NotebookNode())
        record.update(start_time=_now(), end_time=None, duration=None, exception=None)
        for cell in self.nb.cells:
            truth.forget(cell)
            cell.metadata["papermill"] = NotebookNode(
                exception=None, start_time=None, end_time=None, duration=None, status="pending"
            )
            if cell.cell_type == "code":
                cell.update(execution_count=None, outputs=[])
        self.save_if_due()

    def cell_start(self, cell: Any, cell_index: int) -> None:
        """A cell begins."""
        self._cell_began = time.monotonic()
        if cell.cell_type == "code":
            self._live = _Live(self.emit, cell=cell_index + 1)
            if self._on_event is not None:
                self.emit(
                    "cell_started",
                    cell=cell_index + 1,
                    id=cell.get("id", ""),
                    cells=len(self.nb.cells),
                    title=titles.of(cell),
                )
        cell.metadata.papermill.update(start_time=_now(), status="running", exception=False)
        self.save_if_due()

    def cell_complete(self, cell: Any, cell_index: int, **measured: Any) -> None:
        """A cell has ended, well or not."""
        # by the monotonic clock, which nobody sets back
        seconds = round(time.monotonic() - self._cell_began, 6)
        self._live.end()
        record = cell.metadata.papermill
        record.update(end_time=_now(), duration=seconds)
        if record["status"] != "failed":
            record["status"] = "completed"
        if cell.cell_type == "code":
            measured = {"seconds": seconds, **measured}
            truth.measure(cell, **measured)
            self.emit("cell_finished", cell=cell_index + 1, id=cell.get("id", ""), status=record["status"], **measured)
        self.save_if_due()

    def cell_failed(self, cell: Any, failure: Failure, *, ename: str, show: bool) -> None:
        """
        A cell is why the notebook ends.

        Args:
            cell: The cell.
            failure: What happened.
            ename: The class that an error output names.
            show: Say it in an output, because the kernel could not.
        """
        self.failure = failure
        cell.metadata.papermill.update(exception=True, status="failed")
        self.nb.metadata.papermill["exception"] = True
        if show:
            cell.outputs.append(NotebookNode(truth.error_output(ename, failure.message)))

    def notebook_complete(self) -> bytes:
        """The end: times, the failure if there is one, and a last write. Cells that did not run stay pending."""
        self._live.end()
        record = self.nb.metadata.papermill
        record.update(end_time=_now(), duration=round(time.monotonic() - self._began, 6))
        if self.failure is not None:
            record["exception"] = True
        return self.flush()


class _Live:
    """What one cell prints, told while it runs: not every piece, and not without end."""

    def __init__(self, emit: Callable[..., None], *, cell: int = 0) -> None:
        self._emit = emit
        self._cell = cell
        self._room = _LIVE_LIMIT
        self._waiting: list[tuple[str, str]] = []
        self._told = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def add(self, name: str, text: str) -> None:
        text = text[: self._room]
        if not text:
            return
        self._room -= len(text)
        self._waiting.append((name, text))
        if self._timer is None:
            wait = max(0.0, self._told + _LIVE_INTERVAL - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(wait, self._tell)

    def end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._tell()

    def _tell(self) -> None:
        self._timer = None
        self._told = time.monotonic()
        waiting, self._waiting = self._waiting, []
        for name, text in _joined(waiting):
            self._emit("output", cell=self._cell, name=name, text=text)


def _joined(pieces: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Neighbours of one stream as one."""
    found: list[tuple[str, list[str]]] = []
    for name, text in pieces:
        if found and found[-1][0] == name:
            found[-1][1].append(text)
        else:
            found.append((name, [text]))
    return [(name, "".join(texts)) for name, texts in found]


def _now() -> str:
    return datetime.now(UTC).isoformat()


def serialised(notebook: Any) -> bytes:
    """
    A notebook as nbformat writes it, always as valid JSON in UTF-8.

    A NaN that a library put into an output becomes null, in a scrap of scrapbook's the text that it decodes to NaN;
    halves of surrogate pairs become question marks.
    """
    written = {**notebook, "cells": [_cell(cell) for cell in notebook["cells"]]}
    written["metadata"] = {
        name: value for name, value in notebook["metadata"].items() if name not in ("orig_nbformat", "signature")
    }
    try:
        return msgspec.json.format(msgspec.json.encode(written, order="sorted"), indent=1) + b"\n"
    except (UnicodeEncodeError, TypeError, OverflowError):
        text = json.dumps(_without_nan(written), indent=1, sort_keys=True, ensure_ascii=False)
        return (text + "\n").encode(errors="replace")


def _cell(cell: Any) -> dict[str, Any]:
    """A cell as the file has it: text as lists of lines."""
    written = {**cell, "source": _lines(cell["source"])}
    if "trusted" in cell["metadata"]:
        written["metadata"] = {name: value for name, value in cell["metadata"].items() if name != "trusted"}
    if cell["cell_type"] == "code":
        written["outputs"] = [_output(output) for output in cell.get("outputs", ())]
    if "attachments" in cell:
        written["attachments"] = {name: _bundle(bundle) for name, bundle in cell["attachments"].items()}
    return written


def _output(output: Any) -> dict[str, Any]:
    if output["output_type"] == "stream":
        return {**output, "text": _lines(output["text"])}
    return {**output, "data": _bundle(output["data"])} if "data" in output else output


def _bundle(data: Any) -> dict[str, Any]:
    """What is shown, by type. JSON stays as it is, text is split."""
    written = {}
    for kind, value in data.items():
        if kind == _SCRAP and isinstance(value, dict) and _is_nan(value.get("data")):
            written[kind] = {**value, "data": json.dumps(value["data"])}
        elif isinstance(value, str) and (kind.startswith("text/") or kind in _SPLIT):
            written[kind] = _lines(value)
        else:
            written[kind] = value
    return written


def _lines(text: Any) -> Any:
    return text.splitlines(keepends=True) if isinstance(text, str) else text


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def _without_nan(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (list, tuple)):
        return [_without_nan(item) for item in value]
    if isinstance(value, dict):
        return {name: _without_nan(item) for name, item in value.items()}
    return value
