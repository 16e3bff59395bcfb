"""The events of a run: sealed, while it is built, and after a kill."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import tests
from proofbook.exceptions import NotFoundError
from proofbook.flow import logs
from proofbook.store import Store
from tests.flow.conftest import Project

ROOT = Path(tests.__file__).parent.parent

# a build whose first task says that it runs, and goes on when it is told to
BUILD = """
import sys, time
from pathlib import Path
from tests.flow.conftest import Project
root = Path(sys.argv[1])

def wait():
    (root / "runs").touch()
    while not (root / "go").exists():
        time.sleep(0.02)
    (root / "output").mkdir(exist_ok=True)
    (root / "output" / "numbers.txt").write_text("1")

project = Project(root=root)
project.instead["numbers"] = wait
sys.exit(project.build().exit_code)
"""


def _kinds(events: tuple[logs.Event, ...]) -> list[str]:
    return [event["event"] for event in events]


def _begun(root: Path) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen([sys.executable, "-c", BUILD, root], cwd=ROOT, start_new_session=True)
    until = time.monotonic() + 60
    while not (root / "runs").exists():
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.02)
    return process


def _killed(process: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def test_a_sealed_run_has_all_its_events(project: Project) -> None:
    project.build()
    found = logs.read(project.root)
    assert (found.run, found.ending) == (1, "succeeded")
    assert _kinds(found.events)[:2] == ["run_started", "expected"]
    assert _kinds(found.events)[-1] == "run_finished"
    assert [event["task"] for event in found.events if event["event"] == "task_started"] == project.ran
    assert all(event["at"] for event in found.events)
    assert not list((project.root / ".proofbook" / "live").iterdir())


def test_what_was_observed_is_what_is_logged(project: Project) -> None:
    project.build()
    logged = logs.read(project.root).events
    assert [{name: value for name, value in event.items() if name != "at"} for event in logged] == [
        {name: list(value) if isinstance(value, tuple) else value for name, value in event.items()}
        | ({"upstream": {k: list(v) for k, v in event["upstream"].items()}} if "upstream" in event else {})
        for event in project.events
    ]


def test_one_task_alone(project: Project) -> None:
    project.build()
    found = logs.read(project.root, "1", task="double")
    assert {event["task"] for event in found.events if "task" in event} == {"double"}
    assert _kinds(found.events)[-1] == "run_finished"


def test_a_task_that_is_not_there_is_said_with_those_that_are(project: Project) -> None:
    project.build()
    with pytest.raises(NotFoundError, match="run 1 has no task 'dubble'; its tasks: numbers, double, triple, total"):
        logs.read(project.root, task="dubble")
    with pytest.raises(NotFoundError, match="has no task 'dubble'"):
        list(logs.follow(project.root, task="dubble"))


def test_a_run_that_is_not_there(project: Project) -> None:
    with pytest.raises(NotFoundError, match="there is no store"):
        logs.read(project.root)
    project.build()
    with pytest.raises(NotFoundError, match="there is no run 7"):
        logs.read(project.root, "7")


def test_an_older_run_by_its_digest(project: Project) -> None:
    project.build()
    project.build()
    with Store.open(project.root) as store:
        digest = store.manifest(1)
    assert logs.read(project.root, digest[:10]).run == 1
    assert logs.read(project.root, "latest").run == 2


def test_a_run_that_is_being_built_can_be_read_and_followed_to_its_end(tmp_path: Path) -> None:
    process = _begun(tmp_path)
    try:
        found = logs.read(tmp_path)
        assert (found.run, found.ending) == (1, "running")
        assert _kinds(found.events)[-1] == "task_started"
        came: list[tuple[str, float]] = []

        def read() -> None:
            came.extend((event["event"], time.monotonic()) for event in logs.follow(tmp_path, "latest"))

        reader = threading.Thread(target=read)
        reader.start()
        time.sleep(0.6)
        told = time.monotonic()
        (tmp_path / "go").touch()
        reader.join(30)
        assert process.wait(30) == 0
    finally:
        _killed(process)
    kinds = [kind for kind, _ in came]
    assert kinds[0] == "run_started"
    assert kinds.count("task_finished") == 4
    assert kinds[-1] == "run_finished"
    # what had happened came at once, the rest when it happened
    assert came[0][1] < told < came[-1][1]


def test_of_a_killed_build_the_log_is_there_until_the_kill(tmp_path: Path) -> None:
    process = _begun(tmp_path)
    _killed(process)
    for reference in ("latest", "1"):
        found = logs.read(tmp_path, reference)
        assert found.ending == "interrupted"
        assert _kinds(found.events)[-1] == "task_started"
    followed = list(logs.follow(tmp_path, "1"))
    assert followed[-1] == {"event": "interrupted", "run": 1}


def test_following_a_build_ends_when_it_is_killed(tmp_path: Path) -> None:
    process = _begun(tmp_path)
    events = logs.follow(tmp_path)
    try:
        assert next(events)["event"] == "run_started"
    finally:
        _killed(process)
    assert [event["event"] for event in events][-1] == "interrupted"


def test_following_a_sealed_run_prints_it_and_ends(project: Project) -> None:
    project.build()
    assert tuple(logs.follow(project.root)) == logs.read(project.root).events
