"""Kernels of a pool: warm, isolated, each for one notebook, and cold where they must be."""

import asyncio
import inspect
import os
from pathlib import Path

import pytest

from proofbook.exceptions import MachineError, NotebookError
from proofbook.kernels import family
from proofbook.kernels.line import Kept, Line
from proofbook.kernels.pool import Pool
from tests.kernels.driving import alive, said, until, value, with_pool

HEAVY = ("numpy", "pandas", "sklearn.linear_model", "matplotlib.pyplot")


def test_a_kernel_is_forked_and_has_what_was_preloaded(tmp_path: Path) -> None:
    async def work(pool: Pool) -> None:
        kernel = await pool.kernel(None, cwd=str(tmp_path))
        assert kernel.warm
        assert kernel.note == ""
        seconds = await value(
            kernel, "import time; start = time.perf_counter(); import pandas\ntime.perf_counter() - start"
        )
        assert seconds < 0.1
        assert pool.refused() == {}
        costs = pool.costs()
        assert set(costs) == set(HEAVY)
        assert costs["pandas"].seconds > 0.05
        assert costs["pandas"].bytes > 1 << 20

    with_pool(tmp_path, work, modules=HEAVY)


def test_two_kernels_share_nothing(tmp_path: Path) -> None:
    async def work(pool: Pool) -> None:
        first, second = await asyncio.gather(*(pool.kernel(None, cwd=str(tmp_path)) for _ in range(2)))
        assert first.pid != second.pid
        await said(first, "import os, json; json.mark = 1; os.environ['MARK'] = '1'; os.chdir('/')")
        assert await value(second, "import os, json\n[hasattr(json, 'mark'), 'MARK' in os.environ, os.getcwd()]") == [
            False,
            False,
            str(tmp_path),
        ]
        third = await pool.kernel(None, cwd=str(tmp_path))
        assert not await value(third, "import json\nhasattr(json, 'mark')")

    with_pool(tmp_path, work)


def test_spare_kernels_wait_and_are_used_once(tmp_path: Path) -> None:
    async def work(pool: Pool) -> None:
        taken = []
        for _ in range(4):
            kernel = await pool.kernel(None, cwd=str(tmp_path))
            taken.append(await value(kernel, "import os\nos.getpid()"))
            await kernel.shutdown_kernel()
        assert len(set(taken)) == 4
        waiting = [spare.kept for spare in pool._spares]
        assert len(waiting) == 2
        kernel = await pool.kernel(None, cwd=str(tmp_path))
        assert kernel.kept is waiting[0]

    with_pool(tmp_path, work, spare=2)


def test_a_spare_kernel_that_died_or_was_stopped_is_no_kernel(tmp_path: Path) -> None:
    """F17: what happens to an idle kernel happens to nobody's notebook."""

    async def work(pool: Pool) -> None:
        await (await pool.kernel(None, cwd=str(tmp_path))).bury()
        line = pool._line
        assert line is not None
        spare = pool._spares[0].kept
        await line.until(lambda: spare.booted)
        assert spare.pid
        os.kill(spare.pid, 9)
        await line.until(lambda: spare.over)
        kernel = await pool.kernel(None, cwd=str(tmp_path))
        assert kernel.warm
        assert await value(kernel, "1 + 1") == 2

    with_pool(tmp_path, work, spare=1)


def test_a_spare_has_the_environment_and_the_folder_of_the_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(pool: Pool) -> None:
        monkeypatch.setenv("COLUMNS", "123")
        other = tmp_path / "other"
        other.mkdir()
        kernel = await pool.kernel(None, cwd=str(other), environment={"CUDA_VISIBLE_DEVICES": "1"})
        assert await value(
            kernel, "import os\n[os.getcwd(), os.environ['COLUMNS'], os.environ['CUDA_VISIBLE_DEVICES']]"
        ) == [
            str(other),
            "123",
            "1",
        ]

    with_pool(tmp_path, work, spare=1)


