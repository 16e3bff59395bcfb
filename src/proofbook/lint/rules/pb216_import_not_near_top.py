"""PB216: an import below the first cell that does something."""

import ast
from collections import Counter
from collections.abc import Iterator

from msgspec import Struct

from proofbook.analyze import spans
from proofbook.analyze.cells import CellFlow
from proofbook.analyze.spans import segment
from proofbook.lint.edits import inserted, statement_removed
from proofbook.lint.fix import Change, Fix, InsertCell
from proofbook.lint.rule import Subject, Violation, rule
from proofbook.lint.shown import shows_without

__all__ = ["import_not_near_top"]

_TASK_TAGS = {"parameters", "injected-parameters"}
_DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Pass
_Import = ast.Import | ast.ImportFrom


class _Home(Struct, frozen=True):
    """The cell that holds the notebook's imports, and the last of them that stands near the top."""

    flow: CellFlow
    last: ast.stmt


@rule("PB216", "import-not-near-top", level="warning", default=False, fix="unsafe")
def import_not_near_top(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds an import that stands below the first statement that does something. Parameters, magics, definitions,
    literals and settings (`pd.set_option(...)`, `plt.rcParams[...] = ...`) may stand above imports. Imports in a
    branch, in a `try` or in a function are left alone.

    Off by default: in an exposition an import may well stand where it is needed.

    ## Why is this bad?
    What the notebook needs to run is not seen at its top, and a package that is missing is missed after an hour.

    ## Example
    ```python
    flights = load()
    ```
    ```python
    import seaborn as sns
    ```

    Use instead:
    ```python
    import seaborn as sns
    ```
    ```python
    flights = load()
    ```

    ## Fix safety
    The fix moves the import behind the first imports, or into a cell of its own at the top. It is unsafe: what the
    import does besides binding a name is then done earlier. There is none where a name of it is bound elsewhere too.
    """
    home: _Home | None = None
    working = False
    known = {imported.alias for flow in subject.flow for imported in flow.imports}
    for flow in subject.flow:
        for node in flow.tree.body if flow.tree is not None else ():
            if not isinstance(node, _Import):
                working = working or not _prepares(flow, node, known)
                continue
            if isinstance(node, ast.ImportFrom) and node.module == "__future__":
                continue
            if not working:
                home = _Home(flow, node) if home is None or home.flow is flow else home
                continue
            span = flow.place(node)
            names = ", ".join(f"`{alias.asname or alias.name}`" for alias in node.names)
            yield Violation(
                message=f"{names} imported below the first cell that does something",
                advice="move the import to the top of the notebook",
                cell=flow.cell,
                line=span.line,
                column=span.column,
                fix=_fix(subject, flow, node, home),
            )


def _prepares(flow: CellFlow, node: ast.stmt, known: set[str]) -> bool:
    """Whether the statement may stand above an import."""
    if _TASK_TAGS & set(flow.cell.tags) or isinstance(node, _DEFINITIONS):
        return True
    if isinstance(node, ast.Try) and all(isinstance(inner, _Import | _DEFINITIONS) for inner in node.body):
        return True
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        return _root(node.value.func) in known
    if isinstance(node, ast.Assign) and not isinstance(node.targets[0], ast.Name):
        return _root(node.targets[0]) in known
    value = node.value if isinstance(node, ast.Expr | ast.Assign | ast.AnnAssign) else None
    try:
        ast.literal_eval(value) if value is not None else None
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return value is not None


def _root(node: ast.expr) -> str | None:
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


def _fix(subject: Subject, flow: CellFlow, node: _Import, home: _Home | None) -> Fix | None:
    names = {alias.asname or alias.name.split(".")[0] for alias in node.names}
    bound = subject.once(_bindings)
    removed = statement_removed(flow, node)
    if (
        removed is None
        or subject.once(_is_unclear)
        or shows_without(flow, [node])
        or any(bound[name] != 1 for name in names)
    ):
        return None
    written = segment(flow.cell.source, flow.place(node))
    put = _at_top(subject, written) if home is None else _behind(home, written)
    changes: tuple[Change, ...] | None = None if put is None else (put, removed)
    return None if changes is None else Fix(title="Move the import to the top", safety="unsafe", changes=changes)


def _is_unclear(subject: Subject) -> bool:
    """Whether some cell may bind or read any name."""
    return any(flow.wild or flow.problem is not None for flow in subject.flow)


def _bindings(subject: Subject) -> Counter[str]:
    """Name to how often it is bound."""
    return Counter(binding.name for flow in subject.flow for binding in flow.bindings)


def _behind(home: _Home, written: str) -> Change | None:
    end = home.flow.place(home.last)
    line = spans.split(home.flow.cell.source)[end.end_line - 1]
    rest = line[end.end_column - 1 :].lstrip()
    if (rest and not rest.startswith("#")) or home.flow.shifts.get(end.end_line):
        return None
    return inserted(home.flow, line=end.end_line, column=len(line) + 1, text=f"\n{written}")


def _at_top(subject: Subject, written: str) -> Change | None:
    cells = [cell for cell in subject.notebook.code_cells if not _TASK_TAGS & set(cell.tags)]
    return InsertCell(before=cells[0], kind="code", source=written) if cells else None
