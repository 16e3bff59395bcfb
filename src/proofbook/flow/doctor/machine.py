"""The machine: bytecode, encoding, and the disk under the project."""

import locale
import secrets
import shutil

from proofbook.disk import atomic, filesystem
from proofbook.exceptions import MachineError
from proofbook.flow.doctor.finding import Place, Said
from proofbook.report import words
from proofbook.store.layout import FOLDER, FORCE

__all__ = ["bytecode", "disk_space", "encoding", "file_system", "store_folder"]

_LITTLE, _TOO_LITTLE = 2_000_000_000, 200_000_000
"""Bytes."""


def bytecode(place: Place) -> Said:
    """PYTHONDONTWRITEBYTECODE: every kernel compiles everything that it imports, every time."""
    value = place.environment.get("PYTHONDONTWRITEBYTECODE")
    if value:
        cure = "unset PYTHONDONTWRITEBYTECODE (PYTHONPYCACHEPREFIX keeps the files out of the way)"
        return "warning", f"PYTHONDONTWRITEBYTECODE={value}: each kernel compiles all that it imports, each time", cure
    return "ok", "compiled modules are kept", ""


def encoding(place: Place) -> Said:  # noqa: ARG001
    """The encoding in which files are read that nobody named one for; Ploomber names none."""
    name = locale.getpreferredencoding(False)
    if name.lower().replace("-", "").replace("_", "") != "utf8":
        cure = "export PYTHONUTF8=1, or a locale such as LC_ALL=C.UTF-8"
        return "problem", f"text files are read as {name}: an accent in pipeline.yaml breaks the build", cure
    return "ok", "text files are read as UTF-8", ""


def store_folder(place: Place) -> Said:
    """Whether the store can be written; tried, because rights, quotas and mounts do not tell in advance."""
    store = place.root / FOLDER
    if store.is_symlink():
        return (
            "problem",
            f"{store} is a symbolic link, and the store must lie beside the pipeline",
            f"move {store} away",
        )
    if store.exists() and not store.is_dir():
        return "problem", f"{store} is a file, and the store must go there", f"move {store} away"
    folder = store if store.is_dir() else place.root
    probe = folder / f".proofbook-doctor-{secrets.token_hex(4)}"
    try:
        atomic.write(probe, b"")
        atomic.remove(probe)
    except (OSError, MachineError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        return "problem", f"{folder} cannot be written: {reason}", f"make {folder} writable, or work on a copy"
    return "ok", f"{folder} can be written", ""


def file_system(place: Place) -> Said:
    """The file system under the project, judged as the store judges it: on a network one it refuses to work."""
    found = filesystem.at(place.root, mounts=place.mounts)
    shown = f"{found.type or 'an unknown file system'} at {found.mounted_at}"
    if found.network and place.environment.get(FORCE) == "1":
        cure = "keep the project on a local disk: two builds at once may not see each other's lock"
        return "warning", f"{shown} is shared over a network, and {FORCE}=1 allows it all the same", cure
    if found.network:
        what = f"{shown} is shared over a network, where a database can be damaged: no build works here"
        return "problem", what, f"move the project to a local disk, or set {FORCE}=1"
    if found.read_only:
        return (
            "problem",
            f"{shown} is mounted read-only: nothing can be built here",
            "mount it writable, or work on a copy",
        )
    return "ok", shown, ""


def disk_space(place: Place) -> Said:
    """Room for products and the store."""
    free = shutil.disk_usage(place.root).free
    shown = f"{words.size(free)} are free under {place.root}"
    if free < _LITTLE:
        cure = "make room: each run keeps its notebooks and products"
        return "problem" if free < _TOO_LITTLE else "warning", shown, cure
    return "ok", shown, ""
