"""Nothing is lost, left or mistaken when an end comes in the middle of a start."""

import asyncio
import contextlib
import os
import signal
import time
from pathlib import Path

import pytest

from proofbook.kernels import family
from proofbook.kernels.pool import Pool
from proofbook.kernels.seat import Seat, native
from tests.kernels.driving import alive, value, with_pool


def _kernels(pool: Pool) -> list[int]:
    """The keeper's children that are kernels."""
    line = pool._line
    assert line is not None
    assert line._process is not None
    return [pid for pid in family.children(line._process.pid) if alive(pid) and family.marked(pid).strip()]


def _template(pool: Pool) -> int:
    line = pool._line
    assert line is not None
    assert line._process is not None
    return next(pid for pid in family.children(line._process.pid) if _is_template(pid))


def _is_template(pid: int) -> bool:
    return b"template" in Path(f"/proc/{pid}/cmdline").read_bytes()


def _places(pool: Pool) -> list[str]:
    pool.costs()  # takes in what the keeper has said
    return sorted(entry.name for entry in pool.folder.iterdir())


async def _gone(pool: Pool) -> bool:
    """Whether nothing but a template is left, and stays so."""
    line = pool._line
    assert line is not None
    assert line._process is not None
    for _ in range(200):
        await asyncio.sleep(0.05)
        if sum(map(alive, family.descendants(line._process.pid))) == 1:
            break
    await asyncio.sleep(0.3)
    return sum(map(alive, family.descendants(line._process.pid))) == 1


@pytest.mark.parametrize("mode", ["warm", "cold"])
@pytest.mark.parametrize("delay", [0.0, 0.002, 0.01, 0.05])
def test_a_cancelled_request_leaves_no_kernel_and_no_place(tmp_path: Path, mode: str, delay: float) -> None:
    async def work(pool: Pool) -> None:
        await (await pool.kernel(None, cwd=str(tmp_path))).bury()
        template = _template(pool) if mode == "warm" else 0
        asked = asyncio.ensure_future(pool.kernel(None, cwd=str(tmp_path)))
        await asyncio.sleep(delay)
        asked.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await (await asked).bury()
        if template:
            assert await _gone(pool)
        else:
            await asyncio.sleep(0.3)
            assert not _kernels(pool)
        assert _places(pool) == []

    with_pool(tmp_path, work, mode=mode)


def test_requests_cancelled_at_any_moment_of_a_fork_leave_nothing(tmp_path: Path) -> None:
    async def work(pool: Pool) -> None:
        await (await pool.kernel(None, cwd=str(tmp_path))).bury()
        for step in range(60):
            asked = asyncio.ensure_future(pool.kernel(None, cwd=str(tmp_path)))
            await asyncio.sleep(step / 2000)
            asked.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await (await asked).bury()
        assert await _gone(pool)
        assert _places(pool) == []

    with_pool(tmp_path, work)


def test_a_kernel_that_is_killed_while_it_is_forked_never_lives(tmp_path: Path) -> None:
    async def work(pool: Pool) -> None:
        await (await pool.kernel(None, cwd=str(tmp_path))).bury()
        template = _template(pool)
        os.kill(template, signal.SIGSTOP)
        asked = asyncio.ensure_future(pool.kernel(None, cwd=str(tmp_path)))
        await asyncio.sleep(0.3)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        await asyncio.sleep(0.1)
        os.kill(template, signal.SIGCONT)
        assert await _gone(pool)
        assert _places(pool) == []

    with_pool(tmp_path, work)


def test_a_late_fork_does_not_take_the_place_of_the_cold_kernel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("proofbook.kernels.pool._DEADLINE", 2.0)

    async def work(pool: Pool) -> None:
        await (await pool.kernel(None, cwd=str(tmp_path))).bury()
        template = _template(pool)
        os.kill(template, signal.SIGSTOP)
        seat = Seat.make(pool.folder / "mine", kernel_name="python3")
        program, argv = native(seat.file)
        _, kept = await pool.process(argv, program=program, cwd=str(tmp_path), env=dict(os.environ))
        assert kept.pid
        if alive(template):
            os.kill(template, signal.SIGCONT)
        await asyncio.sleep(0.5)
        assert [pid for pid in _kernels(pool) if not _is_template(pid)] == [kept.pid]

    with_pool(tmp_path, work)


