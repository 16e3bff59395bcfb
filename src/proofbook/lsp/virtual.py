"""
The text that JupyterLab sends of a notebook, and where its cells lie in it.

JupyterLab has no documents of several cells: it sends one text, of all cells one after another, with two empty lines
between them. A markdown or raw cell is an empty line in it, and a magic is a call. Where a cell ends the text does not
say, since cells hold empty lines too. So it is laid beside the cells as they were known last: what has not changed is
found word by word, from both ends, and what has changed lies between.
"""

import ast
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from proofbook.lsp.magics import restored, shown
from proofbook.model.notebook import Cell

__all__ = ["Block", "align", "known"]

_GAP = ("", "")
_FARTHEST = 20
"""Of how many pieces a cell is put together, where nothing is known of it; each is tried."""


class Block(Struct, frozen=True, kw_only=True):
    """One cell, with the lines of the text that stand for it."""

    cell: Cell
    lines: tuple[str, ...]
    start: int = 0
    """Index of the first of them in the text."""
    fresh: bool = False
    """Whether nothing is known of the cell but its text: no tags, no id."""


class _Piece(Struct):
    """Lines that stand for a cell, and the block that it was before, where that is known."""

    start: int
    lines: tuple[str, ...]
    before: Block | None = None


def known(cells: Sequence[Cell]) -> tuple[Block, ...]:
    """The blocks that `cells` become, to lay the first text beside."""
    return tuple(
        Block(cell=cell, lines=shown(cell.source.replace("\r\n", "\n")) if cell.kind == "code" else ("",))
        for cell in cells
    )


def align(text: str, blocks: Sequence[Block]) -> tuple[Block, ...]:
    """
    The cells in `text`, in order, numbered from 1. Their lines and the gaps make up the whole text.

    Args:
        text: What JupyterLab sent.
        blocks: The notebook before: from its file, or from the text before this one.
    """
    lines = tuple(text.removesuffix("\n").split("\n")) + _GAP
    pieces = list(_pieces(lines, blocks, 0))
    _adopt(pieces, blocks)
    return tuple(_block(piece, number) for number, piece in enumerate(pieces, start=1))


def _pieces(lines: tuple[str, ...], blocks: Sequence[Block], start: int) -> Iterator[_Piece]:
    """Lay `lines`, in which a gap follows each cell, beside `blocks`."""
    head, at = 0, 0
    while head < len(blocks) and _stands(lines, blocks[head], at):
        at += len(blocks[head].lines) + len(_GAP)
        head += 1
    tail, end = len(blocks), len(lines)
    while tail > head and end - len(blocks[tail - 1].lines) - len(_GAP) >= at:
        if not _stands(lines, blocks[tail - 1], end - len(blocks[tail - 1].lines) - len(_GAP)):
            break
        tail -= 1
        end -= len(blocks[tail].lines) + len(_GAP)
    # what lies between must be cells; where a neighbour took too much for its own, it is given back
    while not _are_cells(lines[at:end]):
        if tail < len(blocks):
            end += len(blocks[tail].lines) + len(_GAP)
            tail += 1
        else:
            head -= 1
            at -= len(blocks[head].lines) + len(_GAP)
    yield from _whole(blocks[:head], start)
    yield from _between(lines[at:end], blocks[head:tail], start + at)
    yield from _whole(blocks[tail:], start + end)


def _are_cells(lines: tuple[str, ...]) -> bool:
    """Whether these are none or several cells, each with a line at least and a gap behind it."""
    return not lines or (len(lines) > len(_GAP) and lines[-len(_GAP) :] == _GAP)


def _stands(lines: tuple[str, ...], block: Block, at: int) -> bool:
    size = len(block.lines)
    return lines[at : at + size] == block.lines and lines[at + size : at + size + len(_GAP)] == _GAP


def _whole(blocks: Sequence[Block], start: int) -> Iterator[_Piece]:
    for block in blocks:
        yield _Piece(start, block.lines, block)
        start += len(block.lines) + len(_GAP)


def _between(lines: tuple[str, ...], blocks: Sequence[Block], start: int) -> Iterator[_Piece]:
    """What has changed: `lines` stand where `blocks` stood."""
    while lines and len(blocks) > 1:
        found = _unchanged(lines, blocks)
        if found is None:
            break
        index, at = found
        end = at + len(blocks[index].lines) + len(_GAP)
        yield from _between(lines[:at], blocks[:index], start)
        yield _Piece(start + at, blocks[index].lines, blocks[index])
        lines, blocks, start = lines[end:], blocks[index + 1 :], start + end
    if lines and len(blocks) == 1:
        yield _Piece(start, lines[: -len(_GAP)], blocks[0])
        return
    pieces = list(_split(lines, start))
    if len(pieces) == len(blocks):
        for piece, block in zip(pieces, blocks, strict=True):
            piece.before = block
    yield from pieces


def _unchanged(lines: tuple[str, ...], blocks: Sequence[Block]) -> tuple[int, int] | None:
    """The first block that stands in `lines` as it was, and where; None where none does."""
    for index, block in enumerate(blocks):
        for at in _beginnings(lines) if any(block.lines) else ():
            end = at + len(block.lines) + len(_GAP)
            if _stands(lines, block, at) and _are_cells(lines[:at]) and _are_cells(lines[end:]):
                return index, at
    return None


def _beginnings(lines: tuple[str, ...]) -> Iterator[int]:
    """Where a cell may begin: at the top, and behind every two empty lines."""
    yield 0
    for at in range(len(_GAP), len(lines)):
        if lines[at - len(_GAP) : at] == _GAP:
            yield at


def _split(lines: tuple[str, ...], start: int) -> Iterator[_Piece]:
    """Cells of which nothing is known: cut at two empty lines, unless only both sides together are Python."""
    at, least = 0, len(_GAP) + 1
    last = len(lines)
    bounds = [place for place in _beginnings(lines) if place <= last - least] + [last]
    while at < last:
        first = bisect_left(bounds, at + least)
        # the last bound ends the text, however short what it leaves is
        ends = [place - len(_GAP) for place in bounds[first : first + _FARTHEST] or [last]]
        end = next((end for end in ends if not _goes_on(lines, end) and _parses(lines[at:end])), ends[0])
        yield _Piece(start + at, lines[at:end])
        at = end + len(_GAP)


def _goes_on(lines: tuple[str, ...], end: int) -> bool:
    """Whether what follows the gap at `end` is indented, which no cell begins with."""
    return lines[end + len(_GAP) : end + len(_GAP) + 1] > ("",) and lines[end + len(_GAP)][0].isspace()


def _parses(lines: tuple[str, ...]) -> bool:
    try:
        ast.parse("\n".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _adopt(pieces: list[_Piece], blocks: Sequence[Block]) -> None:
    """A cell that was moved is the one that it was."""
    taken = {id(piece.before) for piece in pieces if piece.before is not None}
    lost = [block for block in blocks if id(block) not in taken and any(block.lines)]
    for piece in pieces:
        if piece.before is None:
            piece.before = next((block for block in lost if block.lines == piece.lines), None)
            lost = [block for block in lost if block is not piece.before]


def _block(piece: _Piece, number: int) -> Block:
    before, empty = piece.before, not any(piece.lines)
    if before is not None and before.lines == piece.lines:
        return replace(before, cell=replace(before.cell, number=number), start=piece.start)
    # an empty line may be a code cell or a markdown cell: of the second nothing is to be said
    kind: Literal["code", "markdown"] = "markdown" if empty and len(piece.lines) == 1 else "code"
    source = restored(piece.lines)
    if before is None:
        cell = Cell(number=number, id=f"cell-{number}", kind=kind, source=source)
    else:
        cell = replace(before.cell, number=number, kind=kind, source=source, line=1)
    return Block(cell=cell, lines=piece.lines, start=piece.start, fresh=before is None or before.fresh)
