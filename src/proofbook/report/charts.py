"""
Small drawings of bars, lines and points, for figures of which only the plotted data is there.

What the page shows of them are numbers that are reckoned here, and text that the templates escape.
"""

import math
import re
from collections.abc import Sequence
from typing import Any, Final, Literal

from msgspec import Struct

from proofbook.report import words

__all__ = ["Axis", "Chart", "Mark", "Tick", "Trace", "drawn"]

_WIDTH: Final = 460.0
_HEIGHT: Final = 300.0
_ROW: Final = 19.0
"""Height of a bar that lies, with the room around it."""
_LETTER: Final = 6.2
"""Width of a letter, about."""
_TOP: Final = 22.0
_BOTTOM: Final = 40.0
_RIGHT: Final = 14.0
_LYING: Final = 60
"""Most bars that lie."""
_MARKS: Final = 2_000
_COLOURS: Final = 6
_DATE: Final = re.compile(r"\d{4}-\d\d")


class Trace(Struct, frozen=True, kw_only=True):
    """One series."""

    name: str
    kind: Literal["bar", "line", "dot", "both"]
    x: Sequence[Any]
    y: Sequence[Any]


class Axis(Struct, frozen=True, kw_only=True):
    """What is written along an axis."""

    title: str = ""
    decimals: int | None = None
    """Of a percentage, where the numbers are shares."""


class Tick(Struct, frozen=True, kw_only=True):
    """A place on an axis, in pixels, and what it is called."""

    at: float
    text: str


class Mark(Struct, frozen=True, kw_only=True):
    """A bar, a point, or (then `path` says its way) a line. `colour` is a class of the style sheet."""

    kind: Literal["bar", "dot", "line"]
    colour: int
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = 0.0
    path: str = ""


class Chart(Struct, frozen=True, kw_only=True):
    """A drawing, in pixels from its upper left corner."""

    title: str
    x: Axis
    y: Axis
    width: float
    height: float
    box: tuple[float, float, float, float]
    """Left, top, right and bottom of where the marks are."""
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    lying: bool
    marks: tuple[Mark, ...]
    legend: tuple[tuple[int, str], ...]


class _Numbers:
    """A scale of numbers."""

    def __init__(self, values: Sequence[float], *, start: float, end: float, zero: bool, decimals: int | None) -> None:
        low, high = min(values), max(values)
        if zero:
            low, high = min(low, 0.0), max(high, 0.0)
        # numbers so small that a part of them is none stand at 0
        span = max((high - low) or abs(high) or 1.0, 1e-290)
        self.low = low if zero and low == 0 else low - span * 0.05
        self.high = high + span * 0.05
        self._start, self._end, self._decimals = start, end, decimals
        self.band = 0.0

    def at(self, value: Any) -> float | None:
        if not _number(value):
            return None
        share = (float(value) - self.low) / (self.high - self.low)
        return round(self._start + share * (self._end - self._start), 1)

    def ticks(self) -> tuple[Tick, ...]:
        rough = (self.high - self.low) / 5
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * nice for nice in (1, 2, 5, 10) if power * nice >= rough)
        first = math.ceil(self.low / step)
        found = [round((first + number) * step, 12) for number in range(int(self.high / step) - first + 1)]
        return tuple(Tick(at=self.at(value) or 0.0, text=self._text(value)) for value in found)

    def _text(self, value: float) -> str:
        return words.amount(value) if self._decimals is None else f"{value:.{self._decimals}%}"


class _Names:
    """A scale of names, each with a band of its own."""

    def __init__(self, names: Sequence[str], *, start: float, end: float, room: float) -> None:
        """`room` is what a name takes along the axis; 0 where that depends on its length."""
        self._room = room or min(26, max(map(len, names))) * _LETTER + 10
        self.band = abs(end - start) / len(names)
        step = (end - start) / len(names)
        self._places = {name: round(start + step * (number + 0.5), 1) for number, name in enumerate(names)}

    def at(self, value: Any) -> float | None:
        return self._places.get(_name(value))

    def ticks(self) -> tuple[Tick, ...]:
        """As many as there is room for."""
        every = max(1, math.ceil(self._room / self.band))
        places = list(self._places.items())[::every]
        return tuple(Tick(at=place, text=words.brief(name, limit=26)) for name, place in places)


