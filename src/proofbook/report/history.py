"""
A record's history as a small drawing: earlier runs, how far noise reaches, production and the candidate.

All that the page shows of it are numbers that are reckoned here.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeGuard

from msgspec import Struct

from proofbook.model.record import Rule
from proofbook.model.verdict import Noise
from proofbook.report import words

__all__ = ["Drawing", "Point", "draw", "of_values"]

_WIDTH: Final = 420.0
_HEIGHT: Final = 132.0
_LEFT: Final = 62.0
_RIGHT: Final = 14.0
_TOP: Final = 12.0
_BOTTOM: Final = 24.0
_POINTS: Final = 60
_NEAR: Final = 1.5
"""A bound is drawn where it lies within so many times the height of all else: far ones would flatten the rest."""
_LARGEST: Final = 1e300


class Point(Struct, frozen=True, kw_only=True):
    """What one run recorded."""

    run: int
    value: float


class Dot(Struct, frozen=True, kw_only=True):
    """One run, in pixels; `kind` is a class of the style sheet."""

    x: float
    y: float
    kind: str
    text: str


class Line(Struct, frozen=True, kw_only=True):
    """A level, in pixels from the top, and what it is."""

    y: float
    kind: str


class Drawing(Struct, frozen=True, kw_only=True):
    """The drawing, in pixels from its upper left corner."""

    width: float
    height: float
    left: float
    right: float
    path: str
    dots: tuple[Dot, ...]
    band: tuple[float, float] | None
    """Top and height of what noise explains."""
    lines: tuple[Line, ...]
    ticks: tuple[tuple[float, str], ...]
    ends: tuple[str, str]
    """What is written below, at the left and at the right."""
    told: str
    """The same in words, for those who do not see it."""
    shown: frozenset[str]
    """Which marks there are, for the legend."""


def draw(
    points: Sequence[Point], *, candidate: int, production: int | None, noise: Noise | None, rule: Rule
) -> Drawing | None:
    """
    The history of a number; None where there are fewer than three runs to show, or they never differed.

    Args:
        points: What runs recorded, oldest first, the candidate's among them.
        candidate: The run that is judged.
        production: The run that it is held against.
        noise: What is known of noise: its band is drawn on the worse side, from the baseline as far as it reaches.
        rule: Its floor, ceiling and margin are drawn where they are near.
    """
    known = [point for point in points if math.isfinite(point.value) and abs(point.value) < _LARGEST]
    if len(known) < 3:
        return None
    if noise is None and len({point.value for point in known}) == 1:
        return None  # it never was anything else, which the line above says as well
    shown = _kept(known, production=production)
    kinds = [_kind(point.run, candidate=candidate, production=production) for point in shown]
    band = _band(noise)
    levels = _levels([point.value for point in shown], band=band, noise=noise, rule=rule)
    runs = [f"run {point.run}" for point in shown]
    return _drawn([point.value for point in shown], kinds=kinds, names=runs, band=band, levels=levels)


def of_values(values: Sequence[Any], *, candidate: Any, band: tuple[Any, Any] | None) -> Drawing | None:
    """The same of plain values, oldest first, and the candidate's after them."""
    known = [float(value) for value in (*values, candidate) if _sound(value)]
    if len(known) < 3 or not _sound(candidate):
        return None
    known = known[-_POINTS:]
    kinds = ["run"] * (len(known) - 1) + ["is"]
    names = [f"{len(known) - 1 - number} runs before" for number in range(len(known) - 1)] + ["this run"]
    sound = band if band and all(map(_sound, band)) else None
    return _drawn(known, kinds=kinds, names=names, band=sound, levels=[])


def _kept(points: Sequence[Point], *, production: int | None) -> list[Point]:
    """The newest, and production's however old it is."""
    kept = list(points[-_POINTS:])
    if production is not None and all(point.run != production for point in kept):
        kept = [point for point in points if point.run == production] + kept[1:]
    return kept


def _kind(run: int, *, candidate: int, production: int | None) -> str:
    return "is" if run == candidate else "was" if run == production else "run"


def _band(noise: Noise | None) -> tuple[float, float] | None:
    if noise is None or not (_sound(noise.baseline) and _sound(noise.bound)):
        return None
    return min(noise.baseline, noise.bound), max(noise.baseline, noise.bound)


