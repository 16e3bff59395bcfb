"""Parses the Python of a cell, once, and lists its nodes by kind, so that nobody has to search the tree again."""

import ast
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

__all__ = ["PARTS", "Nodes", "Parsed", "listed", "parse", "parse_quietly"]

Nodes = Mapping[type[ast.AST], Sequence[ast.AST]]
"""Every node of a tree by its class, in the order in which they stand."""

_MOST_PARTS = 1000
_DOTTED = re.compile(r"\b\w++(?:[\s\\]*+\.[\s\\]*+\w++)++")
_DEEP = 12
"""The compiler takes 20 blocks within one another."""
# what these do is right or wrong by rules that only the compiler knows
_BY_COMPILER = (
    ast.Yield, ast.YieldFrom, ast.Await, ast.AsyncFor, ast.AsyncWith, ast.AsyncFunctionDef, ast.Nonlocal, ast.Global,
    ast.NamedExpr, ast.Match, ast.TryStar,
)  # fmt: skip
_LEAVING = {ast.Return, ast.Break, ast.Continue}
_COMPOUND = {ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.If, ast.Try, ast.With}
_BARE = ("expr_context", "boolop", "operator", "unaryop", "cmpop", "identifier", "string", "int", "constant", "object")
"""Types of fields that hold no node, or one that says no more than a word would."""


def _parts() -> dict[type[ast.AST], tuple[str, ...]]:
    """Of each class the fields that hold other nodes, by Python's own description: `Call(expr func, expr* args)`."""
    found: dict[type[ast.AST], tuple[str, ...]] = {}
    for kind in vars(ast).values():
        if not isinstance(kind, type) or not issubclass(kind, ast.AST):
            continue
        fields = (kind.__doc__ or "").partition("(")[2].rpartition(")")[0].split(", ")
        types = {name: of.rstrip("*?") for of, _, name in (field.partition(" ") for field in fields)}
        found[kind] = tuple(name for name in kind._fields if types.get(name) not in _BARE)
    return found


PARTS = _parts()
"""Searching only these takes half the time of `ast.walk`. What Python does not describe is searched."""


class Parsed(Struct, frozen=True):
    """A tree, or the error that stands in its way."""

    tree: ast.Module | None
    error: SyntaxError | ValueError | None = None
    nodes: Nodes = {}
    accepted: bool = False
    """The parser takes it, whatever the compiler says."""


def parse_quietly(code: str) -> ast.Module:
    """
    The tree of `code`, without the warnings of the parser.

    Raises:
        SyntaxError: It is not Python.
        ValueError: It holds a null character, or a number too large to read.
        RecursionError, MemoryError: It is nested too deeply.
    """
    if _is_endless(code):
        raise RecursionError
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(code)


def _is_endless(code: str) -> bool:
    """
    Whether a name in it has a thousand parts and more.

    For `import a.b.c ...` CPython's parser keeps `a.b`, `a.b.c` and so on: the square of the length in memory.
    """
    if code.count(".") < _MOST_PARTS:
        return False
    return any(found.group().count(".") >= _MOST_PARTS for found in _DOTTED.finditer(code))


