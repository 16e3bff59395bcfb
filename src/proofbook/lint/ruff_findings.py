"""Ruff's word on a notebook as findings of ours, each with what ruff would change."""

from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from proofbook.analyze import spans
from proofbook.analyze.flow import Span
from proofbook.lint import ruff, suppressions
from proofbook.lint.credentials import masked
from proofbook.lint.fix import Edit, Fix, Safety
from proofbook.lint.suppressions import Suppression
from proofbook.model.finding import Finding
from proofbook.model.notebook import Cell, Notebook

__all__ = ["findings"]

_LONGEST_TEXT = 1000
_SAFETY: dict[str, Safety] = {"safe": "safe", "unsafe": "unsafe"}


def findings(
    notebook: Notebook, said: Sequence[ruff.Said], *, waved: Iterable[Suppression] | None = None
) -> tuple[tuple[Finding, Fix | None], ...]:
    """
    The findings, in order, all of level warning; suppressed as ours are, and by `# noqa` before they come here.

    Args:
        notebook: What ruff spoke of. Where the file has changed in between, what no longer fits is left out.
        said: What it said.
        waved: The suppressions of the notebook, where they were read before.
    """
    held = tuple(suppressions.read(notebook) if waved is None else waved)
    found = [pair for one in said for pair in _finding(notebook, one, held)]
    return tuple(sorted(found, key=lambda pair: pair[0]))


def _finding(
    notebook: Notebook, said: ruff.Said, held: tuple[Suppression, ...]
) -> Iterator[tuple[Finding, Fix | None]]:
    if said.location is None or said.code is None:
        return
    place = _place(notebook, said, said.location.row)
    if place is None:
        return
    cell, line = place
    fix = _fix(notebook, cell, said) if said.fix is not None else None
    told = said.fix.message if said.fix is not None else None
    found = Finding(
        path=notebook.path,
        cell=cell.number,
        line=line,
        column=said.location.column,
        rule=said.code,
        name=said.name or said.code,
        level="warning",
        message=masked(" ".join(said.message.split())),
        advice=told or f"`ruff rule {said.code}` explains it",
        cell_id=cell.id,
        text=masked(spans.split(cell.source)[line - 1][: 2 * _LONGEST_TEXT])[:_LONGEST_TEXT],
        fix=fix.safety if fix is not None else "",
    )
    yield replace(found, suppressed=suppressions.reason_for(found, held)), fix


def _place(notebook: Notebook, said: ruff.Said, row: int) -> tuple[Cell, int] | None:
    """The cell and the line within it that ruff means; None where there is no such place."""
    if notebook.format == "ipynb":
        number = said.cell or 0
        if not 1 <= number <= len(notebook.cells):
            return None
        cell, line = notebook.cells[number - 1], row
    else:
        above = [cell for cell in notebook.code_cells if cell.line <= row]
        if not above:
            return None
        cell = max(above, key=lambda cell: cell.line)
        line = row - cell.line + 1
    return (cell, line) if cell.kind == "code" and 1 <= line <= len(spans.split(cell.source)) else None


def _fix(notebook: Notebook, cell: Cell, said: ruff.Said) -> Fix | None:
    """What ruff would change, if that is in the one cell, and ruff stands by it."""
    if said.fix is None or notebook.format != "ipynb" or said.fix.applicability not in _SAFETY:
        return None
    lines = spans.split(cell.source)
    edits = []
    for edit in said.fix.edits:
        start, end = edit.location, edit.end_location
        if end.row == len(lines) + 1 and end.column == 1:
            # ruff sees a line end behind each cell
            end = ruff.Place(len(lines), len(lines[-1]) + 1)
            start = min(start, end, key=lambda place: (place.row, place.column))
        if not 1 <= start.row <= end.row <= len(lines):
            return None
        span = Span(line=start.row, column=start.column, end_line=end.row, end_column=end.column)
        edits.append(Edit(cell=cell, span=span, text=edit.content or ""))
    if not edits:
        return None
    title = said.fix.message or f"Mend {said.code}"
    return Fix(title=title, safety=_SAFETY[said.fix.applicability], changes=tuple(edits))
