"""Which objects an expression may give back or hold: through any name of these, what is changed may be theirs."""

import ast

__all__ = ["shared_by"]

_NOTHING: frozenset[str] = frozenset()
# what is not here gives numbers, texts and truth values: these share nothing that can be changed
_FOLLOWED: dict[type[ast.AST], tuple[str, ...]] = {
    ast.Attribute: ("value",),
    ast.Subscript: ("value",),
    ast.Starred: ("value",),
    ast.Await: ("value",),
    ast.YieldFrom: ("value",),
    ast.keyword: ("value",),
    ast.NamedExpr: ("target", "value"),
    ast.Call: ("func", "args", "keywords"),
    ast.Lambda: ("body",),
    ast.IfExp: ("body", "orelse"),
    ast.BinOp: ("left", "right"),
    ast.BoolOp: ("values",),
    ast.Dict: ("values",),
    ast.List: ("elts",),
    ast.Tuple: ("elts",),
    ast.Set: ("elts",),
    ast.ListComp: ("elt", "generators"),
    ast.SetComp: ("elt", "generators"),
    ast.GeneratorExp: ("elt", "generators"),
    ast.DictComp: ("value", "generators"),
    ast.comprehension: ("iter",),
}


def shared_by(node: ast.AST | None) -> frozenset[str]:
    """
    The names whose objects, or parts of them, may be (a part of) what `node` evaluates to.

    A call may give back its function's own things, its object, or any of its arguments; `a + b` of two lists shares
    their elements. The variables of a comprehension count beside what it goes through.
    """
    if isinstance(node, ast.Name):
        return frozenset((node.id,))
    if node is None or node.__class__ not in _FOLLOWED:
        return _NOTHING
    found: set[str] = set()
    stack: list[ast.AST] = [node]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Name):
            found.add(node.id)
            continue
        values = node.__dict__
        for field in _FOLLOWED.get(node.__class__, ()):
            value = values[field]
            if value.__class__ is list:
                stack += value
            else:
                stack.append(value)
    return frozenset(found)
