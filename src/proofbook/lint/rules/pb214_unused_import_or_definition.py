"""PB214: an import, a literal or a function that nothing reads."""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TypeGuard

from msgspec import Struct

from proofbook.analyze.cells import CellFlow
from proofbook.analyze.flow import Span
from proofbook.analyze.spans import lines_of, offsets
from proofbook.lint.edits import statement_removed
from proofbook.lint.fix import Edit, Fix
from proofbook.lint.mentions import Mentions
from proofbook.lint.rule import Subject, Violation, rule
from proofbook.lint.shown import shows_without

__all__ = ["unused_import_or_definition"]

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
_EXPORTED = re.compile(r"#\s*\|?\s*export")
"""nbdev writes such a cell into a module, where other notebooks may use what it imports."""
_TASK_TAGS = {"parameters", "injected-parameters"}

_MOST = 50
"""So many statements of a cell are told of at once; the rest has its turn when these are gone."""
_LIBRARY = 4
"""So many functions without a call, and a third of all, make a library."""
_ADVICE = {
    "imported": "remove the import",
    "set": "remove it, or use it where its value is written out",
    "defined": "remove it, or call it where what it does is written out",
}
_CALLED_BY_OTHERS = ("_", "test", "pytest_", "setup", "teardown")

_Import = ast.Import | ast.ImportFrom


