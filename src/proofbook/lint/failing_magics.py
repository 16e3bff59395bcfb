"""Magics that IPython refuses whatever they are meant to do: below PB215."""

import builtins
import keyword
import re
from collections.abc import Iterator

from msgspec import Struct

from proofbook.analyze.cells import CellFlow
from proofbook.analyze.magic_names import FOREIGN_BODY, PYTHON_BODY, STATEMENT_AFTER
from proofbook.analyze.magics import Magic, transform
from proofbook.analyze.newer_syntax import newer
from proofbook.analyze.syntax import parse
from proofbook.lint.syntax import lines_of

__all__ = ["FailingMagic", "failing_magics"]

_OF_IPYTHON = (PYTHON_BODY - {"code_wrap"}) | frozenset(
    {"bash", "sh", "script", "perl", "ruby", "pypy", "python", "python2", "python3", "html", "HTML", "svg", "SVG"}
    | {"javascript", "js", "latex", "markdown", "writefile", "file", "system", "sx"}
)
"""Cell magics of IPython; other kernels have some of their own that need no body."""
_AUTOMAGIC = re.compile(r"(?P<word>[^\W\d]\w*)(\s+\S|$)")


class FailingMagic(Struct, frozen=True, kw_only=True):
    """One of them."""

    message: str
    advice: str
    line: int
    column: int


def failing_magics(flow: CellFlow) -> Iterator[FailingMagic]:
    """The magics of a cell that surely fail when it runs; none where the run may not come there, or goes on."""
    cell = [magic for magic in flow.magics if magic.kind == "cell"]
    if cell and cell[0].name in _OF_IPYTHON and _has_no_body(flow, cell[0]):
        yield FailingMagic(
            message=f"`%%{cell[0].name}` has nothing below it, and IPython refuses that",
            advice="drop it, or put what it is for below it",
            line=cell[0].line,
            column=cell[0].column,
        )
    # other cell magics may let the cell fail and go on
    if flow.tree is None or any(magic.name != "time" or magic.arguments for magic in cell):
        return
    for magic in flow.magics:
        if magic.kind != "line" or lines_of(flow)[magic.line - 1][:1].isspace():
            continue
        if magic.name.startswith("%"):
            if magic.name[1:] in _OF_IPYTHON | FOREIGN_BODY:
                yield FailingMagic(
                    message=f"`%{magic.name}` is no magic but on the first line of a cell",
                    advice="move it to the top of a cell, above comments too",
                    line=magic.line,
                    column=magic.column,
                )
        elif (found := _statement_error(magic)) is not None:
            yield found


def _has_no_body(flow: CellFlow, magic: Magic) -> bool:
    """Whether nothing at all, not even an empty line, stands below a cell magic."""
    below = flow.cell.source.replace("\r\n", "\n").split("\n")[magic.line :]
    return below in ([], [""]) and not magic.text.rstrip().endswith("?")


def _statement_error(magic: Magic) -> FailingMagic | None:
    """What is wrong with the statement that `%time` and its like are given, where that is no Python for sure."""
    options = STATEMENT_AFTER.get(magic.name)
    found = options.match(magic.text) if options else None
    statement = magic.text[found.end() :] if found else ""
    if not found or not statement.strip() or "\n" in statement or statement.startswith("-"):
        return None
    # `%time ls`, `%time sql select 1`: a name that Python does not know may be that of a magic
    word = _AUTOMAGIC.match(statement)
    if word and not (keyword.iskeyword(word["word"]) or hasattr(builtins, word["word"])):
        return None
    transformed = transform(statement)
    error = (transformed.parsed or parse(transformed.code)).error
    if not isinstance(error, SyntaxError) or newer(transformed.code) is not None:
        return None
    return FailingMagic(
        message=f"syntax error in what `%{magic.name}` is given: {error.msg}",
        advice="mend the statement",
        line=magic.line,
        column=magic.column + found.end() + (error.offset or 1) - 1,
    )
