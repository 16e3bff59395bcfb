"""Names that come from outside: where they may lead, and what they may be called when a file is made of them."""

import re
import unicodedata
from collections.abc import Collection
from pathlib import Path, PurePosixPath

from proofbook.exceptions import PathEscapesError

__all__ = ["export_name", "inside"]

_LONGEST = 120
_FORBIDDEN = re.compile(r"[^A-Za-z0-9._-]+")
# names that mean a device on Windows, whatever follows the dot
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")


def inside(root: Path, relative: str) -> Path:
    """
    The place `relative` names below `root`, resolved: links inside may be followed, never out.

    Args:
        root: A folder.
        relative: A path with `/`, as a notebook, a manifest or a user wrote it. It is not decoded in any way.

    Raises:
        PathEscapesError: It is absolute, holds a NUL or a backslash, or leads out through `..` or a link.
    """
    if "\0" in relative or "\\" in relative or PurePosixPath(relative).is_absolute():
        raise PathEscapesError(f"the path {relative!r} must be relative, with / between its parts")
    try:
        base = root.resolve()
        resolved = (base / relative).resolve()
    except (OSError, RuntimeError, ValueError):
        # a loop of links, a name too long, a lone surrogate
        raise PathEscapesError(f"the path {relative!r} cannot be resolved below {root}") from None
    # by parts, never by characters: /data-secret is not below /data
    if not resolved.is_relative_to(base):
        raise PathEscapesError(f"the path {relative!r} leads out of {root}")
    return resolved


def export_name(name: str, *, taken: Collection[str] = ()) -> str:
    """
    A file name made of `name` that is harmless everywhere: 1 to 120 of `[A-Za-z0-9._-]`, no leading dot or dash.

    Args:
        name: Any text.
        taken: Names in use in that folder; the result differs from each, also where case does not count.
    """
    plain = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", name))
    plain = plain.lstrip(".-").rstrip(".")[:_LONGEST].rstrip(".") or "_"
    if _DEVICES.fullmatch(plain):
        plain = f"_{plain}"[:_LONGEST]
    used = {other.casefold() for other in taken}
    result, count = plain, 1
    while result.casefold() in used:
        count += 1
        stem, dot, suffix = plain.rpartition(".")
        ending = f"-{count}{dot}{suffix}" if stem and len(suffix) <= 10 else f"-{count}"
        result = (stem if stem and len(suffix) <= 10 else plain)[: _LONGEST - len(ending)] + ending
    return result