@rule("PB214", "unused-import-or-definition", level="warning", fix="safe")
def unused_import_or_definition(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds an import, a name for a literal, or a function, that no cell reads. Reported once for each cell.

    An import counts only where importing surely does nothing else: of the standard library and of packages known for
    it. `import seaborn`, which registers colours, does not; nor does an import in a branch, in a `try`, in a function,
    as the same name (`import x as x`), or beside a comment such as `# noqa: F401` or `# registers the projection`.

    A function with a decorator, or with a name that testers call (`test_total`), is left alone, and so are all of them
    where many are not called: others will `%run` the notebook.

    A name that stands in a text counts as read (`df.query("day < @as_of")`, SQL, templates, `__all__`), as does one
    in a magic. It keeps silent where a cell reads the whole namespace (`globals()`, `eval`, `%run`), and in a notebook
    that only defines, for others to `%run`. What a parameters cell defines is PB304's.

    ## Why is this bad?
    It takes time to load and has to be installed wherever the notebook runs, and whoever reads it looks for the use
    that is not there. Often a cell that used it was deleted.

    ## Example
    ```python
    import json
    import pandas as pd

    flights = pd.read_csv("flights.csv")
    ```

    Use instead:
    ```python
    import pandas as pd

    flights = pd.read_csv("flights.csv")
    ```

    ## Fix safety
    Removing an import or a literal is safe: only what does nothing but bind a name is found. There is no fix where the
    statement shares its lines with comments, where without it the cell would show another value, and for functions:
    it may be their author's best work.
    """
    if not any(_does_something(flow) for flow in subject.flow):
        return
    read = frozenset[str]().union(*(flow.reads for flow in subject.flow))
    mentions = subject.once(Mentions)
    # nbgrader reads what pupils fill in
    graded = any("nbgrader" in cell.metadata for cell in subject.notebook.cells)

    def is_used(name: str) -> bool:
        return name in read or mentions.everything or name in mentions.texts or name in mentions.loaded

    library = _is_library(subject, is_used)
    for flow in subject.flow:
        if _EXPORTED.match(flow.cell.source):
            continue
        if any(known.alias not in read for known in flow.imports):
            yield from _told(flow, list(islice(_imports(flow, is_used), _MOST)), "imported")
        if not graded:
            yield from _told(flow, list(islice(_literals(flow, is_used), _MOST)), "set")
        if not (graded or library):
            yield from _told(flow, list(islice(_functions(flow, is_used), _MOST)), "defined")


class _Unused(Struct, frozen=True):
    """One statement, and what of it nobody reads."""

    statement: ast.stmt
    names: list[str]
    line: int
    column: int
    edit: Edit | None
    whole: bool = True
    """Nothing of the statement is read."""


def _told(flow: CellFlow, found: list[_Unused], how: str) -> Iterator[Violation]:
    """All of a cell in one: who forgot one import forgot five."""
    if not found:
        return
    names = [f"`{name}`" for unused in found for name in unused.names]
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    fix = _fix(flow, found)
    yield Violation(
        message=f"{listed} {'is' if len(names) == 1 else 'are'} {how} and never used",
        advice=_ADVICE[how],
        cell=flow.cell,
        line=found[0].line,
        column=found[0].column,
        fix=Fix(title=f"Remove what is {how} and never used", safety="safe", changes=fix) if fix else None,
    )


def _fix(flow: CellFlow, found: list[_Unused]) -> tuple[Edit, ...]:
    source = flow.cell.source
    changes: list[Edit] = []
    gone: list[ast.stmt] = []
    # first and last line of the last change, where it takes whole lines
    whole = (0, 0)
    line = 0
    for unused in found:
        first, last = unused.statement.lineno, unused.statement.end_lineno or unused.statement.lineno
        # of two on one line the second waits
        if unused.edit is None or first <= line:
            continue
        line = last
        gone += [unused.statement] if unused.whole else []
        if unused.edit.span != lines_of(source, first, last):
            changes.append(unused.edit)
            continue
        # lines that follow each other go together: the last line of a cell takes along the line end above it
        if whole[1] == first - 1 and changes:
            first = whole[0]
            changes.pop()
        whole = (first, last)
        changes.append(Edit(cell=flow.cell, span=lines_of(source, first, last), text=""))
    return () if shows_without(flow, gone) else tuple(changes)


def _imports(flow: CellFlow, is_used: Callable[[str], bool]) -> Iterator[_Unused]:
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
        yield _Unused(
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
    lines = flow.code.split("\n")[first - 1 : last or first]
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


def _literals(flow: CellFlow, is_used: Callable[[str], bool]) -> Iterator[_Unused]:
    if flow.tree is None or _TASK_TAGS & set(flow.cell.tags):
        return
    for node in flow.tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) and len(node.targets) == 1 else None
        if not isinstance(node, ast.Assign) or not isinstance(target, ast.Name) or target.id.startswith("_"):
            continue
        if not _is_literal(node.value) or is_used(target.id) or _is_meant(flow, node.lineno, node.end_lineno):
            continue
        line, column = _start(flow, target)
        yield _Unused(node, [target.id], line, column, statement_removed(flow, node))


def _functions(flow: CellFlow, is_used: Callable[[str], bool]) -> Iterator[_Unused]:
    for node in flow.tree.body if flow.tree is not None else ():
        if _is_plain(node) and not is_used(node.name) and not _is_meant(flow, node.lineno):
            span = flow.place(node)
            yield _Unused(node, [node.name], span.line, span.column, None)


def _is_plain(node: ast.stmt) -> TypeGuard[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Whether it is a function that nobody but the notebook calls."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    return not node.decorator_list and not node.name.startswith(_CALLED_BY_OTHERS)


def _is_library(subject: Subject, is_used: Callable[[str], bool]) -> bool:
    """Whether so many functions are not called that others must be meant to call them, by `%run`."""
    nodes = [node for flow in subject.flow if flow.tree is not None for node in flow.tree.body]
    used = [is_used(node.name) for node in nodes if _is_plain(node)]
    return used.count(False) >= _LIBRARY and used.count(False) * 3 > len(used)


def _is_literal(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.operand, ast.Constant)
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return all(_is_literal(element) for element in node.elts)
    if isinstance(node, ast.Dict):
        return all(key is not None and _is_literal(key) for key in node.keys) and all(map(_is_literal, node.values))
    # what a magic stands for is `...` in the tree
    return isinstance(node, ast.Constant) and node.value is not ...


def _does_something(flow: CellFlow) -> bool:
    """Whether the cell does more than define."""
    if any(magic.kind in {"cell", "shell"} for magic in flow.magics):
        return True
    quiet = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Pass
    return any(
        not isinstance(node, quiet)
        and not (isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and _is_literal(node.value))
        and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for node in (flow.tree.body if flow.tree is not None else ())
    )
