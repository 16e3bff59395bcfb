"""Where the page gets its blobs: one that is missing or damaged becomes a remark in its place, never a lost page."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from markupsafe import Markup

from proofbook.exceptions import ProofbookError
from proofbook.model.record import Record
from proofbook.report import interactive, outputs, words
from proofbook.report.blocks import Block, Grid, note
from proofbook.report.code import highlighted
from proofbook.report.grids import Sample, of_rows, sample
from proofbook.report.limits import PATCH_CHARACTERS
from proofbook.report.pictures import Album

__all__ = ["Sources"]


class Sources:
    """Reads blobs by digest, and makes pictures and tables of them."""

    def __init__(self, load: Callable[[str], bytes], *, album: Album) -> None:
        self._load = load
        self.album = album

    def read(self, digest: str) -> bytes | str:
        """The bytes, or in words why they cannot be had."""
        try:
            return self._load(digest)
        except (ProofbookError, OSError, LookupError, ValueError) as error:
            return words.brief(str(error) or type(error).__name__)

    def picture(self, digest: str, media: str, *, alt: str) -> Block:
        """The picture, or a note."""
        content = self.read(digest)
        if isinstance(content, str):
            return note(f"Picture not shown: {content}.")
        return self.album.add(content, media, alt=alt)

    def figure(self, record: Record, *, whose: str) -> tuple[Block, ...]:
        """A recorded figure: its picture, or the data that it plots."""
        if record.unreadable is not None:
            return (note(f"Not readable: {words.brief(record.unreadable)}"),)
        if record.blob is not None:
            return (self.picture(record.blob, record.media or "image/png", alt=f"{record.name}, {whose}"),)
        if record.plotted is None:
            return (note("This figure has neither a picture nor its data."),)
        return (note("This figure has no picture; from its data:"), *self._plotted(record.plotted))

    def _plotted(self, digest: str) -> tuple[Block, ...]:
        content = self.read(digest)
        if isinstance(content, str):
            return (note(f"Data not shown: {content}."),)
        try:
            data = msgspec.json.decode(content)
        except (msgspec.DecodeError, RecursionError):
            return (note("Data not shown: it is not readable as JSON."),)
        return tuple(interactive.data(data, allowance=self.album.allowance)) or (
            Block(kind="code", label="JSON", content=outputs.pretty(data)),
        )

    def grid(self, rows: Sequence[Any], *, height: int | None = None) -> Grid:
        """Rows of JSON as a table."""
        return of_rows(rows, height=height, allowance=self.album.allowance)

    def table(self, record: Record) -> Sample | str:
        """The first rows of a recorded table, or in words why they cannot be had."""
        if record.unreadable is not None:
            return words.brief(record.unreadable)
        if record.blob is None:
            return "it was recorded without its rows"
        content = self.read(record.blob)
        if isinstance(content, str):
            return content
        try:
            return sample(content)
        except ValueError as error:
            return str(error)

    def source(self, digest: str, language: str) -> Markup | str:
        """A blob of text, highlighted; or, as plain text, why it cannot be had."""
        content = self.read(digest)
        if isinstance(content, str):
            return content
        return highlighted(content.decode("utf-8", "replace"), language, limit=PATCH_CHARACTERS)
