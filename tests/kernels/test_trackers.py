"""Shared memory that a notebook's processes used is removed with its kernel, however that ends."""

import time
from pathlib import Path

import pytest

from proofbook.kernels.pool import Pool
from tests.kernels.driving import said, with_pool

WORK = """
import multiprocessing, joblib
from joblib import Parallel, delayed
Parallel(n_jobs=2)(delayed(abs)(number) for number in range(4))
lock = multiprocessing.get_context("spawn").Lock()
print(lock._semlock.name, end="")
"""


def _shared() -> set[str]:
    return {path.name for path in Path("/dev/shm").iterdir() if path.name.startswith(("sem.", "joblib_"))}


@pytest.mark.parametrize("politely", [True, False])
def test_shared_memory_goes_with_the_kernel(tmp_path: Path, politely: bool) -> None:
    async def work(pool: Pool) -> float:
        kernel = await pool.kernel("python3", cwd=str(tmp_path))
        name = await said(kernel, WORK)
        assert f"sem.{name[1:]}" in _shared() - before, name
        began = time.monotonic()
        await (kernel.shutdown_kernel() if politely else kernel.bury())
        return time.monotonic() - began

    before = _shared()
    # a kernel does not wait at its end for processes that wait for that end
    assert with_pool(tmp_path, work, spare=0) < 4
    deadline = time.monotonic() + 5
    while _shared() - before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _shared() - before
