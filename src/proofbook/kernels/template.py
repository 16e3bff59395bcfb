"""
The process that warm kernels are forked from: it imports, and does nothing else: no thread, no computation.

The keeper starts it, says what to import, and asks for forks over a socket that keeps messages apart.
"""

import contextlib
import ctypes
import gc
import importlib
import importlib.util
import json
import os
import re
import signal
import site
import socket
import sys
import sysconfig
import time
import types
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from proofbook.kernels import likeness, warm

__all__ = ["main"]

# what a kernel loads when it starts and when it ends; what it loads only later, each loads itself, as a cold one does
_KERNEL = (
    "ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell", "ipykernel.debugger", "ipykernel.eventloops",
    "ipykernel.subshell_manager", "ipykernel.comm.manager", "comm.base_comm", "IPython.core.completer",
    "IPython.core.completerlib", "IPython.core.debugger", "IPython.core.magics", "IPython.core.oinspect",
    "IPython.extensions.storemagic", "asyncio", "debugpy.server.api", "faulthandler", "getpass", "jupyter_core.paths",
    "pdb", "proofbook.kernels.outstream", "psutil", "runpy", "sqlite3", "tornado.platform.asyncio", "zmq.asyncio",
)  # fmt: skip
_BLAS = re.compile(rb"\S*/[^/\s]*openblas[^/\s]*\.so[^\s]*", re.IGNORECASE)
_SETTERS = tuple(
    f"{prefix}openblas_set_num_threads{suffix}" for prefix in ("scipy_", "") for suffix in ("64_", "_64", "")
)
_FRESH_FOR = 1.0
"""Seconds for which a look at the imported files is good."""
_POSTAL = 1 << 20
_FOREIGN = ("site-packages", "dist-packages")
_SHARED = re.compile(rb"(?m)^\S+ .w.s .*$")
_PASSING = ("/proc/", "/dev/null", "/dev/urandom", "/dev/random")
"""Open files that a fork may share."""
# whatever a module makes of `os`: what was forked must not live on as a template
_exit = os._exit


