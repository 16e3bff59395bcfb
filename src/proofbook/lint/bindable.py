"""Which names a cell may bind, and from which of its lines on that is anybody's guess."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from proofbook.analyze.cells import CellFlow
from proofbook.analyze.magic_names import PYTHON_BODY, bound_by
from proofbook.lint.dynamic_names import computing
from proofbook.lint.star_imports import exported

__all__ = ["Bindable", "bindable", "in_one_loop", "in_same_loops", "mentions"]

_NAMESPACES = frozenset({"exec", "globals", "locals", "vars"})
_OF_SHELL = frozenset({"ex", "push", "run_cell", "run_cell_magic", "safe_execfile"})
_PYLAB = frozenset({"numpy", "matplotlib", "pylab", "mlab", "pyplot", "np", "plt", "display", "figsize", "getfigs"})
"""Names that `%pylab` binds beside all those of pylab and numpy."""
_WORDS = ("globals", "__main__", "builtins", "user_ns", "user_global_ns", "get_ipython", "sys.modules")
"""One of these stands in every cell that may bind names nobody can see, and that the analysis does not know for it."""
_WORD = re.compile(r"[^\W\d]\w*")
_STAR_IMPORT = re.compile(r"import[ \t]+\*")


class Bindable(Struct, frozen=True, kw_only=True):
    """The names that one cell may bind."""

    names: frozenset[str]
    unknown_from: int | None = None
    """The line from which on it may bind any name whatever; None where all that it may bind is in `names`."""


def bindable(flow: CellFlow, *, folders: tuple[Path, ...]) -> Bindable:
    """
    What a cell may bind.

    Args:
        flow: The cell.
        folders: Where modules are looked for first: where the notebook lies.
    """
    if flow.problem is not None:
        # what a cell that does not parse was going to define is somewhere among its words
        any_name = flow.wild or _STAR_IMPORT.search(flow.cell.source) is not None
        return Bindable(names=frozenset(_WORD.findall(flow.cell.source)), unknown_from=1 if any_name else None)
    names = {binding.name for binding in flow.bindings} | set(flow.defines) | flow.maybe_defines
    if flow.tree is None:
        return Bindable(names=frozenset(names), unknown_from=1 if flow.wild else None)
    unknown = list(_writes_any_name(flow, folders=folders))
    for known in flow.imports:
        if known.name == "*":
            found = exported(known.module, folders=folders) if not known.level else None
            if found is None:
                unknown.append(known.line)
            names |= found or frozenset()
    for magic in flow.magics:
        if magic.name == "pylab":
            names |= _pylab(folders) or frozenset()
    if flow.wild and not unknown and not _explained(flow):
        unknown.append(1)
    return Bindable(names=frozenset(names), unknown_from=min(unknown, default=None))


def _explained(flow: CellFlow) -> bool:
    """Whether it is known why the analysis took the cell for one that binds any name, and it does not."""
    starred = any(known.name == "*" for known in flow.imports)
    return starred or any(magic.name == "pylab" for magic in flow.magics) or mentions(flow, _NAMESPACES)


def _pylab(folders: tuple[Path, ...]) -> frozenset[str] | None:
    """What `%pylab` binds; None where that cannot be read."""
    found, numpy = exported("pylab", folders=folders), exported("numpy", folders=folders)
    return _PYLAB | found | numpy if found is not None and numpy is not None else None


def in_one_loop(flow: CellFlow, *lines: int) -> bool:
    """Whether a loop holds all these lines: then what stands below may have run in the turn before."""
    loops = [*flow.nodes(ast.For), *flow.nodes(ast.AsyncFor), *flow.nodes(ast.While)]
    return any(all(loop.lineno <= line <= (loop.end_lineno or 0) for line in lines) for loop in loops)


def in_same_loops(flow: CellFlow, one: int, other: int) -> bool:
    """Whether every loop whose body holds line `one` holds line `other` as well."""
    loops: list[ast.For | ast.AsyncFor | ast.While] = [
        *flow.nodes(ast.For),
        *flow.nodes(ast.AsyncFor),
        *flow.nodes(ast.While),
    ]
    bodies = [(loop.body[0].lineno, loop.body[-1].end_lineno or 0) for loop in loops]
    return all(first <= other <= last for first, last in bodies if first <= one <= last)


def mentions(flow: CellFlow, names: frozenset[str]) -> bool:
    """Whether one of `names` stands anywhere in the cell."""
    return any(node.id in names for node in flow.nodes(ast.Name))


def _writes_any_name(flow: CellFlow, *, folders: tuple[Path, ...]) -> Iterator[int]:
    """The lines of what may bind any name, but for star imports."""
    for magic in flow.magics:
        known = magic.name == "pylab" and _pylab(folders) is not None
        if (magic.wild and not known) or (flow.wild and magic.kind == "cell" and magic.name not in PYTHON_BODY):
            yield magic.line
    # most cells cannot do it, and looking at every node of theirs takes longer than all else
    able = flow.wild or any(word in flow.code for word in _WORDS)
    if not able or flow.tree is None:
        return
    yield from (call.lineno for call in computing(flow.tree))
    if "sys.modules" in flow.code:
        yield from (node.lineno for node in _own_module(flow))
    called = {id(call.func) for call in flow.nodes(ast.Call)}
    for node in flow.nodes(ast.Name, ast.alias, ast.Attribute, ast.Call):
        handed = isinstance(node, ast.Name) and node.id in _NAMESPACES and id(node) not in called
        if handed or _writes_by(node):
            yield node.lineno  # type: ignore[attr-defined]


def _writes_by(node: ast.AST) -> bool:
    if isinstance(node, ast.alias):
        return node.name == "__main__"
    if isinstance(node, ast.Attribute):
        return _is_namespace(node)
    return isinstance(node, ast.Call) and _lets_the_shell(node)


def _is_namespace(node: ast.Attribute) -> bool:
    """The shell's own namespace, or a name put among the builtins."""
    of_builtins = isinstance(node.value, ast.Name) and node.value.id in {"builtins", "__builtins__"}
    return node.attr in {"user_ns", "user_global_ns"} or (of_builtins and isinstance(node.ctx, ast.Store))


