"""
What a library keeps from the place and moment of its import, made as if the kernel had imported it.

`tests/kernels/test_fidelity.py` compares; each thing here is there because a notebook showed it.
"""

import builtins
import contextlib
import itertools
import os
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

__all__ = ["Onlooker", "adopt", "forget", "from_packages", "in_a_kernel", "shadowing"]

_IN_THE_KERNEL = ("matplotlib_inline.backend_inline", "ipykernel.pylab.backend_inline")
"""Modules that tie themselves to the shell when they are imported: small, and what they import is loaded."""
_SUFFIXES = (".py", ".so", ".pyc")
_SEEN = {"kernel", "config", "has_trait", "traits", "trait_names"}
"""What a library may look at to find out where it runs."""


class Onlooker:
    """What a library did with the shell while it was imported: looking is fine, using it is not."""

    def __init__(self) -> None:
        self.used = ""

    def told(self) -> str:
        """Why the library cannot be preloaded, in words; empty when it only looked."""
        return f"it ties itself to the notebook's shell when it is imported ({self.used})" if self.used else ""


@contextlib.contextmanager
def in_a_kernel() -> Iterator[Onlooker]:
    """
    Let libraries that are imported now find a notebook's shell, though there is none yet.

    pandas, tqdm and plotly decide at their import whether they show things to a notebook or to a terminal. One that
    registers something with the shell must be imported by each kernel.
    """
    from ipykernel.zmqshell import ZMQInteractiveShell
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    looked = Onlooker()

    class Shell(ZMQInteractiveShell):
        def __getattribute__(self, name: str) -> Any:
            if not name.startswith("_") and name not in _SEEN:
                looked.used = name
            return super().__getattribute__(name)

    Shell.__name__ = Shell.__qualname__ = ZMQInteractiveShell.__name__
    Shell.__module__ = ZMQInteractiveShell.__module__
    # not initialised: that would change the interpreter and start threads
    shell = Shell.__new__(Shell)
    shell.__dict__["_trait_values"]["kernel"] = object()
    shell.__dict__["_trait_values"]["config"] = Config({"IPKernelApp": {"connection_file": "kernel.json"}})
    looked.used = ""
    builtins.get_ipython = lambda: shell  # type: ignore[attr-defined]
    # what `IPython.get_ipython()` gives
    classes: tuple[Any, ...] = (InteractiveShell, ZMQInteractiveShell)
    for each in classes:
        each._instance = shell  # noqa: SLF001
    try:
        yield looked
    finally:
        for each in classes:
            each._instance = None  # noqa: SLF001
        del builtins.get_ipython  # type: ignore[attr-defined]


def forget() -> None:
    """In the template, when all is imported: what a kernel must import itself is imported no more."""
    for name in _IN_THE_KERNEL:
        if sys.modules.pop(name, None) is not None:
            parent, _, child = name.rpartition(".")
            if hasattr(sys.modules.get(parent), child):
                delattr(sys.modules[parent], child)


def from_packages(names: Iterable[str], *, folders: tuple[str, ...]) -> frozenset[str]:
    """The top-level names among loaded modules that lie in one of `folders`, where the working folder comes before."""
    found = set()
    for name in {name.partition(".")[0] for name in names}:
        file = getattr(sys.modules.get(name), "__file__", None)
        if isinstance(file, str) and file.startswith(folders):
            found.add(name)
    return frozenset(found)


def shadowing(cwd: str, names: frozenset[str]) -> str:
    """A file or folder in the working folder that a cold kernel would import in place of a preloaded module."""
    try:
        entries = [entry for entry in Path(cwd).iterdir() if entry.name.partition(".")[0] in names]
    except OSError:
        return ""
    for entry in entries:
        if entry.name.endswith(_SUFFIXES) or (entry / "__init__.py").is_file():
            return entry.name
    return ""


def _look_later(process: Any) -> None:
    """
    Let multiprocessing find its working folder when it first needs it, as it does where a notebook imports it.

    Workers that are not forked look there for what stands in `sys.path` as the empty text.
    """

    def looked(name: str) -> str:
        if name != "ORIGINAL_DIR":
            raise AttributeError(f"module {process.__name__!r} has no attribute {name!r}")
        process.ORIGINAL_DIR = str(Path.cwd())
        found: str = process.ORIGINAL_DIR
        return found

    del process.ORIGINAL_DIR
    process.__getattr__ = looked


def adopt() -> None:
    """In the kernel, once it has its folder and its environment."""
    # debugpy sets it for the process and its children when it is imported, which a kernel does at its start
    if "debugpy" in sys.modules:
        os.environ.setdefault("PYDEVD_USE_FRAME_EVAL", "NO")
    # threads of the kernel are numbered from 1, whatever was made while modules were imported
    if hasattr(threading, "_counter"):
        threading._counter = itertools.count(1).__next__  # noqa: SLF001  Python has no other way
    process: Any = sys.modules.get("multiprocessing.process")
    if process is not None:
        _look_later(process)
    matplotlib: Any = sys.modules.get("matplotlib")
    if matplotlib is not None and Path("matplotlibrc").is_file():
        matplotlib.rcParams.update(matplotlib.rc_params_from_file("matplotlibrc", use_default_template=False))
        matplotlib.rcParamsOrig = matplotlib.rcParams.copy()
        if backend := os.environ.get("MPLBACKEND"):
            matplotlib.rcParams["backend"] = backend
