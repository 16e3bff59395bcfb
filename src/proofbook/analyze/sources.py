"""
Where chance enters a notebook, and where it comes out: which sources reach what is recorded or written.

A forward walk through all cells in order, values followed through assignments, containers, loops and the notebook's own
functions. It speaks of what is there to read: what nobody can see is not claimed. `Reach.sure` tells the rest apart.
"""

import ast

from proofbook.analyze.flow import CellFlow
from proofbook.analyze.known_sources import Kind
from proofbook.analyze.source_values import Reach, Source, SourceFinder
from proofbook.analyze.source_walk import SourceWalk

__all__ = ["Kind", "Reach", "Source", "named", "reaching"]


def named(flows: tuple[CellFlow, ...]) -> tuple[Source, ...]:
    """Every source that the cells name, in order, whether or not anything becomes of it; sets are left out."""
    finder = SourceFinder(flows)
    found: list[Source] = []
    for flow in flows:
        nodes = (
            [node for node in ast.walk(flow.tree) if isinstance(node, ast.Call | ast.Attribute)] if flow.tree else []
        )
        inside: set[int] = set()
        for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset)):
            source = finder.at(node, flow) if id(node) not in inside else None
            if source is not None:
                # `os.environ.get()` is one source, not two
                inside.update(id(part) for part in ast.walk(node.func if isinstance(node, ast.Call) else node))
                found.append(source)
    return tuple(found)


def reaching(flows: tuple[CellFlow, ...]) -> tuple[Reach, ...]:
    """
    Which sources reach which records and written files.

    Args:
        flows: What `cells.analyze` says of the whole notebook.

    Returns:
        One for each pair of a source and a place where it arrives, in the order in which they arrive. A source counts
        once per place, however many ways lead there; it is sure if one of the ways is.
    """
    if not any(flow.records or any(file.mode == "write" for file in flow.files) for flow in flows):
        return ()
    return SourceWalk(flows, SourceFinder(flows)).walk()
