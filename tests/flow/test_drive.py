"""Time, memory, GPUs, attempts and endings of the tasks of a build; real processes, real store."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from proofbook.exceptions import MachineError
from proofbook.flow import configuration, drive, learned
from proofbook.flow.build import Built, Request, build
from proofbook.model.pipeline import Pipeline, Task
from proofbook.model.run import TaskRun
from proofbook.store import Store
from tests.flow.conftest import Project, statuses

ROOT = Path(__file__).parents[2]


def configure(project: Project, text: str) -> None:
    (project.root / "proofbook.toml").write_text(textwrap.dedent(text))


def task(built: Built, name: str) -> TaskRun:
    return next(task for task in built.run.tasks if task.name == name)


def failing_first(project: Project, name: str, fail: Callable[[], object], *, times: int = 1) -> None:
    """Let a task leave half a product and fail, as often as said, before it does its work."""
    count = project.root / "count"
    work = project._work

    def once() -> None:
        before = len(count.read_text()) if count.exists() else 0
        count.write_text("x" * (before + 1))
        assert not project.path(name).exists(), "the product of the failed attempt is still there"
        if before < times:
            project.path(name).write_text("half")
            fail()
        del project.instead[name]
        work(name)

    project.instead[name] = once


def lose() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def refuse_connection() -> None:
    raise ConnectionError("refused")


def test_a_lost_process_is_tried_again_and_both_attempts_are_told(project: Project) -> None:
    configure(project, "retry = {wait = 0.05}")
    failing_first(project, "double", lose)

    built = project.build()

    assert set(statuses(built).values()) == {"ran"}
    double = task(built, "double")
    assert [attempt.failure.message for attempt in double.attempts] == ["its process died (SIGKILL)"]
    assert double.failure is None
    (told,) = [event for event in project.events if event["event"] == "attempt_failed"]
    assert (told["task"], told["attempt"], told["attempts"], told["wait"]) == ("double", 1, 2, 0.05)
    assert task(project.build(), "double").status == "up-to-date"


def test_what_is_lost_every_time_fails_after_its_last_attempt(project: Project) -> None:
    configure(project, "retry = {attempts = 3, wait = 0.05}")
    project.instead["double"] = lose
    began = time.monotonic()

    built = project.build()

    assert statuses(built) == {"numbers": "ran", "double": "failed", "triple": "ran", "total": "skipped"}
    assert len(task(built, "double").attempts) == 2
    waits = [event["wait"] for event in project.events if event["event"] == "attempt_failed"]
    assert waits == [0.05, 0.1]
    assert time.monotonic() - began > 0.15
    assert [event["task"] for event in project.events if event["event"] == "task_finished"].count("double") == 1


def test_only_errors_that_were_declared_to_pass_are_tried_again(project: Project) -> None:
    configure(project, "[tasks.double]\nretry = {wait = 0.05, errors = ['requests.ConnectionError']}\n")
    failing_first(project, "double", refuse_connection)
    assert statuses(project.build())["double"] == "ran"

    project.code["triple"] = "changed"
    project.instead["triple"] = refuse_connection
    built = project.build()
    assert task(built, "triple").status == "failed"
    assert task(built, "triple").attempts == ()


@pytest.mark.parametrize("end", [lambda: sys.exit(1), lambda: os._exit(1), lambda: 1 / 0])
def test_any_other_failure_is_final(project: Project, end: Callable[[], object]) -> None:
    configure(project, "retry = {attempts = 5, wait = 0.05}")
    project.instead["numbers"] = end
    assert task(project.build(), "numbers").attempts == ()
    assert not [event for event in project.events if event["event"] == "attempt_failed"]


def test_where_it_stops_on_failure_nothing_is_started_any_more_and_a_rerun_goes_on(project: Project) -> None:
    configure(project, "on_failure = 'stop'\nworkers = 1\n")
    project.instead["double"] = lambda: 1 / 0

    built = project.build()

    assert statuses(built) == {"numbers": "ran", "double": "failed", "triple": "skipped", "total": "skipped"}
    assert task(built, "triple").reason == "double failed, and nothing is started after that (on_failure = stop)"
    del project.instead["double"]
    assert statuses(project.build()) == {"numbers": "up-to-date", "double": "ran", "triple": "ran", "total": "ran"}


def test_when_the_time_of_the_run_is_up_it_fails_and_says_so(project: Project) -> None:
    configure(project, "run_timeout = 0.7\nworkers = 1\n[tasks.double]\ntask_timeout = 60\n")
    project.instead["double"] = lambda: time.sleep(60)
    began = time.monotonic()

    built = project.build()

    assert time.monotonic() - began < 30, "not the task's own minute"
    assert (built.run.ending, built.exit_code) == ("failed", 1)
    assert statuses(built) == {"numbers": "ran", "double": "failed", "triple": "skipped", "total": "skipped"}
    double = task(built, "double")
    assert double.failure is not None
    assert (double.failure.kind, double.failure.message) == ("timeout", "run timeout after 0.7 s")
    assert task(built, "triple").reason == "run timeout after 0.7 s, before it started"


def test_each_task_may_have_a_time_of_its_own(project: Project) -> None:
    configure(project, "task_timeout = 0.3\n[tasks.'d*']\ntask_timeout = 0\n")
    for name in ("double", "triple"):
        project.instead[name] = lambda: time.sleep(0.8)

    built = project.build()

    assert task(built, "double").reason == "product 'product' (output/double.txt) was not written by the task"
    assert task(built, "triple").reason == "task timeout after 0.3 s"


def test_a_task_over_its_memory_limit_is_ended_told_and_not_tried_again(project: Project) -> None:
    configure(project, "[tasks.double]\nmemory = '150 MiB'\n")

    def hoard() -> None:
        held = [bytearray(50 << 20) for _ in range(10)]
        time.sleep(len(held))

    project.instead["double"] = hoard
    double = task(project.build(), "double")
    assert double.failure is not None
    assert double.failure.kind == "out of memory"
    assert "limit 150 MiB" in double.failure.message
    assert (double.attempts, double.memory_limit) == ((), 150 << 20)


def test_each_task_has_gpus_of_its_own_and_one_that_wants_more_than_there_are_fails_at_once(project: Project) -> None:
    configure(project, "gpus = 2\nworkers = 4\n[tasks.'*l*']\ngpu = 1\n")

    def note(name: str) -> Callable[[], None]:
        def work() -> None:
            (project.root / f"gpu-{name}").write_text(os.environ["CUDA_VISIBLE_DEVICES"])
            time.sleep(0.3)
            project.path(name).write_text("1")

        return work

    for name in ("double", "triple"):
        project.instead[name] = note(name)
    assert set(statuses(project.build()).values()) == {"ran"}
    assert {(project.root / f"gpu-{name}").read_text() for name in ("double", "triple")} == {"0", "1"}

    configure(project, "gpus = 0\n[tasks.total]\ngpu = 3\n")
    assert set(statuses(project.build()).values()) == {"up-to-date"}, "what need not run needs no GPU"
    project.instead.clear()
    built = project.build(force=True)
    assert statuses(built)["total"] == "failed"
    assert task(built, "total").reason.startswith("it needs 3 GPUs, and there are 0")


def test_what_a_task_used_and_printed_is_recorded(project: Project) -> None:
    def busy() -> None:
        print("at work")
        held = bytearray(200 << 20)
        until = time.process_time() + 0.3
        while time.process_time() < until:
            pass
        project.path("double").write_text(str(len(held)))

    project.instead["double"] = busy
    double = task(project.build(), "double")
    assert double.cpu_seconds >= 0.3
    assert double.peak_memory > 200 << 20
    assert {"event": "output", "task": "double", "name": "stdout", "text": "at work\n"} in project.events


class Closing:
    """Stands for a pool that was started early."""

    spare = 2

    def __init__(self) -> None:
        self.closed = 0

    def refused(self) -> dict[str, str]:
        return {}

    def spoils(self) -> dict[str, str]:
        return {}

    def costs(self) -> dict[str, Any]:
        return {}

    async def close(self) -> None:
        self.closed += 1


def test_the_pool_is_closed_also_when_the_build_does_not_even_begin(project: Project) -> None:
    pool = Closing()
    project.build(pool=pool)
    assert pool.closed > 0

    configure(project, "lock_wait = 0.1")
    pool = Closing()
    with Store.open(project.root).build_lock(), pytest.raises(Exception, match="another build"):
        project.build(pool=pool)
    assert pool.closed > 0


SCRIPT = """
import os, signal, sys, time
from pathlib import Path
sys.path.insert(0, {here!r})
from tests.flow.conftest import Project

