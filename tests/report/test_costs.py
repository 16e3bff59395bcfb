"""What tasks and cells took: top ten, memory by cell, kernels, limits, attempts."""

import pytest
from msgspec.structs import replace

from proofbook.model.run import Attempt, CellRun, Failure, Run, TaskRun
from proofbook.report import costs
from tests.report.dom import Dom, problems

MB = 1_000_000


def cell(number: int, *, seconds: float = 0.1, peak: int = 0) -> CellRun:
    return CellRun(number=number, id=f"c{number}", status="completed", seconds=seconds, peak_memory=peak * MB)


def run_of(*tasks: TaskRun) -> Run:
    return Run(
        number=3, pipeline="pipeline.yaml", ending="succeeded", started="", finished="", seconds=9.0, tasks=tasks
    )


FIT = TaskRun(
    name="fit",
    status="ran",
    cells=(
        cell(1, peak=200),
        cell(2, seconds=3.0, peak=450),
        cell(3, seconds=1.0, peak=450),
        cell(4, seconds=2.0, peak=460),
    ),
    seconds=6.5,
    peak_memory=460 * MB,
)


def test_the_slowest_cells_are_the_ten_slowest_of_all_tasks() -> None:
    many = TaskRun(name="many", status="ran", cells=tuple(cell(n, seconds=n / 10) for n in range(1, 13)))
    found = costs.slowest(run_of(FIT, many))
    assert [(one.task_name, one.number) for one in found][:3] == [("fit", 2), ("fit", 4), ("many", 12)]
    assert len(found) == 10
    assert found[0].bar == 96.0


def test_what_an_older_run_took_does_not_count() -> None:
    assert costs.slowest(run_of(replace(FIT, status="up-to-date"))) == ()
    assert costs.largest(run_of(replace(FIT, status="restored"))) == ()


def test_memory_is_told_of_the_cells_that_raised_it() -> None:
    found = costs.largest(run_of(FIT))
    assert [(one.number, one.peak_memory // MB, one.rise // MB) for one in found] == [(4, 460, 10), (2, 450, 250)]


def test_of_one_task_its_slowest_cells_and_those_that_took_memory() -> None:
    slow, large = costs.of_task(FIT, number=1)
    assert [one.number for one in slow] == [2, 4, 3]
    assert [(one.number, one.rise // MB) for one in large] == [(2, 250), (4, 10)]
    assert costs.of_task(replace(FIT, cells=FIT.cells[:1]), number=1) == ((), ())


@pytest.mark.parametrize(("limit", "said"), [(None, ""), (2000, "23% of 2 GB")])
def test_peak_memory_stands_against_its_limit(limit: int | None, said: str) -> None:
    (line,) = costs.task_lines(run_of(replace(FIT, memory_limit=limit and limit * MB)))
    assert (line.limit, line.near) == (said, False)


def test_a_task_that_came_close_to_its_limit_is_marked() -> None:
    (line,) = costs.task_lines(run_of(replace(FIT, memory_limit=500 * MB)))
    assert line.near


def test_every_failed_attempt_is_listed() -> None:
    lost = Attempt(failure=Failure(kind="kernel died", message="kernel died (signal 9)", cell=3), seconds=1.5)
    raised = Attempt(failure=Failure(kind="exception", message="OSError: x", cell=2, traceback="Trace"), seconds=0.5)
    found = costs.attempts(run_of(FIT, replace(FIT, name="load", attempts=(lost, raised))))
    assert [(one.task, one.number, one.count, one.cell, one.message) for one in found] == [
        (2, 1, 3, 3, "kernel died (signal 9)"),
        (2, 2, 3, 2, "OSError: x"),
    ]
    assert found[0].traceback is None
    assert found[1].traceback == "Trace"


def test_the_page_tells_all_of_it(good) -> None:
    lost = Attempt(failure=Failure(kind="kernel died", message="kernel died (signal 9)", cell=3), seconds=1.5)
    changed = {
        "ingest": {"kernel": "warm", "attempts": (lost,), "memory_limit": 210 * MB},
        "train": {"kernel": "cold", "kernel_note": "polars <cannot> be forked", "memory_limit": 2000 * MB},
        "profile": {"kernel": "cold", "kernel_note": "of an older run"},
    }
    tasks = tuple(replace(task, **changed.get(task.name, {})) for task in good.run.tasks)
    html = good.page(run=replace(good.run, tasks=tasks))
    assert problems(html) == []
    text = " ".join(Dom(html).text.split())
    assert "Largest memory" in text
    assert "Attempts that failed before" in text
    assert "1 of 2" in text
    assert "kernel died (signal 9) (cell 3)" in text
    assert "polars <cannot> be forked" in text
    assert "of an older run" not in text
    assert "40% of 2 GB" in text
    assert "▲ 96% of 210 MB" in text
    assert "Slowest: cell" in text
    assert "Most memory: cell" in text


def test_a_run_without_kernels_has_no_column_for_them(good) -> None:
    assert ">Kernel<" not in good.page()


def test_a_failure_of_any_kind_has_words(failed) -> None:
    from typing import get_args, get_type_hints

    for kind in get_args(get_type_hints(Failure)["kind"]):
        tasks = tuple(
            replace(task, failure=replace(task.failure, kind=kind)) if task.failure else task
            for task in failed.run.tasks
        )
        assert "Where it failed" in failed.page(run=replace(failed.run, tasks=tasks))