def _levels(
    values: Sequence[float], *, band: tuple[float, float] | None, noise: Noise | None, rule: Rule
) -> list[tuple[float, str]]:
    """Levels to draw, each with its kind."""
    base = noise.baseline if noise is not None else None
    found = [(base, "base")] if _sound(base) and band else []
    low, high = min(*values, *(band or ())), max(*values, *(band or ()))
    room = ((high - low) or abs(high) or 1.0) * _NEAR
    if rule.better and rule.margin is not None and _sound(base):
        found.append((base - rule.margin if rule.better == "higher" else base + rule.margin, "margin"))
    found += [(bound, "bound") for bound in (rule.floor, rule.ceiling) if bound is not None]
    return [(level, kind) for level, kind in found if _sound(level) and low - room <= level <= high + room]


def _drawn(
    values: Sequence[float],
    *,
    kinds: Sequence[str],
    names: Sequence[str],
    band: tuple[float, float] | None,
    levels: Sequence[tuple[float, str]],
) -> Drawing | None:
    every: list[float] = [*values, *(band or ()), *(level for level, _ in levels)]
    low, high = min(every), max(every)
    span = (high - low) or abs(high) * 0.1 or 1.0
    if not math.isfinite(span):
        return None
    low, high = low - span * 0.08, high + span * 0.08
    left, right = _LEFT, _WIDTH - _RIGHT
    step = (right - left - 12) / (len(values) - 1)

    def across(number: int) -> float:
        return round(left + 6 + number * step, 1)

    def down(value: float) -> float:
        share = (value - low) / (high - low)
        return round(_HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM), 1)

    spots = [(across(number), down(value)) for number, value in enumerate(values)]
    dots = [
        Dot(x=x, y=y, kind=kind, text=f"{name}: {words.amount(value)}")
        for (x, y), kind, name, value in zip(spots, kinds, names, values, strict=True)
    ]
    ends = (down(band[1]), down(band[0])) if band else None
    return Drawing(
        width=_WIDTH,
        height=_HEIGHT,
        left=left,
        right=right,
        path="".join(f"{'L' if number else 'M'}{x} {y}" for number, (x, y) in enumerate(spots)),
        # production and the candidate lie on top
        dots=tuple(sorted(dots, key=lambda dot: ("run", "was", "is").index(dot.kind))),
        band=(ends[0], round(max(ends[1] - ends[0], 1.0), 1)) if ends else None,
        lines=tuple(Line(y=down(level), kind=kind) for level, kind in levels),
        ticks=_ticks(min(every), max(every), down=down),
        ends=(names[0], names[-1]),
        told=_told(values, kinds=kinds, names=names, band=band),
        shown=frozenset((*kinds, *(kind for _, kind in levels), *(["band"] if band else []))),
    )


def _ticks(low: float, high: float, *, down: Callable[[float], float]) -> tuple[tuple[float, str], ...]:
    """Least, middle and largest, with as many digits as tell them apart."""
    span = high - low
    if not span:
        return ((down(low), words.amount(low)),)
    digits = max(0, 1 - math.floor(math.log10(span)))
    large = max(abs(low), abs(high)) >= 1e7 or digits > 6

    def text(value: float) -> str:
        return f"{value:.3g}" if large else f"{value:,.{digits}f}"

    return tuple((down(value), text(value)) for value in (low, (low + high) / 2, high))


def _told(
    values: Sequence[float], *, kinds: Sequence[str], names: Sequence[str], band: tuple[float, float] | None
) -> str:
    """The drawing in a sentence."""
    said = [f"{len(values)} runs, from {words.amount(min(values))} to {words.amount(max(values))}"]
    for kind, whose in (("was", "production"), ("is", "this run")):
        said += [f"{whose} {words.amount(value)}" for value, own in zip(values, kinds, strict=True) if own == kind]
    if band:
        said.append(f"noise explains {words.amount(band[0])} to {words.amount(band[1])}")
    return f"{names[0]} to {names[-1]}: {'; '.join(said)}"


def _sound(value: Any) -> TypeGuard[float]:
    # NaN is not below anything
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < _LARGEST
