"""
Cuts a cell into logical lines without tokenising it: IPython syntax is not Python, and a tokeniser stumbles over it.

Knows strings, comments, brackets and backslashes, which is what it takes to tell `%x` at the start of a line from
`% x` in an expression.
"""

import re
from collections.abc import Iterator

from msgspec import Struct

__all__ = ["Line", "logical_lines"]

_ESCAPES = "%!?,;/"
_QUOTE = re.compile(r"'''|\"\"\"|'|\"")


class Line(Struct, frozen=True, kw_only=True):
    """One logical line: a statement's line with all its continuations."""

    first: int
    """Its first line in the text, from 1."""
    last: int
    column: int
    """Characters of indentation."""
    text: str
    """From the first character that is no blank, to its end."""
    escaped: bool = False
    """It starts with one of IPython's signs."""
    closed: bool = True
    """False where the text ends inside a string of several lines."""
    equals: int = -1
    """Column, from 0, of the first `=` outside brackets, on the first physical line; -1 without one."""
    value: str = ""
    """What follows that `=`, where it starts with `!` or `%name`."""
    value_column: int = 0


def logical_lines(code: str) -> Iterator[Line]:
    """The logical lines of `code`, in order, without blank ones and comments."""
    at = 0
    number = 1
    while at < len(code):
        blank = re.compile(r"[ \t\f]*").match(code, at)
        start = blank.end() if blank else at
        if start >= len(code):
            return
        if code[start] == "\n":
            at, number = start + 1, number + 1
            continue
        if code[start] == "#":
            at = _physical_end(code, start, continued=False)
            continue
        column = start - at
        escaped = code[start] in _ESCAPES
        end, equals, closed = (
            (_physical_end(code, start, continued=True), -1, True) if escaped else _logical_end(code, start)
        )
        value_at = _magic_value(code, equals)
        if value_at >= 0:
            end = _physical_end(code, equals, continued=True)
        last = number + code.count("\n", start, end)
        yield Line(
            first=number,
            last=last,
            column=column,
            text=code[start:end].rstrip(),
            escaped=escaped,
            closed=closed,
            equals=equals - at if value_at >= 0 else -1,
            value=code[value_at:end].rstrip() if value_at >= 0 else "",
            value_column=value_at - max(at, code.rfind("\n", at, max(value_at, at)) + 1),
        )
        at, number = end + 1, last + 1


def _physical_end(code: str, start: int, *, continued: bool) -> int:
    """Index of the newline that ends the line; with `continued`, one behind a backslash does not."""
    end = start
    while True:
        end = code.find("\n", end)
        if end < 0:
            return len(code)
        if not continued or code[end - 1] != "\\":
            return end
        end += 1


def _logical_end(code: str, start: int) -> tuple[int, int, bool]:  # noqa: C901  a scanner: one branch a character
    """Index of the newline that ends the statement; of its first `=` outside brackets, or -1; whether all is closed."""
    at, depth, equals = start, 0, -1
    while at < len(code):
        character = code[at]
        if character in "'\"":
            quoted, at = at, _string_end(code, at)
            if at == len(code) and code.startswith(("'''", '"""'), quoted) and not _closes(code, quoted):
                return at, equals, False
            continue
        if character == "#":
            at = _physical_end(code, at, continued=False)
            continue
        if character == "\n" and depth == 0:
            return at, equals, True
        if character == "\\":
            at += 2
            continue
        if character in "([{":
            depth += 1
        elif character in ")]}":
            depth = max(0, depth - 1)
        elif character == "=" and depth == 0 and equals < 0:
            if code[at - 1] not in "=!<>+-*/%&|^@:~" and code[at + 1 : at + 2] != "=":
                equals = at
                if _magic_value(code, equals) >= 0:
                    return _physical_end(code, equals, continued=True), equals, True
            elif code[at + 1 : at + 2] == "=":
                at += 1
        at += 1
    return len(code), equals, True


def _magic_value(code: str, equals: int) -> int:
    """Index of the `!` or `%name` behind an `=`, else -1."""
    found = re.compile(r"=([ \t]|\\\n)*(?=!|%[A-Za-z_])").match(code, equals) if equals >= 0 else None
    return found.end() if found else -1


def _closes(code: str, start: int) -> bool:
    """Whether the triple-quoted string at `start`, which reaches the end of the text, ends there with its quotes."""
    return len(code) >= start + 6 and code.endswith(code[start : start + 3])


def _string_end(code: str, start: int) -> int:
    """Index behind the string that starts at `start`; a one-line string that is never closed ends with its line."""
    opened = _QUOTE.match(code, start)
    quote = opened.group() if opened else code[start]
    at = start + len(quote)
    while at < len(code):
        if code[at] == "\\":
            at += 2
        elif code.startswith(quote, at):
            return at + len(quote)
        elif code[at] == "\n" and len(quote) == 1:
            return at
        else:
            at += 1
    return len(code)
