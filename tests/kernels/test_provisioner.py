"""The kernel `proofbook-warm`, used by programs that know nothing of it."""

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager, KernelManager

from proofbook.kernels import provisioner
from tests.kernels.driving import alive, until

CODE = """
import os, sys, pandas
tcp = [line.split()[9] for name in ("tcp", "tcp6") for line in open(f"/proc/net/{name}").read().splitlines()[1:]]
sockets = [os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd") if os.path.lexists(f"/proc/self/fd/{fd}")]
template = open(f"/proc/{os.getpid()}/cmdline").read()
print(os.getppid(), "kernels.template" in template, any(f"socket:[{inode}]" in sockets for inode in tcp), os.getcwd())
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    cells = [{"cell_type": "code", "id": "a", "source": CODE, "metadata": {}, "outputs": [], "execution_count": None}]
    content = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "in.ipynb").write_text(json.dumps(content))
    return tmp_path


def printed(path: Path) -> list[str]:
    (cell,) = json.loads(path.read_text())["cells"]
    (output,) = cell["outputs"]
    return "".join(output["text"]).split()


@pytest.mark.parametrize(
    "command",
    [
        ["-m", "papermill", "in.ipynb", "out.ipynb", "-k", "proofbook-warm"],
        [
            *("-m", "nbconvert", "--to", "notebook", "--execute", "in.ipynb", "--output", "out.ipynb"),
            "--ExecutePreprocessor.kernel_name=proofbook-warm",
        ],
    ],
    ids=["papermill", "nbconvert"],
)
def test_unmodified_programs_fork_their_kernel_and_leave_nothing(project: Path, command: list[str]) -> None:
    subprocess.run([sys.executable, *command], cwd=project, check=True, capture_output=True, timeout=120)
    keeper, forked, listens, cwd = printed(project / "out.ipynb")
    assert (forked, listens, cwd) == ("True", "False", str(project))
    assert until(lambda: not alive(int(keeper)), seconds=5)


def test_the_kernel_is_installed_with_a_name_for_people() -> None:
    spec = KernelSpecManager().get_kernel_spec("proofbook-warm")
    assert spec.display_name == "Python 3, warm"
    assert spec.metadata["kernel_provisioner"]["provisioner_name"] == "proofbook-warm"


@pytest.fixture
def here(project: Path, monkeypatch: pytest.MonkeyPatch):
    """A process that hosts kernels has one pool; a test's must not be the next one's."""
    monkeypatch.setattr(provisioner, "_pools", {})
    monkeypatch.chdir(project)
    return project


async def closed() -> None:
    for pool in provisioner._pools.values():
        await pool.close()


async def answer(manager: Any, code: str) -> str:
    client = manager.client()
    client.start_channels()
    said: list[str] = []
    try:
        await client.wait_for_ready(timeout=60)
        await client.execute_interactive(
            code, output_hook=lambda message: said.append(message["content"].get("text", "")), timeout=60
        )
    finally:
        client.stop_channels()
    return "".join(said).strip()


def test_a_manager_can_interrupt_restart_and_end_it(here: Path) -> None:
    async def work() -> None:
        manager = AsyncKernelManager(kernel_name="proofbook-warm")
        await manager.start_kernel(cwd=str(here))
        try:
            assert manager.transport == "ipc"
            first = await answer(manager, "import os; print(os.getpid())")
            file, key = manager.connection_file, manager.session.key
            running = asyncio.ensure_future(
                answer(
                    manager, "import time\ntry:\n    time.sleep(100)\nexcept KeyboardInterrupt:\n    print('stopped')"
                )
            )
            await asyncio.sleep(2)
            await manager.interrupt_kernel()
            assert await running == "stopped"
            await manager.restart_kernel()
            second = await answer(manager, "import os; print(os.getpid())")
            assert first != second
            assert not alive(int(first))
            assert (manager.connection_file, manager.session.key) == (file, key), "clients find it where it was"
            os.kill(int(second), 9)
            await manager.provisioner.wait()
            await manager.restart_kernel(now=True)
            third = await answer(manager, "import os; print(os.getpid())")
        finally:
            await manager.shutdown_kernel()
        assert not alive(int(third))
        assert not await manager.is_alive()
        await closed()

    asyncio.run(work())


def test_a_manager_without_a_loop_can_use_it_too(here: Path) -> None:
    manager = KernelManager(kernel_name="proofbook-warm")
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    reply = client.execute_interactive("1 + 1", timeout=60, output_hook=lambda _: None)
    assert reply["content"]["status"] == "ok"
    client.stop_channels()
    assert manager.is_alive()
    manager.shutdown_kernel()
    assert not manager.is_alive()
    asyncio.run(closed())


def test_jupyterlabs_server_restarts_it_in_an_instant(here: Path) -> None:
    server = pytest.importorskip("jupyter_server.services.kernels.kernelmanager")

    async def work() -> list[float]:
        manager = server.AsyncMappingKernelManager(root_dir=str(here), kernel_spec_manager=KernelSpecManager())
        number = await manager.start_kernel(kernel_name="proofbook-warm", path="")
        kernel = manager.get_kernel(number)
        took = []
        for _ in range(3):
            before = await answer(kernel, "import os; print(os.getpid())")
            start = time.perf_counter()
            await (await manager.restart_kernel(number))
            took.append(time.perf_counter() - start)
            assert await answer(kernel, "import os; print(os.getpid())") != before
        await manager.shutdown_kernel(number)
        await closed()
        return took

    took = asyncio.run(work())
    print(f"restarted in {sorted(took)[1]:.2f} s")
    # 0.2 s on an idle machine; a cold one takes 0.7 s there before its imports
    assert min(took) < 3


def test_builds_have_taught_what_is_worth_preloading(here: Path) -> None:
    (here / ".proofbook" / "cache").mkdir(parents=True)
    assert provisioner._modules(here, here) == ("pandas",), "read from the notebooks of the folder"
    learned = {"imports": {"task": {"numpy": 0.5}}, "costs": {"numpy": [0.1, 1000]}}
    (here / ".proofbook" / "cache" / "imports.json").write_text(json.dumps(learned))
    assert provisioner._modules(here, here) == ("numpy",)
    (here / ".proofbook" / "cache" / "imports.json").write_text('{"imports": 3}')
    assert provisioner._modules(here, here) == ("pandas",)


def test_what_the_provisioner_reads_is_what_builds_keep(here: Path) -> None:
    from proofbook.flow import learned

    (here / ".proofbook").mkdir()
    learned.keep(here, imports={"task": {"numpy": 0.5}}, costs={"numpy": (0.1, 1000)})
    assert provisioner._modules(here, here) == ("numpy",)