def drawn(
    traces: Sequence[Trace], *, title: str, x: Axis, y: Axis, lying: bool = False, stacked: bool = False
) -> Chart | None:
    """
    The drawing; None where there is nothing to draw, or more than a small drawing bears.

    Args:
        traces: Series with x and y as they stand in the figure; for bars that lie, the names are their y.
        title: Stands above.
        x: What is written below.
        y: What is written at the side.
        lying: Whether bars go from left to right.
        stacked: Whether bars of one place stand on each other, instead of side by side.
    """
    bars = any(trace.kind == "bar" for trace in traces)
    lying = lying and bars
    turned = [(trace, trace.y, trace.x) if lying else (trace, trace.x, trace.y) for trace in traces]
    if sum(min(len(trace.x), len(trace.y)) for trace in traces) > _MARKS:
        return None
    points = [
        (trace, place, value)
        for trace, places, values in turned
        for place, value in zip(places, values, strict=False)  # what has no partner is not drawn
    ]
    values = [value for _, _, value in points if _number(value)]
    places = [place for _, place, _ in points]
    if not values:
        return None
    names = _ordered(places) if bars or not all(place is None or _number(place) for place in places) else []
    if lying and len(names) > _LYING:
        return None
    height = _TOP + _BOTTOM + len(names) * _ROW if lying else _HEIGHT
    heaped = _heaped(points) if stacked and bars else values
    value_axis = x if lying else y
    widest = max(map(len, names), default=0) if lying else 7
    box = (round(min(26, widest) * _LETTER + 14, 1), _TOP, _WIDTH - _RIGHT, height - _BOTTOM)
    ends = (box[0], box[2]) if lying else (box[3], box[1])
    scale = _Numbers(heaped, start=ends[0], end=ends[1], zero=bars, decimals=value_axis.decimals)
    along: _Numbers | _Names
    if names:
        start, end = (box[3], box[1]) if lying else (box[0], box[2])
        along = _Names(names, start=start, end=end, room=12.0 if lying else 0.0)
    elif numbers := [place for place in places if _number(place)]:
        along = _Numbers(numbers, start=box[0], end=box[2], zero=False, decimals=x.decimals)
    else:
        return None
    return Chart(
        title=title,
        x=x,
        y=y,
        width=_WIDTH,
        height=height,
        box=box,
        across=(scale if lying else along).ticks(),
        up=(along if lying else scale).ticks(),
        lying=lying,
        marks=tuple(_marks(turned, along=along, scale=scale, lying=lying, stacked=stacked)),
        legend=tuple((number % _COLOURS, trace.name) for number, trace in enumerate(traces)) if len(traces) > 1 else (),
    )


def _ordered(places: Sequence[Any]) -> list[str]:
    """Names in the order of the figure; numbers and dates in their own."""
    known = list(dict.fromkeys(place for place in places if place is not None and isinstance(place, (str, int, float))))
    if all(map(_number, known)) or all(isinstance(place, str) and _DATE.match(place) for place in known):
        known.sort()
    return list(dict.fromkeys(map(_name, known)))


def _heaped(points: Sequence[tuple[Trace, Any, Any]]) -> list[float]:
    """How far each heap of bars reaches, and all values of the other series."""
    heaps: dict[tuple[str, bool], float] = {}
    for trace, place, value in points:
        if trace.kind == "bar" and _number(value):
            heaps[_name(place), value < 0] = heaps.get((_name(place), value < 0), 0.0) + value
    return [*heaps.values(), *(value for trace, _, value in points if trace.kind != "bar" and _number(value))]


def _marks(
    turned: Sequence[tuple[Trace, Sequence[Any], Sequence[Any]]],
    *,
    along: _Numbers | _Names,
    scale: _Numbers,
    lying: bool,
    stacked: bool,
) -> list[Mark]:
    beside = 1 if stacked else max(sum(trace.kind == "bar" for trace, _, _ in turned), 1)
    heaps: dict[tuple[str, bool], float] = {}
    found: list[Mark] = []
    bars = 0
    for number, (trace, places, values) in enumerate(turned):
        colour = number % _COLOURS
        pairs = [(along.at(place), value, _name(place)) for place, value in zip(places, values, strict=False)]
        if trace.kind == "bar":
            thick = along.band * 0.76 / beside
            shift = (bars - (beside - 1) / 2) * thick if not stacked else 0.0
            bars += 1
            for middle, value, name in pairs:
                if middle is None or not _number(value):
                    continue
                base = heaps.get((name, value < 0), 0.0) if stacked else 0.0
                heaps[name, value < 0] = base + value
                ends = (scale.at(base) or 0.0, scale.at(base + value) or 0.0)
                found.append(_bar(middle + shift, thick=thick, ends=ends, colour=colour, lying=lying))
            continue
        spots = [(middle, scale.at(value)) for middle, value, _ in pairs]
        if trace.kind in ("line", "both"):
            found.append(Mark(kind="line", colour=colour, path=_path(spots)))
        if trace.kind in ("dot", "both"):
            found += [Mark(kind="dot", colour=colour, x=x, y=y) for x, y in spots if x is not None and y is not None]
    return found


def _bar(middle: float, *, thick: float, ends: tuple[float, float], colour: int, lying: bool) -> Mark:
    edge, start, length = round(middle - thick / 2, 1), min(ends), round(abs(ends[1] - ends[0]), 1)
    thick = round(thick, 1)
    if lying:
        return Mark(kind="bar", colour=colour, x=start, y=edge, width=length, height=thick)
    return Mark(kind="bar", colour=colour, x=edge, y=start, width=thick, height=length)


def _path(spots: Sequence[tuple[float | None, float | None]]) -> str:
    """From point to point; a gap interrupts it."""
    pieces, pen = [], "M"
    for x, y in spots:
        if x is None or y is None:
            pen = "M"
        else:
            pieces.append(f"{pen}{x} {y}")
            pen = "L"
    return "".join(pieces)


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e15


def _name(value: Any) -> str:
    return words.brief(value, limit=60) if isinstance(value, str) else words.value(value, apart=False)
