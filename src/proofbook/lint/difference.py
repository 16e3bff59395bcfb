"""What differs between two states of one notebook, cell by cell and for people: not the JSON around it."""

import difflib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from proofbook.model.notebook import Cell, Notebook

__all__ = ["difference"]


def difference(before: Notebook, after: Notebook) -> str:
    """
    A unified diff with the cells as its sections; empty where nothing differs that a reader sees.

    Lines that begin with `~` speak of what is not source: metadata, outputs, a cell's place.
    """
    blocks = [[f"--- {before.path}", f"+++ {after.path}"]]
    told = list(_entries("metadata", before.metadata, after.metadata))
    if told:
        blocks.append(["@@ notebook @@", *told])
    blocks += _cells(before, after)
    return "\n".join(line for block in blocks for line in block) if len(blocks) > 1 else ""


def _cells(before: Notebook, after: Notebook) -> Iterator[list[str]]:
    old, new = [_key(cell) for cell in before.cells], [_key(cell) for cell in after.cells]
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for _, start, end, begin, stop in matcher.get_opcodes():
        gone, come = before.cells[start:end], after.cells[begin:stop]
        for number in range(max(len(gone), len(come))):
            one = gone[number] if number < len(gone) else None
            two = come[number] if number < len(come) else None
            if one is not None and two is not None and not _alike(one, two):
                yield from filter(None, [_gone(one, new, after), _come(two, old)])
            else:
                yield from filter(None, [_block(one, two, new, old, after)])


def _alike(one: Cell, two: Cell) -> bool:
    """Whether the second is what became of the first."""
    return _key(one) == _key(two) or one.source == two.source or not (_own(one) or _own(two))


def _block(one: Cell | None, two: Cell | None, new: list[str], old: list[str], after: Notebook) -> list[str] | None:
    if one is None:
        return _come(two, old) if two is not None else None
    if two is None:
        return _gone(one, new, after)
    lines = _source(one.source, two.source)
    lines += _entries("metadata", one.metadata, two.metadata)
    if one.outputs != two.outputs:
        lines.append(f"~ outputs: {_count(one)} -> {_count(two)}")
    if one.execution_count != two.execution_count:
        lines.append(f"~ execution_count: {json.dumps(one.execution_count)} -> {json.dumps(two.execution_count)}")
    if one.id != two.id and _own(two):
        lines.append(f"~ id: {one.id if _own(one) else 'none'} -> {two.id}")
    return [f"@@ {_named(one)} @@", *lines] if lines else None


def _gone(cell: Cell, new: list[str], after: Notebook) -> list[str]:
    if _key(cell) in new:
        place = new.index(_key(cell)) + 1
        below = after.cells[place] if place < len(after.cells) else None
        where = f"above {_named(below)}" if below is not None else "to the end"
        return [f"@@ {_named(cell)} @@", f"~ moved {where}"]
    return [f"@@ {_named(cell)}, deleted @@", *(f"-{line}" for line in cell.source.splitlines())]


def _come(cell: Cell, old: list[str]) -> list[str] | None:
    if _key(cell) in old:
        return None
    tags = [f"~ metadata.tags: none -> {json.dumps(list(cell.tags))}"] if cell.tags else []
    return [f"@@ new {cell.kind} {_named(cell)} @@", *tags, *(f"+{line}" for line in cell.source.splitlines())]


def _source(old: str, new: str) -> list[str]:
    if old == new:
        return []
    lines = list(difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=2))
    # the first two are the file names; each `@@ -1,3 +1,2 @@` says where in the cell
    return lines[2:] or ["~ line ends"]


def _entries(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted({*old, *new}):
        one, two = old.get(key), new.get(key)
        if isinstance(one, dict) and isinstance(two, dict):
            yield from _entries(f"{name}.{key}", one, two)
        elif one != two or (key in old) != (key in new):
            yield f"~ {name}.{key}: {_shown(old, key)} -> {_shown(new, key)}"


def _shown(held: Mapping[str, Any], key: str) -> str:
    return json.dumps(held[key], ensure_ascii=False) if key in held else "none"


def _count(cell: Cell) -> str:
    return str(len(cell.outputs)) if cell.outputs else "none"


def _named(cell: Cell) -> str:
    return f"cell {cell.number} ({cell.id})" if _own(cell) else f"cell {cell.number}"


def _own(cell: Cell) -> bool:
    """Whether its id stands in the file."""
    return cell.id != f"cell-{cell.number}"


def _key(cell: Cell) -> str:
    return cell.id if _own(cell) else f"{cell.kind}:{cell.source}"
