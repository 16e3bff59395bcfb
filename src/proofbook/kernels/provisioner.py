"""
jupyter_client's door to warm kernels: `papermill -k proofbook-warm`, nbconvert, JupyterLab ("Python 3, warm").

Whoever hosts it, papermill's process or the JupyterLab server, owns one keeper, which dies with it. Nothing of the
host needs to know: the kernel specification names this provisioner, and jupyter_client does the rest.
"""

import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase

from proofbook.kernels import imports
from proofbook.kernels.kept import KeptProvisioner
from proofbook.kernels.pool import Pool
from proofbook.kernels.preload import Cost, choose
from proofbook.kernels.seat import Seat, native

__all__ = ["WarmProvisioner"]

_POLITE = 2.5
"""Seconds that an end is waited for before jupyter_client's own steps begin, of which the next is a SIGTERM."""
_BUDGET = 1 << 30
_NOTEBOOKS = 50
"""Notebooks of a folder that are read for what they import."""
_LEARNED = ".proofbook/cache/imports.json"
"""What builds of the project have shown; written by `flow/learned.py`."""

_log = logging.getLogger(__name__)
_pools: dict[int, Pool] = {}


class WarmProvisioner(KeptProvisioner):
    """Gives a foreign kernel manager a kernel that was forked; over sockets only this user can reach, never TCP."""

    _seat: Seat | None = None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Make the place of the kernel, once; it stays the same over restarts, so that clients find it again."""
        manager: Any = self.parent
        self.cwd = str(kwargs.get("cwd") or Path.cwd())
        pool = _pool(Path(self.cwd))
        if self._seat is None:
            self._seat = Seat.make(pool.folder / f"c{self.kernel_id}", kernel_name=manager.kernel_name)
            manager.transport = "ipc"
            manager.ip = self._seat.connection["ip"]
            for name, number in self._seat.connection.items():
                if name.endswith("_port"):
                    setattr(manager, name, number)
        manager.write_connection_file(jupyter_session=kwargs.get("env", {}).get("JPY_SESSION_NAME", ""))
        self.connection_info = manager.get_connection_info()
        extra = kwargs.pop("extra_arguments", [])
        program, argv = native(_real(manager.connection_file))
        self._argv = [*argv, *extra]
        # past LocalProvisioner's own, which would choose TCP ports
        return await KernelProvisionerBase.pre_launch(self, cmd=[*program, *extra], **kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Have the kernel."""
        env: Mapping[str, str] = kwargs["env"]
        pool = _pool(Path(str(self.cwd)))
        line, kept = await pool.process(self._argv, program=cmd, cwd=str(self.cwd), env=dict(env))
        if kept.pid is None:
            raise RuntimeError(f"the kernel cannot be started: {kept.failed or 'its keeper does not answer'}")
        self.attach(line, kept)
        self.pid = self.pgid = kept.pid
        return self.connection_info

    async def shutdown_requested(self, restart: bool = False) -> None:  # noqa: ARG002  jupyter_client's signature
        """Notice the end when it comes, which jupyter_client would look for ten times a second."""
        kept = self._kept
        if kept is not None:
            await self._line.until(lambda: kept.over, timeout=_POLITE)

    async def cleanup(self, restart: bool = False) -> None:
        """Leave nothing behind; for a restart, leave the place."""
        if not restart and self._seat is not None:
            self._seat.remove()
            self._seat = None


def _pool(cwd: Path) -> Pool:
    """This process's pool; made for the project of the first kernel that is started."""
    if os.getpid() not in _pools:
        root = next((folder for folder in (cwd, *cwd.parents) if (folder / ".proofbook").is_dir()), cwd)
        pool = Pool(root=root, modules=_modules(root, cwd), spare=0, budget=_BUDGET, on_note=_log.warning)
        pool.start()
        _pools[os.getpid()] = pool
    return _pools[os.getpid()]


def _modules(root: Path, cwd: Path) -> tuple[str, ...]:
    """What is worth importing ahead here: what builds have shown, else what the notebooks say."""
    history: dict[str, dict[str, float]] = {}
    costs: dict[str, Cost] = {}
    try:
        known = json.loads((root / _LEARNED).read_bytes())
        history = {task: dict(modules) for task, modules in known["imports"].items()}
        costs = {module: Cost(float(cost[0]), int(cost[1])) for module, cost in known["costs"].items()}
    except (OSError, ValueError, LookupError, AttributeError, TypeError):
        history = {}
    guess: tuple[str, ...] = ()
    if not history:
        guess = imports.of_project(root, "pipeline.yaml") or imports.of_files(_notebooks(cwd), root=root)
    return choose(history, guess, budget_bytes=_BUDGET, costs=costs).modules


def _real(path: str) -> str:
    return os.path.realpath(path)


def _notebooks(cwd: Path) -> list[Path]:
    try:
        return sorted(cwd.glob("*.ipynb"))[:_NOTEBOOKS]
    except OSError:
        return []
