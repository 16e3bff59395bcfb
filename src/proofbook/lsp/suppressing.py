"""The comment that waves a finding through. It says nothing until its author has written why."""

from collections.abc import Iterator

from msgspec.structs import replace

from proofbook.analyze.flow import Span
from proofbook.lint import suppressions
from proofbook.lint.fix import Edit
from proofbook.lsp.opened import Opened
from proofbook.model.finding import Finding
from proofbook.model.notebook import Cell, Notebook

__all__ = ["comment"]


def comment(finding: Finding, opened: Opened) -> Edit | None:
    """
    Where the comment goes that suppresses `finding`, once there is a reason in it; None where no comment can.

    At the end of the line, or on a line of its own above; for the whole notebook on top of its first code cell.
    """
    if opened.notebook.language != "python" or finding.rule in {"PB001", "PB002", "PB807"}:
        return None
    cell = opened.notebook.cells[finding.cell - 1] if finding.cell else next(iter(opened.notebook.code_cells), None)
    if cell is None or cell.kind != "code" or not cell.source.strip():
        return None
    for edit in _places(finding, cell):
        if opened.shows(cell.number, edit.span.line) and _holds(finding, cell, edit):
            return edit
    return None


def _places(finding: Finding, cell: Cell) -> Iterator[Edit]:
    lines = cell.source.split("\n")
    if not finding.cell:
        yield _insert(cell, 1, 1, f"# proofbook: ignore-file[{finding.rule}] \n")
        return
    mark = f"# proofbook: ignore[{finding.rule}] "
    if not finding.line:
        yield _insert(cell, 1, 1, f"{mark}\n")
        return
    line = lines[finding.line - 1].rstrip() if finding.line <= len(lines) else ""
    yield _insert(cell, finding.line, len(line) + 1, f"  {mark}")
    indent = line[: len(line) - len(line.lstrip())]
    yield _insert(cell, finding.line, 1, f"{indent}{mark}\n")


def _insert(cell: Cell, line: int, column: int, text: str) -> Edit:
    return Edit(cell=cell, span=Span(line=line, column=column, end_line=line, end_column=column), text=text)


def _holds(finding: Finding, cell: Cell, edit: Edit) -> bool:
    """Whether the comment, with a reason, is one and covers the finding: in a string it would not be."""
    lines = cell.source.split("\n")
    at, column = edit.span.line - 1, edit.span.column - 1
    words = edit.text.rstrip("\n") + "reason" + ("\n" if edit.text.endswith("\n") else "")
    lines[at] = lines[at][:column] + words + lines[at][column:].rstrip()
    above = edit.text.endswith("\n")
    notebook = Notebook(path=finding.path, cells=(replace(cell, source="\n".join(lines)),))
    moved = replace(finding, line=finding.line + 1 if finding.line and above else finding.line)
    return suppressions.reason_for(moved, suppressions.read(notebook)) == "reason"
