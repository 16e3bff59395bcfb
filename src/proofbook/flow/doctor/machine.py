"""The machine: bytecode, encoding, and the disk under the project."""

import locale
import os
import re
import secrets
import shutil
from pathlib import Path
from typing import Literal

from proofbook.disk import atomic
from proofbook.exceptions import MachineError
from proofbook.flow.doctor.finding import Place

__all__ = ["bytecode", "disk_space", "encoding", "file_system", "store_folder"]

Said = tuple[Literal["ok", "warning", "problem"], str, str]

_FAR = re.compile(
    r"nfs\d*|cifs|smb\d*|smbfs|9p|afs|ceph|lustre|glusterfs|beegfs|gpfs|virtiofs|davfs|fuse\.(?!fuse-overlayfs).+"
)
_LITTLE, _TOO_LITTLE = 2_000_000_000, 200_000_000
"""Bytes."""
_OCTAL = re.compile(r"\\([0-7]{3})")


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
    store = place.root / ".proofbook"
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
    """A network file system under the project: its locks and its order of writes are not a disk's."""
    kind, mount = _mount_of(place.root.resolve(), mounts=place.mounts)
    if _FAR.fullmatch(kind):
        cure = "keep the project on a local disk: here two builds at once may not see each other's lock"
        return "warning", f"{mount} is a network file system ({kind})", cure
    return "ok", f"{kind} on {mount}", ""


def disk_space(place: Place) -> Said:
    """Room for products and the store."""
    free = shutil.disk_usage(place.root).free
    shown = f"{free / 1e9:.1f} GB are free under {place.root}"
    if free < _LITTLE:
        cure = "make room: each run keeps its notebooks and products"
        return "problem" if free < _TOO_LITTLE else "warning", shown, cure
    return "ok", shown, ""


def _mount_of(path: Path, *, mounts: Path) -> tuple[str, str]:
    """Kind and place of the file system that `path` lies on."""
    best = ("unknown", "/")
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return best
    longest = -1
    for line in lines:
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) < 5 or not after:
            continue
        place = _OCTAL.sub(lambda code: chr(int(code[1], 8)), fields[4])
        # of two mounts on one place the later covers the earlier
        if path.is_relative_to(place) and len(os.fspath(place)) >= longest:
            longest, best = len(place), (after.split(" ")[0], place)
    return best
