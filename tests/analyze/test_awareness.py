"""What issues in the field come from: each piece of syntax that the analysis must be aware of, in one cell."""

import pytest

from proofbook.lint.bindable import bindable
from tests.analyze.notebooks import flow, used

# source, names it takes at once, names it takes when its functions are called, names it leaves for sure, and perhaps
CELLS = {
    "a line magic": ("%matplotlib inline\nx = a", "a", "", "x", ""),
    "a cell magic over Python": ("%%time\nx = a", "a", "", "x", ""),
    "a magic that runs a statement": ("%time x = a", "a", "", "x", ""),
    "a cell magic with a body of its own scope": ("%%timeit\nx = a", "a", "", "", ""),
    "a cell in another language": ("%%bash\nx=$a", "", "", "", ""),
    "a command and its output": ("x = !ls {a}", "", "", "x", ""),
    "help": ("a?", "", "", "", ""),
    "automagic": ("cd data", "", "", "", ""),
    "automagic that is Python": ("ls = a", "a", "", "ls", ""),
    "await": ("x = await a()", "a", "", "x", ""),
    "async with and for": ("async with a() as x:\n    async for y in x: pass", "a", "", "x", "y"),
    "an async comprehension": ("x = [i async for i in a]", "a", "", "x", ""),
    "nested comprehensions": ("x = [[j for j in i if j in b] for i in a]", "a b", "", "x", ""),
    "a comprehension in a class": ("class A:\n    y = a\n    x = [b for i in y]", "a b", "", "A", ""),
    "a closure": ("def f():\n    n = a\n    def g():\n        nonlocal n\n        n += b\n        return n\n    return g", "", "a b", "f", ""),
    "a closure over its loop": ("fs = [lambda: i + a for i in b]", "b", "a", "fs", ""),
    "a class with methods": ("class A(B):\n    n = 1\n    def m(self): return self.n + n + a", "B", "n a", "A", ""),
    "super": ("class A(B):\n    def __init__(self): super().__init__(); __class__", "B", "", "A", ""),
    "global, not called": ("def f():\n    global x\n    x = a", "", "a", "f", ""),
    "global, called": ("def f():\n    global x\n    x = a\nf()", "a", "a", "f x", ""),
    "walrus in a condition": ("while (x := a()) and x: pass", "a", "", "x", ""),
    "walrus behind and": ("b and (x := a)", "a b", "", "", "x"),
    "walrus in a comprehension": ("y = any((x := i) for i in a)", "a", "", "y", "x"),
    "match with a guard": ("match a:\n    case [x, *r] if x > b: pass\n    case {'k': y, **s}: pass", "a b", "", "", "x r y s"),
    "match that always binds": ("match a:\n    case [x]: pass\n    case x: pass", "a", "", "x", ""),
    "match on a class and a constant": ("match a:\n    case B(n=c.D) | c.E: pass", "a B c", "", "", ""),
    "decorators": ("@a.b(c)\n@d\ndef f(): pass", "a c d", "", "f", ""),
    "a decorated class": ("@a\nclass A: pass", "a", "", "A", ""),
    "a star import": ("from os.path import *\njoin", "join", "", "", ""),
    "del": ("x = y = a\ndel x", "a", "", "y", ""),
    "del of a part": ("del a.b, c[d]", "a c d", "", "", ""),
    "try, else, finally": ("try:\n    x = a\nexcept E:\n    raise\nelse:\n    y = x\nfinally:\n    z = 1", "a E", "", "x y z", ""),
    "an import that may fail": ("try:\n    import fast as f\nexcept ImportError:\n    f = None", "", "", "f", ""),
    "an import that may be missing": ("try:\n    import fast\nexcept ImportError:\n    pass", "", "", "", "fast"),
    "except groups": ("try: a()\nexcept* E as e: b(e)", "a E b", "", "", ""),
    "imports for types": ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from m import T", "", "", "TYPE_CHECKING", "T"),
    "f-strings in f-strings": ("x = f'{a!r:{b}.{c}} {f\"{d}\"}'", "a b c d", "", "x", ""),
    "an f-string that shows its expression": ("x = f'{a=}'", "a", "", "x", ""),
    "a lambda's defaults": ("f = lambda p=a, *q, r=b, **s: (p, q, r, s, c)", "a b", "c", "f", ""),
    "annotations": ("x: A = a\ny: B\ndef f(p: C = b) -> D: q: E = p", "A a B C b D", "", "x f", ""),
    "unpacking": ("x, (y, *z) = a\n[u, v] = b\nw, *_ = c", "a b c", "", "x y z u v w _", ""),
    "chains of names": ("x = y = a.b[c].d", "a c", "", "x y", ""),
    "slices": ("x = a[b:c, ::d]", "a b c d", "", "x", ""),
    "assert and raise": ("assert a, b\nraise E from c", "a b E c", "", "", ""),
    "a conditional expression": ("x = a if b else c", "a b c", "", "x", ""),
    "with over several": ("with a() as x, b(x) as (y, z): pass", "a b", "", "x y z", ""),
    "nothing but comments": ("# a = b", "", "", "", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_with(name: str) -> None:
    source, at_once, later, surely, perhaps = CELLS[name]
    cell = flow(source)
    assert cell.problem is None
    assert used(cell) == set(at_once.split())
    assert used(cell, deferred=True) == set(later.split())
    assert {key for key, found in cell.defines.items() if not found.conditional} == set(surely.split())
    assert {key for key, found in cell.defines.items() if found.conditional} == set(perhaps.split())


def test_a_star_import_is_resolved_without_importing_anything(tmp_path, monkeypatch) -> None:
    (tmp_path / "mine.py").write_text("raise SystemExit('this has run')\nvisible = _hidden = 1\ndef made(): pass\n")
    monkeypatch.chdir(tmp_path)
    cell = flow("from mine import *")
    assert cell.wild
    assert bindable(cell, folders=(tmp_path,)).names >= {"visible", "made"}
    assert "_hidden" not in bindable(cell, folders=(tmp_path,)).names


def test_imports_say_how_they_are_guarded() -> None:
    cell = flow(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import a\ntry:\n    import b\nexcept ImportError:\n    b = None\ndef f():\n    import c"
    )
    assert {each.module: (each.guarded, each.deferred) for each in cell.imports} == {
        "typing": ("", False),
        "a": ("type-checking", False),
        "b": ("try", False),
        "c": ("", True),
    }
