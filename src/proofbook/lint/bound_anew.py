"""A change in place as an assignment: the name is bound to a new object, and the old one stays as it is."""

import ast

from proofbook.analyze.cells import CellFlow
from proofbook.analyze.flow import Mutation
from proofbook.analyze.spans import segment
from proofbook.lint import edits
from proofbook.lint.fix import Fix

__all__ = ["bound_anew"]


def bound_anew(flow: CellFlow, mutation: Mutation, maker: CellFlow) -> Fix | None:
    """
    The statement of a mutation rewritten; None where that is not sure.

    Args:
        flow: The cell that changes the object.
        mutation: How it does.
        maker: The cell that makes the object: it says what kind of object that is.
    """
    if flow.tree is None or mutation.via is not None:
        return None
    statement = _statement(flow, mutation)
    if statement is None or any(flow.shifts.get(line) for line in range(statement.lineno, _end(statement) + 1)):
        return None
    text = _rewritten(flow, statement, mutation.name, _kind(mutation.name, maker))
    if text is None:
        return None
    edit = edits.replaced(flow, statement, text)
    return Fix(title=f"Bind `{mutation.name}` anew", safety="unsafe", changes=(edit,))


def _statement(flow: CellFlow, mutation: Mutation) -> ast.stmt | None:
    """The statement of the notebook's own level, or of a block in it, that does it."""
    pending: list[ast.AST] = list(flow.tree.body) if flow.tree is not None else []
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Expr | ast.Assign):
            place = flow.place(node)
            if (place.line, place.column) == (mutation.line, mutation.column):
                return node
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            pending += ast.iter_child_nodes(node)
    return None


def _rewritten(flow: CellFlow, statement: ast.stmt, name: str, kind: str) -> str | None:
    def text(node: ast.expr) -> str:
        return segment(flow.cell.source, flow.place(node))

    match statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=of), attr=method)) as call) if of == name:
            if any(word.arg == "inplace" for word in call.keywords):
                return _not_in_place(flow, call, name)
            if kind == "list" and not call.keywords and len(call.args) == 1:
                unpacked = isinstance(call.args[0], ast.Starred)
                if method in {"append", "extend"} and not unpacked:
                    star = "*" if method == "extend" else ""
                    return f"{name} = [*{name}, {star}{text(call.args[0])}]"
        case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=of), slice=key)], value=value) if of == name:
            if kind == "dict" and not isinstance(key, ast.Slice | ast.Tuple):
                return f"{name} = {{**{name}, {text(key)}: {text(value)}}}"
    return None


def _not_in_place(flow: CellFlow, call: ast.Call, name: str) -> str | None:
    """`x.m(a, inplace=True)` as `x = x.m(a)`."""
    number = next(number for number, word in enumerate(call.keywords) if word.arg == "inplace")
    word = call.keywords[number]
    if not (isinstance(word.value, ast.Constant) and word.value.value is True) or number != len(call.keywords) - 1:
        return None
    whole = segment(flow.cell.source, flow.place(call))
    source, place = flow.cell.source, flow.place(word)
    others: list[ast.expr | ast.keyword] = [*call.args, *call.keywords[:number]]
    if not others:
        return f"{name} = {segment(source, flow.place(call.func))}()"
    last = flow.place(max(others, key=lambda node: (node.end_lineno or 0, node.end_col_offset or 0)))
    if "#" in whole or (place.line, place.column) < (last.end_line, last.end_column):
        return None
    start = flow.place(call)
    kept = segment(
        source,
        type(start)(line=start.line, column=start.column, end_line=last.end_line, end_column=last.end_column),
    )
    return f"{name} = {kept})"


def _kind(name: str, maker: CellFlow) -> str:
    """`list` or `dict` where the name is plainly bound to one, and to nothing else; else empty."""
    kinds = set()
    for node in ast.walk(maker.tree) if maker.tree is not None else ():
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Name) and target.id == name for target in targets):
                value = node.value
                plain = isinstance(value, ast.List | ast.ListComp), isinstance(value, ast.Dict | ast.DictComp)
                kinds.add("list" if plain[0] else "dict" if plain[1] else "")
    return kinds.pop() if len(kinds) == 1 else ""


def _end(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno
