"""A cell is parsed once, and the compiler is asked only where it may know better than the parser."""

import ast
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proofbook.analyze import syntax
from tests.analyze.notebooks import flow

# the parser takes all of these, the compiler none
REFUSED = [
    "return 1",
    "if x:\n    return",
    "class A:\n    return 1",
    "yield 1",
    "class A:\n    yield",
    "break",
    "continue",
    "if x:\n    break",
    "for i in x:\n    def f():\n        break",
    "for i in x:\n    pass\nelse:\n    break",
    "while x:\n    class A:\n        continue",
    "try:\n    pass\nfinally:\n    continue",
    "nonlocal x",
    "def f():\n    nonlocal x",
    "def f(a):\n    global a",
    "if x:\n    x = 1\n    global x",
    "def f():\n    x = 1\n    global x",
    "def f(a, a): pass",
    "def f(a, *, a): pass",
    "def f(a, **a): pass",
    "lambda a, a: 1",
    "f(a=1, a=2)",
    "class A(metaclass=M, metaclass=N): pass",
    "def f():\n    from a import *",
    "class A:\n    from a import *",
    "try: f()\nexcept: pass\nexcept E: pass",
    "__debug__ = 1",
    "def f(__debug__): pass",
    "x.__debug__ = 1",
    "if x:\n    from __future__ import annotations",
    "from __future__ import nothing_of_the_kind",
    "*a, *b = c",
    "*a = c",
    "*a",
    "x = *a",
    "del *a",
    "[x := 0 for x in y]",
    "class A:\n    [b := 1 for c in d]",
    "def f():\n    await g()",
    "def f():\n    async with g(): pass",
    "def f():\n    async for i in g(): pass",
    "def f():\n    [i async for i in g()]",
    "async def f():\n    yield 1\n    return 1",
    "match x:\n    case y: pass\n    case 1: pass",
    "match x:\n    case [y, y]: pass",
    "match x:\n    case 1 | y: pass",
    "try: f()\nexcept* E:\n    for i in x: pass\n    return",
    "\n".join(f"{' ' * depth}for i{depth} in x:" for depth in range(22)) + "\n" + " " * 22 + "pass",
]
PLAIN = [
    "x = f(a=1, b=2)\ny = [*a, 1]\nprint(*y)",
    "def f(a, b=1, *args, **kw):\n    for i in a:\n        if i: break\n        else: continue\n    return a",
    "async def f():\n    return await g()",
    "await f()",
    "from a import *",
    "from __future__ import annotations",
    "x = 1\nfrom __future__ import annotations",
    "x = 1\nglobal x\nprint(x)",
    "class A:\n    x: int = 1\n    def f(self): return self.x",
]


def refusal(source: str) -> str | None:
    """What Python says against it, all told, given one statement after the other as IPython gives them."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for statement in ast.parse(source).body:
                alone = ast.Module([statement], [])
                compile(alone, "<cell>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except SyntaxError as error:
        return error.msg
    return None


@pytest.mark.parametrize("source", REFUSED)
def test_what_the_compiler_refuses_is_refused_with_its_words(source: str) -> None:
    found = flow(source).problem
    assert refusal(source) is not None
    assert found is not None
    assert found.message == refusal(source)


@pytest.mark.parametrize("source", PLAIN)
def test_what_it_takes_is_taken(source: str) -> None:
    assert refusal(source) is None
    assert flow(source).problem is None


@given(
    parts=st.lists(st.sampled_from([*REFUSED, *PLAIN]), min_size=1, max_size=3),
    wrapped=st.sampled_from(["", "def w():", "class W:", "for w in x:", "if w:", "with w:"]),
)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_in_any_company_it_is_refused_if_and_only_if_python_refuses_it(parts: list[str], wrapped: str) -> None:
    source = "\n".join(parts)
    if wrapped:
        source = "\n".join([wrapped, *(f"    {line}" for line in source.split("\n"))])
    parsed = syntax.parse(source)
    assert (parsed.error is None) == (refusal(source) is None)


def test_nodes_come_in_the_order_of_the_text() -> None:
    cell = flow("a = f(g(1), h(2))\nif b:\n    c = k(3)\nz = [i for i in d(4)]")
    assert [ast.unparse(call.func) for call in cell.nodes(ast.Call)] == ["f", "g", "h", "k", "d"]
    assert [type(node) for node in cell.nodes(ast.If, ast.Assign)] == [ast.Assign, ast.If, ast.Assign, ast.Assign]
    assert list(flow("a b").nodes(ast.Call)) == []


@pytest.mark.parametrize("source", PLAIN)
def test_no_node_is_left_out(source: str) -> None:
    tree = ast.parse(source)
    listed = [node for nodes in syntax.listed(tree).values() for node in nodes]
    assert {id(node) for node in listed} == {
        id(node) for node in ast.walk(tree) if not isinstance(node, ast.expr_context)
    }
