"""Cells that only a newer Python takes: no error where another Python may run them, and one in plain words where not."""

import ast
import sys

import pytest

from proofbook.analyze import cells
from proofbook.analyze.flow import CellFlow
from proofbook.analyze.newer_syntax import newer
from proofbook.model.notebook import Cell, Notebook

OLD = sys.version_info < (3, 12)
# source, names that it uses, names that it leaves
OF_312 = [
    ('x = f"{a["k"]}"', "a", "x"),
    ('f"{a["k"]:>{w}} {b!r} {c=}" + d', "a w b c d", ""),
    ('f"{"\\n".join(xs)}"', "xs", ""),
    ("f'{'\\t'.join(xs)!r}'", "xs", ""),
    ('f"{f"{f"{y}"}"}"', "y", ""),
    ('x = f"{[i["n"] for i in xs]}"', "xs", "x"),
    ('f"{a["k"]}" "b" f"{c["d"]}"', "a c", ""),
    ('print("z" f"{a["k"]}",\n      "y", b)', "a b print", ""),
    ('"z" f"{a["k"]}"', "a", ""),
    ('f"""{\n    a["k"]  # a comment with a }\n}"""\ny = 1', "a", "y"),
    ('x = f"{a["k"]}{{b}}"', "a", "x"),
    ('rf"\\d{a["k"]}"', "a", ""),
    ('f"{x:%Y-%m}{a["b"]}"', "x a", ""),
    ('f"{(lambda q: {"a": q}["a"])(y)}"', "y", ""),
    ("type X = list[T]\ny = X", "", "X y"),
    ("if c:\n    type X[T] = (\n        dict[str, T]\n    )\nz = 1", "c", "X z"),
    ("def f[T: int](x: T) -> T: return x", "", "f"),
    ("class A[T](B):\n    def m(self, x: T): return x", "B", "A"),
]
OF_314 = [
    ("try:\n    a()\nexcept E, F:\n    b()", "a b E F", ""),
    ('x = t"{a} {b!r}"', "a b", "x"),
]


def analysed(source: str, *, kernel: str | None) -> CellFlow:
    cell = Cell(number=1, id="a", kind="code", source=source)
    return cells.analyze(Notebook(path="a.ipynb", cells=(cell,), kernel=kernel))[0]


def running_takes(source: str) -> bool:
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True


@pytest.mark.parametrize(("source", "uses", "leaves"), [*OF_312, *OF_314])
def test_where_another_python_may_run_it_it_is_read_like_any_cell(source: str, uses: str, leaves: str) -> None:
    cell = analysed(source, kernel="python313")
    known = {"print"}
    assert cell.problem is None
    assert {use.name for use in cell.uses} == set(uses.split()) - known
    assert set(cell.defines) == set(leaves.split())


@pytest.mark.parametrize(("source", "uses", "leaves"), [*OF_312, *OF_314])
@pytest.mark.parametrize("kernel", [None, "python3"])
def test_where_this_python_runs_it_the_cell_fails_and_says_which_one_it_needs(
    source: str, uses: str, leaves: str, kernel: str | None
) -> None:
    problem = analysed(source, kernel=kernel).problem
    if running_takes(source):
        assert problem is None
    else:
        assert problem is not None
        needed = "3.14" if (source, uses, leaves) in OF_314 else "3.12"
        assert (
            f"needs Python {needed}, and this is Python {sys.version_info[0]}.{sys.version_info[1]}" in problem.message
        )


@pytest.mark.skipif(not OLD, reason="the running Python reads them itself")
def test_names_stand_where_they_stood() -> None:
    cell = analysed('x = 1\nprint(f"é {a["k"]:>{width}}", f"{b["c"]}")', kernel="python313")
    assert [(use.name, use.line, use.column) for use in cell.uses] == [("a", 2, 12), ("width", 2, 21), ("b", 2, 34)]


@pytest.mark.parametrize(
    "source", ["x = (", 'f"{a["', 'f"{a["b"]}', "f'{a b}'", 'f"{x["y"]}" +', "type = ", "def f[T(x): pass", "except A, B:", "f'{a['\n'b']}'"]
)  # fmt: skip
def test_what_no_python_takes_stays_an_error(source: str) -> None:
    assert analysed(source, kernel="python313").problem is not None
    assert newer(source) is None


def test_a_cell_that_both_know_is_read_by_the_running_one() -> None:
    assert analysed("type = 1\nx = type\nt = f'{x}'", kernel="python313").problem is None
