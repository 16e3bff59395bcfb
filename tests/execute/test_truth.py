"""Repairs of a notebook whose worker died, and what is read from its metadata."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from proofbook.execute import truth
from proofbook.model.run import Failure
from tests.execute.notebooks import notebook

DIED = Failure(kind="kernel died", message="worker died (signal 9)")


def event(name: str, cell: int, **content: Any) -> dict[str, Any]:
    return {"event": name, "cell": cell, "id": f"c{cell}", **content}


def repaired(content: dict[str, Any], events: list[dict[str, Any]]) -> tuple[list[str], Failure]:
    failure = truth.repair(content, DIED, events=events, started="2013-09-30T06:00:00.000Z", seconds=1.5)
    return [cell["metadata"]["papermill"]["status"] for cell in content["cells"]], failure


def test_events_that_came_after_the_last_save_count() -> None:
    content = notebook("1", {"cell_type": "markdown", "source": "prose"}, "2", "3")
    events = [
        event("cell_started", 1),
        event("cell_finished", 1, status="completed", seconds=0.5, cpu_seconds=0.25, peak_memory=7),
        event("cell_started", 3),
    ]
    found, failure = repaired(content, events)
    assert found == ["completed", "completed", "failed", "pending"]
    assert (failure.kind, failure.message, failure.cell, failure.cell_id) == (
        "kernel died",
        "worker died (signal 9)",
        3,
        "c3",
    )
    runs = truth.cell_runs(content)
    assert [(run.number, run.status) for run in runs] == [(1, "completed"), (3, "failed"), (4, "pending")]
    assert (runs[0].seconds, runs[0].cpu_seconds, runs[0].peak_memory) == (0.5, 0.25, 7)
    assert content["metadata"]["papermill"]["exception"] is True
    assert content["metadata"]["papermill"]["duration"] == 1.5


def test_a_death_between_two_cells_blames_none() -> None:
    content = notebook("1", "2")
    found, failure = repaired(content, [event("cell_started", 1), event("cell_finished", 1, status="completed")])
    assert found == ["completed", "pending"]
    assert failure.cell == 0


def test_a_death_before_any_cell_leaves_all_pending_and_drops_outputs_of_older_runs() -> None:
    old = {"source": "1", "outputs": [{"output_type": "stream", "name": "stdout", "text": "old"}], "execution_count": 7,
           "metadata": {"papermill": {"status": "running"}}}  # fmt: skip
    content = notebook(old)
    assert repaired(content, [])[0] == ["pending"]
    assert (content["cells"][0]["outputs"], content["cells"][0]["execution_count"]) == ([], None)


def test_nothing_that_never_finished_is_ever_called_completed() -> None:
    """Whatever an input file claims: the statuses of an older run are not this run's."""
    old = [{"source": str(n), "metadata": {"papermill": {"status": "completed"}}} for n in range(3)]
    assert repaired(notebook(*old), [event("cell_started", 1)])[0] == ["failed", "pending", "pending"]


@given(st.integers(1, 6), st.data())
def test_any_death_leaves_finished_failed_and_pending_in_that_order(size: int, data) -> None:
    done = data.draw(st.integers(0, size - 1))
    running = data.draw(st.booleans())
    events = [
        found
        for number in range(1, done + 1)
        for found in (event("cell_started", number), event("cell_finished", number, status="completed"))
    ]
    if running:
        events.append(event("cell_started", done + 1))
    found, failure = repaired(notebook(*map(str, range(size))), events)
    assert found == ["completed"] * done + ["failed"] * running + ["pending"] * (size - done - running)
    assert failure.cell == (done + 1 if running else 0)


def test_colours_are_taken_out() -> None:
    assert truth.plain_text("\x1b[0;31mZero\x1b[0m\x1b[?25l") == "Zero"
