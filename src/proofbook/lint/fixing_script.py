"""
Changes in notebooks that are text: percent scripts and Markdown files.

An edit is made in the lines of the file. Where cells come, go or get tags jupytext writes the text anew, and that is
taken only where it writes every other line as it stands. What comes out is read again: it has the cells that were
meant, or it is refused.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from msgspec import UNSET

from proofbook.analyze import scripts
from proofbook.analyze.spans import offsets
from proofbook.exceptions import NotebookError
from proofbook.lint.fix import Change, ClearOutputs, Edit, InsertCell, MoveCell, RemoveCell, SetId, SetMetadata
from proofbook.model.notebook import Cell, Notebook

__all__ = ["rewritten"]


def rewritten(text: str, notebook: Notebook, changes: Sequence[Change]) -> str:
    """
    The text of the notebook with `changes`.

    Args:
        text: The file, of which `notebook` was read.
        notebook: Its cells, to whom the changes belong.
        changes: What is to change; edits of one cell do not overlap.

    Raises:
        ValueError: A change cannot be made, in words.
    """
    edits = [change for change in changes if isinstance(change, Edit)]
    others = [change for change in changes if not isinstance(change, Edit | ClearOutputs)]
    if edits:
        before = _read(text, notebook.path)
        text = _edited(text, edits)
        _compare(_read(text, notebook.path).cells, before.cells, edits)
    return _restructured(text, notebook, others) if others else text


def _edited(text: str, edits: Sequence[Edit]) -> str:
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    places = sorted(((*_place(text, starts, edit), edit.text) for edit in edits), key=lambda place: place[:2])[::-1]
    line_end = "\r\n" if "\r\n" in text else "\n"
    last = len(text)
    for start, end, new in places:
        if end > last:
            raise ValueError("it changes one place twice")
        text = text[:start] + new.replace("\r\n", "\n").replace("\n", line_end) + text[end:]
        last = start
    return text


def _place(text: str, starts: Sequence[int], edit: Edit) -> tuple[int, int]:
    """Where an edit is in the file: magics and Markdown stand in comments there."""
    span = edit.span
    own = edit.cell.source.split("\n")
    found = []
    for line, column in ((span.line, span.column), (span.end_line, span.end_column)):
        number = edit.cell.line + line - 1
        if not 0 < number < len(starts):
            raise ValueError("the file has no such line")
        written = text[starts[number - 1] : starts[number]].rstrip("\r\n")
        meant = own[line - 1] if line <= len(own) else ""
        if not written.endswith(meant):
            raise ValueError("the line cannot be found in the file")
        shift = len(written) - len(meant) if column > 1 else 0
        found.append(starts[number - 1] + column - 1 + shift)
    return found[0], found[1]


def _compare(cells: Sequence[Any], before: Sequence[Any], edits: Sequence[Edit]) -> None:
    """Refuse, with ValueError, what jupytext reads otherwise than it was meant."""
    wanted: defaultdict[int, list[Edit]] = defaultdict(list)
    for edit in edits:
        wanted[edit.cell.number].append(edit)
    meant = []
    for number, cell in enumerate(before, start=1):
        source = cell.source
        places = sorted(((*offsets(source, edit.span), edit.text) for edit in wanted[number]), key=lambda p: p[:2])
        for start, end, new in places[::-1]:
            source = source[:start] + new + source[end:]
        meant.append((cell.cell_type, source.strip("\n"), cell.metadata))
    if [(cell.cell_type, cell.source.strip("\n"), cell.metadata) for cell in cells] != meant:
        raise ValueError("jupytext would read other cells in it")


def _restructured(text: str, notebook: Notebook, changes: Sequence[Change]) -> str:
    """The text with other cells or metadata, as jupytext writes it."""
    document = _read(text, notebook.path)
    header = scripts.header_of(text)
    kept = _written(document, text, whole=False)
    if header + kept != text:
        raise ValueError("jupytext would write other lines of the file anew; change it by hand")
    cells = {cell.number: held for cell, held in zip(notebook.cells, document.cells, strict=True)}
    whole = False
    for change in changes:
        match change:
            case SetMetadata(cell=None) if header:
                _set(document.metadata, change)
                whole = True
            case SetMetadata(cell=Cell() as cell):
                _set(cells[cell.number].metadata, change)
            case RemoveCell(cell=cell):
                document.cells.remove(cells[cell.number])
            case MoveCell(cell=cell, before=before):
                document.cells.remove(cells[cell.number])
                document.cells.insert(_index(document, cells, before), cells[cell.number])
            case InsertCell(before=before):
                document.cells.insert(_index(document, cells, before), _new(change))
            case SetMetadata() | SetId():
                raise ValueError("a file without a header has no place for it")
    after = _written(document, text, whole=whole)
    after = after if whole else header + after
    held = [(cell.cell_type, cell.source, cell.metadata) for cell in _read(after, notebook.path).cells]
    if held != [(cell.cell_type, cell.source, cell.metadata) for cell in document.cells]:
        raise ValueError("jupytext would read other cells in it")
    return after


def _read(text: str, path: str) -> Any:
    try:
        return scripts.document(text, path)
    except NotebookError as error:
        raise ValueError(str(error)) from None


def _written(document: Any, text: str, *, whole: bool) -> str:
    """The document as text, with the line ends of `text`; without its header unless `whole`."""
    import jupytext

    found = document.metadata["jupytext"]["text_representation"]
    made: str = jupytext.writes(document, fmt={key: found[key] for key in ("extension", "format_name")})
    if not whole:
        made = made[len(scripts.header_of(made)) :]
    if not text.endswith("\n"):
        made = made.removesuffix("\n")
    return made.replace("\n", "\r\n") if "\r\n" in text else made


def _set(metadata: Any, change: SetMetadata) -> None:
    for key in change.path[:-1]:
        metadata = metadata.setdefault(key, {})
    if change.value is UNSET:
        metadata.pop(change.path[-1], None)
    else:
        metadata[change.path[-1]] = change.value


def _new(change: InsertCell) -> Any:
    from nbformat.v4 import new_code_cell, new_markdown_cell

    make: Any = new_code_cell if change.kind == "code" else new_markdown_cell
    return make(change.source, metadata={"tags": list(change.tags)} if change.tags else {})


def _index(document: Any, cells: dict[int, Any], before: Cell | None) -> int:
    if before is None:
        return len(document.cells)
    return next(at for at, cell in enumerate(document.cells) if cell is cells[before.number])
