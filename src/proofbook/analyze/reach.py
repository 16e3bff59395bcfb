"""Which products of an upstream task a notebook can read, by its code."""

import ast
from collections.abc import Iterable
from functools import lru_cache

from proofbook.analyze.syntax import listed
from proofbook.model.notebook import Notebook

__all__ = ["may_read"]

# what lists a folder may find any file in it
_SEARCHING = ("glob", "iterdir", "listdir", "scandir", "walk", "read_notebooks")


def may_read(notebook: Notebook, *, task: str, key: str, file: str, modules: Iterable[str] = ()) -> bool:
    """
    Whether the notebook can read one product of an upstream task: by its key, by its name, or in an unclear way.

    Only `upstream["task"]["key"]` with literals is clear. Says yes whenever it cannot tell.

    Args:
        notebook: The notebook that may read.
        task: The upstream task.
        key: The product's key.
        file: The product's file name.
        modules: Sources of the project's modules that it imports.
    """
    if any(_names(source, file) for source in modules):
        return True
    for cell in notebook.code_cells:
        if "parameters" in cell.tags:
            continue
        if _names(cell.source, file):
            return True
        if "upstream" in cell.source and _may_use(cell.source, task, key):
            return True
    return False


def _names(source: str, file: str) -> bool:
    return file in source or any(word in source for word in _SEARCHING)


def _may_use(source: str, task: str, key: str) -> bool:
    """Whether some use of `upstream` is neither `upstream["task"]["key"]` of another file, nor of another task."""
    uses = _uses(source)
    return uses is None or any(name in {None, task} and used in {None, key} for name, used in uses)


@lru_cache(maxsize=256)
def _uses(source: str) -> tuple[tuple[str | None, str | None], ...] | None:
    """Task and key of each use of `upstream`; None stands for all of them, or for code that cannot be parsed."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return None
    nodes = listed(tree)
    keys = {
        node.value: (str(node.slice.value), node)
        for node in nodes.get(ast.Subscript, ())
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant)
    }
    found: list[tuple[str | None, str | None]] = []
    for node in nodes.get(ast.Name, ()):
        if isinstance(node, ast.Name) and node.id == "upstream":
            first = keys.get(node)
            second = keys.get(first[1]) if first else None
            found.append((first[0] if first else None, second[0] if second else None))
    return tuple(found)
