"""PB803: a cell with nothing in it."""

from collections.abc import Iterator

from proofbook.lint.fix import Fix, RemoveCell
from proofbook.lint.rule import Subject, Violation, rule
from proofbook.model.notebook import Cell

__all__ = ["empty_cell"]


@rule("PB803", "empty-cell", level="warning", python=False, fix="safe")
def empty_cell(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds a cell that holds nothing but white space. One that marks a place, by a tag or as a slide, is left alone. So
    is an empty code cell at the very end, which Jupyter adds whenever the last cell is run, and a notebook in which
    every cell is empty: it was only just begun.

    ## Why is this bad?
    It is in the way of readers, and of comparisons of one version with the next. Often it is what is left of a cell
    that was meant to be filled.

    ## Example
    ```text
    In [3]: flights = flights.dropna()
    In [ ]:
    In [4]: flights.describe()
    ```

    Use instead:
    ```text
    In [3]: flights = flights.dropna()
    In [4]: flights.describe()
    ```

    ## Fix safety
    Removing the cell is safe: it does nothing. One that still shows an output, or holds attachments, is not removed.
    """
    cells = subject.notebook.cells
    if not any(cell.source.strip() for cell in cells):
        return
    for cell in cells:
        added = cell is cells[-1] and cell.kind == "code" and not _shows(cell)
        if not cell.source.strip() and not added and not _marks(cell):
            remove = Fix(title="Remove the empty cell", safety="safe", changes=(RemoveCell(cell=cell),))
            yield Violation(
                message="the cell is empty",
                advice="remove it",
                cell=cell,
                fix=None if _shows(cell) else remove,
            )


def _marks(cell: Cell) -> bool:
    """Whether it is there for what its metadata say."""
    return bool(cell.tags) or any(cell.metadata.get(key) for key in ("slideshow", "nbgrader", "proofbook"))


def _shows(cell: Cell) -> bool:
    return bool(cell.outputs) or bool(cell.metadata.get("attachments"))
