"""What a page is made of below its sections: pieces that the templates know how to draw."""

from typing import Literal

from markupsafe import Markup
from msgspec import Struct

__all__ = ["Block", "Grid", "note"]


class Grid(Struct, frozen=True, kw_only=True):
    """A table: plain text in every field, never markup."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...] = ()
    """For each column, whether it reads best aligned to the right."""
    differs: frozenset[tuple[int, int]] = frozenset()
    """(row, column) of fields that are not what the other side says."""
    caption: str = ""
    """What is not shown of it."""


class Block(Struct, frozen=True, kw_only=True):
    """One piece. `content` is markup that a function of this room made safe; all else is plain text."""

    kind: Literal["html", "text", "error", "code", "picture", "note", "table", "fields", "value"]
    content: Markup = Markup("")
    label: str = ""
    """note, value: its text. picture: what it shows. Others: a word above it, such as the stream's name."""
    uri: str = ""
    width: int = 0
    height: int = 0
    grid: Grid | None = None
    fields: tuple[tuple[str, "Block"], ...] = ()


def note(text: str) -> Block:
    """A line in the place of something that is not shown, which says why."""
    return Block(kind="note", label=text)
