"""
What earlier builds imported and what that cost, kept where a build finds it before it has loaded anything.

The store knows it too, run by run, but opening the store takes longer than starting the kernels: this is a cache under
`.proofbook/cache/`, and may be removed at any time.
"""

import hashlib
import os
import sysconfig
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

import msgspec
from msgspec import Struct

from proofbook.disk import atomic
from proofbook.exceptions import ProofbookError

__all__ = ["Learned", "Refusal", "keep", "read", "refused"]

_NAME = ".proofbook/cache/imports.json"
_LARGEST = 5000
"""Modules that are kept of a task: the rest cost next to nothing, or the task is no ordinary one."""

_VALID = 7 * 86400.0
"""Seconds after which a refused module is tried again."""


class Refusal(Struct, frozen=True, kw_only=True):
    """A module that spoilt the process that imported it ahead."""

    why: str
    at: float
    """Seconds since 1970."""
    installed: str
    """What was installed then."""


class Learned(Struct, frozen=True, kw_only=True):
    """What is known of the project's tasks."""

    imports: dict[str, dict[str, float]] = {}
    """Task to the modules that its last run imported, with the seconds each took; 0 where that is not known."""
    costs: dict[str, tuple[float, int]] = {}
    """Module to the seconds and the bytes of memory that it took when it was imported ahead."""
    refused: dict[str, Refusal] = {}
    """Modules that are not to be tried again for a while."""


def read(root: Path) -> Learned:
    """What is known of the project in `root`: nothing, where nothing was built there yet."""
    try:
        return msgspec.json.decode((root / _NAME).read_bytes(), type=Learned)
    except (OSError, msgspec.DecodeError):
        return Learned()


def refused(known: Learned) -> dict[str, str]:
    """The modules that are not worth another try, each with the reason: nothing else was installed meanwhile."""
    return {module: refusal.why for module, refusal in _valid(known.refused, _installed()).items()}


def _valid(refusals: Mapping[str, Refusal], installed: str) -> dict[str, Refusal]:
    now = time.time()
    return {
        module: refusal
        for module, refusal in refusals.items()
        if refusal.installed == installed and 0 <= now - refusal.at < _VALID
    }


def _installed() -> str:
    """What tells one state of the installed distributions from another, without reading them."""
    found = []
    for folder in sorted({sysconfig.get_paths()[name] for name in ("purelib", "platlib")}):
        with suppress(OSError), os.scandir(folder) as entries:
            found += [
                f"{entry.path} {entry.stat().st_mtime_ns}"
                for entry in entries
                if entry.name.endswith((".dist-info", ".egg-info", ".egg-link", ".pth"))
            ]
    return hashlib.sha256("\n".join(sorted(found)).encode()).hexdigest()


def keep(
    root: Path,
    *,
    imports: Mapping[str, Mapping[str, float]],
    costs: Mapping[str, tuple[float, int]],
    refused: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """
    Add what a build has shown.

    Args:
        root: The project's folder, with a store in it.
        imports: Task to the modules that it imported; a task that imported nothing is left as it was known.
        costs: What the template measured.
        refused: Modules that spoilt a template, each with the reason.
    """
    known = read(root)
    shown = {
        task: dict(sorted(modules.items(), key=lambda item: -item[1])[:_LARGEST])
        for task, modules in imports.items()
        if modules
    }
    installed = _installed()
    new = {module: Refusal(why=why, at=time.time(), installed=installed) for module, why in refused.items()}
    learned = Learned(
        imports={**known.imports, **shown},
        costs={**known.costs, **costs},
        refused={**_valid(known.refused, installed), **new},
    )
    if learned == known:
        return
    # a cache that cannot be written costs time, and nothing else
    with suppress(ProofbookError, OSError):
        atomic.write(root / _NAME, msgspec.json.encode(learned), durable=False, mode=0o600)
