"""What is read from and written to an executed notebook's metadata."""

from proofbook.execute import truth
from tests.execute.notebooks import notebook


def test_a_cell_of_which_nothing_is_known_is_pending() -> None:
    content = notebook("1", {"cell_type": "markdown", "source": "prose"}, "2")
    truth.measure(content["cells"][0], seconds=0.5, cpu_seconds=0.25, peak_memory=7)
    content["cells"][0]["metadata"]["papermill"] = {"status": "completed"}
    runs = truth.cell_runs(content)
    assert [(run.number, run.status) for run in runs] == [(1, "completed"), (3, "pending")]
    assert (runs[0].seconds, runs[0].cpu_seconds, runs[0].peak_memory) == (0.5, 0.25, 7)
    truth.forget(content["cells"][0])
    assert truth.cell_runs(content)[0].seconds == 0.0


def test_colours_are_taken_out() -> None:
    assert truth.plain_text("\x1b[0;31mZero\x1b[0m\x1b[?25l") == "Zero"
