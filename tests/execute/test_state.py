"""The file on disk while a notebook runs."""

import json
import math
from pathlib import Path

import nbformat

from proofbook.execute import state as states
from proofbook.execute.state import NotebookState, serialised
from tests.execute.notebooks import notebook, statuses


def node(*sources):
    made = nbformat.from_dict(notebook(*sources))
    made.metadata.papermill = {}
    return made


def state(made, path: Path | None, events: list | None = None) -> NotebookState:
    return NotebookState(made, path=path, on_event=events.append if events is not None else None)


def test_what_is_written_is_a_valid_notebook() -> None:
    made = node("print(1)\n2")
    again = nbformat.reads(serialised(made).decode(), as_version=4)
    nbformat.validate(again)
    assert again.cells[0].source == "print(1)\n2"


def test_nan_and_broken_text_do_not_spoil_the_file() -> None:
    made = node("1")
    scrap = {"name": "x", "data": math.nan, "encoder": "json", "version": 1}
    made.cells[0].outputs = [
        nbformat.from_dict(
            {
                "output_type": "display_data",
                "metadata": {},
                "data": {"application/x+json": [math.inf, 1.5], "application/scrapbook.scrap.json+json": scrap},
            }
        ),
        nbformat.from_dict({"output_type": "stream", "name": "stdout", "text": "half \ud800 pair"}),
    ]

    def refuse(name: str) -> None:
        raise AssertionError(name)

    content = json.loads(serialised(made).decode("utf-8"), parse_constant=refuse)
    display, stream = content["cells"][0]["outputs"]
    assert display["data"]["application/x+json"] == [None, 1.5]
    assert display["data"]["application/scrapbook.scrap.json+json"]["data"] == "NaN", "what scrapbook decodes to NaN"
    assert stream["text"] == ["half ? pair"]


def test_writes_are_limited_and_the_last_one_always_comes(tmp_path: Path, monkeypatch) -> None:
    written = []
    monkeypatch.setattr(
        states.atomic, "write", lambda path, content, *, durable: written.append((path, content, durable))
    )
    made = node(*["1"] * 50)
    running = state(made, tmp_path / "out.ipynb")
    running.notebook_start()
    for index, cell in enumerate(made.cells):
        running.cell_start(cell, index)
        running.cell_complete(cell, index)
    assert len(written) < 10, "not one for each cell"
    running.notebook_complete()
    assert statuses(written[-1][1]) == ["completed"] * 50
    assert not written[-1][2], "progress need not survive a power cut"


def test_cells_that_never_ran_are_not_completed_at_the_end(tmp_path: Path) -> None:
    made = node("1", "2")
    running = state(made, tmp_path / "out.ipynb")
    running.notebook_start()
    running.cell_start(made.cells[0], 0)
    running.cell_complete(made.cells[0], 0)
    running.notebook_complete()
    assert statuses((tmp_path / "out.ipynb").read_bytes()) == ["completed", "pending"]


def test_an_event_is_told_for_code_cells_only() -> None:
    events: list[dict] = []
    made = node({"cell_type": "markdown", "source": "x"}, "1")
    running = state(made, None, events)
    running.notebook_start()
    for index, cell in enumerate(made.cells):
        running.cell_start(cell, index)
        running.cell_complete(cell, index, cpu_seconds=0.5, peak_memory=9)
    assert [(event["event"], event["cell"]) for event in events] == [("cell_started", 2), ("cell_finished", 2)]
    assert (events[1]["status"], events[1]["cpu_seconds"], events[1]["peak_memory"]) == ("completed", 0.5, 9)
