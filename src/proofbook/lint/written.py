"""Which files a task's notebook writes, by paths that can be held against its products."""

import posixpath
import shlex
from collections.abc import Iterator

from msgspec import Struct

from proofbook.analyze.spans import segment
from proofbook.lint import parameters
from proofbook.lint.rule import Subject
from proofbook.model.notebook import Cell

__all__ = ["Written", "normal", "writes"]

_MOVES = {"os.chdir", "os.fchdir", "contextlib.chdir"}
_FOLDER_MAGICS = {"cd", "pushd", "popd"}
_WRITE_MAGICS = {"writefile", "file"}


class Written(Struct, frozen=True, kw_only=True):
    """A file that a cell writes."""

    path: str | None
    """Relative to the project where it lies in it; None where a parameter decides it, or nobody knows."""
    source: str
    """What says the path, as it is written."""
    cell: Cell
    line: int
    column: int


def writes(subject: Subject) -> Iterator[Written]:
    """The files that the notebook writes, in order. Where it changes its folder relative paths are not known."""
    given = {*parameters.declared(subject), *(subject.project.injected if subject.project is not None else ())}
    moved = _moves(subject)
    for flow in subject.flow:
        for use in flow.files:
            if use.mode == "write":
                source = segment(flow.cell.source, use.span)
                path = None if use.path is None or given.intersection(use.names) else normal(use.path, subject)
                path = None if path is not None and moved and not posixpath.isabs(path) else path
                line, column = use.call_span.line, use.call_span.column
                yield Written(path=path, source=source, cell=flow.cell, line=line, column=column)
        for magic in flow.magics:
            if magic.kind == "cell" and magic.name in _WRITE_MAGICS:
                name = _last_word(magic.arguments)
                plain = name and not moved and not {"{", "$"} & set(name)
                path = normal(name, subject) if plain else None
                yield Written(path=path, source=name, cell=flow.cell, line=magic.line, column=magic.column)


def normal(path: str, subject: Subject) -> str:
    """A path in its shortest form, relative to the project where it lies in it."""
    path = posixpath.normpath(path.replace("\\", "/"))
    if subject.folder is None or not posixpath.isabs(path):
        return path
    relative = posixpath.relpath(path, subject.folder.absolute().as_posix())
    return path if relative.startswith("..") else relative


def _moves(subject: Subject) -> bool:
    by_call = any(call.name in _MOVES for _, call in subject.calls)
    return by_call or any(magic.name in _FOLDER_MAGICS for flow in subject.flow for magic in flow.magics)


def _last_word(arguments: str) -> str:
    try:
        words = shlex.split(arguments)
    except ValueError:
        words = []
    return words[-1] if words and not words[-1].startswith("-") else ""