def test_another_environment_gets_another_template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A library may look at a variable when it is imported."""

    async def work(pool: Pool) -> None:
        first = await pool.kernel(None, cwd=str(tmp_path))
        assert await value(first, "import time\ntime.tzname[0]") == "UTC"
        monkeypatch.setenv("TZ", "XYZ-3")
        second = await pool.kernel(None, cwd=str(tmp_path))
        assert second.warm
        assert await value(second, "import time\ntime.tzname[0]") == "XYZ"
        assert await value(first, "1 + 1") == 2, "kernels of the template before live on"

    monkeypatch.setenv("TZ", "UTC")
    with_pool(tmp_path, work)


def test_cold_is_cold(tmp_path: Path) -> None:
    async def work(pool: Pool) -> None:
        kernel = await pool.kernel("python3", cwd=str(tmp_path))
        assert not kernel.warm
        assert kernel.note == ""
        assert await value(kernel, "import sys\n'pandas' in sys.modules") is False

    with_pool(tmp_path, work, modules=HEAVY, mode="cold")


def test_a_kernel_that_is_not_installed_is_named(tmp_path: Path) -> None:
    async def work(pool: Pool) -> None:
        with pytest.raises(NotebookError, match=r"no kernel 'julia-1\.9' here \(there is: .*python3"):
            await pool.kernel("julia-1.9", cwd=str(tmp_path))

    with_pool(tmp_path, work)


def test_a_kernel_whose_program_is_missing_is_an_error_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "kernels" / "odd"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text('{"argv": ["/no/such/program"], "display_name": "Odd", "language": "odd"}')
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))

    async def work(pool: Pool) -> None:
        with pytest.raises(NotebookError, match=r"kernel 'odd' cannot be started: No such file or directory"):
            await pool.kernel("odd", cwd=str(tmp_path))

    with_pool(tmp_path, work)


def test_other_kernels_start_cold_through_the_same_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "kernels" / "other"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(
        '{"argv": ["python", "-m", "ipykernel_launcher", "-f", "{connection_file}"], "display_name": "Other",'
        ' "language": "python", "env": {"OTHER": "yes, ${HOME}"}}'
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))

    async def work(pool: Pool) -> None:
        kernel = await pool.kernel("other", cwd=str(tmp_path))
        assert (kernel.warm, kernel.note, kernel.language) == (False, "", "python")
        assert await value(kernel, "import os\nos.environ['OTHER']") == f"yes, {tmp_path}"

    with_pool(tmp_path, work)


def test_a_folder_that_is_not_there_ends_in_a_line(tmp_path: Path) -> None:
    async def work(pool: Pool) -> None:
        with pytest.raises(NotebookError, match="cannot be started"):
            await pool.kernel(None, cwd=str(tmp_path / "gone"))

    with_pool(tmp_path, work)


def test_whatever_becomes_of_the_template_kernels_start_cold_and_say_why_once(tmp_path: Path) -> None:
    notes: list[str] = []

    async def work(pool: Pool) -> None:
        first = await pool.kernel(None, cwd=str(tmp_path))
        assert first.warm
        line = pool._line
        assert line is not None
        templates = [pid for pid in family.children(line._process.pid) if pid != first.pid]
        assert len(templates) == 1
        os.kill(templates[0], 9)
        await line.until(lambda: bool(line.broken), timeout=5)
        for _ in range(2):
            kernel = await pool.kernel(None, cwd=str(tmp_path))
            assert not kernel.warm
            assert kernel.note == "the template died (signal 9)"
            assert await value(kernel, "1 + 1") == 2
        assert await value(first, "1 + 1") == 2, "what was forked before lives on"

    with_pool(tmp_path, work, on_note=notes.append)
    assert notes == ["kernels start cold: the template died (signal 9)"]


def test_elsewhere_than_on_linux_kernels_start_cold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notes: list[str] = []
    monkeypatch.setattr("proofbook.kernels.pool._LINUX", False)

    async def work(pool: Pool) -> None:
        kernel = await pool.kernel(None, cwd=str(tmp_path))
        assert not kernel.warm
        assert await value(kernel, "1 + 1") == 2
        await kernel.shutdown_kernel()
        assert kernel.ended() == "exit code 0"
        kernel = await pool.kernel(None, cwd=str(tmp_path))
        kernel.kill()
        assert await kernel.wait() == "signal 9"

    with_pool(tmp_path, work, on_note=notes.append)
    assert len(notes) == 1
    assert "Linux" in notes[0]


def test_no_port_is_opened_and_nobody_else_can_reach_the_sockets(tmp_path: Path) -> None:
    """T19."""
    descriptors = """
        import os
        [os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd") if os.path.lexists(f"/proc/self/fd/{fd}")]
    """

    async def work(pool: Pool) -> None:
        for name in (None, "python3"):
            kernel = await pool.kernel(name, cwd=str(tmp_path))
            sockets = await value(kernel, inspect.cleandoc(descriptors))
            _private(Path(kernel.connection_file))
            assert [line for line in _tcp() if f"socket:[{line[9]}]" in sockets] == []

    with_pool(tmp_path, work)


def _private(file: Path) -> None:
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert file.parent.parent.stat().st_mode & 0o777 == 0o700
    there = sorted(path.name for path in file.parent.iterdir())
    assert there == ["kernel.json", "s-1", "s-2", "s-2-children", "s-3", "s-4", "s-5"]


def _tcp() -> list[list[str]]:
    tables = [Path(f"/proc/net/{name}").read_text().splitlines()[1:] for name in ("tcp", "tcp6")]
    return [line.split() for table in tables for line in table]


def test_what_a_forked_child_prints_arrives(tmp_path: Path) -> None:
    """By a socket in the kernel's folder, where ipykernel has a TCP port."""
    code = "import os\npid = os.fork()\nif not pid:\n    print('from the child', flush=True)\n    os._exit(0)\nos.waitpid(pid, 0)"

    async def work(pool: Pool) -> None:
        kernel = await pool.kernel(None, cwd=str(tmp_path))
        assert "from the child" in await said(kernel, code + "\nimport time; time.sleep(0.5)")

    with_pool(tmp_path, work)


def test_nothing_is_left_when_the_pool_is_closed(tmp_path: Path) -> None:
    async def work(pool: Pool) -> tuple[Path, int]:
        kernel = await pool.kernel(None, cwd=str(tmp_path))
        assert kernel.pid
        return pool.folder, kernel.pid

    folder, pid = with_pool(tmp_path, work, spare=2)
    assert not folder.exists()
    assert not Path(f"/proc/{pid}").exists()


def _kill_keeper(pool: Pool) -> None:
    line = pool._line
    assert line is not None
    assert line._process is not None
    line._process.kill()
    line._process.wait()


@pytest.mark.parametrize("mode", ["warm", "cold"])
@pytest.mark.parametrize("spare", [0, 1])
def test_when_the_keeper_dies_another_one_is_started(tmp_path: Path, mode: str, spare: int) -> None:
    notes: list[str] = []

    async def work(pool: Pool) -> None:
        first = await pool.kernel(None, cwd=str(tmp_path))
        code = "import subprocess\nsubprocess.Popen(['sleep', '300'], start_new_session=True).pid"
        left = await value(first, code)
        _kill_keeper(pool)
        assert await asyncio.wait_for(first.wait(), 2) == "signal 9"
        kernels = await asyncio.gather(*(pool.kernel(None, cwd=str(tmp_path)) for _ in range(2)))
        assert [kernel.warm for kernel in kernels] == [mode == "warm"] * 2
        assert [await value(kernel, "1 + 1") for kernel in kernels] == [2, 2]
        assert until(lambda: not alive(left), seconds=5), "what a lost kernel had started lives on"
        await first.bury()

    with_pool(tmp_path, work, mode=mode, spare=spare, on_note=notes.append)
    assert notes == ["the keeper of kernels died (signal 9), and its kernels with it: another one is started"]


@pytest.mark.parametrize("mode", ["warm", "cold"])
def test_a_keeper_that_dies_while_a_kernel_starts_is_replaced(tmp_path: Path, mode: str) -> None:
    async def work(pool: Pool) -> Path:
        asked = asyncio.ensure_future(pool.kernel(None, cwd=str(tmp_path)))
        await asyncio.sleep(0)
        _kill_keeper(pool)
        kernel = await asked
        assert kernel.warm == (mode == "warm")
        assert await value(kernel, "1 + 1") == 2
        return pool.folder

    assert not with_pool(tmp_path, work, mode=mode).exists()


def test_keepers_that_die_again_and_again_are_given_up_in_a_line(tmp_path: Path) -> None:
    async def work(pool: Pool) -> None:
        for _ in range(2):
            _kill_keeper(pool)
            assert await value(await pool.kernel("python3", cwd=str(tmp_path)), "1 + 1") == 2
        _kill_keeper(pool)
        for _ in range(2):
            with pytest.raises(MachineError, match=r"the keeper of kernels died \(signal 9\) again: the system's log"):
                await pool.kernel(None, cwd=str(tmp_path))

    with_pool(tmp_path, work, mode="cold")


def test_a_fork_has_its_time_from_when_the_template_is_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However shortly before the end of a wait that was."""
    monkeypatch.setattr("proofbook.kernels.pool._DEADLINE", 0.6)

    async def work() -> str:
        line, kept = Line(on_note=lambda _: None), Kept("kernel")
        loop = asyncio.get_running_loop()

        def ready() -> None:
            line.ready = 1
            line._wake()

        def booted() -> None:
            kept.booted = True
            line._wake()

        loop.call_later(0.4, ready)
        loop.call_later(0.8, booted)
        return await Pool(root=tmp_path)._until_booted(kept, line=line)

    assert asyncio.run(work()) == ""


def test_who_waits_is_woken_by_what_is_waited_for_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A build has a waiter for each notebook that runs, and each kernel's start and end is told to its keeper's line."""

    async def work() -> int:
        line, kernels = Line(on_note=lambda _: None), [Kept("first"), Kept("second")]
        looks: list[None] = []
        monkeypatch.setattr(line, "pump", lambda: looks.append(None))
        waiting = [asyncio.ensure_future(line.until(lambda kept=kept: kept.booted)) for kept in kernels]
        await asyncio.sleep(0)
        for kept, waiter in zip(kernels, waiting, strict=True):
            kept.booted = True
            line._wake()
            assert await waiter
        return len(looks)

    assert asyncio.run(work()) == 4, "each at its beginning and at its end"
