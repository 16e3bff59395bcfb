"""Edits of text at exact places."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proofbook.analyze.flow import Span
from proofbook.convert.edits import Edit, applied, lines_of, segment
from proofbook.exceptions import ConversionError


def edit(line: int, column: int, end_line: int, end_column: int, text: str) -> Edit:
    return Edit(cell=1, span=Span(line=line, column=column, end_line=end_line, end_column=end_column), text=text)


def test_edits_are_put_in_whatever_their_order() -> None:
    source = "é = 'a'\r\nb = 'c'"
    edits = [edit(2, 5, 2, 8, "X"), edit(1, 5, 1, 8, "Y"), edit(1, 5, 1, 8, "Y")]
    assert applied(source, edits) == "é = Y\r\nb = X"


def test_one_place_cannot_become_two_things() -> None:
    with pytest.raises(ConversionError, match=r"cell 1: .* two ways"):
        applied("abc", [edit(1, 1, 1, 3, "x"), edit(1, 2, 1, 4, "y")])


@given(st.lists(st.sampled_from(["", "a", "bc"]), min_size=1, max_size=5), st.data())
def test_taking_out_lines_leaves_the_others(lines: list[str], data: st.DataObject) -> None:
    first = data.draw(st.integers(1, len(lines)))
    last = data.draw(st.integers(first, len(lines)))
    source = "\n".join(lines)
    span = lines_of(source, first, last)
    left = applied(source, [Edit(cell=1, span=span, text="")])
    assert left == "\n".join([*lines[: first - 1], *lines[last:]])
    assert segment(source, span).strip("\n") == "\n".join(lines[first - 1 : last]).strip("\n")
