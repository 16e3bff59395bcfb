"""Copies of a project for work that may write anywhere in it: nothing in a copy is linked to what it was made of."""

import os
import shutil
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from msgspec import Struct

__all__ = ["Mirrored", "files", "mirror", "place"]

_SKIPPED = {"__pycache__", "node_modules", "site-packages", "venv"}


class Mirrored(Struct, frozen=True, kw_only=True):
    """What was copied."""

    copied: int
    left_out: tuple[str, ...] = ()
    """Files that were too large, relative to the project."""


def files(root: Path) -> Iterator[str]:
    """The files of a project, relative, with `/`: without hidden folders, environments and caches."""
    for folder, names, found in os.walk(root):
        here = Path(folder)
        names[:] = sorted(
            name
            for name in names
            if not name.startswith(".") and name not in _SKIPPED and not (here / name / "pyvenv.cfg").exists()
        )
        for name in sorted(found):
            if (here / name).is_file():
                yield (here / name).relative_to(root).as_posix()


def mirror(
    root: Path,
    target: Path,
    *,
    needed: Collection[str] = (),
    largest: int,
    without: Callable[[str], bool] = lambda _: False,
) -> Mirrored:
    """
    Copy the files of the project at `root` to `target`, folders included, also empty ones.

    Args:
        root: The project.
        target: A folder of the caller's own.
        needed: Files, and folders with all below them, that are copied whatever their size.
        largest: Bytes of the largest other file that is copied.
        without: Whether a file is not to be copied.

    Raises:
        OSError: The disk is full, a file cannot be read ...
    """
    wanted = tuple(needed)
    copied, left_out = 0, []
    for name in files(root):
        if without(name):
            continue
        source, place = root / name, target / name
        asked = any(name == other or name.startswith(f"{other}/") for other in wanted)
        place.parent.mkdir(parents=True, exist_ok=True)
        if not asked and source.stat().st_size > largest:
            left_out.append(name)
            continue
        shutil.copyfile(source, place)
        shutil.copymode(source, place)
        copied += 1
    for folder, names, _ in os.walk(root):
        names[:] = [name for name in names if not name.startswith(".") and name not in _SKIPPED]
        names[:] = [name for name in names if not (Path(folder) / name / "pyvenv.cfg").exists()]
        for name in names:
            (target / Path(folder).relative_to(root) / name).mkdir(parents=True, exist_ok=True)
    return Mirrored(copied=copied, left_out=tuple(left_out))


def place(source: Path, target: Path, *, largest: int) -> None:
    """
    Put a file that is only to be read at `target`: a copy, or a link to it where it is larger than `largest` bytes.

    Raises:
        OSError: The disk is full, a file cannot be read ...
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    if source.stat().st_size > largest:
        target.symlink_to(source.resolve())
    else:
        shutil.copyfile(source, target)
