"""What the analysis says of one cell: values only. Lines count from 1 within the cell, columns from 1 in characters."""

import ast
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, TypeVar

from msgspec import Struct

from proofbook.analyze.magics import Magic
from proofbook.analyze.syntax import Nodes
from proofbook.model.notebook import Cell

__all__ = [
    "Alias",
    "Called",
    "CellFlow",
    "Definition",
    "Exit",
    "FileUse",
    "Import",
    "Mutation",
    "RecordCall",
    "Span",
    "SyntaxProblem",
    "Use",
]

N = TypeVar("N", bound=ast.AST)

Binding = Literal[
    "assignment", "annotated", "augmented", "import", "function", "class", "for", "with", "except", "walrus", "match",
    "type", "magic", "global",
]  # fmt: skip


class Span(Struct, frozen=True, kw_only=True):
    """A piece of a cell's source; `end_column` is the column behind its last character."""

    line: int
    column: int
    end_line: int
    end_column: int


class SyntaxProblem(Struct, frozen=True, kw_only=True):
    """Why a cell does not parse."""

    message: str
    line: int
    column: int


class Definition(Struct, frozen=True, kw_only=True):
    """A name bound at the level of the notebook."""

    name: str
    kind: Binding
    """`global`: bound by a function with a `global` statement that the cell calls."""
    line: int
    column: int
    conditional: bool = False
    """In `bindings`: it stands in a branch or loop. In `defines`: the cell may end without the name."""
    via: str | None = None
    """The function, called here, that binds it."""


class Use(Struct, frozen=True, kw_only=True):
    """A name that the cell reads and has not surely bound before."""

    name: str
    line: int
    column: int
    deferred: bool = False
    """It stands in the body of a function or lambda: read when that is called, not when the cell runs."""
    possible: bool = False
    """The cell itself may have bound it, in a branch or loop. For a deferred use: somewhere in the cell."""
    conditional: bool = False
    """It stands in a branch, loop or handler that may not run."""
    guarded: bool = False
    """It stands in a `try` that catches NameError."""
    unlikely: bool = False
    """It stands in a branch or handler that may well not run; the body of a loop is none."""
    via: str | None = None
    """The function, called at this place, that reads it; the function's own body is elsewhere."""
    handed: bool = False
    """`via` is not called here, but given to somebody who probably calls it."""
    within: str = ""
    """Of a deferred use: the function in whose body it stands; empty in a lambda that is called at once."""


class Mutation(Struct, frozen=True, kw_only=True):
    """An object changed in place through a name of the notebook's level."""

    name: str
    line: int
    column: int
    how: Literal["method", "attribute", "item", "delete", "inplace", "augmented", "argument"]
    text: str
    """For people: `.append()`, `.columns =`, `[...] =`, `inplace=True`, `+=`, `shuffle(...)`."""
    kind: str | None = None
    """What the object plainly is, as `library_methods` calls it; None where only the method's name speaks for it."""
    expected: bool = False
    """The object is made to be changed: an estimator is fitted, axes are drawn on, a generator is drawn from."""
    local: bool = False
    """The cell had surely bound the name before, so the object may be the cell's own (see `aliases`)."""
    conditional: bool = False
    via: str | None = None
    """The function, called here, that does it."""


class Alias(Struct, frozen=True, kw_only=True):
    """`name = of`, or a part of it: two names, one object."""

    name: str
    of: str
    exact: bool
    """`y = x`; False for `y = x.attribute` and `y = x[...]`, which may be a view, or of `x` only sometimes."""
    line: int
    column: int


class Import(Struct, frozen=True, kw_only=True):
    """One name of one import statement."""

    module: str
    """Dotted, as written; empty for `from . import x`."""
    name: str | None
    """`from module import name`; None for `import module`, `*` for a star import."""
    alias: str
    """The name that is bound; empty for a star import."""
    level: int = 0
    """Dots of a relative import."""
    line: int
    column: int
    guarded: Literal["", "try", "type-checking"] = ""
    """It stands in a `try` that catches ImportError, or below `if TYPE_CHECKING`."""
    deferred: bool = False
    """Inside a function."""


class Called(Struct, frozen=True, kw_only=True):
    """A call of a builtin or of something imported."""

    name: str
    """`os.chdir`, however it was imported; builtins as they are."""
    node: ast.Call
    span: Span
    deferred: bool = False
    """It stands in the body of a function or lambda."""


class FileUse(Struct, frozen=True, kw_only=True):
    """A file (or folder) that the cell reads or writes."""

    mode: Literal["read", "write"]
    path: str | None
    """The path where it can be computed from constants of the notebook, as written; None where not."""
    call: str
    """`pandas.read_csv`, `open`, `.to_parquet` ..."""
    span: Span
    """The argument that says the path."""
    call_span: Span
    literal: bool = False
    """The argument is one plain string."""
    name: str | None = None
    """The argument is this name, whose one assignment in the notebook is a constant."""
    names: tuple[str, ...] = ()
    """All names of the notebook that went into the path."""
    deferred: bool = False


class RecordCall(Struct, frozen=True, kw_only=True):
    """A call of `proofbook.record` or `scrapbook.glue`, under whatever name it was imported."""

    function: Literal["record", "profile", "glue"]
    name: str | None
    """The record's name, where it is a constant of the notebook; None where it is computed."""
    keywords: tuple[str, ...] = ()
    """Keyword arguments by name; `**` stands for unpacked ones."""
    value: ast.expr | None = None
    """The second argument: what is recorded."""
    span: Span
    repeated: bool = False
    """It stands in a loop, comprehension or function: it may run more than once."""
    deferred: bool = False


