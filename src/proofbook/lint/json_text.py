"""
Changes in the text of a JSON document that leave every other character where it is.

The values' places come from the decoder of the standard library: it says where each value ends. The text is known to
be JSON; nothing here asks that again.
"""

import json
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from msgspec import UNSET, Struct

__all__ = ["Layout", "Member", "items", "layout_of", "members", "rebuilt", "tokens", "with_member", "without_member"]

_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\r\n]*")
_CHARACTER = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|[^\\]", re.DOTALL
)
_ESCAPED = re.compile(r"(?<!\\)(?:\\\\)*\\u(?!00[0-7])")


class Member(NamedTuple):
    """One entry of an object: where its key starts, and where its value starts and ends."""

    key: str
    start: int
    value: int
    end: int


class Layout(Struct, frozen=True, kw_only=True):
    """How a document is written."""

    unit: str
    """One step of indentation; of no meaning where the document has one line."""
    colon: str
    comma: str
    """Between the items of what stands on one line."""
    ascii_only: bool

    def dump(self, value: Any, *, gap: str) -> str:
        """`value` as JSON, for a place that has `gap` between the bracket before it and its key."""
        line_end, indent = _split(gap)
        if not line_end:
            separators = (self.comma, self.colon)
            return json.dumps(value, ensure_ascii=self.ascii_only, separators=separators)
        separators = (",", self.colon)
        made = json.dumps(value, ensure_ascii=self.ascii_only, separators=separators, indent=self.unit)
        return made.replace("\n", line_end + indent)


def layout_of(text: str) -> Layout:
    """The layout of a document whose top level is an object."""
    start = _skip(text, 0)
    outer = members(text, start)
    if not outer:
        return Layout(unit=" ", colon=": ", comma=", ", ascii_only=False)
    first = outer[0]
    line_end, unit = _split(text[start + 1 : first.start])
    colon = text[_string_end(text, first.start) : first.value]
    comma = ", " if line_end or len(outer) == 1 else text[outer[0].end : outer[1].start]
    return Layout(unit=unit, colon=colon, comma=comma, ascii_only=text.isascii() and _ESCAPED.search(text) is not None)


def members(text: str, start: int) -> list[Member]:
    """The entries of the object that starts at `start`; of two with one key, the last is the one that counts."""
    found, at = [], _skip(text, start + 1)
    while text[at] != "}":
        key, end = _DECODER.raw_decode(text, at)
        value = _skip(text, _skip(text, end) + 1)
        _, stop = _DECODER.raw_decode(text, value)
        found.append(Member(key, at, value, stop))
        at = _next(text, stop)
    return found


def items(text: str, start: int) -> list[tuple[int, int]]:
    """Where each value of the array that starts at `start` starts and ends."""
    found, at = [], _skip(text, start + 1)
    while text[at] != "]":
        _, end = _DECODER.raw_decode(text, at)
        found.append((at, end))
        at = _next(text, end)
    return found


def tokens(literal: str) -> list[str]:
    """The pieces of a string literal, one for each character that it means."""
    return _CHARACTER.findall(literal, 1, len(literal) - 1)


def rebuilt(text: str, start: int, end: int, new: Sequence[tuple[int | None, str]], *, gap: str, close: str) -> str:
    """
    The array at `start` with other items.

    Args:
        text: The document.
        start: Where the array's bracket opens.
        end: Behind the bracket that closes it.
        new: The items, each with its place in the old array, or None. Old items keep the space before them.
        gap: What stands before an item where there is none to look at.
        close: What stands before the closing bracket where there was no item.
    """
    spans = items(text, start)
    if not new:
        return "[]"
    lead = text[start + 1 : spans[0][0]] if spans else gap
    trail = text[spans[-1][1] : end - 1] if spans else close
    between = {number: text[spans[number - 1][1] : spans[number][0]] for number in range(1, len(spans))}
    usual = between.get(1, f",{lead}")
    parts = ["[", lead]
    for position, (number, item) in enumerate(new):
        if position:
            parts.append(between.get(number, usual) if number is not None else usual)
        parts.append(item)
    return "".join([*parts, trail, "]"])


