"""
The pipeline as a drawing: layers by longest path, few crossings, edges around the boxes that they pass.

Pure geometry: the template turns it into SVG. Drawn twice, across and down; the style sheet shows what fits.
"""

import unicodedata
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from msgspec import Struct

from proofbook.model.run import TaskRun
from proofbook.report import words

__all__ = ["Drawing", "Edge", "Node", "draw"]

_HEIGHT: Final = 58
_ALONG: Final = 34
"""Between two layers."""
_BETWEEN: Final = 14
"""Between two boxes of a layer."""
_MARGIN: Final = 3
_LETTER: Final = 7.6
"""Width of a letter of the label, rather too much than too little."""
_SLOT: Final = 16
"""Room for an edge that passes a layer."""


class Node(Struct, frozen=True, kw_only=True):
    """A box."""

    number: int
    name: str
    label: str
    """As much of the name as fits."""
    status: str
    x: float
    y: float
    width: float
    height: float


class Edge(Struct, frozen=True, kw_only=True):
    """A line from box to box: a path, and the three corners of its head."""

    path: str
    head: str


class Drawing(Struct, frozen=True, kw_only=True):
    """Everything to draw, in pixels."""

    width: float
    height: float
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


class _Place(Struct, kw_only=True):
    """A box, or the point at which an edge passes a layer."""

    task: int | None
    layer: int
    size: float
    """Extent across the direction of the edges."""
    across: float = 0.0


def draw(tasks: Sequence[TaskRun], *, down: bool) -> Drawing:
    """
    The pipeline, from left to right, or from top to bottom.

    Args:
        tasks: In an order in which they can run. Upstream names that are not among them are left out.
        down: From top to bottom.
    """
    width = min(max([_label_width(task.name) for task in tasks], default=0.0), 216.0)
    width = max(width, 128.0)
    places, chains = _placed(tasks, size=width if down else float(_HEIGHT))
    extent = float(_HEIGHT) if down else width
    layers = max(place.layer for place in places) + 1 if places else 0
    breadth = _spread(places, layers)
    nodes = []
    for place in places:
        if place.task is None:
            continue
        along = _MARGIN + place.layer * (extent + _ALONG)
        x, y = (place.across, along) if down else (along, place.across)
        nodes.append(_node(place.task, tasks[place.task], x, y, width))
    edges = [_edge([places[number] for number in chain], extent, down) for chain in chains]
    length = 2 * _MARGIN + layers * extent + max(layers - 1, 0) * _ALONG
    size = (breadth, length) if down else (length, breadth)
    return Drawing(width=round(size[0], 1), height=round(size[1], 1), nodes=tuple(nodes), edges=tuple(edges))


def _node(number: int, task: TaskRun, x: float, y: float, width: float) -> Node:
    letters = int((width - 30) / _LETTER)
    label = words.brief(task.name)
    while _letters(label) > letters:
        label = label[:-2] + "…"
    return Node(
        number=number + 1,
        name=task.name,
        label=label,
        status=task.status,
        x=round(x, 1),
        y=round(y, 1),
        width=round(width, 1),
        height=_HEIGHT,
    )


def _letters(text: str) -> int:
    """Letters of ordinary width that take as much room."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _label_width(name: str) -> float:
    return _letters(words.brief(name, limit=60)) * _LETTER + 32


def _placed(tasks: Sequence[TaskRun], *, size: float) -> tuple[list[_Place], list[list[int]]]:
    """A place for each task, places where long edges pass, and for each edge the places it goes through."""
    numbers = {task.name: number for number, task in enumerate(tasks)}
    above: list[list[int]] = []
    layer: list[int] = []
    for number, task in enumerate(tasks):
        # only what stands before: an order in which tasks can run has no circles, and no hostile run gets one here
        known = sorted({numbers[name] for name in task.upstream if numbers.get(name, number) < number})
        above.append(known)
        layer.append(max((layer[other] for other in known), default=-1) + 1)
    places = [_Place(task=number, layer=layer[number], size=size) for number in range(len(tasks))]
    chains = []
    for number, known in enumerate(above):
        for other in known:
            chain = [other]
            for between in range(layer[other] + 1, layer[number]):
                places.append(_Place(task=None, layer=between, size=float(_SLOT)))
                chain.append(len(places) - 1)
            chains.append([*chain, number])
    _arrange(places, chains)
    return places, chains


def _arrange(places: list[_Place], chains: list[list[int]]) -> None:
    """Order each layer by the middle of its neighbours, a few times down and up; the order lands in `across`."""
    near: dict[tuple[int, int], list[int]] = {}
    for chain in chains:
        for one, other in pairwise(chain):
            near.setdefault((other, -1), []).append(one)
            near.setdefault((one, 1), []).append(other)
    layers: dict[int, list[int]] = {}
    for number, place in enumerate(places):
        place.across = float(len(layers.setdefault(place.layer, [])))
        layers[place.layer].append(number)
    for sweep in range(6):
        side = -1 if sweep % 2 == 0 else 1
        for key in sorted(layers, reverse=side == 1):
            wanted = {
                number: (_middle(places, near.get((number, side), []), places[number].across), number)
                for number in layers[key]
            }
            layers[key].sort(key=wanted.__getitem__)
            for position, number in enumerate(layers[key]):
                places[number].across = float(position)


def _middle(places: list[_Place], neighbours: list[int], fallback: float) -> float:
    return sum(places[number].across for number in neighbours) / len(neighbours) if neighbours else fallback


def _spread(places: list[_Place], layers: int) -> float:
    """Turn order into pixels, every layer in the middle; says how much room the widest takes."""
    rows: list[list[_Place]] = [[] for _ in range(layers)]
    for place in sorted(places, key=lambda place: place.across):
        rows[place.layer].append(place)
    sizes = [sum(place.size for place in row) + _BETWEEN * (len(row) - 1) for row in rows]
    breadth = max(sizes, default=0.0)
    for row, size in zip(rows, sizes, strict=True):
        position = _MARGIN + (breadth - size) / 2
        for place in row:
            place.across = position
            position += place.size + _BETWEEN
    return breadth + 2 * _MARGIN


def _edge(chain: list[_Place], extent: float, down: bool) -> Edge:
    """A smooth line: leaves the first box, runs straight past the layers between, ends in a head at the last."""
    points: list[tuple[float, float]] = []
    for position, place in enumerate(chain):
        middle = place.across + place.size / 2
        start = _MARGIN + place.layer * (extent + _ALONG)
        if position > 0:
            points.append((start - (7 if position == len(chain) - 1 else 0), middle))
        if position < len(chain) - 1:
            points.append((start + extent, middle))
    path = f"M{_point(*points[0], down=down)}"
    for (from_along, from_across), (along, across) in pairwise(points):
        half = (from_along + along) / 2
        bend = ((half, from_across), (half, across), (along, across))
        path += " C" + " ".join(_point(*point, down=down) for point in bend)
    along, across = points[-1]
    corners = ((along, across - 4), (along + 7, across), (along, across + 4))
    return Edge(path=path, head=" ".join(_point(*corner, down=down) for corner in corners))


def _point(along: float, across: float, *, down: bool) -> str:
    x, y = (across, along) if down else (along, across)
    return f"{x:.1f},{y:.1f}"
