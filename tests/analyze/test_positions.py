"""The lines of cells in a file: as nbformat writes it, and in layouts that tell nothing."""

import json

import nbformat
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from proofbook.analyze.positions import source_starts

LINES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"))


@given(st.lists(st.tuples(st.booleans(), st.lists(LINES, min_size=1, max_size=4)), max_size=5))
def test_each_line_of_each_cell_stands_where_it_is_said(cells: list[tuple[bool, list[str]]]) -> None:
    tricky = new_output("display_data", {"application/json": {"source": ["no"], "cell_type": "code"}})
    made = [
        new_code_cell("\n".join(lines), outputs=[tricky]) if code else new_markdown_cell("\n".join(lines))
        for code, lines in cells
    ]
    text = nbformat.writes(new_notebook(cells=made)) + "\n"
    starts = source_starts(text, cells=len(made))
    assert len(starts) == len(made)
    rows = text.split("\n")
    for start, cell in zip(starts, made, strict=True):
        for number, line in enumerate(cell.source.split("\n")):
            if line:
                shown = rows[start - 1 + number].strip().rstrip(",")
                assert json.loads(shown).rstrip("\n") == line


def test_a_file_in_one_line_tells_nothing() -> None:
    notebook = new_notebook(cells=[new_code_cell("a"), new_code_cell("b")])
    assert source_starts(json.dumps(notebook), cells=2) == ()


def test_a_source_that_is_one_text_stands_on_its_own_line() -> None:
    text = '{\n "cells": [\n  {\n   "cell_type": "code",\n   "source": "x"\n  }\n ]\n}'
    assert source_starts(text, cells=1) == (5,)
