"""A notebook as editors show it is the notebook that the command line reads."""

from pathlib import Path

import pytest
from pygls.workspace import PositionCodec

from proofbook.analyze import source
from proofbook.lint import engine
from proofbook.lsp import virtual
from proofbook.lsp.diagnostics import published
from proofbook.lsp.looking import look
from proofbook.lsp.opened import Opened
from proofbook.lsp.reading import Part, of_blocks, of_file, of_parts
from proofbook.model.configuration import LintConfiguration
from proofbook.model.notebook import Notebook
from tests.lint.factory import code, content, markdown
from tests.lsp.test_virtual import sent

NOTEBOOKS = sorted((Path(__file__).parent.parent.parent / "notebooks").glob("*.ipynb"))
EVERYTHING = LintConfiguration(select=["PB"])


def in_jupyterlab(notebook: Notebook) -> Opened:
    text = sent(*((cell.kind, cell.source) for cell in notebook.cells))
    blocks = virtual.align(text, virtual.known(notebook.cells))
    return of_blocks("file:///a.ipynb", blocks, path=notebook.path, saved=notebook)


def in_cells(notebook: Notebook) -> Opened:
    parts = [
        Part(uri=f"cell:{cell.number}", kind="code" if cell.kind == "code" else "markdown", source=cell.source)
        for cell in notebook.cells
    ]
    return of_parts("file:///a.ipynb", parts, path=notebook.path, saved=notebook, metadata=None)


@pytest.mark.parametrize("show", [in_jupyterlab, in_cells])
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_an_editor_is_told_what_the_command_line_says(path: Path, show: object) -> None:
    notebook = source.read(path)
    opened = show(notebook)

    seen = look(opened, configuration=EVERYTHING, project=None, folder=None)

    assert opened.notebook == notebook
    assert [finding for finding, _ in seen.found] == [
        finding for finding in engine.lint(notebook, configuration=EVERYTHING) if finding.suppressed is None
    ]
    assert len(seen.found) == sum(map(len, published(seen, codec=PositionCodec()).values()))


def test_a_raw_cell_with_outputs_and_counts_is_what_it_is_in_the_file() -> None:
    raw = {"cell_type": "raw", "metadata": {}, "source": "x"}
    shown = code("1", count=3, outputs=({"output_type": "stream", "name": "stdout", "text": "1"},))
    notebook = source.parse(content(raw, markdown("# T"), shown, code("2", count=4)), path="a.ipynb")

    assert in_cells(notebook).notebook.cells == notebook.cells
    assert in_jupyterlab(notebook).notebook.cells == notebook.cells


def test_outputs_and_counts_of_a_cell_that_has_changed_are_not_its_own() -> None:
    notebook = source.parse(content(code("1", count=3), code("2", count=4)), path="a.ipynb")
    parts = [Part(uri="a", kind="code", source="1"), Part(uri="b", kind="code", source="22")]

    cells = of_parts("u", parts, path="a.ipynb", saved=notebook, metadata=None).notebook.cells

    assert [cell.execution_count for cell in cells] == [3, None]
    assert [cell.id for cell in cells] == ["a", "b"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"cells": 1}', "\x00", '{"nbformat": 3}', '{"a": ' * 500])
def test_what_cannot_be_read_is_said_on_the_first_line(text: str) -> None:
    opened = of_file("file:///a.ipynb", text, path="a.ipynb")

    seen = look(opened, configuration=EVERYTHING, project=None, folder=None)

    (told,) = published(seen, codec=PositionCodec())["file:///a.ipynb"]
    assert told.code == "PB807"
    assert told.range.start.line == 0