project = Project(root=Path({root!r}))

def hang():
    signal.signal(signal.SIGINT, signal.SIG_IGN if {stubborn} else signal.default_int_handler)
    (project.root / "hanging").write_text(str(os.getpid()))
    time.sleep(60)

project.instead["triple"] = hang
sys.exit(project.build().exit_code)
"""


def start(project: Project, *, stubborn: bool = False) -> tuple[subprocess.Popen[bytes], psutil.Process]:
    """A build in a process of its own, in the middle of `triple`."""
    code = SCRIPT.format(here=str(ROOT), root=str(project.root), stubborn=stubborn)
    process = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    hanging = project.root / "hanging"
    until = time.monotonic() + 60
    while not (hanging.exists() and hanging.read_text()) or not project.path("double").exists():
        assert time.monotonic() < until
        time.sleep(0.02)
    time.sleep(0.6)  # results are written a few times a second
    return process, psutil.Process(int(hanging.read_text()))


def gone(process: psutil.Process, *, within: float) -> bool:
    _, alive = psutil.wait_procs([process], timeout=within)
    return not alive or process.status() == psutil.STATUS_ZOMBIE


def test_a_build_whose_driver_was_killed_leaves_nothing_alive_and_goes_on_from_what_succeeded(
    project: Project,
) -> None:
    driver, hanging = start(project)
    driver.kill()
    driver.wait()
    assert gone(hanging, within=5)

    assert statuses(project.build()) == {
        "numbers": "up-to-date", "double": "up-to-date", "triple": "ran", "total": "ran",
    }  # fmt: skip


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_ends_the_build_well(project: Project, number: int) -> None:
    driver, hanging = start(project)
    driver.send_signal(number)
    assert driver.wait(timeout=10) == 130
    assert gone(hanging, within=1)
    with Store.open(project.root) as store:
        run = store.run("latest")
    assert run.ending == "cancelled"
    assert [task.status for task in run.tasks] == ["ran", "ran", "cancelled", "skipped"]


def test_a_second_signal_ends_everything_at_once(project: Project) -> None:
    driver, hanging = start(project, stubborn=True)
    driver.send_signal(signal.SIGINT)
    time.sleep(0.3)
    assert driver.poll() is None
    driver.send_signal(signal.SIGINT)
    assert driver.wait(timeout=10) == -signal.SIGINT
    assert gone(hanging, within=5)


def notebook(*sources: str) -> bytes:
    cells = [
        {"cell_type": "code", "id": f"c{number}", "metadata": {}, "source": source, "outputs": [],
         "execution_count": None}
        for number, source in enumerate(sources)
    ]  # fmt: skip
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": cells}).encode()


def build_notebook(root: Path, content: bytes, events: list[dict[str, Any]]) -> TaskRun:
    one = Task(name="one", source="one.ipynb", products={"nb": "output/one.ipynb"}, notebook_product="nb")
    request = Request(
        pipeline=Pipeline(tasks=(one,)),
        root=root,
        configuration=configuration.load(root),
        notebook=lambda _: content,
        other=lambda _: None,
        convert=lambda *_: None,
    )
    return build(request, observe=events.append).run.tasks[0]


def test_a_lost_kernel_is_tried_again_and_its_notebook_is_kept(tmp_path: Path) -> None:
    (tmp_path / "proofbook.toml").write_text("retry = {wait = 0.05}")
    content = notebook(
        "print('before')",
        "import os, pathlib, signal\n"
        "first = not pathlib.Path('tried').exists()\n"
        "pathlib.Path('tried').touch()\n"
        "os.kill(os.getpid(), signal.SIGKILL) if first else print('again')",
    )

    one = build_notebook(tmp_path, content, [])

    assert one.status == "ran", one.reason
    (attempt,) = one.attempts
    assert attempt.failure.kind == "kernel died"
    assert attempt.failure.cell == 2
    assert one.kernel in {"warm", "cold"}
    with Store.open(tmp_path) as store:
        assert attempt.notebook is not None
        assert b"before" in store.blobs.get(attempt.notebook)
        assert store.verify() == ()


@pytest.mark.parametrize("kernels", ["warm", "cold"])
def test_a_build_whose_keeper_is_killed_starts_another_and_ends_well(tmp_path: Path, kernels: str) -> None:
    (tmp_path / "proofbook.toml").write_text(f'kernels = "{kernels}"\nretry = {{wait = 0.05}}')
    content = notebook(
        "import os, pathlib, signal, time\n"
        "first = not pathlib.Path('tried').exists()\n"
        "pathlib.Path('tried').touch()\n"
        "if first:\n    os.kill(os.getppid(), signal.SIGKILL)\n    time.sleep(30)"
    )
    events: list[dict[str, Any]] = []
    began = time.monotonic()

    one = build_notebook(tmp_path, content, events)

    assert one.status == "ran", one.reason
    assert one.kernel == kernels
    assert [attempt.failure.kind for attempt in one.attempts] == ["kernel died"]
    assert time.monotonic() - began < 20
    assert [event["message"] for event in events if event["event"] == "log"] == [
        "the keeper of kernels died (signal 9), and its kernels with it: another one is started"
    ]


def test_what_was_preloaded_and_what_was_not_is_told_once_with_the_reason(tmp_path: Path) -> None:
    imported = {"one": {"decimal": 1.0, "polars": 1.0, "polars.io": 0.5, "no_such_module": 1.0}}
    learned.keep(tmp_path, imports=imported, costs={})
    events: list[dict[str, Any]] = []

    assert build_notebook(tmp_path, notebook("1"), events).status == "ran"

    (told,) = [event for event in events if event["event"] == "preload"]
    assert told["modules"] == ["decimal"]
    assert told["refused"] == {
        "no_such_module": "it is not installed",
        "polars": "its thread pool does not survive a fork",
    }
    assert 0 <= told["seconds"] < 5


def test_cold_kernels_preload_nothing_and_nothing_is_told_of_it(tmp_path: Path) -> None:
    (tmp_path / "proofbook.toml").write_text('kernels = "cold"')
    learned.keep(tmp_path, imports={"one": {"polars": 1.0}}, costs={})
    events: list[dict[str, Any]] = []

    assert build_notebook(tmp_path, notebook("1"), events).status == "ran"

    assert not [event for event in events if event["event"] == "preload"]


def test_a_result_is_not_reused_where_the_kernel_does_not_say_what_it_imported(tmp_path: Path) -> None:
    (tmp_path / "found.py").write_text("x = 1\n")
    find = "import importlib, sys\nsys.path.insert(0, '.')\nname = 'fou' + 'nd'\nprint(importlib.import_module(name).x)"
    text = "get_ipython().display_formatter.formatters['text/plain']"
    silent = f"{text}.for_type(str, lambda value, printer, cycle: printer.text('nothing'))"
    content = notebook(find, silent)

    first = build_notebook(tmp_path, content, [])
    assert (first.status, first.modules) == ("ran", {})
    assert first.reason.endswith("; what it imported is not known")
    (tmp_path / "found.py").write_text("x = 2\n")
    assert build_notebook(tmp_path, content, []).status == "ran"


def test_a_module_found_while_running_counts_also_beside_an_object_that_raises(tmp_path: Path) -> None:
    (tmp_path / "found.py").write_text("x = 1\n")
    find = "import importlib, sys\nsys.path.insert(0, '.')\nname = 'fou' + 'nd'\nprint(importlib.import_module(name).x)"
    odd = "class Odd:\n    def __getattr__(self, name):\n        raise RuntimeError(name)\nsys.modules['aaa'] = Odd()"
    content = notebook(find, odd)

    assert list(build_notebook(tmp_path, content, []).modules) == ["found.py"]
    assert build_notebook(tmp_path, content, []).status == "up-to-date"
    (tmp_path / "found.py").write_text("x = 2\n")
    assert build_notebook(tmp_path, content, []).status == "ran"


def test_a_build_that_inherited_an_ignored_sigchld_ends_well(project: Project) -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        assert set(statuses(project.build()).values()) == {"ran"}
        assert signal.getsignal(signal.SIGCHLD) == signal.SIG_DFL
    finally:
        signal.signal(signal.SIGCHLD, before)


def interrupt_on(project: Project, kind: str, name: str) -> Built:
    """A build that gets Ctrl-C at the moment of an event."""

    def observe(event: dict[str, Any]) -> None:
        project.events.append(event)
        if (event["event"], event.get("task")) == (kind, name):
            os.kill(os.getpid(), signal.SIGINT)

    return build(project.request(), observe=observe)


def test_what_waits_to_be_tried_again_when_ctrl_c_comes_is_told_as_failed(project: Project) -> None:
    configure(project, "retry = {attempts = 5, wait = 60}")
    project.instead["double"] = lose

    built = interrupt_on(project, "attempt_failed", "double")

    assert (built.run.ending, built.exit_code) == ("cancelled", 130)
    assert task(built, "double").status == "failed"
    told = [event for event in project.events if event["event"] == "task_finished" and event["task"] == "double"]
    assert [event["status"] for event in told] == ["failed"]


def test_the_last_results_before_ctrl_c_are_written_before_the_run_is_sealed(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drive, "_FLUSH", 60.0)
    seal, seen = Store.seal, []

    def sealed(store: Store, run: Any) -> Any:
        with Store.open(project.root) as other:
            seen.append(other.latest("numbers"))
        return seal(store, run)

    monkeypatch.setattr(Store, "seal", sealed)
    assert interrupt_on(project, "task_finished", "numbers").run.ending == "cancelled"
    assert seen[0] is not None
    assert statuses(project.build())["numbers"] == "up-to-date"


def test_results_that_cannot_be_written_at_the_end_are_said_and_nothing_is_sealed(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drive, "_FLUSH", 0.0)
    flush = Store.flush

    def full(store: Store) -> None:
        if project.path("numbers").exists():
            raise MachineError("the disk is full")
        flush(store)

    monkeypatch.setattr(Store, "flush", full)
    with pytest.raises(MachineError, match="the disk is full"):
        interrupt_on(project, "task_finished", "numbers")
    monkeypatch.undo()
    with Store.open(project.root) as store, pytest.raises(Exception, match="run"):
        store.run("latest")


@pytest.mark.parametrize(
    ("raised", "declared", "passes"),
    [
        ("ConnectionError", "ConnectionError", True),
        ("requests.ConnectionError", "ConnectionError", True),
        ("requests.ConnectionError", "requests.ConnectionError", True),
        ("requests.ConnectionError", "sqlalchemy.ConnectionError", False),
        ("ConnectionError", "requests.ConnectionError", True),
        ("ConnectionError", "TimeoutError", False),
    ],
)
def test_a_dotted_name_is_matched_exactly_where_the_full_name_is_known(
    raised: str, declared: str, passes: bool
) -> None:
    assert drive._is_named(raised, declared) is passes
