"""Drives kernels in tests as plain jupyter_client would, and looks at processes from outside."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from proofbook.kernels.local import LocalKernel
from proofbook.kernels.pool import Pool

PATIENCE = 30.0


async def said(kernel: LocalKernel, code: str, *, seconds: float = PATIENCE) -> str:
    """What a cell prints; an error is its traceback."""
    client = kernel.client()
    client.start_channels()
    printed: list[str] = []

    def take(message: dict[str, Any]) -> None:
        content = message["content"]
        if message["msg_type"] == "stream":
            printed.append(content["text"])
        elif message["msg_type"] == "error":
            printed.append("\n".join(content["traceback"]))

    try:
        await client.wait_for_ready(timeout=seconds)
        await client.execute_interactive(code, output_hook=take, timeout=seconds)
    finally:
        client.stop_channels()
    return "".join(printed)


async def value(kernel: LocalKernel, code: str) -> Any:
    """What the last expression of `code` is, by way of JSON."""
    *before, last = code.strip().splitlines()
    text = await said(kernel, "\n".join([*before, f"print('<<' + __import__('json').dumps({last}) + '>>')"]))
    assert "<<" in text, text
    return json.loads(text.rpartition("<<")[2].rpartition(">>")[0])


def with_pool(root: Path, work: Callable[[Pool], Awaitable[Any]], **options: Any) -> Any:
    """What `work` makes of a pool, which is closed after."""

    async def run() -> Any:
        pool = Pool(root=root, **{"spare": 0, **options})
        pool.start()
        try:
            async with asyncio.timeout(120):
                return await work(pool)
        finally:
            await pool.close()

    return asyncio.run(run())


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until(condition: Callable[[], bool], *, seconds: float) -> bool:
    """Whether it comes true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def program(code: str, *arguments: str, **options: Any) -> "subprocess.Popen[str]":
    """A Python program in a process of its own, with these helpers at hand."""
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, text=True, env=env, **options
    )
