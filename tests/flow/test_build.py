"""What is up to date, what is restored, what runs: never by time stamp, always by content."""

import os
import shutil
import time
from pathlib import Path

import pytest

from proofbook.exceptions import LockHeldError
from proofbook.store import Store

from .conftest import Project, statuses

ALL = ["numbers", "double", "triple", "total"]


def test_a_first_build_runs_everything_and_a_second_nothing(project: Project) -> None:
    first = project.build()
    assert sorted(project.ran) == sorted(ALL)
    assert (first.exit_code, first.run.ending) == (0, "succeeded")
    assert project.path("total").read_text() == "5"

    second = project.build()
    assert project.ran == []
    assert set(statuses(second).values()) == {"up-to-date"}
    assert [task.made_by for task in second.run.tasks] == [1, 1, 1, 1]


def test_a_forced_build_runs_everything(project: Project) -> None:
    project.build()
    project.build(force=True)
    assert sorted(project.ran) == sorted(ALL)


def test_a_changed_parameter_runs_the_task_and_what_reads_its_products(project: Project) -> None:
    project.build()
    project.number = 7
    built = project.build()
    assert sorted(project.ran) == sorted(ALL)
    assert built.run.tasks[0].reason == "parameter number: 1 -> 7"
    assert project.path("total").read_text() == "35"


def test_a_reverted_change_is_restored_without_running(project: Project) -> None:
    project.build()
    project.number = 7
    project.build()
    project.number = 1
    built = project.build()
    assert project.ran == []
    assert set(statuses(built).values()) == {"restored"}
    assert built.run.tasks[0].reason == "the same inputs as in run 1"
    assert project.path("total").read_text() == "5"


def test_a_rerun_that_writes_the_same_products_does_not_rerun_what_is_downstream(project: Project) -> None:
    project.build()
    project.code["numbers"] = "another way to the same number"
    built = project.build()
    assert project.ran == ["numbers"]
    assert statuses(built)["double"] == "up-to-date"
    assert built.run.tasks[0].reason == "its code changed"


def test_a_product_edited_by_hand_is_put_back(project: Project) -> None:
    project.build()
    project.path("double").write_text("999")
    built = project.build()
    assert project.ran == []
    assert statuses(built) == {
        "numbers": "up-to-date",
        "double": "restored",
        "triple": "up-to-date",
        "total": "up-to-date",
    }
    assert project.path("double").read_text() == "2"
    assert built.run.tasks[1].reason == "output/double.txt was edited"


def test_a_product_edited_by_hand_to_the_same_length_and_time_is_put_back(project: Project) -> None:
    project.build()
    before = project.path("double").stat()
    project.path("double").write_text("9")
    os.utime(project.path("double"), ns=(before.st_atime_ns, before.st_mtime_ns))
    project.build()
    assert project.path("double").read_text() == "2"


def test_a_deleted_product_is_put_back(project: Project) -> None:
    project.build()
    project.path("triple").unlink()
    built = project.build()
    assert project.ran == []
    assert statuses(built)["triple"] == "restored"
    assert project.path("triple").read_text() == "3"


def test_products_without_the_store_are_not_trusted(project: Project) -> None:
    """A CI cache that restored the outputs but not `.proofbook` must not turn a build green."""
    project.build()
    shutil.rmtree(project.root / ".proofbook")
    project.build()
    assert sorted(project.ran) == sorted(ALL)


def test_sidecar_files_copied_from_elsewhere_change_nothing(project: Project, tmp_path: Path) -> None:
    """Ploomber keeps its metadata in `.<product>.metadata` files; they are never truth here."""
    project.build()
    for name in ALL:
        (project.root / "output" / f".{name}.txt.metadata").write_text(
            '{"timestamp": 99999999999, "stored_source_code": "x"}'
        )
    project.path("numbers").write_text("8")
    project.number = 8
    built = project.build()
    assert statuses(built)["numbers"] == "ran"


def test_a_clock_set_back_changes_nothing(project: Project) -> None:
    project.build()
    for name in ALL:
        os.utime(project.path(name), (0, 0))
    project.build()
    assert project.ran == []
    project.number = 2
    for name in ALL:
        os.utime(project.path(name), (time.time() + 10**8, time.time() + 10**8))
    built = project.build()
    assert sorted(project.ran) == sorted(ALL)
    assert [built.run.number, project.path("total").read_text()] == [3, "10"]


def test_a_product_that_the_task_does_not_write_is_a_failure_even_if_an_old_one_was_there(project: Project) -> None:
    project.build()
    project.instead["double"] = lambda: None
    project.code["double"] = "forgets to write"
    built = project.build()
    assert (built.exit_code, built.run.ending) == (1, "failed")
    failed = built.run.tasks[1]
    assert failed.failure is not None
    assert failed.failure.message == "product 'product' (output/double.txt) was not written by the task"
    assert not project.path("double").exists()
    assert statuses(built)["total"] == "skipped"


