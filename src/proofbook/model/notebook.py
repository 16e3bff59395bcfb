"""A notebook as the rest of Proofbook sees it, whichever file format it came from."""

from functools import cached_property
from typing import Any, Literal

from msgspec import Struct

__all__ = ["Cell", "Notebook"]


class Cell(Struct, frozen=True, kw_only=True):
    """One cell. `number` counts all cells from 1, as a reader of the notebook would."""

    number: int
    id: str
    """The file's own, or `cell-3` of the third cell where it has none."""
    kind: Literal["code", "markdown", "raw"]
    source: str
    tags: tuple[str, ...] = ()
    execution_count: int | None = None
    outputs: tuple[dict[str, Any], ...] = ()
    metadata: dict[str, Any] = {}
    line: int = 1
    """Line of the file on which the source starts; for percent scripts, else 1."""
    has_id: bool = True
    """Whether the file says the id."""


class Notebook(Struct, frozen=True, kw_only=True, dict=True):
    """A parsed notebook: `.ipynb` of nbformat 4, or a percent script."""

    path: str
    cells: tuple[Cell, ...]
    format: Literal["ipynb", "percent"] = "ipynb"
    language: str = "python"
    kernel: str | None = None
    metadata: dict[str, Any] = {}
    minor: int = 5
    """nbformat 4.5 and later want an id in every cell, earlier ones have none."""

    @cached_property
    def code_cells(self) -> tuple[Cell, ...]:
        """The cells that run, in order."""
        return tuple(cell for cell in self.cells if cell.kind == "code")

    def tagged(self, tag: str) -> tuple[Cell, ...]:
        """The cells that carry `tag`, in order."""
        return tuple(cell for cell in self.cells if tag in cell.tags)
