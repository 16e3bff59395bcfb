"""Nothing outlives its driver; every end is told at once; what a kernel leaves behind dies with it."""

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from proofbook.kernels import family
from proofbook.kernels.pool import Pool
from tests.kernels.driving import alive, program, said, until, value, with_pool

DRIVER = """
import asyncio, os, sys, time
from pathlib import Path
from tests.kernels.driving import said
from proofbook.kernels.pool import Pool

LEAVE = '''
import os, subprocess, sys
away = subprocess.Popen(["sleep", "1000"], start_new_session=True)
double = subprocess.run(
    [sys.executable, "-c", "import subprocess as s; print(s.Popen(['sleep', '1001'], start_new_session=True, stdout=s.DEVNULL).pid)"],
    stdout=subprocess.PIPE)
child = os.fork()
if not child:
    os.setsid()
    import time; time.sleep(1002)
print(os.getpid(), away.pid, int(double.stdout), child)
'''

async def main():
    pool = Pool(root=Path("."), spare=1)
    pool.start()
    warm = await pool.kernel(None, cwd=".")
    cold = await pool.kernel("python", cwd=".") if sys.argv[1] == "warm" else warm
    pids = [int(word) for kernel in {warm, cold} for word in (await said(kernel, LEAVE)).split()]
    print(pool._line._process.pid, pool.folder, *pids, flush=True)
    await asyncio.sleep(1000)

asyncio.run(main())
"""


def start_driver(tmp_path: Path, **options) -> tuple["subprocess.Popen[str]", int, Path, list[int]]:
    driver = program(DRIVER, "warm", cwd=tmp_path, **options)
    assert driver.stdout is not None
    with driver.stdout:
        keeper, folder, *pids = driver.stdout.readline().split()
    return driver, int(keeper), Path(folder), [int(pid) for pid in pids]


@pytest.mark.parametrize("reaper", ["init", "subreaper"])
def test_nothing_is_alive_five_seconds_after_the_driver_was_killed(tmp_path: Path, reaper: str) -> None:
    """F16: also what left its group or session, and also where orphans do not come to process 1."""
    prctl = ctypes.CDLL(None).prctl
    prctl(36, int(reaper == "subreaper"))
    try:
        driver, keeper, folder, pids = start_driver(tmp_path)
        everybody = {keeper, *pids, *family.descendants(keeper)}
        assert len(everybody) >= 10
        assert all(alive(pid) for pid in everybody)
        driver.kill()
        driver.wait()
        assert until(lambda: not any(alive(pid) for pid in everybody), seconds=5)
        assert not folder.exists()
    finally:
        prctl(36, 0)
        _reap()


