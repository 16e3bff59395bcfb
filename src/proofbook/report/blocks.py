"""What a page is made of below its sections: pieces that the templates know how to draw."""

from typing import Literal

from markupsafe import Markup
from msgspec import Struct

from proofbook.report.charts import Chart
from proofbook.report.limits import TABLE_ROWS

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

    @property
    def open(self) -> int:
        """How many rows stand open: all of them, where folding would hide only a few."""
        return len(self.rows) if len(self.rows) <= TABLE_ROWS * 1.2 else TABLE_ROWS

    @property
    def folded(self) -> str:
        """What is said of the rows after those that stand open; empty where there are none."""
        count = len(self.rows) - self.open
        other = len({row for row, _ in self.differs if row >= self.open})
        if not count:
            return ""
        return f"{count:,} more rows" + (f", of which {other:,} differ from the other side" if other else "")


class Block(Struct, frozen=True, kw_only=True):
    """One piece. `content` is markup that a function of this room made safe; all else is plain text."""

    kind: Literal["html", "text", "error", "code", "picture", "note", "table", "fields", "value", "chart", "folded"]
    content: Markup = Markup("")
    label: str = ""
    """note, value, folded: its text. picture: what it shows. Others: a word above it, such as the stream's name."""
    uri: str = ""
    width: int = 0
    height: int = 0
    grid: Grid | None = None
    chart: Chart | None = None
    fields: tuple[tuple[str, "Block"], ...] = ()
    """fields: by name. folded: what a reader opens."""


def note(text: str) -> Block:
    """A line in the place of something that is not shown, which says why."""
    return Block(kind="note", label=text)
