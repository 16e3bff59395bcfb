"""What lint says of one cell."""

from typing import Literal

from msgspec import Struct

__all__ = ["Finding"]


class Finding(Struct, frozen=True, kw_only=True, order=True):
    """One violation of one rule. Sorts by file, cell, line, column, rule."""

    path: str
    cell: int = 0
    """Number of the cell, from 1; 0 speaks of the whole file."""
    line: int = 0
    """Line within the cell, from 1; 0 speaks of the whole cell."""
    column: int = 0
    """Column within the line, from 1."""
    rule: str
    name: str
    level: Literal["error", "warning"]
    message: str
    """What is wrong, in one line, with the names that matter."""
    advice: str = ""
    """What to do, in one line."""
    cell_id: str = ""
    file_line: int = 0
    """Line of the file on which that is, from 1; 0 where it is not known."""
    text: str = ""
    """The line of source that it points at."""
    fix: Literal["", "safe", "unsafe"] = ""
    """Whether `--fix` mends it, or only `--unsafe-fixes`."""
    suppressed: str | None = None
    """The reason that stands beside the suppression, where there is one."""
