"""Start a pipeline: a small one that works, or the four lines in one that exists."""

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal

from msgspec import Struct

from proofbook.disk import atomic
from proofbook.exceptions import MachineError, UsageError
from proofbook.flow import door

__all__ = ["Started", "init"]

_TEMPLATE = files("proofbook.flow").joinpath("templates", "iris")
_RENAMED = {"gitignore": ".gitignore"}
"""A file of that name would act on this repository."""
_LAST = "pipeline.yaml"


class Started(Struct, frozen=True, kw_only=True):
    """What was done."""

    root: str
    kind: Literal["created", "added", "already"]
    """A new project, lines added to an existing one, or nothing to do."""
    files: tuple[str, ...] = ()
    """Files that were written, relative to the root."""
    lines: tuple[str, ...] = ()
    """Lines that were added to `pipeline.yaml`."""


def init(root: Path) -> Started:
    """
    Make a small working pipeline in `root`; where there is one already, open our door in it.

    Args:
        root: Folder of the project; made when it is not there.

    Raises:
        UsageError: Files are in the way. Nothing is then written.
        PipelineError: The existing `pipeline.yaml` cannot take the lines. Nothing is then written.
        MachineError: The folder cannot be read or written.
    """
    pipeline = root / "pipeline.yaml"
    try:
        return _open(pipeline, root=root) if pipeline.is_file() else _create(root)
    except OSError as error:
        raise MachineError(f"{error.filename or root}: {error.strerror}") from None


def _open(pipeline: Path, *, root: Path) -> Started:
    content = pipeline.read_bytes()
    missing = door.read(content).missing
    result = door.opened(content)
    if result == content:
        return Started(root=str(root), kind="already")
    # a link stays a link: what it points to is rewritten
    atomic.write(pipeline.resolve(), result)
    return Started(
        root=str(root), kind="added", files=(pipeline.name,), lines=tuple(door.LINES[key] for key in missing)
    )


def _create(root: Path) -> Started:
    if root.exists() and not root.is_dir():
        raise UsageError(f"{root} is a file: name a folder")
    contents = dict(sorted(_contents(_TEMPLATE).items(), key=lambda item: item[0] == _LAST))
    in_the_way = [name for name, content in contents.items() if _differs(root / name, content)]
    if in_the_way:
        raise UsageError(
            f"{root} already holds {', '.join(in_the_way)}: nothing was written; name an empty folder, "
            "or write a pipeline.yaml and run this again to add Proofbook's lines"
        )
    # pipeline.yaml comes last: a folder that has one is whole
    for name, content in contents.items():
        atomic.write(root / name, content)
    return Started(root=str(root), kind="created", files=tuple(contents))


def _contents(folder: Traversable, *, prefix: str = "") -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        name = f"{prefix}{_RENAMED.get(entry.name, entry.name)}"
        if entry.is_dir():
            found |= _contents(entry, prefix=f"{name}/")
        else:
            found[name] = entry.read_bytes()
    return found


def _differs(path: Path, content: bytes) -> bool:
    # what an interrupted call has written is not in the way
    if path.is_file():
        return path.read_bytes() != content
    return path.exists() or path.is_symlink() or any(parent.is_file() for parent in path.parents)
