"""A notebook as an editor holds it: its cells, and where each of them stands in the editor's documents."""

from msgspec import Struct

from proofbook.model.notebook import Cell, Notebook

__all__ = ["Opened", "Place", "lines_of"]


class Place(Struct, frozen=True, kw_only=True):
    """Where one cell stands."""

    uri: str
    """Of the document."""
    start: int = 0
    """Index of the cell's first line in the document."""
    lines: tuple[str, ...] = ("",)
    """The document's lines for the cell: those of its source, or what an editor sends in their place."""
    hidden: bool = False
    """Whether the editor shows nothing on any of them."""

    def line(self, number: int) -> tuple[int, str]:
        """Index in the document, and text, of the cell's line `number`, from 1."""
        index = min(max(number - 1, 0), len(self.lines) - 1)
        return self.start + index, self.lines[index]

    def verbatim(self, cell: Cell, number: int) -> bool:
        """Whether line `number` of the cell, from 1, stands in the document as it is."""
        own = lines_of(cell.source)
        return 1 <= number <= min(len(own), len(self.lines)) and self.lines[number - 1] == own[number - 1]


class Opened(Struct, frozen=True, kw_only=True):
    """One notebook."""

    notebook: Notebook
    places: tuple[Place, ...] = ()
    """One a cell, in order."""
    home: Place
    """Where that is shown which speaks of the whole notebook."""
    documents: tuple[str, ...]
    """Every document of it: each is told what is wrong in it, also if that is nothing."""
    saved: bool = True
    """Whether tags, ids and metadata are known; else only the text of the cells is."""
    content: str | None = None
    """The document's text, where the document is the file: a script, or an `.ipynb` as JSON."""
    selective: bool = False
    """Whether the editor shows nothing on a line that it does not send as it is."""
    unreadable: str | None = None
    """Why there is nothing to look at."""

    def place(self, number: int) -> Place:
        """Where cell `number` stands; for 0, the whole notebook, where it begins."""
        return self.places[number - 1] if 0 < number <= len(self.places) else self.home

    def visible(self, cell: int, line: int) -> bool:
        """Whether the editor shows what is said of line `line` of cell `cell`, both from 1."""
        return not self.selective or (self.shows(cell, line) and not self.places[cell - 1].hidden)

    def shows(self, cell: int, line: int) -> bool:
        """Whether line `line` of cell `cell`, both from 1, stands in its document as it is."""
        return 0 < cell <= len(self.places) and self.places[cell - 1].verbatim(self.notebook.cells[cell - 1], line)


def lines_of(text: str) -> tuple[str, ...]:
    """The lines of a text as editors count them, without their ends. At least one."""
    return tuple(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
