"""What a cell binds and nobody reads: imports, literals and functions. What may be meant to be there is not found."""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from typing import TypeGuard

from msgspec import Struct

from proofbook.analyze import spans
from proofbook.analyze.cells import CellFlow
from proofbook.analyze.flow import Span
from proofbook.analyze.spans import offsets
from proofbook.lint.edits import statement_removed
from proofbook.lint.fix import Edit
from proofbook.lint.rule import Subject

__all__ = ["Unused", "is_library", "is_literal", "unused_functions", "unused_imports", "unused_literals"]

_QUIET = frozenset(
    {
        *(
            sys.stdlib_module_names
            - {"__future__", "antigravity", "idlelib", "readline", "rlcompleter", "site", "this"}
        ),
        *("IPython", "PIL", "bs4", "dateutil", "ipywidgets", "jinja2", "joblib", "lxml", "matplotlib", "networkx"),
        *("nbformat", "numba", "numpy", "pandas", "patsy", "plotly", "polars", "proofbook", "psutil", "pyarrow"),
        *("pytz", "requests", "scipy", "sklearn", "statsmodels", "sympy", "tabulate", "toml", "tqdm", "yaml"),
    }
)
"""Packages whose import does nothing that a notebook could be after, but for what `_ACTING` names."""
_ACTING = re.compile(r"experimental|register|enable|plotting|backend|latex|converter|jupyter")
_MEANT = re.compile(r"noqa(?!\s*:)|noqa\s*:.*F401|unused|side.?effect|regist|need|requir|enabl|activat", re.IGNORECASE)
_TASK_TAGS = {"parameters", "injected-parameters"}
_LIBRARY = 4
"""So many functions without a call, and a third of all, make a library."""
_CALLED_BY_OTHERS = ("_", "test", "pytest_", "setup", "teardown")

_Import = ast.Import | ast.ImportFrom


class Unused(Struct, frozen=True):
    """One statement, and what of it nobody reads."""

    statement: ast.stmt
    names: list[str]
    line: int
    column: int
    edit: Edit | None
    whole: bool = True
    """Nothing of the statement is read."""


def unused_imports(flow: CellFlow, is_used: Callable[[str], bool]) -> Iterator[Unused]:
    """The imports of the cell's level that surely do nothing but bind names, and of which a name is not used."""
    places = {
        (known.line, known.column): known
        for known in flow.imports
        if not (known.guarded or known.deferred or known.level or known.name == "*")
    }
    for node in _import_statements(flow):
        unused = [
            alias
            for alias in node.names
            if (known := places.get(_start(flow, alias))) is not None
            and _is_quiet(node, alias)
            and not is_used(known.alias)
        ]
        if not unused or _is_meant(flow, node.lineno, node.end_lineno):
            continue
        whole = len(unused) == len(node.names)
        line, column = _start(flow, unused[0])
        yield Unused(
            statement=node,
            names=[alias.asname or alias.name.split(".")[0] for alias in unused],
            line=line,
            column=column,
            edit=statement_removed(flow, node) if whole else _without(flow, node, unused),
            whole=whole,
        )


def _import_statements(flow: CellFlow) -> Iterator[_Import]:
    """In order; but for those in functions and classes."""
    stack: list[ast.AST] = list(reversed(flow.tree.body)) if flow.tree is not None else []
    while stack:
        node = stack.pop()
        if isinstance(node, _Import):
            yield node
        elif isinstance(node, ast.With):
            stack.extend(reversed(node.body))


def _start(flow: CellFlow, node: ast.alias | ast.expr) -> tuple[int, int]:
    span = flow.place(node)
    return span.line, span.column


def _is_quiet(node: _Import, alias: ast.alias) -> bool:
    """Whether the import does nothing but bind its name."""
    module = alias.name if isinstance(node, ast.Import) else f"{node.module}.{alias.name}"
    again = alias.asname is not None and alias.asname == alias.name
    hidden = (alias.asname or alias.name).startswith("_")
    return module.partition(".")[0] in _QUIET and not (again or hidden or _ACTING.search(module))


def _is_meant(flow: CellFlow, first: int, last: int | None = None) -> bool:
    """Whether a comment says that the author knows."""
    lines = spans.split(flow.code)[first - 1 : last or first]
    return any(_MEANT.search(line.partition("#")[2]) for line in lines)


def _without(flow: CellFlow, node: _Import, unused: list[ast.alias]) -> Edit | None:
    """The statement without some of its names, laid out as it was; None where comments stand between them."""
    source = flow.cell.source
    if any(flow.shifts.get(line) for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)):
        return None
    spans = [flow.place(alias) for alias in node.names]
    places = [offsets(source, span) for span in spans]
    if "#" in source[places[0][0] : places[-1][1]]:
        return None
    text = ""
    for number, (alias, (start, end)) in enumerate(zip(node.names, places, strict=True)):
        if alias not in unused:
            text += (source[places[number - 1][1] : start] if text else "") + source[start:end]
    first, last = spans[0], spans[-1]
    span = Span(line=first.line, column=first.column, end_line=last.end_line, end_column=last.end_column)
    return Edit(cell=flow.cell, span=span, text=text)


def unused_literals(flow: CellFlow, is_used: Callable[[str], bool]) -> Iterator[Unused]:
    """The names that the cell sets to plain literals, and that are not used; parameters are others' matter."""
    if flow.tree is None or _TASK_TAGS & set(flow.cell.tags):
        return
    for node in flow.tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) and len(node.targets) == 1 else None
        if not isinstance(node, ast.Assign) or not isinstance(target, ast.Name) or target.id.startswith("_"):
            continue
        if not is_literal(node.value) or is_used(target.id) or _is_meant(flow, node.lineno, node.end_lineno):
            continue
        line, column = _start(flow, target)
        yield Unused(node, [target.id], line, column, statement_removed(flow, node))


def unused_functions(flow: CellFlow, is_used: Callable[[str], bool]) -> Iterator[Unused]:
    """The functions that nobody calls."""
    for node in flow.tree.body if flow.tree is not None else ():
        if _is_plain(node) and not is_used(node.name) and not _is_meant(flow, node.lineno):
            span = flow.place(node)
            yield Unused(node, [node.name], span.line, span.column, None)


def _is_plain(node: ast.stmt) -> TypeGuard[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Whether it is a function that nobody but the notebook calls."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    return not node.decorator_list and not node.name.startswith(_CALLED_BY_OTHERS)


def is_library(subject: Subject, is_used: Callable[[str], bool]) -> bool:
    """Whether so many functions are not called that others must be meant to call them, by `%run`."""
    nodes = [node for flow in subject.flow if flow.tree is not None for node in flow.tree.body]
    used = [is_used(node.name) for node in nodes if _is_plain(node)]
    return used.count(False) >= _LIBRARY and used.count(False) * 3 > len(used)


def is_literal(node: ast.expr) -> bool:
    """Whether it is a constant, or a list, tuple, set or dict of literals."""
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.operand, ast.Constant)
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return all(is_literal(element) for element in node.elts)
    if isinstance(node, ast.Dict):
        return all(key is not None and is_literal(key) for key in node.keys) and all(map(is_literal, node.values))
    # what a magic stands for is `...` in the tree
    return isinstance(node, ast.Constant) and node.value is not ...
