"""Places in a cell's source."""

import pytest

from proofbook.analyze.flow import Span
from proofbook.analyze.spans import lines_of, offsets, segment


def at(line: int, column: int, end_line: int, end_column: int) -> Span:
    return Span(line=line, column=column, end_line=end_line, end_column=end_column)


@pytest.mark.parametrize(
    ("source", "span", "found"),
    [
        ("ab\ncd", at(1, 2, 2, 2), "b\nc"),
        ("é𝄞x\r\ny", at(1, 2, 2, 1), "𝄞x\r\n"),
        ("a\rb", at(2, 1, 2, 2), "b"),
        ("a", at(1, 2, 1, 2), ""),
        ("a\n", at(2, 1, 2, 1), ""),
    ],
)
def test_lines_and_columns_count_characters(source: str, span: Span, found: str) -> None:
    assert segment(source, span) == found


def test_a_line_that_is_not_there_has_no_place() -> None:
    with pytest.raises(IndexError):
        offsets("a", at(2, 1, 2, 1))


@pytest.mark.parametrize(
    ("source", "first", "last", "left"),
    [
        ("a\nb\nc", 1, 1, "b\nc"),
        ("a\nb\nc", 2, 3, "a"),
        ("a\r\nb", 2, 2, "a"),
        ("a\nb\n", 2, 2, "a\n"),
        ("a\nb", 1, 2, ""),
        ("abc\nde\nf", 3, 3, "abc\nde"),
    ],
)
def test_whole_lines_go_with_one_line_end(source: str, first: int, last: int, left: str) -> None:
    start, end = offsets(source, lines_of(source, first, last))

    assert source[:start] + source[end:] == left