def _own_module(flow: CellFlow) -> list[ast.Subscript]:
    """Where the cell takes the module that the notebook is, and does more with it than to read an attribute."""
    reading = {
        id(node.value)
        for node in flow.nodes(ast.Attribute)
        if isinstance(node.ctx, ast.Load) and node.attr != "__dict__"
    }
    for call in flow.nodes(ast.Call):
        if getattr(call.func, "id", getattr(call.func, "attr", "")) in {"getattr", "hasattr", "dir", "getmembers"}:
            reading |= {id(argument) for argument in call.args}
    return [node for node in flow.nodes(ast.Subscript) if id(node) not in reading and _is_notebook(node)]


def _is_notebook(node: ast.expr) -> bool:
    """`sys.modules[__name__]`, the module that the notebook itself is."""
    if not isinstance(node, ast.Subscript) or getattr(node.value, "attr", "") != "modules":
        return False
    return getattr(node.slice, "id", "") == "__name__" or getattr(node.slice, "value", "") == "__main__"


def _lets_the_shell(node: ast.Call) -> bool:
    """Whether it is `get_ipython().run_cell(...)` and its like, or its `run_line_magic` of a magic that binds names."""
    method = node.func
    if not isinstance(method, ast.Attribute) or not isinstance(method.value, ast.Call):
        return False
    if not isinstance(method.value.func, ast.Name) or method.value.func.id != "get_ipython":
        return False
    if method.attr != "run_line_magic":
        return method.attr in _OF_SHELL
    given = [argument.value if isinstance(argument, ast.Constant) else None for argument in node.args[:2]]
    name, arguments = (*given, "", "")[:2]
    return not (isinstance(name, str) and isinstance(arguments, str)) or bound_by("line", name, arguments).wild
