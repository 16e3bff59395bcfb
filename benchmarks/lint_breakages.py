"""Ways in which people break a notebook that runs; the same seed breaks it in the same places."""

import ast
import copy
import random
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["KINDS", "broken"]

Cells = list[dict[str, Any]]


def broken(document: dict[str, Any], *, seed: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """
    One notebook of each kind of breakage, with the kind's name; a kind that finds nothing to do is left out.

    Args:
        document: A notebook of nbformat 4; stays as it is.
        seed: The same seed breaks the same notebook in the same places.
    """
    for name, break_it in KINDS.items():
        cells = copy.deepcopy(document["cells"])
        code = [index for index, cell in enumerate(cells) if cell["cell_type"] == "code" and _source(cell).strip()]
        if len(code) < 2:
            continue
        changed = break_it(cells, code, random.Random(f"{seed}:{name}"))
        if changed is not None:
            yield name, {**document, "cells": changed}


def _delete(cells: Cells, code: list[int], chance: random.Random) -> Cells:
    del cells[chance.choice(code)]
    return cells


def _swap(cells: Cells, code: list[int], chance: random.Random) -> Cells:
    one, other = chance.sample(code, 2)
    cells[one], cells[other] = cells[other], cells[one]
    return cells


def _move(cells: Cells, code: list[int], chance: random.Random) -> Cells:
    taken = cells.pop(chance.choice(code))
    cells.insert(chance.randrange(len(cells) + 1), taken)
    return cells


def _again(cells: Cells, code: list[int], chance: random.Random) -> Cells:
    """A cell that was run twice, at its place or further down, is one that stands there twice."""
    index = chance.choice(code)
    twin = copy.deepcopy(cells[index])
    twin.pop("id", None)
    cells.insert(chance.randrange(index + 1, len(cells) + 1), twin)
    return cells


def _cut(cells: Cells, code: list[int], chance: random.Random) -> Cells:
    index = chance.choice(code)
    text = _source(cells[index]).strip()
    cells[index]["source"] = text[: chance.randrange(1, max(len(text), 2))]
    return cells


def _rename(cells: Cells, code: list[int], chance: random.Random) -> Cells | None:
    """A definition gets another name in its own cell; a name that later cells mention, where there is one."""
    found: list[tuple[int, str]] = []
    for index in code:
        found += [(index, name) for name in _defined(_source(cells[index]))]
    if not found:
        return None
    used = [
        (index, name) for index, name in found if any(name in _source(cells[later]) for later in code if later > index)
    ]
    index, name = chance.choice(used or found)
    cells[index]["source"] = _renamed(_source(cells[index]), name, f"{name}_renamed")
    return cells


def _defined(source: str) -> list[str]:
    """Names that plain Python binds at the cell's level, each once."""
    names: dict[str, None] = {}
    for statement in _parsed(source):
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            names[statement.name] = None
        elif isinstance(statement, ast.Import | ast.ImportFrom):
            names.update(dict.fromkeys(alias.asname for alias in statement.names if alias.asname))
        elif isinstance(statement, ast.Assign):
            stored = (node for target in statement.targets for node in ast.walk(target) if isinstance(node, ast.Name))
            names.update(dict.fromkeys(node.id for node in stored if isinstance(node.ctx, ast.Store)))
    return list(names)


def _renamed(source: str, name: str, new: str) -> str:
    """With every occurrence of the name in this cell renamed, but for keywords of calls and attributes."""
    lines = source.encode().split(b"\n")
    places: set[tuple[int, int]] = set()
    for node in (inner for statement in _parsed(source) for inner in ast.walk(statement)):
        if isinstance(node, ast.Name) and node.id == name:
            places.add((node.lineno - 1, node.col_offset))
        elif isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            at = lines[node.lineno - 1].index(name.encode(), node.col_offset + 3)
            places.add((node.lineno - 1, at))
        elif isinstance(node, ast.alias) and node.asname == name and node.end_col_offset is not None:
            places.add((node.lineno - 1, node.end_col_offset - len(name.encode())))
    for line, column in sorted(places, reverse=True):
        text = lines[line]
        lines[line] = text[:column] + new.encode() + text[column + len(name.encode()) :]
    return b"\n".join(lines).decode()


def _parsed(source: str) -> list[ast.stmt]:
    try:
        return ast.parse(source).body
    except (SyntaxError, ValueError):
        return []


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


KINDS: dict[str, Callable[[Cells, list[int], random.Random], Cells | None]] = {
    "delete": _delete,
    "swap": _swap,
    "move": _move,
    "again": _again,
    "rename": _rename,
    "cut": _cut,
}
"""What is done to a notebook, by name."""
