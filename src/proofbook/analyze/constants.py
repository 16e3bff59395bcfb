"""Folds the constants that paths and names are made of: text, f-strings, `/`, `os.path.join`, `Path(...)`."""

import ast
import re
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath

from msgspec import Struct

__all__ = ["Folded", "fold"]

_SCALARS = str | int | float | bool
_PERCENT = re.compile("%[sd]")
_BRACES = re.compile(r"\{\}")
_PATHS = {"pathlib.Path", "pathlib.PurePath", "pathlib.PosixPath", "pathlib.PurePosixPath"}


class Folded(Struct, frozen=True):
    """The value of an expression, as text, and the names that went into it."""

    text: str
    names: tuple[str, ...] = ()


def fold(  # noqa: C901  one branch a kind of expression
    node: ast.expr | None,
    *,
    constants: Mapping[str, ast.expr],
    dotted: Callable[[ast.expr], str | None],
    hidden: frozenset[str] = frozenset(),
) -> Folded | None:
    """
    The text that `node` stands for, or None where it is not constant.

    Args:
        node: The expression.
        constants: Names of the notebook that are bound once, to these expressions.
        dotted: Gives `os.path.join` for `os.path.join`, whatever it was imported as.
        hidden: Names that mean something else here: locals of the function around it.
    """
    names: dict[str, None] = {}

    def text(node: ast.expr | None, depth: int) -> str | None:  # noqa: C901  as above
        if depth > 20 or node is None:
            return None
        if isinstance(node, ast.Constant):
            return str(node.value) if isinstance(node.value, _SCALARS) else None
        if isinstance(node, ast.Name) and node.id in constants and node.id not in hidden:
            names[node.id] = None
            return text(constants[node.id], depth + 1)
        if isinstance(node, ast.JoinedStr):
            return _joined([_part(value, text, depth) for value in node.values])
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
            given = node.right.elts if isinstance(node.right, ast.Tuple) else [node.right]
            return _filled(text(node.left, depth + 1), [text(each, depth + 1) for each in given], _PERCENT)
        if isinstance(node, ast.Attribute):
            owner = text(node.value, depth + 1) if node.attr == "parent" else None
            return "/" if dotted(node) in {"os.sep", "os.path.sep"} else _path(owner, "parent")
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Div):
            left, right = text(node.left, depth + 1), text(node.right, depth + 1)
            # `1 + 2` is a number, and `"a" + 1` nothing at all
            if left is None or right is None or _is_number(node.left, constants) or _is_number(node.right, constants):
                return None
            return left + right if isinstance(node.op, ast.Add) else str(PurePosixPath(left) / right)
        if isinstance(node, ast.Call) and not node.keywords:
            called = dotted(node.func)
            parts = [text(argument, depth + 1) for argument in node.args]
            if called in _PATHS or called == "os.path.join":
                return None if None in parts or not parts else str(PurePosixPath(*(part or "" for part in parts)))
            if called in {"str", "os.fspath"} and len(parts) == 1:
                return parts[0]
            return _method(node, parts, text, depth)
        return None

    value = text(node, 0)
    return None if value is None else Folded(value, tuple(names))


def _is_number(node: ast.expr, constants: Mapping[str, ast.expr]) -> bool:
    value = constants.get(node.id) if isinstance(node, ast.Name) else node
    return isinstance(value, ast.Constant) and not isinstance(value.value, str)


def _method(
    node: ast.Call, parts: list[str | None], text: Callable[[ast.expr | None, int], str | None], depth: int
) -> str | None:
    """What a method makes of a constant text or path."""
    if not isinstance(node.func, ast.Attribute):
        return None
    name, owner = node.func.attr, text(node.func.value, depth + 1)
    if name == "format":
        return _filled(owner, parts, _BRACES)
    if name == "join" and len(node.args) == 1 and isinstance(node.args[0], ast.List | ast.Tuple):
        elements = [text(each, depth + 1) for each in node.args[0].elts]
        return None if owner is None or None in elements else owner.join(each or "" for each in elements)
    return _path(owner, name, *parts) if name in {"joinpath", "as_posix", "with_name", "with_suffix"} else None


def _path(owner: str | None, name: str, *given: str | None) -> str | None:
    """An attribute or method of a path."""
    if owner is None or None in given:
        return None
    try:
        found = getattr(PurePosixPath(owner), name)
        return str(found(*given) if callable(found) else found)
    except (TypeError, ValueError):
        return None


def _filled(form: str | None, given: list[str | None], places: re.Pattern[str]) -> str | None:
    """A form with its plain places filled in order; None where it has others, or more or fewer than are given."""
    if form is None or None in given or len(places.findall(form)) != len(given):
        return None
    rest = iter(given)
    left = places.sub("", form)
    return None if set(left) & set("%{}") else places.sub(lambda _: next(rest) or "", form)


def _part(node: ast.expr, text: Callable[[ast.expr | None, int], str | None], depth: int) -> str | None:
    """One part of an f-string; a format specification is not worked out."""
    if isinstance(node, ast.FormattedValue):
        return text(node.value, depth + 1) if node.conversion == -1 and node.format_spec is None else None
    return text(node, depth + 1)


def _joined(parts: list[str | None]) -> str | None:
    return None if None in parts else "".join(part or "" for part in parts)
