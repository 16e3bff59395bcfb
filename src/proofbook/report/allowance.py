"""What one page may still take in: a hostile notebook costs a bounded amount of time and a bounded size of page."""

import re
from collections.abc import Sequence
from typing import Final

from proofbook.report.limits import (
    BLOCKS,
    PAGE_BLOCKS,
    PAGE_MARKS,
    PAGE_PICTURE_BYTES,
    PAGE_RICH_CHARACTERS,
    PAGE_TABLE_CHARACTERS,
    TABLE_CHARACTERS,
    TABLE_LEAST_ROWS,
)

__all__ = ["Allowance"]

_FIELD: Final = 30
"""Characters of markup around a field of a table."""
# openings of what nests at a price; cells of tables and words within a line are cheap, and there are many of them
_BLOCK: Final = re.compile(
    r"<(?!(?:td|th|tr|a|b|br|code|col|em|i|img|mark|s|small|span|strong|sub|sup|tt|u)[\s/>])[a-z]", re.IGNORECASE
)


class Allowance:
    """Counts down as pictures, HTML and markdown are taken in."""

    def __init__(
        self,
        *,
        pictures: int = PAGE_PICTURE_BYTES,
        rich: int = PAGE_RICH_CHARACTERS,
        blocks: int = PAGE_BLOCKS,
        tables: int = PAGE_TABLE_CHARACTERS,
    ) -> None:
        self._pictures = pictures
        self._rich = rich
        self._blocks = blocks
        self._tables = tables
        self._marks = PAGE_MARKS

    def take_picture(self, size: int) -> bool:
        """Whether a picture of `size` bytes may still come in."""
        if size > self._pictures:
            return False
        self._pictures -= size
        return True

    def take_rows(self, rows: Sequence[tuple[str, ...]]) -> int:
        """How many of a table's rows may come in, from the first; a few of them always may."""
        left = min(self._tables, TABLE_CHARACTERS)
        taken = 0
        for row in rows:
            size = sum(len(field) + _FIELD for field in row)
            if size > left and taken >= TABLE_LEAST_ROWS:
                break
            left -= size
            self._tables -= size
            taken += 1
        return taken

    def take_marks(self, count: int) -> bool:
        """Whether a drawing of so many marks may still come in."""
        if count > self._marks:
            return False
        self._marks -= count
        return True

    def refusal(self, source: str) -> str | None:
        """Take in HTML or markdown; or say why not, in words."""
        blocks = sum(1 for _ in _BLOCK.finditer(source))
        if blocks > BLOCKS:
            return f"it has {blocks:,} divisions, lists and the like, the limit is {BLOCKS:,}"
        if len(source) > self._rich or blocks > self._blocks:
            return "this page holds as much of notebooks as it may"
        self._rich -= len(source)
        self._blocks -= blocks
        return None
