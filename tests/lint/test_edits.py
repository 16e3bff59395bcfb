"""What is left when a statement goes."""

import ast

import pytest

from proofbook.analyze.cells import analyze
from proofbook.convert.edits import Edit as Place
from proofbook.convert.edits import applied
from proofbook.lint import edits
from tests.lint.factory import notebook


def left(source: str, wanted: str) -> str | None:
    """`source` without the statement that is written like `wanted`."""
    flow = analyze(notebook(source))[0]
    assert flow.tree is not None
    found = next(
        node for node in ast.walk(flow.tree) if isinstance(node, ast.stmt) and ast.unparse(node).startswith(wanted)
    )
    edit = edits.statement_removed(flow, found)
    return None if edit is None else applied(source, [Place(cell=1, span=edit.span, text=edit.text)])


@pytest.mark.parametrize(
    ("source", "wanted", "remains"),
    [
        ("a = 1", "a", ""),
        ("a = 1\nb = 2", "a", "b = 2"),
        ("a = 1\nb = 2", "b", "a = 1"),
        ("a = 1\n", "a", ""),
        ("a = 1  # one\nb = 2", "a", "b = 2"),
        ("é = 1; b = 2", "é", "b = 2"),
        ("a = 1; b = 2", "b", "a = 1"),
        ("a = 1; b = 2 # two", "b", "a = 1 # two"),
        ("a = 1; b = 2; c = 3", "b", "a = 1; c = 3"),
        ("a = 1;", "a", ""),
        ("a = 1;\nb = 2", "a", "b = 2"),
        ("a = (\n  1,\n)\nb = 2", "a", "b = 2"),
        ("if x:\n    a = 1\n    b = 2", "a", "if x:\n    b = 2"),
        ("if x:\n    a = 1", "a", "if x:\n    pass"),
        ("if x: a = 1", "a", "if x: pass"),
        ("if x: a = 1; b = 2", "a", "if x: b = 2"),
        ("try:\n    f()\nexcept E:\n    a = 1", "a", "try:\n    f()\nexcept E:\n    pass"),
        ("%matplotlib inline\na = 1\nb = 2", "a", "%matplotlib inline\nb = 2"),
        ("%%time\na = 1\nb = 2", "b", "%%time\na = 1"),
        ("a = 1\r\nb = 2\r\n", "a", "b = 2\r\n"),
        ("a = 1 ; b = '''\n'''\nc = 3", "a", "b = '''\n'''\nc = 3"),
    ],
)
def test_a_statement_goes_with_its_line_and_leaves_a_block_whole(source: str, wanted: str, remains: str) -> None:
    assert left(source, wanted) == remains


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("%time a = 1", "a"),
        ("@f\ndef g(): pass", "@f"),
        ("%%time\nimport sys", "import sys"),
        ("\n%%capture o\n\na = 1  # x\n", "a"),
    ],
)
def test_what_a_magic_runs_and_what_is_decorated_stays(source: str, wanted: str) -> None:
    assert left(source, wanted) is None


@pytest.mark.parametrize(
    ("source", "name", "remains"),
    [
        ("import a", "a", ""),
        ("import a, b", "a", "import b"),
        ("import a, b", "b", "import a"),
        ("from m import a as x, b as y, c", "b", "from m import a as x, c"),
        ("from m import (\n    a,\n    b,\n)", "b", "from m import (\n    a,\n)"),
        ("from m import (\n    a,\n    b,\n)", "a", "from m import (\n    b,\n)"),
        ("from m import (\n    a,  # why\n    b,\n)", "a", None),
    ],
)
def test_one_name_of_an_import_goes(source: str, name: str, remains: str | None) -> None:
    flow = analyze(notebook(source))[0]
    assert flow.tree is not None
    statement = flow.tree.body[0]
    assert isinstance(statement, ast.Import | ast.ImportFrom)

    edit = edits.name_removed(flow, statement, next(alias for alias in statement.names if alias.name == name))

    assert (None if edit is None else applied(source, [Place(cell=1, span=edit.span, text=edit.text)])) == remains
