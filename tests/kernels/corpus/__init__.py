"""
Small notebooks, each about one thing in which a forked kernel could differ from a cold one, and what runs them.

A notebook is a file `NAME.ipy`: an opening comment, then cells that begin with `# %% title`; the syntax is IPython's. What
lies in `files/NAME/` is in its working folder from the start. A title that ends in `(own)` is of a cell that must say
something else in every kernel.
"""

import asyncio
import contextlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import zmq
from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError

HERE = Path(__file__).parent
OWN = "(own)"
HISTORY = "--HistoryManager.hist_file=:memory:"
REQUIRES = {"torch_cpu": "torch"}
"""Notebooks that run only where a module is installed."""
NAMES = tuple(
    path.stem
    for path in sorted(HERE.glob("*.ipy"))
    if path.stem not in REQUIRES or importlib.util.find_spec(REQUIRES[path.stem])
)
APART = (
    "classes", "comms", "compiled_code", "contexts", "ends_by_sys_exit", "env_magic", "futures_threads", "ipython_display",
    "ipython_history", "joblib_loky", "joblib_threads", "matplotlib_files", "matplotlib_magic", "multiprocessing_forkserver",
    "multiprocessing_shared", "network", "numpy_seeded", "pandas_files", "pandas_plot", "plots_of_others", "polars_threads",
    "scipy_numbers", "sklearn_forest", "sklearn_linear", "sqlite", "time_zones", "torch_cpu", "tracebacks_of_libraries",
)  # fmt: skip
"""What only `make fidelity` runs: it is heavy, or close to a notebook that `make test` runs too."""

ORDINARY = tuple(name for name in NAMES if name not in APART)
LIMIT = 120
"""Seconds that a notebook may take."""


@dataclass(frozen=True)
class Ran:
    """What a notebook said: for each cell, by its title, all outputs as text that can be compared."""

    cells: dict[str, str]
    ended: str | None = None
    files: tuple[str, ...] = field(default=())

    def facts(self) -> dict[str, str]:
        """Everything that is compared."""
        return {**self.cells, "the end": str(self.ended), "files left": "\n".join(self.files)}


class Hung(Exception):  # noqa: N818  it says what happened
    """A notebook did not come to an end."""


def sources(name: str) -> list[tuple[str, str]]:
    """Title and source of each cell."""
    _, *parts = re.split(r"^# %% ", (HERE / f"{name}.ipy").read_text(), flags=re.MULTILINE)
    return [(title, body.strip("\n")) for title, _, body in (part.partition("\n") for part in parts)]


def notebook(name: str) -> nbformat.NotebookNode:
    """The notebook, as nbformat 4 has it."""
    cells = [
        nbformat.v4.new_code_cell(source, id=f"c{number}") for number, (_, source) in enumerate(sources(name), start=1)
    ]
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    made = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": spec})
    nbformat.validate(made)
    return made


@contextlib.contextmanager
def surroundings(root: Path, *, seeded: bool = True) -> Iterator[None]:
    """
    The environment in which all kernels of the corpus are started, as far as it is not this process's.

    Args:
        root: A folder for what belongs to it.
        seeded: Whether PYTHONHASHSEED is set.
    """
    startup = root / "ipython/profile_default/startup"
    startup.mkdir(parents=True, exist_ok=True)
    (startup / "00-first.py").write_text("from_startup_file = 'yes'\n")
    (startup.parent / "ipython_kernel_config.py").write_text(
        "c.InteractiveShellApp.exec_lines = ['from_configuration = 1']\nc.InteractiveShell.cache_size = 321\n"
    )
    (root / "pythonstartup.py").write_text("from_pythonstartup = 'yes'\n")
    wanted = {
        "IPYTHONDIR": str(root / "ipython"),
        "PYTHONSTARTUP": str(root / "pythonstartup.py"),
        "PYTHONHASHSEED": "7" if seeded else None,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(HERE / "library"), os.environ.get("PYTHONPATH")])),
        "OF_THE_CORPUS": "ä value",
        "PYTEST_CURRENT_TEST": None,
        # threads that wait for work sleep: several kernels share the machine; how many there are is left alone
        "OMP_WAIT_POLICY": "PASSIVE",
        "OPENBLAS_THREAD_TIMEOUT": "4",
    }
    before = {name: os.environ.get(name) for name in wanted}
    _set(wanted)
    try:
        yield
    finally:
        _set(before)


