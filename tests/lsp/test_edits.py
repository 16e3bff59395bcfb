"""Edits of the editor's documents."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types
from pygls.workspace import PositionCodec, TextDocument

from proofbook.analyze.flow import Span
from proofbook.lint.fix import Edit, Fix
from proofbook.lsp import edits
from proofbook.lsp.opened import Opened, Place
from proofbook.lsp.reading import Part, of_parts
from proofbook.lsp.suppressing import comment
from proofbook.model.finding import Finding
from proofbook.model.notebook import Notebook

TEXTS = st.text(alphabet="ab\U0001f3b2é \n", max_size=30)


def opened(*sources: str) -> Opened:
    parts = [Part(uri=f"cell:{number}", kind="code", source=source) for number, source in enumerate(sources, start=1)]
    return of_parts("file:///a.ipynb", parts, path="a.ipynb", saved=None, metadata=None)


def found(cell: int, line: int) -> Finding:
    return Finding(path="a.ipynb", cell=cell, line=line, column=1, rule="PB402", name="x", level="error", message="x")


def edited(text: str, edit: types.TextEdit) -> str:
    document = TextDocument("file:///a", source=text)
    start, end = (document.offset_at_position(place) for place in (edit.range.start, edit.range.end))
    return text[:start] + edit.new_text + text[end:]


@given(TEXTS, TEXTS)
def test_the_difference_of_two_texts_makes_one_of_the_other(before: str, after: str) -> None:
    assert edited(before, edits._difference(before, after, codec=PositionCodec())) == after


def test_only_what_differs_is_changed() -> None:
    edit = edits._difference("one\ntwo\nthree\n", "one\n2\nthree\n", codec=PositionCodec())

    assert edit.new_text == "2"
    assert edit.range == types.Range(start=types.Position(line=1, character=0), end=types.Position(line=1, character=3))


def test_a_fix_after_which_a_cell_would_not_parse_is_not_offered() -> None:
    notebook = opened("x = 1")
    bad = Edit(cell=notebook.notebook.cells[0], span=Span(line=1, column=3, end_line=1, end_column=4), text="(")

    with pytest.raises(edits.InexpressibleError, match="cell 1 would not parse afterwards"):
        edits.of_fix(Fix(title="Break it", safety="safe", changes=(bad,)), notebook, codec=PositionCodec())


def test_a_line_that_the_editor_does_not_show_as_it_is_is_not_changed() -> None:
    cell = opened("%cd x\nx = 1").notebook.cells[0]
    shown = Place(uri="a", lines=('get_ipython().run_line_magic("cd", " x")', "x = 1"))
    notebook = Opened(
        notebook=Notebook(path="a.ipynb", cells=(cell,)), places=(shown,), home=shown, documents=("a",), selective=True
    )

    assert comment(found(1, 1), notebook) is None
    assert comment(found(1, 2), notebook) is not None
    assert not notebook.visible(1, 1)
    assert notebook.visible(1, 2)


def test_no_comment_is_put_where_it_would_be_none() -> None:
    """In a string it would be text, and behind a line that goes on an error."""
    notebook = opened("x = '''\na\n'''", "%%bash\nls", "", "x = 1 + \\\n    y")

    assert comment(found(1, 2), notebook) is None
    assert comment(found(3, 1), notebook) is None
    assert comment(found(4, 1), notebook) is not None