class Exit(Struct, frozen=True, kw_only=True):
    """Something that ends the kernel."""

    call: str
    """`exit()`, `sys.exit()`, `os._exit()`, `raise SystemExit` ..."""
    line: int
    column: int
    deferred: bool = False
    unlikely: bool = False
    """It stands in a branch or handler that may well not run."""


class CellFlow(Struct, frozen=True, kw_only=True):
    """
    One code cell, understood. Nothing is executed: what is said holds for every run unless marked otherwise.

    The cell's *level* is the notebook's namespace: names of functions' and comprehensions' own scopes do not appear.
    A cell that does not parse has `problem` set, its magics, and nothing else.
    """

    cell: Cell
    tree: ast.Module | None
    """The syntax tree of `code`; None where it does not parse. Its columns count bytes: use `place`."""
    code: str
    """The cell with magics turned into Python, line for line; see `magics.transform`."""
    shifts: dict[int, int] = {}
    """Characters that a line of `code` lacks at its left, compared with the cell."""
    problem: SyntaxProblem | None = None
    magics: tuple[Magic, ...] = ()
    syntax: Nodes = {}
    """Every node of `tree` by its class; see `nodes`."""
    type_parameters: frozenset[str] = frozenset()
    """Of a cell in a newer Python's syntax: names that are known within a function or class only."""

    defines: dict[str, Definition] = {}
    """Names that exist because of this cell when it has ended, each with the first place that binds it."""
    bindings: tuple[Definition, ...] = ()
    """Every binding of a name of the notebook, in order, also of names that the cell deletes again."""
    deletes: dict[str, Span] = {}
    """Names that surely do not exist any more when the cell has ended."""
    uses: tuple[Use, ...] = ()
    """Names read from outside the cell, or before the cell binds them, in order; known names are left out."""
    unbound: tuple[Use, ...] = ()
    """
    Calls of functions that read an own name before anything binds it, in order; the name is none of the notebook's.
    """
    reads: frozenset[str] = frozenset()
    """All names of the notebook's level that are read anywhere in the cell, also its own ones; magics included."""
    wild: bool = False
    """It may bind names that cannot be known: star import, `%run`, `exec`, `globals()[...] = `, unknown magics."""
    maybe_defines: frozenset[str] = frozenset()
    """Names bound by functions with a `global` statement, whether or not somebody calls them."""

    mutates: tuple[Mutation, ...] = ()
    """Objects surely changed in place; never modules (`os.environ[...] =`, `plt.rcParams[...] =` are not here)."""
    maybe_mutates: tuple[Mutation, ...] = ()
    """
    Objects that an unknown method is called on, or that are passed to an unknown function. Whoever blames somebody for
    a change must leave them alone; whoever promises that nothing has changed must count them in.
    """
    aliases: tuple[Alias, ...] = ()

    maybe_aliases: tuple[Alias, ...] = ()
    """
    Names that may have (a part of) an object in common besides: `x = [y]`, `x = f(y)`, `for x in y`, `x.append(y)`.
    Only where `cells.analyze` is asked for them.

    Whatever changes is named in `mutates` or `maybe_mutates`, or is linked, through these and `aliases` in either
    direction, to a name that is.
    """

    imports: tuple[Import, ...] = ()
    calls: tuple[Called, ...] = ()
    """In the order in which they stand."""
    files: tuple[FileUse, ...] = ()
    records: tuple[RecordCall, ...] = ()
    exits: tuple[Exit, ...] = ()
    top_level_await: bool = False

    def nodes(self, *kinds: type[N]) -> Iterator[N]:
        """
        The nodes of these classes, in the order of the text; none where the cell does not parse.

        Rules ask this rather than search the tree, which takes longer than everything else that they do.
        Several classes at once must be such as have a place: expressions, statements, handlers, patterns.
        """
        found = [node for kind in kinds for node in self.syntax.get(kind, ())]
        if len(kinds) > 1:
            found.sort(key=lambda node: (node.lineno, node.col_offset))  # type: ignore[attr-defined]
        return iter(found)  # type: ignore[arg-type]

    def place(self, node: ast.expr | ast.stmt | ast.alias | ast.ExceptHandler | ast.arg | ast.keyword) -> Span:
        """Where a node of `tree` stands in the cell."""
        return span_of(node, _lines(self.code), self.shifts)


@lru_cache(maxsize=64)
def _lines(code: str) -> list[str]:
    """A cell is asked for many places, one after the other."""
    return code.split("\n")


def span_of(
    node: ast.expr | ast.stmt | ast.alias | ast.ExceptHandler | ast.arg | ast.keyword | ast.pattern,
    lines: list[str],
    shifts: dict[int, int],
) -> Span:
    """The span of `node` in a cell whose Python has these `lines`; Python counts bytes, people count characters."""
    end_line = node.end_lineno if node.end_lineno is not None else node.lineno
    end_offset = node.end_col_offset if node.end_col_offset is not None else node.col_offset
    return Span(
        line=node.lineno,
        column=_column(node.lineno, node.col_offset, lines, shifts),
        end_line=end_line,
        end_column=_column(end_line, end_offset, lines, shifts),
    )


def _column(line: int, offset: int, lines: list[str], shifts: dict[int, int]) -> int:
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    characters = offset if text.isascii() else len(text.encode()[:offset].decode(errors="ignore"))
    return characters + 1 + shifts.get(line, 0) if shifts else characters + 1
