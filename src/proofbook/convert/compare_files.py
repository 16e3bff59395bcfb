"""Compares the files that two runs left behind: by content, and where a format carries the time, by what it means."""

import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Collection, Mapping
from pathlib import Path

from proofbook.convert.compare import Difference, same_picture
from proofbook.disk.atomic import digest_of

__all__ = ["compare_files", "snapshot"]

_READ_WHOLE = 64 * 1024 * 1024
_PICTURES = {".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff"}
_ARCHIVES = {".xlsx", ".zip", ".npz", ".docx", ".pptx", ".keras"}
_DATED = {
    ".pdf": re.compile(rb"/(CreationDate|ModDate) *\([^)]*\)|/ID *\[[^\]]*\]"),
    ".svg": re.compile(rb"<dc:date>[^<]*</dc:date>|(?<=[#\"(])[mpc][0-9a-f]{10}\b"),
    ".html": re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
}


def snapshot(folder: Path) -> dict[str, str]:
    """Every file below `folder`, relative, to its digest; without caches and checkpoints."""
    found = {}
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not {"__pycache__", ".ipynb_checkpoints"} & set(parts):
            found[path.relative_to(folder).as_posix()] = digest_of(path)
    return found


def compare_files(
    original: Path,
    task: Path,
    *,
    before: Mapping[str, str],
    ignored: Collection[str],
) -> tuple[Difference, ...]:
    """
    Compare what two runs wrote.

    Args:
        original: Folder in which the one ran.
        task: Folder in which the other ran.
        before: What both folders held at the start, as `snapshot` says.
        ignored: Files that only the way of running has written.
    """
    ours, theirs = snapshot(original), snapshot(task)
    found = []
    for path in sorted({*ours, *theirs} - set(ignored)):
        one, two = ours.get(path), theirs.get(path)
        # a product that was there before was taken away from the task, so that it must write it
        if one == two or (two is None and one == before.get(path)):
            continue
        if one is None or two is None:
            what = "written by the task only" if one is None else "written by the original only"
            found.append(Difference(path=path, what=f"{path}: {what}"))
        elif not _same(original / path, task / path):
            found.append(Difference(path=path, what=f"{path}: other content"))
    return tuple(found)


def _same(one: Path, other: Path) -> bool:
    """Whether two files of different bytes mean the same."""
    if max(one.stat().st_size, other.stat().st_size) > _READ_WHOLE:
        return False
    kind, ours, theirs = one.suffix.lower(), one.read_bytes(), other.read_bytes()
    if kind in _PICTURES:
        return bool(same_picture(ours, theirs))
    if kind in _DATED:
        return _DATED[kind].sub(b"", ours) == _DATED[kind].sub(b"", theirs)
    if kind in _ARCHIVES:
        return _members(ours) == _members(theirs) is not None
    if kind == ".gz":
        return _unpacked(ours) == _unpacked(theirs) is not None
    return False


def _members(content: bytes) -> dict[str, int] | None:
    """The members of an archive with their checksums; what only says when it was made is left out."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {
                member.filename: member.CRC for member in archive.infolist() if member.filename != "docProps/core.xml"
            }
    except (zipfile.BadZipFile, OSError, ValueError):
        return None


def _unpacked(content: bytes) -> bytes | None:
    try:
        with gzip.open(io.BytesIO(content)) as file:
            unpacked = file.read(_READ_WHOLE + 1)
    except (OSError, EOFError, zlib.error):
        return None
    return unpacked if len(unpacked) <= _READ_WHOLE else None
