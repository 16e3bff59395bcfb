"""PB303: a parameter that is computed."""

import ast
from collections.abc import Iterator

from proofbook.analyze.cells import CellFlow
from proofbook.lint.parameters import cell_of
from proofbook.lint.rule import Subject, Violation, rule
from proofbook.lint.syntax import written

__all__ = ["parameter_not_literal"]

_CONTAINERS = (ast.List, ast.Tuple, ast.Set)
_SHOWN = 60
_ADVICE = "write the value out here, and compute in the next cell what depends on it"


@rule("PB303", "parameter-not-literal", level="error")
def parameter_not_literal(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds what the parameters cell computes: a default that is neither a literal nor arithmetic on numbers, and any
    statement that does something. Imports, docstrings, `pass` and annotations may stand there, as may
    `float("nan")` and `float("inf")`, which Papermill writes itself.

    ## Why is this bad?
    The cell runs with the defaults, before Papermill's values are set below it. What was computed from a default keeps
    the default's value when another is injected; and what the cell does, it does for parameters that nobody asked for.

    ## Example
    ```python
    # tags: parameters
    window_days = 90
    window_hours = window_days * 24
    ```

    Use instead:
    ```python
    # tags: parameters
    window_days = 90
    ```
    ```python
    window_hours = window_days * 24
    ```

    ## Fix safety
    There is no fix: whether the value should be a parameter at all, only the author knows.
    """
    flow = cell_of(subject)
    if flow is None or flow.tree is None:
        return
    magics = {magic.line for magic in flow.magics}
    for statement in flow.tree.body:
        message = _fault(flow, statement) if statement.lineno not in magics else None
        if message is not None:
            span = flow.place(statement)
            yield Violation(message=message, advice=_ADVICE, cell=flow.cell, line=span.line, column=span.column)


def _fault(flow: CellFlow, statement: ast.stmt) -> str | None:
    if isinstance(statement, ast.Import | ast.ImportFrom | ast.Pass):
        return None
    if isinstance(statement, ast.Expr):
        done = written(flow, statement.value)[:_SHOWN]
        return None if _is_literal(statement.value) else f"`{done}` runs before the pipeline's values are set"
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        if statement.value is None or _is_literal(statement.value):
            return None
        names = ", ".join(written(flow, target) for target in targets)[:_SHOWN]
        return f"parameter `{names}` is computed, from defaults and before the pipeline's values are set"
    kind = "the definition" if isinstance(statement, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef) else "this"
    return f"{kind} runs before the pipeline's values are set"


def _is_literal(node: ast.expr) -> bool:
    """Whether the value stands there, whatever else is injected."""
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, _CONTAINERS):
        return all(_is_literal(element) for element in node.elts)
    if isinstance(node, ast.Dict):
        return all(key is not None and _is_literal(key) for key in node.keys) and all(map(_is_literal, node.values))
    if isinstance(node, ast.UnaryOp):
        return _is_literal(node.operand)
    if isinstance(node, ast.BinOp):
        return _is_literal(node.left) and _is_literal(node.right)
    if isinstance(node, ast.JoinedStr):
        return all(isinstance(part, ast.Constant) for part in node.values)
    return isinstance(node, ast.Call) and _is_plain_conversion(node)


def _is_plain_conversion(node: ast.Call) -> bool:
    """`float("nan")`, `set()`, `dict(a=1)`: builtins that make a value of literals, and do nothing else."""
    makes = isinstance(node.func, ast.Name) and node.func.id in {"float", "set", "frozenset", "dict", "list", "tuple"}
    return makes and all(map(_is_literal, [*node.args, *(keyword.value for keyword in node.keywords)]))