def test_a_failed_forced_build_stays_red_for_the_next_plain_build(project: Project) -> None:
    """False green 1: Ploomber's `build -f` fails, and the next plain build says up to date."""
    project.build()

    def fail() -> None:
        raise ValueError("no such luck")

    project.instead["double"] = fail
    assert project.build(force=True).exit_code == 1
    again = project.build()
    assert again.exit_code == 1
    assert project.ran == ["double"]
    assert "double" in {one.task for one in project.status().values() if one.status == "would run"}
    del project.instead["double"]
    assert statuses(project.build()) == {
        "numbers": "up-to-date",
        "double": "ran",
        "triple": "up-to-date",
        "total": "up-to-date",
    }


def test_a_failure_of_other_code_does_not_spoil_the_result_of_this_code(project: Project) -> None:
    project.build()

    def fail() -> None:
        raise ValueError("no such luck")

    project.code["double"], project.instead["double"] = "bad", fail
    assert project.build().exit_code == 1
    del project.code["double"]
    built = project.build()
    assert (built.exit_code, statuses(built)["double"]) == (0, "restored")


def test_half_written_data_of_a_bad_commit_does_not_survive_the_revert(project: Project) -> None:
    """False green 2: a commit dies half-way through a write, is reverted, and the build says 0 over half-written data."""
    project.build()

    def half() -> None:
        project.path("double").write_text("half")
        raise OSError("killed half-way")

    project.code["double"], project.instead["double"] = "bad commit", half
    assert project.build().exit_code == 1
    assert not project.path("double").exists()
    del project.code["double"], project.instead["double"]
    assert project.build().exit_code == 0
    assert project.path("double").read_text() == "2"


def test_what_is_independent_of_a_failure_is_finished(project: Project) -> None:
    def fail() -> None:
        raise ValueError("no")

    project.instead["double"] = fail
    built = project.build()
    assert statuses(built) == {"numbers": "ran", "double": "failed", "triple": "ran", "total": "skipped"}
    assert built.run.tasks[3].reason == "double did not succeed"
    del project.instead["double"]
    assert statuses(project.build()) == {
        "numbers": "up-to-date",
        "double": "ran",
        "triple": "up-to-date",
        "total": "ran",
    }


def test_sys_exit_in_a_task_is_a_failure(project: Project) -> None:
    """Ploomber's serial executor hangs for ever on it."""

    def leave() -> None:
        raise SystemExit(0)

    project.instead["double"] = leave
    built = project.build()
    assert built.exit_code == 1
    assert built.run.tasks[1].failure is not None
    assert built.run.tasks[1].failure.message == "the task called sys.exit(0)"


def test_a_failed_build_is_sealed_gated_and_reported(project: Project) -> None:
    def fail() -> None:
        raise ValueError("no")

    project.instead["double"] = fail
    built = project.build()
    assert built.gate is not None
    assert built.gate.decision == "no"
    assert built.report is not None
    assert "double" in built.report.read_text()
    assert Store.open(project.root).run(built.run.number) == built.run


def test_a_lost_blob_is_computed_again(project: Project) -> None:
    project.build()
    built = project.build()
    digest = built.run.tasks[1].products["product"].digest
    blob = next(
        path
        for path in (project.root / ".proofbook" / "blobs").rglob("*")
        if path.name in digest and path.is_file() and digest.endswith(path.name)
    )
    blob.chmod(0o600)
    blob.write_bytes(b"x")
    project.path("double").unlink()
    again = project.build()
    assert statuses(again)["double"] == "ran"
    assert project.path("double").read_text() == "2"


def test_a_second_build_waits_and_says_for_whom(project: Project) -> None:
    (project.root / "proofbook.toml").write_text("lock_wait = 0.2")
    with Store.open(project.root).build_lock(0), pytest.raises(LockHeldError, match=r"pid \d+"):
        project.build()
    (said,) = [event["message"] for event in project.events if event["event"] == "waiting"]
    assert "pid" in said
    assert project.build().exit_code == 0


def test_skip_upstream_builds_the_target_on_what_lies_there(project: Project) -> None:
    project.build()
    project.path("double").write_text("100")
    built = project.build(targets=frozenset({"total"}), skip_upstream=True)
    assert project.ran == ["total"]
    assert project.path("total").read_text() == "103"
    assert built.run.scope == "partial"


def test_skip_upstream_without_the_products_says_which_is_missing(project: Project) -> None:
    built = project.build(targets=frozenset({"total"}), skip_upstream=True)
    assert built.exit_code == 1
    assert any(task.failure and "is missing: build" in task.failure.message for task in built.run.tasks)


