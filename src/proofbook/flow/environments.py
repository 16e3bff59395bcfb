"""
A second environment, like the one that a run had, to start kernels in.

It is made of what the run recorded as installed, name by name: a lock file says what ought to have been there. Where
the interpreter is the same, only packages of another version are installed, into an environment that sees all others;
so it takes seconds, and what did not change is the very same. Kept under `.proofbook/cache/environments/`.
"""

import asyncio
import hashlib
import os
import platform
import shutil
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

import proofbook
from proofbook.disk import atomic, mirror
from proofbook.exceptions import ReplayError
from proofbook.kernels.pool import Pool
from proofbook.kernels.seat import NATIVE
from proofbook.model.run import Environment, canonical

if TYPE_CHECKING:
    from proofbook.kernels.local import LocalKernel

__all__ = ["Elsewhere", "added", "differing", "same"]

_PLACE = ".proofbook/cache/environments"
_KEPT = 4
_SPEC = "proofbook-elsewhere"
_OURS = "proofbook"
"""Never installed: the one that replays is the one that records."""


def differing(wanted: Environment, here: Environment) -> dict[str, str]:
    """Packages that were installed in another version than now, or are no longer there: name to that version."""
    return {
        name: version
        for name, version in wanted.packages.items()
        if name != _OURS and here.packages.get(name) != version
    }


def same(wanted: Environment, here: Environment) -> bool:
    """Whether what was installed is there unchanged; packages that were added since cannot be taken away again."""
    return wanted.python == here.python and not differing(wanted, here)


def added(old: Environment, new: Environment) -> tuple[str, ...]:
    """Packages that only the newer one has."""
    return tuple(sorted(new.packages.keys() - old.packages.keys() - {_OURS}))


class Elsewhere(Pool):
    """
    Kernels of another environment, started cold; it is made when the first of them is asked for.

    Args:
        project: Folder of the project, where it is kept.
        wanted: What it shall be like.
        here: What this one is like.
        say: Told when it is being made.
        left: Seconds that are left; None: no limit.
    """

    def __init__(
        self,
        project: Path,
        *,
        wanted: Environment,
        here: Environment,
        say: Callable[[str], None],
        left: Callable[[], float | None],
    ) -> None:
        super().__init__(root=project, mode="cold", spare=0)
        self._project = project
        self._wanted = wanted
        self._here = here
        self._say = say
        self._left = left
        self._making = asyncio.Lock()
        self._failed = ""

    async def kernel(
        self, name: str | None, *, cwd: str, environment: Mapping[str, str] | None = None, notebook: bytes = b""
    ) -> "LocalKernel":
        """A kernel as `Pool` gives it; those of this Python's own name are of that environment. Raises ReplayError."""
        if (name or "") not in NATIVE:
            return await super().kernel(name, cwd=cwd, environment=environment, notebook=notebook)
        async with self._making:
            # what cannot be made is tried once
            if self._failed:
                raise ReplayError(self._failed)
            try:
                folder = await self._made()
            except ReplayError as error:
                self._failed = str(error)
                raise
        with _jupyter_path(folder / "share" / "jupyter"):
            return await super().kernel(_SPEC, cwd=cwd, environment=environment, notebook=notebook)

    async def _made(self) -> Path:
        """The folder of the environment. Raises ReplayError."""
        whole = self._wanted.python != self._here.python
        installed = {
            name: version for name, version in self._wanted.packages.items() if name != _OURS
        } if whole else differing(self._wanted, self._here)  # fmt: skip
        base = [] if whole else [sys.prefix, self._here.packages]
        key = hashlib.sha256(canonical([1, platform.machine(), self._wanted.python, installed, base])).hexdigest()
        folder = self._project / _PLACE / key
        if (folder / "complete").is_file():
            return folder
        atomic.remove(folder)
        self._say(
            f"making an environment with {len(installed)} package{'s' * (len(installed) != 1)} as the other run had "
            f"{'them' if len(installed) != 1 else 'it'}"
        )
        try:
            await self._make(folder, installed, whole=whole)
        except BaseException:
            atomic.remove(folder)
            raise
        atomic.write(folder / "complete", b"", durable=False)
        self._prune(folder.parent)
        return folder

    async def _make(self, folder: Path, installed: Mapping[str, str], *, whole: bool) -> None:
        uv = shutil.which("uv")
        python = folder / "bin" / "python"
        folder.parent.mkdir(parents=True, exist_ok=True)
        if uv:
            asked = self._wanted.python if whole else sys.executable
            await self._call(uv, "venv", "--quiet", "--python", asked, str(folder))
            install = [uv, "pip", "install", "--quiet", "--python", str(python)]
        elif whole:
            raise ReplayError(
                f"the other run had Python {self._wanted.python}, and this is {self._here.python}: uv would fetch it, "
                "and is not installed"
            )
        else:
            await self._call(sys.executable, "-m", "venv", "--without-pip", str(folder))
            install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
        if installed:
            pins = [f"{name}=={version}" for name, version in sorted(installed.items())]
            await self._call(*install, "--no-deps", *pins)
        packages = _site(folder)
        atomic.write(packages / "zz_beside.pth", _beside(whole=whole), durable=False)
        if whole:
            mirror.mirror(Path(proofbook.__file__).parent, packages / _OURS, largest=sys.maxsize)
        spec = {
            "argv": [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            "display_name": "Python 3",
            "language": "python",
        }
        place = folder / "share" / "jupyter" / "kernels" / _SPEC
        place.mkdir(parents=True)
        atomic.write(place / "kernel.json", msgspec.json.encode(spec), durable=False)

    async def _call(self, *command: str) -> None:
        """Run a program to its end; it never outlives the wait for it. Raises ReplayError."""
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}},
        )
        try:
            said, _ = await asyncio.wait_for(process.communicate(), self._left())
        except TimeoutError:
            raise ReplayError("the environment of the other run was not made in time") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            # uv draws its explanations
            plain = said.decode(errors="ignore").encode("ascii", "ignore").decode()
            why = " ".join(plain.split())[:300] or f"{Path(command[0]).name} ended with {process.returncode}"
            raise ReplayError(f"the environment of the other run cannot be made: {why}")

    def _prune(self, folder: Path) -> None:
        found = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns, reverse=True)
        for old in found[_KEPT:]:
            atomic.remove(old)


def _site(folder: Path) -> Path:
    return next(folder.glob("lib/python*/site-packages"))


def _beside(*, whole: bool) -> bytes:
    """What makes a new environment see this one's packages, after its own."""
    if whole:
        return b""
    places = dict.fromkeys(sysconfig.get_paths()[name] for name in ("purelib", "platlib"))
    return "".join(f"import site; site.addsitedir({place!r})\n" for place in places).encode()


@contextmanager
def _jupyter_path(folder: Path) -> Iterator[None]:
    """As long as this lasts, kernels are looked for there as well."""
    before = os.environ.get("JUPYTER_PATH")
    os.environ["JUPYTER_PATH"] = os.pathsep.join([str(folder), before] if before else [str(folder)])
    try:
        yield
    finally:
        if before is None:
            del os.environ["JUPYTER_PATH"]
        else:
            os.environ["JUPYTER_PATH"] = before
