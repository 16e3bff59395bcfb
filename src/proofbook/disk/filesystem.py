"""On what kind of file system a path lies: a database must not lie on one that is shared over a network."""

import os
import re
from pathlib import Path

from msgspec import Struct

__all__ = ["FileSystem", "at"]

_MOUNTS = Path("/proc/self/mountinfo")
_NETWORK = frozenset(
    {
        *("nfs", "nfs3", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "ncpfs", "afs", "coda", "9p"),
        *("ceph", "lustre", "gpfs", "beegfs", "glusterfs", "orangefs", "pvfs2", "ocfs2", "gfs2", "davfs", "webdav"),
    }
)
# FUSE says no more than the name of its program: `fuse.sshfs`
_NETWORK_FUSE = (
    *("sshfs", "s3fs", "rclone", "gcsfuse", "goofys", "glusterfs", "ceph", "davfs"),
    *("blobfuse", "mount-s3", "juicefs"),
)


class FileSystem(Struct, frozen=True, kw_only=True):
    """The mounted file system that a path lies on."""

    type: str
    """As the kernel calls it: `ext4`, `nfs4`, `fuse.sshfs` ...; empty where it is not known."""
    mounted_at: str
    network: bool
    """Shared over a network: locks and the order of writes cannot be relied on there."""
    read_only: bool


def at(path: Path, *, mounts: Path = _MOUNTS) -> FileSystem:
    """
    The file system that `path`, or its nearest parent that exists, lies on.

    Args:
        path: Any path.
        mounts: The kernel's table of mounts, in the form of /proc/self/mountinfo.
    """
    resolved = os.path.realpath(path)
    found = FileSystem(type="", mounted_at="/", network=False, read_only=False)
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return found
    longest = -1
    for line in lines:
        left, _, right = line.partition(" - ")
        fields = left.split(" ")
        point = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), fields[4])
        # the later of two mounts at one place covers the earlier
        if _below(resolved, point) and len(point) >= longest:
            longest, kind = len(point), right.split(" ")[0]
            options = set(fields[5].split(",")) | set(right.split(" ")[-1].split(","))
            found = FileSystem(type=kind, mounted_at=point, network=_shared(kind), read_only="ro" in options)
    return found


def _below(path: str, mounted_at: str) -> bool:
    return mounted_at in {"/", path} or path.startswith(mounted_at.rstrip("/") + "/")


def _shared(kind: str) -> bool:
    return kind in _NETWORK or (kind.startswith("fuse") and kind.partition(".")[2].startswith(_NETWORK_FUSE))