class Template:
    """What the process has imported, and how it gives it away."""

    def __init__(self, line: socket.socket, *, keeper: int, root: str) -> None:
        self.line = line
        self.keeper = keeper
        self.files: dict[str, tuple[int, int]] = {}
        self.stamped: set[str] = set()
        self.looked = 0.0
        self.left = 0
        self.blas: list[Any] = []
        self.names: frozenset[str] = frozenset()
        self.overlays = _overlays(root)
        self.known = (*_installed(), *self.overlays)
        self.shared: set[bytes] = set()

    def say(self, what: str, **content: Any) -> None:
        """Tell the keeper."""
        self.line.send(json.dumps({"say": what, **content}).encode())

    def preload(self, modules: Iterable[str], *, budget: int) -> None:
        """Import the kernel's own parts, then the chosen modules, and measure each; stop at `budget` bytes."""
        began = time.monotonic()
        for module in _KERNEL:
            try:
                importlib.import_module(module)
            except ImportError:
                continue
        # debugpy has its say about frozen modules each time; what comes later is worth quoting
        with contextlib.suppress(OSError):
            os.ftruncate(2, 0)
            os.lseek(2, 0, os.SEEK_SET)
        warm.prepare()
        own = set(sys.modules)
        self._stamp_new()
        self.shared = _shared()
        self.left = budget
        for module in modules:
            self._import(module)
        self.names = likeness.from_packages(set(sys.modules) - own, folders=(*_packages(), *self.overlays))
        likeness.forget()
        self.blas = _setters()
        self._stamp_new()
        self.files.update({folder: _stamp(folder) for folder in filter(os.path.isabs, sys.path)})
        gc.collect()
        gc.freeze()
        self.say("ready", seconds=round(time.monotonic() - began, 4))

    def _import(self, module: str) -> None:
        self.say("loading", module=module)
        why = self._foreign(module) if self.left > 0 else "the memory for preloaded modules is spent"
        if why:
            self.say("refuse", module=module, why=why, poisoned=False)
            return
        files = _open_files()
        before, memory, began = set(sys.modules), _memory(), time.perf_counter()
        try:
            with likeness.in_a_kernel() as looked:
                importlib.import_module(module)
        except ImportError as error:
            self._stamp_new()
            self.say("refuse", module=module, why=f"it cannot be imported: {error}"[:500], poisoned=False)
            return
        except BaseException as error:  # noqa: BLE001  whatever it raises, the next template goes without it
            why = f"importing it raised {type(error).__name__}: {error}"[:500]
            self.say("refuse", module=module, why=why, poisoned=True)
            self._wait_for_the_end()
        seconds, size = time.perf_counter() - began, max(0, _memory() - memory)
        why = self._left_behind(files) or looked.told() or self._strange(set(sys.modules) - before)
        if why:
            self.say("refuse", module=module, why=why, poisoned=True)
            self._wait_for_the_end()
        self.left -= size
        self._stamp_new()
        self.say("loaded", module=module, seconds=round(seconds, 4), size=size)

    def _stamp_new(self) -> None:
        """Know the files of what was imported since the last time, as they are now: an installation may be going on."""
        new = sys.modules.keys() - self.stamped
        self.stamped |= new
        for name in new:
            file = getattr(sys.modules.get(name), "__file__", None)
            if isinstance(file, str) and file not in self.files:
                self.files[file] = _stamp(file)

    def _left_behind(self, files: set[tuple[str, str]]) -> str:
        """What an import left that a fork would not survive, or would share with every other, in words."""
        threads = len([*Path("/proc/self/task").iterdir()]) - 1
        if threads:
            return f"importing it leaves {threads} thread{'s' * (threads > 1)} running"
        if opened := _open_files() - files:
            return f"importing it leaves {min(opened)[1]} open, which kernels would share"
        before, self.shared = self.shared, _shared()
        if self.shared - before:
            return "importing it leaves memory that kernels would share"
        return ""

    def _foreign(self, module: str) -> str:
        """Why a module may not even be tried; empty when it may."""
        name = module.partition(".")[0]
        try:
            spec = importlib.util.find_spec(name)
        except (ImportError, ValueError, AttributeError) as error:
            return f"it cannot be found: {error}"
        if spec is None:
            return "it is not installed"
        if spec.origin in (None, "built-in", "frozen"):
            return ""
        return "" if self._installed_file(str(spec.origin)) else "it is the project's own code, which changes"

    def _strange(self, names: set[str]) -> str:
        for name in sorted(names):
            file = getattr(sys.modules.get(name), "__file__", None)
            if isinstance(file, str) and not self._installed_file(file):
                return f"it imports {name}, which is the project's own code and changes"
        return ""

    def _installed_file(self, file: str) -> bool:
        return file.startswith(self.known)

    def _wait_for_the_end(self) -> None:
        """This process is spoilt; the keeper ends it."""
        while True:
            signal.pause()

    def serve(self) -> None:
        """Fork on request, for ever."""
        while True:
            message, descriptors, _, _ = socket.recv_fds(self.line, _POSTAL, 1)
            if not message:
                return
            order = json.loads(message)
            stale = self._stale(at_once="check" in order or order.get("look", False))
            if stale:
                self.say("stale", path=stale, number=order.get("check"))
                self._wait_for_the_end()
            if "check" in order:
                self.say("fresh", number=order["check"])
            else:
                self._fork(order, descriptors[0])

    def _fork(self, order: dict[str, Any], raw: int) -> None:
        if not Path(order["cwd"]).is_dir():
            self.say("unforked", name=order["fork"], why=f"there is no folder {order['cwd']}")
            os.close(raw)
            return
        if hidden := likeness.shadowing(order["cwd"], self.names):
            why = f"{hidden} in the notebook's folder has the name of a library that is preloaded"
            self.say("unforked", name=order["fork"], why=why)
            os.close(raw)
            return
        try:
            middle = os.fork()
        except OSError as error:
            self.say("unforked", name=order["fork"], why=f"fork: {error.strerror}")
            os.close(raw)
            return
        if middle:
            os.close(raw)
            os.waitpid(middle, 0)
            return
        # the kernel's parent must be the keeper, which reaps it: the process between them ends at once
        try:
            kernel = os.fork()
            if kernel:
                self.say("forked", name=order["fork"], pid=kernel)
                _exit(0)
            warm.live(order, raw=raw, line=self.line, keeper=self.keeper, blas=self.blas)
        finally:
            _exit(1)

    def _stale(self, *, at_once: bool) -> str:
        """A file that was imported and has changed since; empty when all are as they were."""
        now = time.monotonic()
        if not at_once and now - self.looked < _FRESH_FOR:
            return ""
        for path, stamp in self.files.items():
            if _stamp(path) != stamp:
                return path
        self.looked = time.monotonic()
        return ""


