"""The three ways in which editors show a notebook, each made the same: a notebook, with the places of its cells."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from proofbook.analyze import source
from proofbook.analyze.positions import source_starts
from proofbook.exceptions import NotebookError
from proofbook.lsp.magics import is_rewritten
from proofbook.lsp.opened import Opened, Place, lines_of
from proofbook.lsp.virtual import Block
from proofbook.model.notebook import Cell, Notebook

__all__ = ["Part", "of_blocks", "of_file", "of_parts"]

_INJECTED = re.compile(r"# Parameters of the task .*, from the pipeline\. Proofbook shows them here")
"""How the cell begins that `proofbook lab` shows and never saves."""


class Part(Struct, frozen=True, kw_only=True):
    """One cell of a notebook document of the protocol."""

    uri: str
    kind: Literal["code", "markdown"]
    source: str
    metadata: dict[str, Any] | None = None
    """As nbformat has it; None where the editor tells nothing."""
    id: str | None = None
    execution_count: int | None = None


def of_file(uri: str, text: str, *, path: str) -> Opened:
    """A document that is the file: a percent script, a Markdown notebook, or an `.ipynb` as JSON."""
    lines = lines_of(text)
    home = Place(uri=uri, lines=lines[:1])
    try:
        notebook = source.parse(text.encode("utf-8", "replace"), path=path)
    except NotebookError as error:
        reason = str(error).removeprefix(f"{path}: ")
        empty = Notebook(path=path, cells=())
        return Opened(notebook=empty, home=home, documents=(uri,), content=text, unreadable=reason)
    if notebook.format == "ipynb":
        starts = source_starts(text, cells=len(notebook.cells)) or (1,) * len(notebook.cells)
    else:
        starts = tuple(cell.line for cell in notebook.cells)
    places = tuple(
        _place(uri, lines, start=start - 1, size=len(lines_of(cell.source)))
        for cell, start in zip(notebook.cells, starts, strict=True)
    )
    return Opened(notebook=notebook, places=places, home=home, documents=(uri,), content=text)


def of_blocks(uri: str, blocks: Sequence[Block], *, path: str, saved: Notebook | None) -> Opened:
    """
    The text that JupyterLab sends.

    Args:
        uri: Of the text's document, which is the notebook's.
        blocks: The cells in the text.
        path: The notebook's name.
        saved: The notebook in the file, for its metadata; None where there is none.
    """
    kept = [block for block in blocks if not (block.fresh and _INJECTED.match(block.cell.source))]
    cells = tuple(replace(block.cell, number=number) for number, block in enumerate(kept, start=1))
    notebook = replace(saved, path=path, cells=cells) if saved is not None else Notebook(path=path, cells=cells)
    places = tuple(
        Place(uri=uri, start=block.start, lines=block.lines, hidden=is_rewritten(block.cell.source)) for block in kept
    )
    return Opened(
        notebook=notebook,
        places=places,
        home=places[0] if places else Place(uri=uri),
        documents=(uri,),
        saved=saved is not None,
        selective=True,
    )


def of_parts(
    uri: str, parts: Sequence[Part], *, path: str, saved: Notebook | None, metadata: dict[str, Any] | None
) -> Opened:
    """
    A notebook document of the protocol, whose cells are documents of their own.

    Args:
        uri: Of the notebook, where it has no cell.
        parts: Its cells, in order.
        path: The notebook's name.
        saved: The notebook in the file: what the editor does not tell of is taken from there; None: there is none.
        metadata: The notebook's, as nbformat has it; None where the editor tells nothing.
    """
    before = _before(parts, saved)
    counted = any(part.execution_count is not None for part in parts)
    cells = tuple(
        _cell(part, number, before[number - 1], counted=counted) for number, part in enumerate(parts, start=1)
    )
    metadata = saved.metadata if metadata is None and saved is not None else metadata
    notebook = Notebook(path=path, cells=cells)
    if metadata is not None:
        language, kernel = source.language_and_kernel(metadata)
        notebook = replace(notebook, language=language, kernel=kernel, metadata=metadata)
    places = tuple(Place(uri=part.uri, lines=lines_of(part.source)) for part in parts)
    told = saved is not None or (metadata is not None and any(part.metadata is not None for part in parts))
    return Opened(
        notebook=notebook,
        places=places,
        home=places[0] if places else Place(uri=uri),
        documents=tuple(part.uri for part in parts) or (uri,),
        saved=told,
    )


def _place(uri: str, lines: tuple[str, ...], *, start: int, size: int) -> Place:
    start = min(max(start, 0), len(lines) - 1)
    return Place(uri=uri, start=start, lines=lines[start : start + size] or ("",))


def _before(parts: Sequence[Part], saved: Notebook | None) -> list[Cell | None]:
    """For each part the cell of the file that it is, as far as that can be told."""
    found: list[Cell | None] = [None] * len(parts)
    if saved is None:
        return found
    now = [(part.kind, part.source) for part in parts]
    then = [("code" if cell.kind == "code" else "markdown", cell.source) for cell in saved.cells]
    for tag, a, b, c, d in SequenceMatcher(None, then, now, autojunk=False).get_opcodes():
        if tag == "equal" or (tag == "replace" and b - a == d - c):
            found[c:d] = saved.cells[a:b]
    return found


def _cell(part: Part, number: int, before: Cell | None, *, counted: bool) -> Cell:
    same = before is not None and before.source == part.source
    metadata = part.metadata if part.metadata is not None else before.metadata if before is not None else {}
    count = part.execution_count
    if not counted and before is not None and same:
        count = before.execution_count
    return Cell(
        number=number,
        id=part.id or (before.id if before is not None else f"cell-{number}"),
        kind=part.kind if before is None or before.kind != "raw" else "raw",
        source=part.source,
        tags=source.tags_of(metadata),
        execution_count=count,
        outputs=before.outputs if before is not None and same else (),
        metadata=metadata,
    )