def test_kernels_die_with_their_keeper(tmp_path: Path) -> None:
    driver, keeper, _, pids = start_driver(tmp_path)
    kernels = [pid for pid in family.children(keeper) if b"python" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    assert len(kernels) >= 3
    os.kill(keeper, signal.SIGKILL)
    assert until(lambda: not any(alive(pid) for pid in kernels), seconds=3)
    driver.kill()
    driver.wait()
    for pid in pids:
        # nobody was left to find those that had left
        if alive(pid):
            os.kill(pid, signal.SIGKILL)


def test_a_driver_that_ends_by_itself_leaves_nothing_either(tmp_path: Path) -> None:
    driver = program(DRIVER.replace("await asyncio.sleep(1000)", "os._exit(0)"), "warm", cwd=tmp_path)
    assert driver.stdout is not None
    with driver.stdout:
        keeper, folder, *pids = driver.stdout.readline().split()
    assert driver.wait(timeout=60) == 0
    assert until(lambda: not any(alive(int(pid)) for pid in [keeper, *pids]), seconds=5)
    assert not Path(folder).exists()


def test_a_terminals_interrupt_reaches_neither_keeper_nor_kernels(tmp_path: Path) -> None:
    driver, keeper, _, pids = start_driver(tmp_path, start_new_session=True)
    try:
        group = os.getpgid(driver.pid)
        assert all(os.getpgid(pid) != group for pid in (keeper, *pids))
    finally:
        driver.kill()
        driver.wait()
    assert until(lambda: not any(alive(pid) for pid in (keeper, *pids)), seconds=5)


@pytest.mark.parametrize("mode", ["warm", "cold"])
@pytest.mark.parametrize(
    ("code", "end"),
    [
        ("import os; os._exit(3)", "exit code 3"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "signal 9"),
        ("import ctypes; ctypes.string_at(1)", "signal 11"),
    ],
)
def test_an_end_is_told_in_words_and_at_once(tmp_path: Path, mode: str, code: str, end: str) -> None:
    """F14."""

    async def work(pool: Pool) -> None:
        kernel = await pool.kernel(None, cwd=str(tmp_path))
        assert kernel.ended() is None
        client = kernel.client()
        client.start_channels()
        await client.wait_for_ready(timeout=60)
        client.execute(code)
        start = time.monotonic()
        assert await asyncio.wait_for(kernel.wait(), 5) == end
        assert time.monotonic() - start < 2
        assert kernel.ended() == end
        client.stop_channels()

    with_pool(tmp_path, work, mode=mode)


def test_what_a_crash_says_is_kept(tmp_path: Path) -> None:
    async def work(pool: Pool) -> None:
        kernel = await pool.kernel(None, cwd=str(tmp_path))
        client = kernel.client()
        client.start_channels()
        await client.wait_for_ready(timeout=60)
        client.execute(
            "import os, sys; os.write(getattr(sys.stderr, '_original_stdstream_copy', 2), b'last words'); os._exit(1)"
        )
        await asyncio.wait_for(kernel.wait(), 5)
        assert kernel.said == "last words"
        client.stop_channels()

    with_pool(tmp_path, work)


@pytest.mark.parametrize("mode", ["warm", "cold"])
def test_what_a_kernel_leaves_behind_dies_with_it(tmp_path: Path, mode: str) -> None:
    leave = DRIVER.partition("'''")[2].partition("'''")[0]

    async def work(pool: Pool) -> None:
        kernel, bystander = await asyncio.gather(*(pool.kernel(None, cwd=str(tmp_path)) for _ in range(2)))
        pids = [int(word) for word in (await said(kernel, leave)).split()]
        others = [int(word) for word in (await said(bystander, leave)).split()]
        assert set(pids[1:2]) <= set(kernel.descendants())
        os.kill(pids[0], signal.SIGKILL)
        await asyncio.wait_for(kernel.wait(), 5)
        assert until(lambda: not any(alive(pid) for pid in pids), seconds=1)
        assert all(alive(pid) for pid in others), "those of another kernel live on"
        await bystander.bury()
        assert until(lambda: not any(alive(pid) for pid in others), seconds=1)
        assert not Path(bystander.connection_file).parent.exists()

    with_pool(tmp_path, work, mode=mode)


@pytest.mark.parametrize("mode", ["warm", "cold"])
def test_a_stopped_kernel_is_killed_all_the_same(tmp_path: Path, mode: str) -> None:
    """F15."""

    async def work(pool: Pool) -> None:
        kernel = await pool.kernel(None, cwd=str(tmp_path))
        assert kernel.pid
        await value(kernel, "1")
        os.kill(kernel.pid, signal.SIGSTOP)
        start = time.monotonic()
        await kernel.bury()
        assert kernel.ended() == "signal 9"
        assert time.monotonic() - start < 10

    with_pool(tmp_path, work, mode=mode)


@pytest.mark.parametrize("mode", ["warm", "cold"])
def test_an_interrupt_reaches_the_cell_and_its_children(tmp_path: Path, mode: str) -> None:
    async def work(pool: Pool) -> None:
        kernel = await pool.kernel(None, cwd=str(tmp_path))
        await value(kernel, "1")
        running = asyncio.ensure_future(said(kernel, "import subprocess; subprocess.run(['sleep', '1000'])"))
        assert await asyncio.to_thread(until, kernel.descendants, seconds=20)
        kernel.signal_group(signal.SIGINT)
        assert "KeyboardInterrupt" in await asyncio.wait_for(running, 10)
        assert kernel.ended() is None
        assert await value(kernel, "1 + 1") == 2

    with_pool(tmp_path, work, mode=mode)


def test_a_polite_end_runs_what_was_registered_for_it(tmp_path: Path) -> None:
    async def work(pool: Pool) -> list[float]:
        took = []
        for number in range(6):
            kernel = await pool.kernel(None, cwd=str(tmp_path))
            file = tmp_path / str(number)
            await said(
                kernel, f"import atexit, pathlib; atexit.register(pathlib.Path({str(file)!r}).write_text, 'done')"
            )
            start = time.perf_counter()
            await kernel.shutdown_kernel()
            took.append(time.perf_counter() - start)
            assert kernel.ended() == "exit code 0"
            assert file.read_text() == "done"
        return took

    # 10 to 20 ms on an idle machine; jupyter_client alone looks ten times a second, first after 0.1 s
    assert min(with_pool(tmp_path, work)) < 0.1


def test_the_loop_is_never_held_up(tmp_path: Path) -> None:
    """Starting, signalling and ending kernels: other things in the loop go on meanwhile."""

    async def work(pool: Pool) -> None:
        kernel = await pool.kernel(None, cwd=str(tmp_path))
        await kernel.bury()
        longest, last = 0.0, time.thread_time()

        async def watch() -> None:
            nonlocal longest, last
            while True:
                # processor time of this thread: other processes on the machine do not count
                now = time.thread_time()
                longest, last = max(longest, now - last), now
                await asyncio.sleep(0)

        watching = asyncio.ensure_future(watch())
        for _ in range(3):
            kernel = await pool.kernel(None, cwd=str(tmp_path))
            kernel.signal_group(signal.SIGINT)
            kernel.ended()
            await kernel.bury()
        watching.cancel()
        assert longest < 0.02

    with_pool(tmp_path, work)


def test_no_descriptor_of_the_keepers_reaches_a_kernel(tmp_path: Path) -> None:
    names = "import os\nsorted({os.readlink(f'/proc/self/fd/{fd}').partition(':')[0] for fd in os.listdir('/proc/self/fd') if os.path.lexists(f'/proc/self/fd/{fd}')})"
    count = "import os\nsum(os.readlink(f'/proc/self/fd/{fd}').startswith(('socket:', 'pipe:')) for fd in os.listdir('/proc/self/fd') if os.path.lexists(f'/proc/self/fd/{fd}'))"

    async def work(pool: Pool) -> tuple[list[str], int]:
        kernel = await pool.kernel(None, cwd=str(tmp_path))
        return await value(kernel, names), await value(kernel, count)

    (warm, warm_count), (cold, cold_count) = (with_pool(tmp_path, work, mode=mode) for mode in ("warm", "cold"))
    assert warm == cold
    assert warm_count == cold_count


def test_descendants_are_found_without_the_list_that_linux_may_keep(monkeypatch: pytest.MonkeyPatch) -> None:
    child = subprocess.Popen([sys.executable, "-c", "import os, time; os.fork(); time.sleep(100)"])
    try:
        assert until(lambda: len(family.descendants(child.pid)) == 1, seconds=10)
        assert child.pid in family.children(os.getpid())
        assert child.pid in family._children_by_search(os.getpid())
        assert family._children_by_search(child.pid) == family.children(child.pid)
    finally:
        for pid in family.descendants(child.pid):
            os.kill(pid, signal.SIGKILL)
        child.kill()
        child.wait()


def _reap() -> None:
    while True:
        try:
            if not os.waitpid(-1, os.WNOHANG)[0]:
                return
        except ChildProcessError:
            return
