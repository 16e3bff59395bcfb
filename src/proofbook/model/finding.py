"""What lint says of one cell."""

from typing import Literal

from msgspec import Struct

__all__ = ["Finding", "KnownFinding"]


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
    known: bool = False
    """Whether it stands in the project's baseline."""

    @property
    def counts(self) -> bool:
        """Whether it is neither suppressed nor known."""
        return self.suppressed is None and not self.known

    @property
    def place(self) -> str:
        """Where it is: `notebooks/train.ipynb:cell 4 (a1b2):line 3:col 5`, as far as that is known."""
        parts = [self.path]
        if self.cell:
            own = self.cell_id and self.cell_id != f"cell-{self.cell}"
            parts.append(f"cell {self.cell} ({self.cell_id})" if own else f"cell {self.cell}")
        if self.line:
            parts.append(f"line {self.line}")
        if self.column:
            parts.append(f"col {self.column}")
        return ":".join(parts)


class KnownFinding(Struct, frozen=True, kw_only=True, order=True, forbid_unknown_fields=True):
    """An entry of a baseline: findings that are alike."""

    path: str
    rule: str
    cell: str = ""
    """Id of the cell; empty for the whole file, and where the file has no ids."""
    line: str = ""
    """Digest of the line's text without the space around it: the text itself may hold a secret."""
    count: int = 1
