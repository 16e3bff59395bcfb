"""Context managers of the notebook's own that may end an exception: nothing is known of what their blocks reach."""

import ast

from proofbook.analyze.locals import statements_of

__all__ = ["makes_swallowing"]

_EXITS = {"__exit__", "__aexit__"}
_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef


def makes_swallowing(node: ast.stmt, known: set[str]) -> bool:
    """
    Whether `node` defines a context manager that may let its block fail without a word.

    Args:
        node: A class with an `__exit__` that may return something true, or a generator below `@contextmanager` that
            catches what is raised at its `yield`.
        known: The names of those above it, which a class may have as its base.
    """
    if isinstance(node, ast.ClassDef):
        return _swallowing_class(node, known)
    decorators = [ast.unparse(each) for each in node.decorator_list] if isinstance(node, _FUNCTIONS) else []
    if not any(each.endswith("contextmanager") for each in decorators):
        return False
    return any(isinstance(each, ast.Try) and _catches(each) for each in _inside(node))


def _swallowing_class(node: ast.ClassDef, known: set[str]) -> bool:
    for statement in node.body:
        if isinstance(statement, _FUNCTIONS) and statement.name in _EXITS:
            returned = [each.value for each in _inside(statement) if isinstance(each, ast.Return)]
            return any(value is not None and not _is_false(value) for value in returned)
        if isinstance(statement, ast.Assign):
            targets = {target.id for target in statement.targets if isinstance(target, ast.Name)}
            if targets & _EXITS:
                return True
    bases = {base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "") for base in node.bases}
    return bool(bases & {*known, "suppress"})


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and not node.value


def _catches(node: ast.Try) -> bool:
    """Whether an exception at a `yield` in the body may end in one of the handlers, or by a `return` in `finally`."""
    yields = any(isinstance(each, ast.Yield) for statement in node.body for each in ast.walk(statement))
    drops = any(not isinstance(handler.body[-1], ast.Raise) for handler in node.handlers)
    return yields and (drops or any(isinstance(statement, ast.Return) for statement in node.finalbody))


def _inside(node: ast.AST) -> list[ast.AST]:
    """Statements and handlers anywhere in a function, but for those of functions and classes within it."""
    found: list[ast.AST] = []
    stack = statements_of(node)
    while stack:
        each = stack.pop()
        found.append(each)
        if not isinstance(each, _FUNCTIONS | ast.ClassDef):
            stack += statements_of(each)
    return found
