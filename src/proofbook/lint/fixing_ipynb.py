"""Changes in the text of an `.ipynb`: the values that a change means become others, all else stays as written."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct

from proofbook.analyze.spans import offsets
from proofbook.lint.fix import (
    Change,
    ClearOutputs,
    Edit,
    InsertCell,
    MoveCell,
    RemoveCell,
    SetId,
    SetMetadata,
)
from proofbook.lint.json_text import Layout, items, layout_of, members, rebuilt, tokens, with_member
from proofbook.model.notebook import Cell, Notebook

__all__ = ["SetOutputs", "rewritten"]

_WITH_IDS = 5
"""The minor version of nbformat 4 that brought ids."""


class SetOutputs(Struct, frozen=True, kw_only=True):
    """A code cell shows what a run of it has shown. No rule proposes that: only a run knows."""

    cell: Cell
    outputs: list[dict[str, Any]]
    """As nbformat writes them."""
    execution_count: int | None


class _Placed(Struct, kw_only=True):
    """A cell on its way: its number in the old notebook, and its text, with what stands before it."""

    number: int | None
    text: str


def rewritten(text: str, notebook: Notebook, changes: Sequence[Change | SetOutputs]) -> str:
    """
    The text of the notebook with `changes`; `Rerun` is left to those who have a kernel.

    Args:
        text: The document, of which `notebook` was read.
        notebook: Its cells, to whom the changes belong.
        changes: What is to change; edits of one cell do not overlap.

    Raises:
        ValueError: A change cannot be made, in words.
    """
    layout = layout_of(text)
    top = members(text, text.index("{"))
    cells = next(member for member in reversed(top) if member.key == "cells")
    spans = items(text, cells.value)
    gap = text[cells.value + 1 : spans[0][0]] if spans else _deeper(text, cells.start, layout)
    placed = [_Placed(number=number, text=text[start:end]) for number, (start, end) in enumerate(spans, 1)]
    if [cell.number for cell in notebook.cells] != [cell.number for cell in placed]:
        raise ValueError("the file has other cells than the notebook that was read of it")
    _change_cells({cell.number: cell for cell in placed if cell.number}, changes, layout=layout, gap=gap)
    order = _ordered(placed, notebook, changes, layout=layout, gap=gap)
    array = rebuilt(
        text,
        cells.value,
        cells.end,
        [(cell.number, cell.text) for cell in order],
        gap=gap,
        close=_before(text, cells.start),
    )
    text = text[: cells.value] + array + text[cells.end :]
    for change in changes:
        if isinstance(change, SetMetadata) and change.cell is None:
            start = text.index("{")
            text = with_member(text, start, ("metadata", *change.path), change.value, layout=layout, outer="")
    return text


def _change_cells(
    cells: dict[int, _Placed], changes: Iterable[Change | SetOutputs], *, layout: Layout, gap: str
) -> None:
    edits: defaultdict[int, list[Edit]] = defaultdict(list)
    for change in changes:
        if isinstance(change, Edit):
            edits[change.cell.number].append(change)
        elif isinstance(change, SetMetadata | ClearOutputs | SetId | SetOutputs) and change.cell is not None:
            cell = cells[change.cell.number]
            for path, value in _entries(change, cell.text):
                cell.text = with_member(cell.text, 0, path, value, layout=layout, outer=gap)
    for number, wanted in edits.items():
        cells[number].text = _edited(cells[number].text, wanted, layout=layout)


def _entries(
    change: SetMetadata | ClearOutputs | SetId | SetOutputs, text: str
) -> Iterable[tuple[tuple[str, ...], object]]:
    if isinstance(change, SetMetadata):
        yield ("metadata", *change.path), change.value
    elif isinstance(change, SetId):
        yield ("id",), change.id
    else:
        held = json.loads(text)
        count, outputs = (change.execution_count, change.outputs) if isinstance(change, SetOutputs) else (None, [])
        if "execution_count" not in held or held["execution_count"] != count:
            yield ("execution_count",), count
        if "outputs" not in held or held["outputs"] != outputs:
            yield ("outputs",), outputs


def _ordered(
    placed: list[_Placed], notebook: Notebook, changes: Iterable[Change | SetOutputs], *, layout: Layout, gap: str
) -> list[_Placed]:
    """The cells in their new order, with those that are new and without those that go."""
    order = list(placed)
    gone: set[int] = set()
    taken = {cell.id for cell in notebook.cells} if notebook.minor >= _WITH_IDS else None

    def at(before: int | None) -> int:
        return next((at for at, cell in enumerate(order) if before is not None and cell.number == before), len(order))

    for change in changes:
        before = change.before.number if isinstance(change, InsertCell | MoveCell) and change.before else None
        if isinstance(change, InsertCell):
            order.insert(at(before), _Placed(number=None, text=_new_cell(change, placed, taken, layout, gap)))
        elif isinstance(change, MoveCell):
            moved = order.pop(at(change.cell.number))
            order.insert(at(before), moved)
        elif isinstance(change, RemoveCell):
            gone.add(change.cell.number)
    return [cell for cell in order if cell.number not in gone]


def _new_cell(change: InsertCell, placed: list[_Placed], taken: set[str] | None, layout: Layout, gap: str) -> str:
    """A cell whose source is written as that of the first one is; with an id, where the format has them."""
    styled = json.loads(placed[0].text).get("source") if placed else []
    lines = change.source.splitlines(keepends=True)
    cell: dict[str, object] = {"cell_type": change.kind}
    if change.kind == "code":
        cell["execution_count"] = None
    if taken is not None:
        cell["id"] = _fresh_id(change.source, taken)
    cell["metadata"] = {"tags": list(change.tags)} if change.tags else {}
    if change.kind == "code":
        cell["outputs"] = []
    cell["source"] = lines if isinstance(styled, list) else change.source
    return layout.dump(cell, gap=gap)


def _fresh_id(source: str, taken: set[str]) -> str:
    """Eight hex digits that no other cell has: of the source, so that a fix made twice gives the same bytes."""
    number = 0
    while (made := hashlib.sha256(f"{number}\0{source}".encode()).hexdigest()[:8]) in taken:
        number += 1
    taken.add(made)
    return made


def _edited(text: str, edits: list[Edit], *, layout: Layout) -> str:
    """The text of one cell with its source changed."""
    source = next((member for member in reversed(members(text, 0)) if member.key == "source"), None)
    written = json.loads(text[source.value : source.end]) if source is not None else ""
    whole = written if isinstance(written, str) else "".join(written)
    if len(whole) != len(edits[0].cell.source):
        raise ValueError("the cell holds characters that cannot be counted")
    # from the end, so that offsets hold; of two at one place the first comes first
    places = sorted(((*offsets(whole, edit.span), edit.text) for edit in edits), key=lambda place: place[:2])[::-1]
    if any(end > later for (_, end, _), (later, _, _) in zip(places[1:], places, strict=False)):
        raise ValueError("it changes one place twice")
    if source is None:
        new = "".join(piece for _, _, piece in places[::-1])
        return with_member(text, 0, ("source",), new, layout=layout, outer="")
    if isinstance(written, str):
        held = tokens(text[source.value : source.end])
        for start, end, new in places:
            held[start:end] = _tokens_of(new, layout)
        return f'{text[: source.value]}"{"".join(held)}"{text[source.end :]}'
    literals = [text[start:end] for start, end in items(text, source.value)]
    lines: _Lines = [(number, tokens(literal)) for number, literal in enumerate(literals)]
    for start, end, new in places:
        lines = _with_piece(lines, start, end, _tokens_of(new, layout))
    outer = _before(text, source.start)
    array = rebuilt(
        text,
        source.value,
        source.end,
        [(number, f'"{"".join(held)}"') for number, held in lines],
        gap=_deeper(text, source.start, layout),
        close=outer if "\n" in outer else "",
    )
    return text[: source.value] + array + text[source.end :]


_Lines = list[tuple[int | None, list[str]]]


def _with_piece(lines: _Lines, start: int, end: int, new: list[str]) -> _Lines:
    """A source that is a list of lines, with the characters from `start` to `end` replaced."""
    if not lines:
        return [(None, line) for line in _cut(new)]
    at = 0
    begins = []
    for _, held in lines:
        begins.append(at)
        at += len(held)
    first = max(number for number, begin in enumerate(begins) if begin <= start)
    last = max(number for number, begin in enumerate(begins) if begin < end or number == first)
    piece = [*lines[first][1][: start - begins[first]], *new, *lines[last][1][end - begins[last] :]]
    while last + 1 < len(lines) and piece and piece[-1] != "\\n" and lines[last][1][-1:] == ["\\n"]:
        last += 1
        piece += lines[last][1]
    cut = _cut(piece)
    # the line keeps the space before it
    made: _Lines = [(lines[first][0] if not number else None, line) for number, line in enumerate(cut)]
    return [*lines[:first], *made, *lines[last + 1 :]]


def _cut(piece: list[str]) -> list[list[str]]:
    """Characters cut into lines, each with its end."""
    lines: list[list[str]] = []
    for token in piece:
        if not lines or lines[-1][-1] == "\\n":
            lines.append([])
        lines[-1].append(token)
    return lines


def _tokens_of(text: str, layout: Layout) -> list[str]:
    return tokens(json.dumps(text, ensure_ascii=layout.ascii_only))


def _before(text: str, start: int) -> str:
    """The space before a key."""
    at = start
    while at and text[at - 1] in " \t\r\n":
        at -= 1
    return text[at:start]


def _deeper(text: str, start: int, layout: Layout) -> str:
    """The space before an item of the array or object whose key stands at `start`."""
    before = _before(text, start)
    return before + layout.unit if "\n" in before else ""
