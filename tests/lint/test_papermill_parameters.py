"""Lint reads a parameters cell as papermill does, without importing it."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell
from papermill.translators import PythonTranslator

from proofbook.lint.papermill_parameters import inspected

PIECES = [
    "a = 1", "b: int = 2", "c: int | None = None", "d = None  # type: str help", "e: 'str' = \"x\"  # note", "f = [",
    "    1,  # one", "]", "# a comment", "", "g = h = 1", "i: dict[str, int] = {", "    'a': 1,", "}", "import os",
    "j: datetime.date = '2013'", "k='a'", "  l = 3", "m = 1  # = equal", '"""', "n : int=1 #type:int", "é = 1", "o", "\f",
]  # fmt: skip


def by_papermill(source: str) -> dict[str, str]:
    found = PythonTranslator.inspect(new_code_cell(source))
    return {one.name: "" if one.inferred_type_name == "None" else one.inferred_type_name for one in found}


@given(st.lists(st.sampled_from(PIECES), max_size=8))
def test_what_is_found_is_what_papermill_finds(lines: list[str]) -> None:
    logging.getLogger("papermill").setLevel(logging.ERROR)
    source = "\n".join(lines)

    assert inspected(source) == by_papermill(source)


@pytest.mark.parametrize("line", PIECES)
def test_a_single_line_too(line: str) -> None:
    assert inspected(line) == by_papermill(line)
