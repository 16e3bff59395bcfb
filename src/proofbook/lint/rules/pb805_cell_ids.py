"""PB805: cells without an id, or with that of another."""

import hashlib
import re
from collections.abc import Iterator

from proofbook.lint.fix import Fix, SetId
from proofbook.lint.rule import Subject, Violation, rule
from proofbook.model.notebook import Cell

__all__ = ["cell_ids"]

_FIRST_WITH_IDS = 5
"""nbformat 4.5."""
_VALID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@rule("PB805", "cell-ids", level="warning", python=False, fix="safe")
def cell_ids(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds cells without an id, with one that nbformat does not allow, and with the id of a cell above. A notebook of
    nbformat 4.4 or older has no ids, and is never at fault.

    ## Why is this bad?
    By its id a cell is found again after it was moved or edited: for a comparison with the last build, for a comment,
    for a finding that was suppressed. Where there is none Jupyter draws a new one at random, at every opening, and each
    saved file differs from the last.

    ## Example
    ```json
    {"cell_type": "code", "id": "load", "source": "flights = load()"},
    {"cell_type": "code", "id": "load", "source": "flights.head()"}
    ```

    Use instead:
    ```json
    {"cell_type": "code", "id": "load", "source": "flights = load()"},
    {"cell_type": "code", "id": "5f0c1c3e", "source": "flights.head()"}
    ```

    ## Fix safety
    Giving new ids is safe: nothing that runs knows them. Of several cells with one id the first keeps it.
    """
    notebook = subject.notebook
    if notebook.format != "ipynb" or notebook.minor < _FIRST_WITH_IDS:
        return
    taken = {cell.id for cell in notebook.cells}
    missing = [cell for cell in notebook.cells if not cell.has_id or not _VALID.fullmatch(cell.id)]
    if missing:
        which = f"this cell and {len(missing) - 1} below it have" if len(missing) > 1 else "this cell has"
        yield Violation(
            message=f"{which} no valid id",
            advice="save the notebook in JupyterLab, which gives ids",
            cell=missing[0],
            fix=Fix(title="Give ids to the cells", safety="safe", changes=tuple(_new(cell, taken) for cell in missing)),
        )
    seen: dict[str, Cell] = {}
    for cell in notebook.cells:
        first = seen.setdefault(cell.id, cell)
        if first is not cell and cell not in missing:
            yield Violation(
                message=f"the cell has the id of cell {first.number}: {cell.id}",
                advice="save the notebook in JupyterLab, which gives a new one",
                cell=cell,
                fix=Fix(title="Give the cell an id of its own", safety="safe", changes=(_new(cell, taken),)),
            )


def _new(cell: Cell, taken: set[str]) -> SetId:
    """An id that no cell has: of the cell's place and source, so that a fix made twice gives the same bytes."""
    number = 0
    while (made := hashlib.sha256(f"{cell.number} {number} {cell.source}".encode()).hexdigest()[:8]) in taken:
        number += 1
    taken.add(made)
    return SetId(cell=cell, id=made)