def test_a_product_that_is_a_folder_is_compared_and_restored_by_content(project: Project) -> None:
    def folder() -> None:
        path = project.path("double")
        (path / "deep").mkdir(parents=True)
        (path / "deep" / "part").write_text("2")

    project.instead["double"] = folder
    project.instead["total"] = lambda: project.path("total").write_text("t") and None
    project.build()
    (project.path("double") / "deep" / "part").write_text("3")
    (project.path("double") / "extra").write_text("")
    built = project.build()
    assert statuses(built)["double"] == "restored"
    assert [path.name for path in sorted(project.path("double").rglob("*"))] == ["deep", "part"]
    assert (project.path("double") / "deep" / "part").read_text() == "2"


def test_the_log_is_one_json_object_a_line(project: Project) -> None:
    import json

    built = project.build()
    assert built.run.log is not None
    lines = [json.loads(line) for line in Store.open(project.root).blobs.get(built.run.log).splitlines()]
    assert lines[0]["event"] == "run_started"
    assert lines[-1]["event"] == "run_finished"
    assert {line["task"] for line in lines if line["event"] == "task_finished"} == set(ALL)
    assert all("at" in line for line in lines)


def test_status_says_why_each_task_would_run(project: Project) -> None:
    assert {one.status for one in project.status().values()} == {"would run"}
    project.build()
    assert {one.status for one in project.status().values()} == {"up to date"}
    project.path("triple").unlink()
    project.code["double"] = "new code"
    found = project.status()
    assert (found["double"].status, found["double"].reason) == ("would run", "its code changed")
    assert (found["triple"].status, found["triple"].reason) == ("would restore", "output/triple.txt was missing")
    assert (found["total"].status, found["total"].reason) == ("may run", "waits for double")


def test_status_writes_nothing(project: Project) -> None:
    project.status()
    assert list(project.root.iterdir()) == []
    project.build()
    before = {path: path.stat().st_mtime_ns for path in project.root.rglob("*") if path.is_file()}
    project.status()
    after = {path: path.stat().st_mtime_ns for path in project.root.rglob("*") if path.is_file()}
    assert before == after


def test_data_that_changes_while_its_task_runs_makes_a_result_that_no_other_build_takes_up(project: Project) -> None:
    (project.root / "proofbook.toml").write_text('[data]\nnumbers = ["input/*"]\n')
    (project.root / "input").mkdir()
    data = project.root / "input/data.csv"
    data.write_text("1")

    def work() -> None:
        project.path("numbers").parent.mkdir(exist_ok=True)
        project.path("numbers").write_text("1")
        data.write_text("2")

    project.instead["numbers"] = work
    built = project.build()
    assert built.run.tasks[0].reason == "never ran; input/data.csv changed while it ran"
    data.write_text("1")
    project.build()
    assert project.ran[0] == "numbers"


def test_a_declared_data_file_that_changes_or_comes_runs_its_task(project: Project) -> None:
    (project.root / "proofbook.toml").write_text('[data]\ntriple = ["input/**/*.csv"]\n')
    (project.root / "input/deep").mkdir(parents=True)
    (project.root / "input/a.csv").write_text("1")
    built = project.build()
    assert set(built.run.data) == {"input/a.csv"}
    (project.root / "input/a.csv").write_text("2")
    assert project.build().run.tasks[2].reason == "data file input/a.csv changed"
    (project.root / "input/deep/b.csv").write_text("new")
    assert project.build().run.tasks[2].reason == "data file input/deep/b.csv changed"
    (project.root / "input/other.txt").write_text("nobody reads it")
    project.build()
    assert project.ran == []


def test_an_upstream_product_edited_while_it_is_read_makes_a_result_that_no_other_build_takes_up(
    project: Project,
) -> None:
    def reads_what_somebody_edits() -> None:
        project.path("numbers").write_text("666")
        project.path("double").write_text("1332")

    project.instead["double"] = reads_what_somebody_edits
    built = project.build()
    assert built.run.tasks[1].reason == "never ran; output/numbers.txt changed while it ran"
    del project.instead["double"]
    project.build()
    assert "double" in project.ran
    assert project.path("double").read_text() == "2"


def test_a_task_with_a_product_that_is_no_file_runs_every_time(project: Project) -> None:
    """Nobody can tell whether the database table is still there."""
    project.unseen.add("numbers")
    project.build()
    built = project.build()
    assert project.ran == ["numbers"]
    assert built.run.tasks[0].reason == "one of its products is no file: whether it is still there cannot be told"


def test_os_exit_in_a_task_ends_the_task_and_not_the_build(project: Project) -> None:
    project.instead["double"] = lambda: os._exit(0)
    built = project.build()
    assert (built.exit_code, statuses(built)["triple"]) == (1, "ran")
    assert built.run.tasks[1].failure is not None
    assert built.run.tasks[1].failure.message == "it ended its process with 0"