def _installed() -> tuple[str, ...]:
    """Folders whose code only an installation changes, each with a slash at its end."""
    paths = sysconfig.get_paths()
    folders = [paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    folders += [*site.getsitepackages(), site.getusersitepackages(), str(Path(__file__).parents[1])]
    return tuple({f"{form}/" for folder in folders for form in (folder, os.path.realpath(folder))})


def _packages() -> tuple[str, ...]:
    """Folders of installed packages, which come after the working folder in a kernel's path."""
    paths = sysconfig.get_paths()
    folders = [paths["purelib"], paths["platlib"], *site.getsitepackages(), site.getusersitepackages()]
    return tuple({f"{form}/" for folder in folders for form in (folder, os.path.realpath(folder))})


def _overlays(root: str) -> tuple[str, ...]:
    """Folders of other environments that a .pth file, or a variable, has added: their code is no more the project's."""
    inside = f"{os.path.realpath(root)}/"
    found = {path for path in sys.path if Path(path).name in _FOREIGN}
    found |= {os.path.realpath(path) for path in found}
    return tuple(f"{path}/" for path in sorted(found) if not f"{os.path.realpath(path)}/".startswith(inside))


def _stamp(path: str) -> tuple[int, int]:
    try:
        found = os.stat(path)  # noqa: PTH116  of thousands
    except OSError:
        return (-1, -1)
    return (found.st_size, found.st_mtime_ns)


def _memory() -> int:
    return int(Path("/proc/self/statm").read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _open_files() -> set[tuple[str, str]]:
    """This process's descriptors, each with what it leads to."""
    found = set()
    for entry in os.scandir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            target = os.readlink(entry.path)  # noqa: PTH115  what is no path has words of its own
            if not target.startswith(_PASSING):
                found.add((entry.name, target))
    return found


def _shared() -> set[bytes]:
    """Mappings that are writable and shared: what a fork writes there, the others read."""
    return set(_SHARED.findall(Path("/proc/self/maps").read_bytes()))


def _setters() -> list[Any]:
    """The functions by which each loaded OpenBLAS is told how many threads it may have."""
    libraries = {os.fsdecode(path) for path in _BLAS.findall(Path("/proc/self/maps").read_bytes())}
    found = []
    for library in sorted(libraries):
        loaded = ctypes.CDLL(library)
        names = [name for name in _SETTERS if hasattr(loaded, name)]
        found += [getattr(loaded, name) for name in names[:1]]
    return found


def main() -> None:
    """Serve the keeper: `argv` holds the descriptor of its socket, and its process id."""
    line = socket.socket(fileno=int(sys.argv[1]))
    os.set_inheritable(line.fileno(), False)
    order = json.loads(line.recv(_POSTAL))
    template = Template(line, keeper=int(sys.argv[2]), root=order["cwd"])
    # as long as nothing is forked: what is imported lives for ever
    gc.disable()
    os.chdir(order["cwd"])
    if not os.environ.get("MPLBACKEND"):
        # a kernel sets it before its notebook can import matplotlib, which reads it once
        os.environ["MPLBACKEND"] = warm.INLINE
    # libraries that ask whether a program is run see what they see in a kernel
    sys.modules["__main__"] = types.ModuleType("__main__")
    template.preload(order["modules"], budget=order["budget"])
    template.serve()
