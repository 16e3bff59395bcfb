"""Context managers of the notebook's own that may end an exception: nothing is known of what their blocks reach."""

import ast

from proofbook.analyze.locals import statements_of

__all__ = ["is_catching_decorator", "makes_swallowing"]

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
    return yields and (_drops(node) or any(isinstance(statement, ast.Return) for statement in node.finalbody))


def is_catching_decorator(node: ast.stmt) -> bool:
    """Whether `node` is a function that gives another one, or a class, which goes on where what it calls fails."""
    if not isinstance(node, _FUNCTIONS | ast.ClassDef):
        return False
    inner = [each for each in _inside(node) if isinstance(each, _FUNCTIONS)]
    inner += [deeper for each in inner for deeper in _inside(each) if isinstance(deeper, _FUNCTIONS)]
    return any(isinstance(part, ast.Try) and _drops(part) for each in inner for part in _inside(each))


def _drops(node: ast.Try) -> bool:
    return any(not isinstance(handler.body[-1], ast.Raise) for handler in node.handlers)


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
