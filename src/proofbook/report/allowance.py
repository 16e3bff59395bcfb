"""What one page may still take in: a hostile notebook costs a bounded amount of time and a bounded size of page."""

import re
from typing import Final

from proofbook.report.limits import BLOCKS, PAGE_BLOCKS, PAGE_PICTURE_BYTES, PAGE_RICH_CHARACTERS

__all__ = ["Allowance"]

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
    ) -> None:
        self._pictures = pictures
        self._rich = rich
        self._blocks = blocks

    def take_picture(self, size: int) -> bool:
        """Whether a picture of `size` bytes may still come in."""
        if size > self._pictures:
            return False
        self._pictures -= size
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