def parse(code: str) -> Parsed:
    """`code` as Python sees it: also what the parser lets through and the compiler does not. Nothing is run."""
    accepted = False
    try:
        tree = parse_quietly(code)
        accepted = True
        nodes = listed(tree)
        if _asks_the_compiler(code, tree, nodes):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                # as IPython does, each statement by itself: `global x` may follow a use, `__future__` anything
                for statement in tree.body:
                    alone = ast.Module([statement], [])
                    compile(alone, "<cell>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        return Parsed(None, error, accepted=accepted)
    except OverflowError as error:
        return Parsed(None, ValueError(str(error)), accepted=accepted)
    except (RecursionError, MemoryError):
        return Parsed(None, ValueError("nested too deeply"), accepted=accepted)
    return Parsed(tree, None, nodes, accepted=True)


def listed(tree: ast.AST) -> dict[type[ast.AST], list[ast.AST]]:
    """Every node of `tree` by its class, each class in the order of the text. Contexts and operators are left out."""
    found: dict[type[ast.AST], list[ast.AST]] = {}
    stack: list[ast.AST | None] = [tree]
    while stack:
        node = stack.pop()
        # `{**x}` has no key, `def f(*, a)` no default
        if node is None:
            continue
        kind = node.__class__
        if kind in found:
            found[kind].append(node)
        else:
            found[kind] = [node]
        values = node.__dict__
        for name in PARTS[kind][::-1]:
            value = values.get(name)
            if value.__class__ is list:
                stack.extend(value[::-1])
            else:
                stack.append(value)
    return found


def _asks_the_compiler(code: str, tree: ast.Module, nodes: Nodes) -> bool:
    """Whether there is anything in `tree` that the compiler might refuse: it takes as long as the parser does."""
    if "__debug__" in code or any(kind in nodes for kind in _BY_COMPILER):
        return True
    if any(_is_special(node) for node in nodes.get(ast.ImportFrom, ())):
        return True
    calls: Iterable[ast.AST] = (*nodes.get(ast.Call, ()), *nodes.get(ast.ClassDef, ()))
    if any(_repeats([word.arg for word in call.keywords if word.arg]) for call in calls):  # type: ignore[attr-defined]
        return True
    if any(_repeats(_arguments(node.args)) for kind in (ast.FunctionDef, ast.Lambda) for node in nodes.get(kind, ())):  # type: ignore[attr-defined]
        return True
    if any(
        getattr(node, "type_params", None) for kind in (ast.FunctionDef, ast.ClassDef) for node in nodes.get(kind, ())
    ):
        return True
    if any(each.is_async for each in nodes.get(ast.comprehension, ())):  # type: ignore[attr-defined]
        return True
    if ast.Starred in nodes and _stars_elsewhere(nodes):
        return True
    if any(handler.type is None for node in nodes.get(ast.Try, ()) for handler in node.handlers[:-1]):  # type: ignore[attr-defined]
        return True
    return _misplaced(tree.body, function=False, loop=False, depth=0)


def _is_special(node: ast.AST) -> bool:
    return isinstance(node, ast.ImportFrom) and (node.module == "__future__" or node.names[0].name == "*")


def _repeats(names: list[str]) -> bool:
    return len(names) > 1 and len(set(names)) != len(names)


def _arguments(spec: ast.arguments) -> list[str]:
    extra = [each.arg for each in (spec.vararg, spec.kwarg) if each is not None]
    return [each.arg for each in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)] + extra


def _stars_elsewhere(nodes: Nodes) -> bool:
    """Whether a star stands anywhere but among the arguments of a call."""
    in_calls = sum(isinstance(each, ast.Starred) for call in nodes.get(ast.Call, ()) for each in call.args)  # type: ignore[attr-defined]
    return len(nodes[ast.Starred]) != in_calls


def _misplaced(body: list[ast.stmt], *, function: bool, loop: bool, depth: int) -> bool:
    """Whether a `return`, `break` or `continue` may stand where it must not, or blocks are too deep."""
    if depth > _DEEP:
        return True
    for node in body:
        kind = node.__class__
        if kind in _LEAVING and not (function if kind is ast.Return else loop):
            return True
        for suite, in_function, in_loop in _suites(node, function=function, loop=loop) if kind in _COMPOUND else ():
            if _misplaced(suite, function=in_function, loop=in_loop, depth=depth + 1):
                return True
    return False


def _suites(node: ast.stmt, *, function: bool, loop: bool) -> list[tuple[list[ast.stmt], bool, bool]]:
    """The suites of a statement, each with whether a function and a loop are around it."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [(node.body, isinstance(node, ast.FunctionDef), False)]
    if isinstance(node, ast.For | ast.While):
        return [(node.body, function, True), (node.orelse, function, loop)]
    names = ("body", "orelse", "finalbody")
    suites = [getattr(node, name, []) for name in names] + [part.body for part in getattr(node, "handlers", [])]
    return [(suite, function, loop) for suite in suites if suite]