def with_member(text: str, start: int, path: Sequence[str], value: Any, *, layout: Layout, outer: str) -> str:
    """
    `text` with an entry of the object at `start` set, added, or with UNSET removed.

    Args:
        text: The document, or a piece of it.
        start: Where the object starts.
        path: Keys from the outside in; objects that are missing are made.
        value: Any JSON value.
        layout: How the document is written.
        outer: What stands before the key that holds the object, from the bracket or comma.
    """
    found = members(text, start)
    here = next((member for member in reversed(found) if member.key == path[0]), None)
    if here is None:
        return text if value is UNSET else _added(text, start, found, path, value, layout=layout, outer=outer)
    gap = _gap(text, start, found, found.index(here))
    if len(path) == 1:
        if value is UNSET:
            return without_member(text, start, path[0])
        return text[: here.value] + layout.dump(value, gap=gap) + text[here.end :]
    if text[here.value] == "{":
        return with_member(text, here.value, path[1:], value, layout=layout, outer=gap)
    if value is UNSET:
        return text
    return text[: here.value] + layout.dump(_nested(path[1:], value), gap=gap) + text[here.end :]


def without_member(text: str, start: int, key: str) -> str:
    """`text` without the entries called `key` of the object at `start`."""
    while True:
        found = members(text, start)
        number = next((number for number, member in enumerate(found) if member.key == key), None)
        if number is None:
            return text
        if len(found) == 1:
            closing = _skip(text, found[0].end)
            return text[: start + 1] + text[closing:]
        if number + 1 < len(found):
            text = text[: found[number].start] + text[found[number + 1].start :]
        else:
            text = text[: found[number - 1].end] + text[found[number].end :]


def _added(
    text: str, start: int, found: list[Member], path: Sequence[str], value: Any, *, layout: Layout, outer: str
) -> str:
    key, nested = path[0], _nested(path[1:], value)
    gap = _gap(text, start, found, 0) if found else _inner(outer, layout)
    made = f"{json.dumps(key, ensure_ascii=layout.ascii_only)}{layout.colon}{layout.dump(nested, gap=gap)}"
    if not found:
        closing = _skip(text, start + 1)
        return f"{text[: start + 1]}{gap}{made}{outer if _split(outer)[0] else ''}{text[closing:]}"
    keys = [member.key for member in found]
    after = [member for member in found if member.key < key] if keys == sorted(keys) else found
    if not after:
        return f"{text[: found[0].start]}{made},{_behind(text, found, gap)}{text[found[0].start :]}"
    end = after[-1].end
    return f"{text[:end]},{_behind(text, found, gap)}{made}{text[end:]}"


def _nested(path: Sequence[str], value: Any) -> Any:
    for key in reversed(path):
        value = {key: value}
    return value


def _gap(text: str, start: int, found: list[Member], number: int) -> str:
    """What stands between the bracket or comma and the key of an entry."""
    if number == 0:
        return text[start + 1 : found[0].start]
    return text[found[number - 1].end : found[number].start].partition(",")[2]


def _behind(text: str, found: list[Member], gap: str) -> str:
    """What stands between a comma and the next key."""
    return text[found[0].end : found[1].start].partition(",")[2] if len(found) > 1 else gap or " "


def _inner(outer: str, layout: Layout) -> str:
    line_end, indent = _split(outer)
    return f"{line_end}{indent}{layout.unit}" if line_end else ""


def _split(gap: str) -> tuple[str, str]:
    """Line end and indentation of a gap; an empty line end where it stays on its line."""
    at = gap.rfind("\n")
    if at < 0:
        return "", ""
    return ("\r\n" if gap[:at].endswith("\r") else "\n"), gap[at + 1 :]


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _next(text: str, at: int) -> int:
    """Behind the comma, or at the closing bracket."""
    at = _skip(text, at)
    return _skip(text, at + 1) if text[at] == "," else at


def _string_end(text: str, start: int) -> int:
    return _DECODER.raw_decode(text, start)[1]
