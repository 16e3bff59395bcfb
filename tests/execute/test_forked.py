"""A function in a process of its own: every way to end, and nothing left behind."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from proofbook.execute import forked
from proofbook.execute.forked import Ended
from proofbook.model.run import Failure


def _run(function: Callable[[], object], **options: Any) -> Ended:
    ended = asyncio.run(forked.run(function, **options))
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
    return ended


def _failure(function: Callable[[], object], **options: Any) -> Failure:
    failure = _run(function, **options).failure
    assert failure is not None
    return failure


def _alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _gone(pid: int, *, within: float) -> bool:
    until = time.monotonic() + within
    while time.monotonic() < until and _alive(pid):
        time.sleep(0.02)
    return not _alive(pid)


def test_what_returns_has_not_failed_and_what_it_wrote_is_there(tmp_path: Path) -> None:
    assert _run(lambda: (tmp_path / "a").write_text("x")).failure is None
    assert (tmp_path / "a").read_text() == "x"


def test_an_exception_names_its_first_cause_and_shows_the_chain() -> None:
    def fail() -> None:
        try:
            _ = {}["no such table"]
        except KeyError as error:
            raise RuntimeError("the task failed") from error

    failure = _failure(fail)
    assert (failure.kind, failure.message) == ("exception", "KeyError: 'no such table'")
    assert "RuntimeError: the task failed" in failure.traceback


def test_an_exception_of_any_size_in_any_letters_is_told() -> None:
    def fail() -> None:
        raise ValueError("\udc80" + "\x00" * 2_000_000)

    failure = _failure(fail)
    assert failure.kind == "exception"
    assert failure.message.startswith("ValueError: ?")


@pytest.mark.parametrize(
    ("end", "kind", "said"),
    [
        (lambda: sys.exit(0), "exit", "the task called sys.exit(0)"),
        (lambda: os._exit(0), "exit", "it ended its process with 0"),
        (lambda: os._exit(3), "exit", "it ended its process with 3"),
        (lambda: os.kill(os.getpid(), signal.SIGKILL), "kernel died", "its process died (SIGKILL)"),
        (lambda: os.killpg(0, signal.SIGTERM), "kernel died", "its process died (SIGTERM)"),
        (lambda: os.kill(os.getppid(), signal.SIGKILL) or time.sleep(60), "kernel died", "its process was killed"),
    ],
)
def test_ending_the_process_is_a_failure_whatever_the_code(end: Callable[[], object], kind: str, said: str) -> None:
    failure = _failure(end)
    assert failure.kind == kind
    assert failure.message.startswith(said)


def test_a_timeout_ends_it() -> None:
    started = time.monotonic()
    failure = _failure(lambda: time.sleep(60), limit=0.3)
    assert (failure.kind, failure.message) == ("timeout", "task timeout after 0.3 s")
    assert time.monotonic() - started < 20


def _ignoring() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(60)


@pytest.mark.parametrize(
    "hang", [_ignoring, lambda: os.kill(os.getpid(), signal.SIGSTOP), lambda: threading.Event().wait()]
)
def test_a_timeout_ends_one_that_is_stopped_or_ignores_interrupts_within_five_seconds(
    hang: Callable[[], object],
) -> None:
    started = time.monotonic()
    assert _failure(hang, limit=0.2).kind == "timeout"
    # five seconds are promised; the rest is for a machine that has much else to do
    assert time.monotonic() - started < 5.2 + 5


def test_before_it_is_killed_it_may_clean_up(tmp_path: Path) -> None:
    def work() -> None:
        try:
            time.sleep(60)
        finally:
            (tmp_path / "cleaned").touch()

    assert _failure(work, limit=0.2).kind == "timeout"
    assert (tmp_path / "cleaned").exists()


@pytest.mark.parametrize("times", [1, 2])
def test_a_cancelled_one_ends_and_writes_nothing_later(tmp_path: Path, times: int) -> None:
    def late() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        time.sleep(3)
        (tmp_path / "late").write_text("x")

    async def drive() -> Ended:
        work = asyncio.ensure_future(forked.run(late))
        for _ in range(times):
            await asyncio.sleep(0.2)
            work.cancel()
        return await work

    began = time.monotonic()
    ended = asyncio.run(drive())
    took = time.monotonic() - began
    assert ended.failure is not None
    assert ended.failure.kind == "cancelled"
    assert took < (3 if times == 1 else 1.5), "a second time ends it at once"
    time.sleep(max(0.0, 3.3 - took))
    assert not (tmp_path / "late").exists()


DAEMON = """
import os, sys, time
if os.fork():
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
open(sys.argv[1], "w").write(str(os.getpid()))
time.sleep(60)
"""


def _daemonise(file: Path) -> int:
    """A process that leaves its parent, its group and its session, and keeps the pipes open. Returns its pid."""
    subprocess.run([sys.executable, "-c", DAEMON, str(file)], check=True)
    while not (file.exists() and file.read_text()):
        time.sleep(0.01)
    return int(file.read_text())


@pytest.mark.parametrize("end", [lambda: None, lambda: os._exit(1), lambda: time.sleep(60)])
def test_what_it_leaves_behind_does_not_hold_it_up_and_ends_with_it(tmp_path: Path, end: Callable[[], object]) -> None:
    def work() -> None:
        _daemonise(tmp_path / "pid")
        end()

    began = time.monotonic()
    _run(work, limit=2)
    assert time.monotonic() - began < 20
    assert _gone(int((tmp_path / "pid").read_text()), within=10)


def test_a_fork_that_comes_back_does_not_speak_for_it() -> None:
    def work() -> None:
        if os.fork() == 0:
            return
        os.wait()
        raise ValueError("of the task itself")

    assert _failure(work).message == "ValueError: of the task itself"


def test_nothing_outlives_a_driver_that_is_killed(tmp_path: Path) -> None:
    """The task, its child in another session, and the one that watches them."""
    script = tmp_path / "driver.py"
    script.write_text(
        textwrap.dedent(
            f"""
            import asyncio, os, pathlib, sys, time
            sys.path.insert(0, {str(Path(__file__).parents[2])!r})
            from proofbook.execute import forked
            from tests.execute.test_forked import _daemonise

            def work():
                _daemonise(pathlib.Path({str(tmp_path / "daemon")!r}))
                pathlib.Path({str(tmp_path / "task")!r}).write_text(f"{{os.getpid()}} {{os.getppid()}}")
                time.sleep(60)

            asyncio.run(forked.run(work))
            """
        )
    )
    driver = subprocess.Popen([sys.executable, str(script)])
    task = tmp_path / "task"
    until = time.monotonic() + 20
    while not (task.exists() and task.read_text()) and time.monotonic() < until:
        time.sleep(0.02)
    time.sleep(0.1)
    pids = [*map(int, task.read_text().split()), int((tmp_path / "daemon").read_text())]
    assert all(map(_alive, pids))
    driver.kill()
    driver.wait()
    assert all(_gone(pid, within=5) for pid in pids)


def test_what_it_prints_is_handed_on_and_not_mixed_with_ours(capfd: pytest.CaptureFixture[str]) -> None:
    said: list[tuple[str, str]] = []

    def work() -> None:
        print("to a person")
        sys.stderr.write("a warning\n")
        subprocess.run(["echo", "from a child"], check=True)

    assert _run(work, on_output=lambda name, text: said.append((name, text))).failure is None
    assert "".join(text for name, text in said if name == "stdout") == "to a person\nfrom a child\n"
    assert "".join(text for name, text in said if name == "stderr") == "a warning\n"
    assert capfd.readouterr() == ("", "")


def test_output_without_end_is_cut_and_does_not_hold_it_up() -> None:
    said: list[str] = []

    def work() -> None:
        for _ in range(20_000):
            print("x" * 999)

    assert _run(work, on_output=lambda _, text: said.append(text)).failure is None
    assert 64 << 10 < len("".join(said)) < (64 << 10) + 200
    assert "was not kept" in said[-1]


def test_it_reads_nothing_and_has_its_own_environment() -> None:
    def work() -> None:
        assert sys.stdin.read() == ""
        assert os.environ["CUDA_VISIBLE_DEVICES"] == "1"

    assert _run(work, environment={"CUDA_VISIBLE_DEVICES": "1"}).failure is None


def test_what_it_used_is_told_with_that_of_its_children() -> None:
    code = "import time\nx = bytearray(300 << 20)\nwhile time.process_time() < 0.4: pass"

    ended = _run(lambda: subprocess.run([sys.executable, "-c", code], check=True))

    assert ended.failure is None
    assert 0.4 <= ended.cpu_seconds < 3
    assert ended.peak_memory > 300 << 20
    assert ended.seconds >= 0.4


def test_one_that_goes_over_its_memory_limit_is_ended_in_words() -> None:
    def work() -> None:
        held = []
        while True:
            held.append(bytearray(10 << 20))
            time.sleep(0.01)

    failure = _failure(work, memory_limit=200 << 20)
    assert failure.kind == "out of memory"
    found = re.fullmatch(r"out of memory \(limit 200 MiB, peak ([\d.]+) MiB\)", failure.message)
    assert found, failure.message
    assert 200 <= float(found[1]) < 1000, "stopped soon after"


def test_what_it_shares_with_the_driver_does_not_count_against_the_limit() -> None:
    ballast = bytearray(150 << 20)

    def work() -> None:
        time.sleep(0.7)

    assert _run(work, memory_limit=100 << 20).failure is None
    assert ballast


def test_without_pidfd_its_end_is_seen_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pidfd_open")
    assert _run(lambda: None).failure is None
    assert _failure(lambda: os._exit(4)).message == "it ended its process with 4"


def test_many_at_once_need_no_thread_each() -> None:
    async def drive() -> tuple[list[Ended], int]:
        running = [asyncio.ensure_future(forked.run(lambda: time.sleep(0.3))) for _ in range(12)]
        await asyncio.sleep(0.1)
        threads = threading.active_count()
        return list(await asyncio.gather(*running)), threads

    before, files = threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))
    ended, threads = asyncio.run(drive())
    assert [one.failure for one in ended] == [None] * 12
    assert threads == before
    assert len(list(Path("/proc/self/fd").iterdir())) == files


@pytest.mark.parametrize("pidfd", [True, False])
def test_where_the_system_reaps_children_by_itself_its_end_is_seen_and_told(
    pidfd: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not pidfd:
        monkeypatch.delattr(os, "pidfd_open")

    def lose_both() -> None:
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(60)

    async def run(function: Callable[[], object]) -> Ended:
        async with asyncio.timeout(10):
            return await forked.run(function)

    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        assert asyncio.run(run(lambda: None)).failure is None
        failure = asyncio.run(run(lose_both)).failure
    finally:
        signal.signal(signal.SIGCHLD, before)
    assert failure == Failure(
        kind="kernel died", message="its process ended, and nobody can tell how (SIGCHLD ignored)"
    )