def test_a_kernel_that_dies_at_once_is_told_and_its_number_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The keeper stands still while it is forked and dies: death and birth are heard together."""
    start = (
        "import sys; sys.path[:1] = sys.path[:1] * (sys.path[:1] != ['']); import os; "
        "from proofbook.kernels import template, warm; warm.live = lambda *_, **__: os._exit(5); template.main()"
    )
    monkeypatch.setattr("proofbook.kernels.pool._TEMPLATE", start)

    async def work(pool: Pool) -> None:
        line = pool._line
        assert line is not None
        await line.until(lambda: bool(line.ready or line.broken))
        program, argv = native(tmp_path / "kernel.json")
        for _ in range(20):
            kept = line.warm(argv=argv, orig_argv=program, env=dict(os.environ), cwd=str(tmp_path))
            assert await line.until(lambda kept=kept: kept.over, timeout=5)
            assert kept.code == 5

    with_pool(tmp_path, work)


def test_after_a_cancelled_request_the_next_one_is_served(tmp_path: Path) -> None:
    async def work(pool: Pool) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await pool.kernel(None, cwd=str(tmp_path))
        kernel = await pool.kernel(None, cwd=str(tmp_path))
        assert kernel.warm
        assert await value(kernel, "1 + 1") == 2

    with_pool(tmp_path, work, spare=1)


def test_a_template_that_stands_still_is_replaced_once_and_then_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One notebook waits for it, not each."""
    monkeypatch.setattr("proofbook.kernels.pool._DEADLINE", 2.0)

    async def timed(pool: Pool) -> tuple[bool, float]:
        start = time.monotonic()
        kernel = await pool.kernel(None, cwd=str(tmp_path))
        warm, took = kernel.warm, time.monotonic() - start
        await kernel.bury()
        return warm, took

    async def work(pool: Pool) -> None:
        assert (await timed(pool))[0]
        first = _template(pool)
        os.kill(first, signal.SIGSTOP)
        warm, took = await timed(pool)
        assert not warm
        assert took >= 2
        assert not alive(first)
        assert (await timed(pool))[0]
        os.kill(_template(pool), signal.SIGSTOP)
        assert not (await timed(pool))[0]
        warm, took = await timed(pool)
        assert not warm
        assert took < 2
        assert not _kernels(pool)

    with_pool(tmp_path, work)


def test_a_template_that_reads_nothing_does_not_hold_up_the_keeper(tmp_path: Path) -> None:
    async def work(pool: Pool) -> None:
        await (await pool.kernel(None, cwd=str(tmp_path))).bury()
        os.kill(_template(pool), signal.SIGSTOP)
        line = pool._line
        assert line is not None
        program, argv = native(tmp_path / "kernel.json")
        asked = [line.warm(argv=argv, orig_argv=program, env=dict(os.environ), cwd="/none") for _ in range(400)]
        cold = line.cold(argv=["/bin/true"], env=dict(os.environ), cwd=str(tmp_path))
        assert await line.until(lambda: cold.over, timeout=5)
        line.stuck(line.ready)
        assert await line.until(lambda: all(kept.over for kept in asked), timeout=20)
        assert {kept.failed for kept in asked} == {"there is no folder /none"}

    with_pool(tmp_path, work)


def test_a_notebook_does_not_wait_for_ever_for_what_is_preloaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("proofbook.kernels.pool._PATIENCE", 0.1)
    notes: list[str] = []

    async def work(pool: Pool) -> None:
        kernel = await pool.kernel(None, cwd=str(tmp_path))
        assert not kernel.warm
        assert kernel.note == "what is preloaded was not imported within 0.1 s"
        assert await value(kernel, "1 + 1") == 2
        line = pool._line
        assert line is not None
        await line.until(lambda: bool(line.ready))
        assert (await pool.kernel(None, cwd=str(tmp_path))).warm

    with_pool(tmp_path, work, modules=["pandas"], on_note=notes.append)
    assert notes == ["kernels start cold: what is preloaded was not imported within 0.1 s"]


@pytest.mark.parametrize(
    ("environment", "warm"),
    [
        ({"PYTHONPATH": "/elsewhere"}, False),
        ({"OMP_NUM_THREADS": "7"}, False),
        ({"CUDA_VISIBLE_DEVICES": "1", "PROOFBOOK_PROBE": "3", "PATH": os.environ["PATH"]}, True),
    ],
)
def test_a_kernel_with_variables_of_its_own_is_not_forked_where_libraries_may_have_read_them(
    tmp_path: Path, environment: dict[str, str], warm: bool
) -> None:
    async def work(pool: Pool) -> None:
        kernel = await pool.kernel(None, cwd=str(tmp_path), environment=environment)
        assert kernel.warm == warm
        assert bool(kernel.note) != warm
        name = next(iter(environment))
        assert await value(kernel, f"import os\nos.environ[{name!r}]") == environment[name]
        env = {**os.environ, **environment}
        seat = Seat.make(pool.folder / "mine", kernel_name="python3")
        program, argv = native(seat.file)
        _, kept = await pool.process(argv, program=program, cwd=str(tmp_path), env=env)
        assert bool(kept.generation) == warm

    with_pool(tmp_path, work)
