"""Kernels for a build: forked from a template that has imported what notebooks import, and started ahead of need."""

import contextlib
import functools
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from proofbook.exceptions import MachineError, NotebookError
from proofbook.kernels import early
from proofbook.kernels.line import Kept, Line
from proofbook.kernels.preload import Cost, never
from proofbook.kernels.seat import NATIVE, Seat, native

if TYPE_CHECKING:
    from proofbook.kernels.local import LocalKernel

__all__ = ["Pool"]

_LINUX = sys.platform.startswith("linux")
_DEADLINE = 10.0
"""Seconds in which a template that is ready must have forked a kernel, and that must have booted."""
_PATIENCE = 30.0
"""Seconds that a template may import while notebooks wait for it."""
_KEEPERS = 3
"""Keepers, one after the other, before it is given up: what ends them will end the next one too."""
_FRESH_FOR = 1.0
"""Seconds for which it is not asked again whether installed files have changed."""
# the working folder is no place to import from, as `ipykernel_launcher` has it
_TEMPLATE = (
    "import sys; sys.path[:1] = sys.path[:1] * (sys.path[:1] != ['']); "
    "from proofbook.kernels.template import main; main()"
)
# One thread while nothing is computed: threads do not survive a fork. A kernel has its own number of OpenBLAS back.
# Arrow brings a jemalloc, which it does not use unless it is told to, and which starts a thread when it is loaded.
_CALM = {"OPENBLAS_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}
# they say who is asking and from where, not what a library would do when it is imported
_APART = {"_", "PWD", "OLDPWD", "SHLVL", "COLUMNS", "LINES", "PYDEVD_USE_FRAME_EVAL"}

_HARMLESS = {"PYTHONEXECUTABLE"}
"""jupyter_client takes it away from every kernel."""
_CUDA = {"numba", "xgboost", "lightgbm", "catboost", "pynvml", "paddle"}
"""Libraries that may look for devices when they are imported, and may be preloaded."""


@dataclass(frozen=True)
class _Spare:
    """A kernel that nobody has asked for yet."""

    seat: Seat
    kept: Kept
    cwd: str
    env: dict[str, str]


class Pool:
    """
    Gives kernels, each for one notebook.

    Args:
        root: The project's folder, where kernels work unless they are told otherwise.
        mode: `cold` starts each kernel from nothing.
        modules: What the template imports.
        spare: How many kernels are kept ready ahead of need; may be changed at any time.
        budget: Bytes that preloaded modules may take.
        refused: Modules that were left out before, each with the reason.
        on_note: Called, once for each reason, with a sentence that says why kernels start cold, or were lost.
    """

    def __init__(
        self,
        *,
        root: Path,
        mode: Literal["warm", "cold"] = "warm",
        modules: Sequence[str] = (),
        spare: int = 2,
        budget: int = 1 << 30,
        refused: Mapping[str, str] = MappingProxyType({}),
        on_note: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.spare = spare
        self._root = str(root.resolve())
        self._mode = mode
        self._never = {**refused, **{module: why for module in modules if (why := never(module))}}
        self._modules = [module for module in modules if module not in self._never]
        self._budget = budget
        self._on_note = on_note
        self._noted: set[str] = set()
        self._line: Line | None = None
        self._lost: list[Line] = []
        self._spares: list[_Spare] = []
        self._seats = 0
        self._env: dict[str, str] = {}
        self._checked = time.monotonic()
        self._ends = 0

    def start(self) -> None:
        """
        Start the keeper, and the template with it; returns at once, needs no event loop, and does so only once.

        Raises:
            MachineError: No process can be started.
        """
        if self._line is None:
            self._begin()

    def _begin(self, *, after: Line | None = None) -> None:
        if _LINUX:
            line = Line(on_note=self._note)
        else:
            from proofbook.kernels.direct import DirectLine

            line = DirectLine(on_note=self._note)
            if self._mode == "warm":
                self._mode = "cold"
                self._note("they are forked on Linux only")
        line.start(after=after)
        self._line = line
        if self._mode == "warm":
            ours = dict(os.environ)
            self._template(ours)
            self._fill(self._root, ours)

    async def kernel(
        self, name: str | None, *, cwd: str, environment: Mapping[str, str] | None = None, notebook: bytes = b""
    ) -> "LocalKernel":
        """
        A running kernel for one notebook.

        Args:
            name: Of the kernel specification; None for this Python's own.
            cwd: Folder that it works in.
            environment: Variables in addition to this process's.
            notebook: What it will run; one that sets a variable which libraries read at their import starts cold.

        Raises:
            NotebookError: There is no such kernel, or it cannot be started.
            MachineError: Keepers die, one after the other.
        """
        while True:
            line = self._living()
            try:
                kernel = await self._kernel(name, line, cwd=cwd, environment=environment, notebook=notebook)
            except NotebookError:
                if not line.lost:
                    raise
                continue
            if not line.lost:
                return kernel
            await kernel.bury()

    async def _kernel(
        self, name: str | None, line: Line, *, cwd: str, environment: Mapping[str, str] | None, notebook: bytes
    ) -> "LocalKernel":
        ours = dict(os.environ)
        env = {**ours, **(environment or {})}
        note = ""
        if self._mode == "warm" and (name or "") in NATIVE:
            if variable := early.variable(notebook):
                note = f"a notebook sets {variable}, which libraries read when they are imported"
            elif variable := self._differs(env, ours=ours):
                note = f"a kernel is given its own {variable}, which libraries may read when they are imported"
            else:
                kernel, note = await self._warm(name or "python3", cwd=cwd, env=env, ours=ours)
                if kernel is not None:
                    return kernel
                if line.lost:
                    raise NotebookError(f"kernel {name or 'python3'!r} cannot be started: {note}")
            self._note(note)
        return await self._cold(name or "python3", cwd=cwd, env=env, note=note)

    def _differs(self, env: Mapping[str, str], *, ours: Mapping[str, str]) -> str:
        """A variable that libraries may have read in the template, and that a kernel is to have otherwise."""
        if env == ours:
            return ""
        cuda = any(module.partition(".")[0] in _CUDA for module in self._modules)
        harmless = _HARMLESS if cuda else {*_HARMLESS, "CUDA_VISIBLE_DEVICES"}
        mine, its = _lasting(ours), _lasting(env)
        return next(
            (
                name
                for name in sorted({*mine, *its})
                if mine.get(name) != its.get(name) and name not in harmless and not name.startswith("PROOFBOOK_")
            ),
            "",
        )

    def spoils(self) -> dict[str, str]:
        """Of the refused modules those that were tried this time, each with what it did to the template."""
        if self._line is None:
            return {}
        self._line.pump()
        return dict(self._line.spoils)

    def refused(self) -> dict[str, str]:
        """The modules that are not preloaded though they were asked for, each with the reason."""
        if self._line is None:
            return dict(self._never)
        self._line.pump()
        return {**self._never, **self._line.refused}

    def costs(self) -> dict[str, Cost]:
        """What the template measured while it imported."""
        if self._line is None:
            return {}
        self._line.pump()
        return {module: Cost(*cost) for module, cost in self._line.costs.items()}

    async def close(self) -> None:
        """End all kernels and the keeper, and wait until nothing is left."""
        if self._line is not None:
            line, self._line = self._line, None
            self._spares = []
            await line.close()
        while self._lost:
            self._lost.pop().finish()

    async def process(self, argv: list[str], *, program: list[str], cwd: str, env: dict[str, str]) -> tuple[Line, Kept]:
        """
        A kernel's process for somebody else's manager, forked where that is possible.

        Args:
            argv: What the kernel sees as `sys.argv`; names its connection file.
            program: The command that starts the same kernel cold.
            cwd: Folder that it works in.
            env: All of its environment.
        """
        line = self._living()
        why = ""
        if self._mode == "warm":
            ours = dict(os.environ)
            if variable := self._differs(env, ours=ours):
                why = f"a kernel is given its own {variable}, which libraries may read when they are imported"
            else:
                why = await self._obstacle(ours)
        if self._mode == "warm" and not why:
            kept = line.warm(argv=argv, orig_argv=program, env=env, cwd=cwd)
            with _or_killed(line, kept):
                why = await self._until_booted(kept, line=line)
            if not why:
                return line, kept
            # it may be on its way yet, to the very place of the cold one: the keeper sees to it that it never comes
            line.signal(kept, signal.SIGKILL, tree=True)
            line.forget(kept)
        if why and not line.lost:
            self._note(why)
        kept = line.cold(argv=program, env=env, cwd=cwd)
        with _or_killed(line, kept):
            await line.until(lambda: kept.pid is not None or kept.over, timeout=_DEADLINE)
        if kept.pid is None:
            line.signal(kept, signal.SIGKILL, tree=True)
        if line.lost:
            return await self.process(argv, program=program, cwd=cwd, env=env)
        return line, kept

    @property
    def folder(self) -> Path:
        """Private folder of the keeper, for sockets."""
        return self._open().folder

    def _living(self) -> Line:
        """The line to a keeper that lives, as far as is known; where one died, to another, which starts now."""
        self.start()
        line = self._open()
        line.pump()
        if not line.lost:
            return line
        how = line.mourn()
        self._drop()
        if len(self._lost) + 1 >= _KEEPERS:
            raise MachineError(f"{how} again: the system's log may tell what ends processes here")
        # whoever waits at the old line still wakes from it
        self._lost.append(line)
        self._begin(after=line)
        self._on_note(f"{how}, and its kernels with it: another one is started")
        return self._open()

    # cold

    async def _cold(self, name: str, *, cwd: str, env: dict[str, str], note: str) -> "LocalKernel":
        from proofbook.kernels.local import LocalKernel

        line = self._open()
        seat = self._seat(name)
        try:
            kernel = LocalKernel(line=line, seat=seat, kernel_name=name)
            kernel.note = note
            command = kernel.command()
            kernel.take(line.cold(argv=command, env=kernel.environment(env), cwd=cwd))
            kept = kernel.kept
            assert kept is not None  # noqa: S101  taken in the line before
            with _or_killed(line, kept):
                await line.until(lambda: kept.pid is not None or kept.over, timeout=_DEADLINE)
        except BaseException:
            seat.remove()
            raise
        if kept.pid is None:
            await kernel.bury()
            raise NotebookError(f"kernel {name!r} cannot be started: {kept.failed or 'the keeper does not answer'}")
        return kernel

    # warm

    async def _warm(
        self, name: str, *, cwd: str, env: dict[str, str], ours: dict[str, str]
    ) -> "tuple[LocalKernel | None, str]":
        """A warm kernel, or why there is none. `env` is all of its environment, `ours` that of this process."""
        if why := await self._obstacle(ours):
            return None, why
        line = self._open()
        spare = self._take(cwd, env) if env == ours else None
        spare = spare or self._ask(cwd, env)
        from proofbook.kernels.local import LocalKernel

        try:
            self._fill(cwd, ours)
            why = await self._until_booted(spare.kept, line=line)
            kernel = LocalKernel(line=line, seat=spare.seat, kernel_name=name)
        except BaseException:
            # nobody waits for it any more, and no other notebook may have it
            self._discard(spare)
            raise
        if why:
            self._discard(spare)
            return None, why
        kernel.take(spare.kept)
        kernel.warm = True
        return kernel, ""

    async def _obstacle(self, ours: dict[str, str]) -> str:
        """Why no kernel can be forked; first see to it that the template is up to date."""
        line = self._open()
        line.pump()
        if line.broken:
            return line.broken
        if ours != self._env and _lasting(ours) != _lasting(self._env):
            self._drop()
            self._template(ours)
        # a kernel that has ended may have installed something
        if self._spares and (line.ends != self._ends or time.monotonic() - self._checked > _FRESH_FOR):
            ends, ready = line.ends, line.ready
            if await line.check(timeout=_DEADLINE):
                self._checked, self._ends = time.monotonic(), ends
            elif ready:
                line.stuck(ready)
        return line.broken

    async def _until_booted(self, kept: Kept, *, line: Line) -> str:
        """Wait for a fork to take messages. Returns why it does not, or nothing."""
        while not (kept.booted or kept.over):
            left = max(0.0, line.since + _PATIENCE - time.monotonic())
            if not await line.until(functools.partial(_at_hand, line, kept), timeout=left):
                return f"what is preloaded was not imported within {_PATIENCE:g} s"
            ready = line.ready
            if not await line.until(functools.partial(_moved, line, kept, ready), timeout=_DEADLINE):
                if ready and kept.pid is None:
                    # the next notebook shall not wait as long
                    line.stuck(ready)
                break
        if kept.booted and not kept.over:
            return ""
        if kept.failed:
            return kept.failed
        return f"a forked kernel ended at once: {kept.said[-500:]}" if kept.over else "a fork took too long"

    def _template(self, env: dict[str, str]) -> None:
        self._env = env
        self._open().template(
            argv=[sys.executable, "-c", _TEMPLATE],
            env=env,
            cwd=self._root,
            modules=self._modules,
            budget=self._budget,
            calm=_CALM,
        )

    def _ask(self, cwd: str, env: dict[str, str]) -> _Spare:
        seat = self._seat("python3")
        program, argv = native(seat.file)
        return _Spare(seat, self._open().warm(argv=argv, orig_argv=program, env=env, cwd=cwd), cwd, env)

    def _fill(self, cwd: str, env: dict[str, str]) -> None:
        """Have as many spare kernels as there shall be, for where the last one was asked for."""
        for spare in [*self._spares]:
            if (spare.cwd, spare.env) != (cwd, env):
                self._discard(spare)
        while len(self._spares) < self.spare:
            self._spares.append(self._ask(cwd, env))

    def _take(self, cwd: str, env: dict[str, str]) -> _Spare | None:
        line = self._open()
        for spare in [*self._spares]:
            if spare.kept.over or (spare.kept.generation and spare.kept.generation <= line.stale):
                self._discard(spare)
            elif (spare.cwd, spare.env) == (cwd, env):
                self._spares.remove(spare)
                return spare
        return None

    def _drop(self) -> None:
        for spare in [*self._spares]:
            self._discard(spare)

    def _discard(self, spare: _Spare) -> None:
        if spare in self._spares:
            self._spares.remove(spare)
        # the end of the pool ends all kernels and removes their seats
        if self._line is not None:
            self._line.abandon(spare.kept, functools.partial(_cleared, spare.seat))

    def _seat(self, kernel_name: str) -> Seat:
        self._seats += 1
        return Seat.make(self._open().folder / str(self._seats), kernel_name=kernel_name)

    def _open(self) -> Line:
        if self._line is None:
            raise MachineError("the pool of kernels is closed")
        return self._line

    def _note(self, why: str) -> None:
        if why not in self._noted:
            self._noted.add(why)
            self._on_note(f"kernels start cold: {why}")


@contextlib.contextmanager
def _or_killed(line: Line, kept: Kept) -> Iterator[None]:
    """End a kernel that is waited for when the waiting ends otherwise than it should."""
    try:
        yield
    except BaseException:
        line.signal(kept, signal.SIGKILL, tree=True)
        line.forget(kept)
        raise


def _cleared(seat: Seat) -> None:
    # a fork that was given up before it was told of may be making its sockets there; then the seat goes with the pool
    with contextlib.suppress(MachineError):
        seat.remove()


def _at_hand(line: Line, kept: Kept) -> bool:
    """Whether there is a template that can fork, or nothing left to wait for."""
    return kept.booted or kept.over or bool(line.ready or line.broken)


def _moved(line: Line, kept: Kept, ready: int) -> bool:
    """Whether a fork has come to something, or another template than the one that was ready has its turn."""
    return kept.booted or kept.over or line.ready != ready


def _lasting(env: Mapping[str, str]) -> dict[str, str]:
    """Those variables that libraries might look at when they are imported."""
    return {name: value for name, value in env.items() if name not in _APART and not name.startswith("JPY_")}