def _set(values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def folder(root: Path, name: str) -> Path:
    """A new working folder for a notebook, with its files, always in the same place."""
    path = root / "work" / name
    shutil.rmtree(path, ignore_errors=True)
    if (HERE / "files" / name).is_dir():
        shutil.copytree(HERE / "files" / name, path)
    path.mkdir(parents=True, exist_ok=True)
    return path


async def stock_kernel(cwd: Path, sockets: Path) -> AsyncKernelManager:
    """A cold kernel as jupyter_client starts it, without anything of ours; over IPC, and without a history file."""
    manager = AsyncKernelManager(
        kernel_name="python3", transport="ipc", connection_file=str(sockets / f"{cwd.name}-kernel.json")
    )
    manager._kernel_spec = KernelSpec(resource_dir=RESOURCES, **get_kernel_dict())
    await manager.start_kernel(cwd=str(cwd), extra_arguments=[HISTORY])
    return manager


def ended(manager: Any) -> str | None:
    """How a kernel ended, in words; None while it lives."""
    if hasattr(manager, "ended"):
        return manager.ended()
    code = manager.provisioner.process.poll() if manager.provisioner and manager.provisioner.process else None
    return None if code is None else f"signal {-code}" if code < 0 else f"exit code {code}"


async def bury(manager: Any) -> None:
    """End a kernel, of either kind: politely, as nbclient does, so that it can do what it registered for its end."""
    await manager.shutdown_kernel()


async def run(name: str, *, cwd: Path, start: Callable[[], Awaitable[Any]], go: bool = False) -> Ran:
    """
    Run a notebook in a new kernel, go on after errors, and end the kernel.

    Args:
        name: Of the notebook.
        cwd: The folder that it works in.
        start: Gives a kernel.
        go: Whether the kernel is somewhere else, and goes there before the first cell.

    Raises:
        Hung: The kernel did not start, the notebook did not end, or the kernel could not be ended in time; what all
            were doing is said.
    """
    where, manager = "start", None
    cells: dict[str, str] = {}
    last: str | None = None
    client: NotebookClient | None = None
    try:
        async with asyncio.timeout(LIMIT) as limit:
            manager = await start()
            client, replies = await _connected(name, manager)
            if go:
                code = f"__import__('os').chdir({str(cwd)!r})"
                await client.kc.execute_interactive(code, silent=True, store_history=False, output_hook=id)
            for index, (title, _) in enumerate(sources(name)):
                where, cell = title, client.nb.cells[index]
                replies.clear()
                try:
                    await client.async_execute_cell(cell, index)
                except DeadKernelError:
                    if limit.expired():
                        # nbclient takes every cancellation for a dead kernel
                        raise TimeoutError from None
                    cells[title] = _text(cell, None)
                    last = await _ending(manager)
                    break
                cells[title] = _text(cell, replies[-1] if replies else None)
            if client.nb.cells[-1].source == "exit()":
                last = await _ending(manager)
    except TimeoutError:
        raise Hung(f"{name}, {where!r}:\n{await asyncio.to_thread(stacks, manager)}") from None
    finally:
        if client is not None:
            client.kc.stop_channels()
        if manager is not None:
            await _buried(name, manager)
    return Ran(cells, last, _left(cwd))


def _left(cwd: Path) -> tuple[str, ...]:
    # a dataset's files have names by chance
    return tuple(sorted(str(path.relative_to(cwd)) for path in cwd.rglob("*") if "/set/" not in str(path)))


async def _connected(name: str, manager: Any) -> tuple[NotebookClient, list[dict[str, Any]]]:
    replies: list[dict[str, Any]] = []
    client = NotebookClient(notebook(name), km=manager, allow_errors=True, timeout=None, record_timing=False)
    client.on_cell_executed = lambda execute_reply, **_: replies.append(execute_reply["content"])
    client.kc = manager.client()
    # drop nothing when this process is slow to read
    client.kc.context.setsockopt(zmq.RCVHWM, 0)
    client.kc.start_channels()
    client.kc.allow_stdin = False
    await client.kc.wait_for_ready(timeout=LIMIT)
    return client, replies


async def _buried(name: str, manager: Any) -> None:
    try:
        async with asyncio.timeout(30):
            await bury(manager)
    except TimeoutError:
        raise Hung(f"{name}, burial:\n{await asyncio.to_thread(stacks, manager)}") from None


async def _ending(manager: Any) -> str | None:
    for _ in range(100):
        if how := ended(manager):
            return how
        await asyncio.sleep(0.1)
    return None


def _text(cell: nbformat.NotebookNode, reply: dict[str, Any] | None) -> str:
    """All that a cell put out. Each stream is one text: how two streams interleave is chance."""
    streams: dict[str, str] = {}
    others = []
    for output in cell.outputs:
        if output.output_type == "stream":
            streams[output.name] = streams.get(output.name, "") + output.text
        else:
            others.append(json.dumps(output, indent=1, sort_keys=True, ensure_ascii=False).replace("\\n", "\n"))
    said = [f"<{name}>\n{text}" for name, text in sorted(streams.items())] + others
    if reply is not None:
        said.append(json.dumps({key: reply.get(key) for key in ("status", "execution_count", "payload")}))
    return "\n".join(said)


def stacks(manager: Any) -> str:
    """What a kernel and its children are doing, as far as the machine says."""
    pid = None if manager is None else getattr(manager, "pid", None) or getattr(manager.provisioner, "pid", None)
    if not pid:
        return "no process"
    lines = []
    for one in [pid, *_children(pid)]:
        for task in sorted(Path(f"/proc/{one}/task").glob("*")):
            words = []
            for part in ("comm", "wchan", "syscall", "stack"):
                with contextlib.suppress(OSError):
                    words.append((task / part).read_text().strip().replace("\n", " < "))
            lines.append(f"{one}/{task.name}: {' | '.join(words)}")
        if debugger := shutil.which("gdb"):
            command = [debugger, "-p", str(one), "-batch", "-ex", "thread apply all bt 30"]
            with contextlib.suppress(subprocess.TimeoutExpired):
                lines.append(subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout)
    return "\n".join(lines)


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*"):
        with contextlib.suppress(OSError):
            for child in (task / "children").read_text().split():
                found += [int(child), *_children(int(child))]
    return found


__all__ = [
    "APART",
    "HERE",
    "LIMIT",
    "NAMES",
    "ORDINARY",
    "OWN",
    "Hung",
    "Ran",
    "bury",
    "ended",
    "folder",
    "notebook",
    "run",
    "sources",
    "stacks",
    "stock_kernel",
    "surroundings",
]
