"""How a notebook uses `upstream` and `product`, the two tables of paths that Ploomber gives it."""

import ast
import re
from collections.abc import Iterator

from msgspec import Struct

from proofbook.analyze.cells import CellFlow
from proofbook.analyze.flow import Span
from proofbook.lint.rule import Subject
from proofbook.lint.syntax import ancestors

__all__ = ["KeyUse", "TableUse", "uses"]

_WORD = re.compile(r"[^\W\d]\w*")
_GIVEN = frozenset({"parameters", "injected-parameters"})
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


class KeyUse(Struct, frozen=True, kw_only=True):
    """`upstream["features"]["table"]`."""

    flow: CellFlow
    keys: tuple[str, ...]
    """From the outside in."""
    span: Span
    must: bool = True
    """The notebook fails where the key is missing; False for `.get("features")`, and within a `try`."""


class TableUse(Struct, frozen=True, kw_only=True):
    """All that a notebook does with one of the two."""

    keys: tuple[KeyUse, ...] = ()
    open: bool = False
    """It is also used in a way that says no key: handed on as a whole, walked through, read by a magic."""
    tested: bool = False
    """The notebook asks whether it is there, or whether a key is."""


def uses(subject: Subject, table: str) -> TableUse:
    """How the cells use `table`, which is `upstream` or `product`; one that they set by themselves is another's."""
    keys: list[KeyUse] = []
    unclear = tested = False
    for flow in subject.flow:
        if flow.tree is None or flow.wild or _in_magics(flow, table):
            unclear = True
        if flow.tree is None or table not in flow.cell.source or _GIVEN & set(flow.cell.tags):
            continue
        if any(binding.name == table for binding in flow.bindings):
            return TableUse(open=True)
        for chain in _mentions(flow, table):
            if _is_local(chain, table):
                continue
            found = _key_use(flow, chain)
            if found is not None:
                keys.append(found)
            elif _is_test(chain):
                tested = True
            else:
                unclear = True
    keys.sort(key=lambda use: (use.flow.cell.number, use.span.line, use.span.column))
    return TableUse(keys=tuple(keys), open=unclear, tested=tested)


def _in_magics(flow: CellFlow, table: str) -> bool:
    texts = (f"{magic.text} {magic.arguments} {magic.body}" for magic in flow.magics)
    return any(table in _WORD.findall(text) for text in texts)


def _mentions(flow: CellFlow, name: str) -> Iterator[list[ast.AST]]:
    """Each place that reads the name: the node, then what it stands in, from the inside out."""
    for node in ast.walk(flow.tree) if flow.tree is not None else ():
        if isinstance(node, ast.Name) and node.id == name:
            yield [node, *ancestors(flow, node)]


def _is_local(chain: list[ast.AST], name: str) -> bool:
    """Whether the name is a parameter of a function around it."""
    functions = [node for node in chain if isinstance(node, _FUNCTIONS)]
    given = [node.args for node in functions]
    return any(argument.arg == name for args in given for argument in ast.walk(args) if isinstance(argument, ast.arg))


def _key_use(flow: CellFlow, chain: list[ast.AST]) -> KeyUse | None:
    """The keys that the mention is read with; None where it is read with none that is plain."""
    node, *around = chain
    must = not any(isinstance(outer, ast.Try) for outer in around)
    keys: list[str] = []
    for outer in around:
        if isinstance(outer, ast.Subscript) and outer.value is node and isinstance(outer.slice, ast.Constant):
            keys.append(str(outer.slice.value))
            node = outer
        else:
            break
    if keys:
        return KeyUse(flow=flow, keys=tuple(keys), span=flow.place(node), must=must)  # type: ignore[arg-type]
    match around:
        case [ast.Attribute(attr="get"), ast.Call(args=[ast.Constant(value=str(key)), *_]) as call, *_] if (
            call.func is around[0]
        ):
            return KeyUse(flow=flow, keys=(key,), span=flow.place(call), must=False)
    return None


def _is_test(chain: list[ast.AST]) -> bool:
    """Whether the mention only asks whether there is such a table, or key."""
    node, *around = chain
    for outer in around:
        if isinstance(outer, ast.If | ast.IfExp | ast.While | ast.Assert):
            return outer.test is node
        if isinstance(outer, ast.Compare):
            if not all(isinstance(operator, ast.In | ast.NotIn | ast.Is | ast.IsNot) for operator in outer.ops):
                return False
            return outer.left is not node or isinstance(outer.ops[0], ast.Is | ast.IsNot)
        if not isinstance(outer, ast.BoolOp | ast.UnaryOp):
            return False
        node = outer
    return False
