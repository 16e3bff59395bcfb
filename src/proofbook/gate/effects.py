"""
How far two dataset profiles lie apart, effect by effect, and how far is far.

Sizes, not p-values: at a million rows every difference is significant, and few matter.

    rows                 |log(candidate / production)|
    nulls, infinite      difference of the rates
    minimum, maximum     how far beyond production's range, in ranges
    distribution         Wasserstein distance of the quantile sketches, in production's spread
    categories           Jensen-Shannon distance of the frequencies (Lin 1991), base 2: 0 to 1
    correlations         the largest difference of a pair's correlation

An effect counts from a size that is notable by itself, and, where enough earlier profiles tell how far one batch lies
from the next, only beyond what they explain: the upper prediction limit of the logarithm of those distances by
Student's t, at one per cent, and at most `_BEYOND` times the largest of them.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from proofbook.gate.numbers import pair

__all__ = ["Effect", "Judged", "effects", "judged"]

_NOTABLE: Final = {
    "rows": math.log(1.1),
    "nulls": 0.01,
    "infinite": 0.0,
    "minimum": 0.10,
    "maximum": 0.10,
    "distribution": 0.10,
    "categories": 0.10,
    "correlations": 0.20,
}
_LEVEL: Final = 0.01
_FEWEST: Final = 4
"""Distances from which on they tell what is usual."""
_BEYOND: Final = 5.0
_SPREAD: Final = 3.29
"""Standard deviations between the 5% and the 95% quantile of a normal distribution."""
_LEVELS: Final = 65


@dataclass(frozen=True, slots=True)
class Effect:
    """One way in which two profiles differ."""

    column: str
    """Empty: of the profile as a whole."""
    kind: str
    size: float
    words: str
    news: bool = False
    """Notable at any size, unless that happened before: nulls where there were none, a category that vanished."""


@dataclass(frozen=True, slots=True)
class Judged:
    """An effect, and what it was held against."""

    effect: Effect
    limit: float
    usual: tuple[float, ...]
    """Sizes between one recorded batch and the next."""
    happened: bool
    """Whether such news came between recorded batches as well."""

    @property
    def beyond(self) -> bool:
        """Whether it is worth a person's attention."""
        return self.effect.size > 0 and (self.effect.size > self.limit or (self.effect.news and not self.happened))

    @property
    def times(self) -> float:
        """How many times its limit the effect is."""
        if math.isinf(self.limit) or not self.effect.size:
            return 0.0
        return self.effect.size / self.limit if self.limit else math.inf

    def __str__(self) -> str:
        name = f"{self.effect.column}: " if self.effect.column else ""
        if len(self.usual) < _FEWEST or self.effect.size <= self.limit:
            return name + self.effect.words
        times = self.effect.size / max(self.usual) if max(self.usual) > 0 else math.inf
        said = f"{times:.2g} times the largest of {len(self.usual)} before" if math.isfinite(times) else "never before"
        return f"{name}{self.effect.words}, {said}"

    def as_json(self) -> dict[str, Any]:
        """For evidence."""
        return {
            "column": self.effect.column,
            "effect": self.effect.kind,
            "size": _finite(self.effect.size),
            "limit": _finite(self.limit),
            "usual": [_finite(size) for size in self.usual],
            "words": self.effect.words,
        }


def judged(before: dict[str, Any], after: dict[str, Any], *, history: Sequence[dict[str, Any]]) -> tuple[Judged, ...]:
    """
    All effects between two profiles, each with the limit that its own history sets.

    Args:
        before: Production's profile.
        after: The candidate's.
        history: Earlier profiles, oldest first. Of equal ones that follow each other all but one are left out: the same
            data profiled twice tells nothing of how batches differ.
    """
    batches = [one for number, one in enumerate(history) if number == 0 or one != history[number - 1]]
    usual: dict[tuple[str, str], list[Effect]] = {}
    for one, other in pairwise(batches):
        for effect in effects(one, other):
            usual.setdefault((effect.column, effect.kind), []).append(effect)
    found = []
    for effect in effects(before, after):
        earlier = usual.get((effect.column, effect.kind), [])
        sizes = tuple(each.size for each in earlier)
        limit = max(_NOTABLE[effect.kind], _limit(sizes, kind=effect.kind))
        found.append(Judged(effect, limit, sizes, any(each.news for each in earlier)))
    # the furthest beyond its limit first
    return tuple(sorted(found, key=lambda each: -each.times))


def _limit(sizes: tuple[float, ...], *, kind: str) -> float:
    if any(math.isinf(size) for size in sizes):
        return math.inf  # a column that holds one value in each batch, as the month of the data does
    finite = [size for size in sizes if math.isfinite(size)]
    if len(finite) < _FEWEST:
        return 0.0
    from scipy.special import stdtrit  # type: ignore[import-untyped]  # it has no stubs

    # a distance of nothing has no logarithm: it counts as a hundredth of what is notable
    least = max(_NOTABLE[kind] / 100, 1e-6)
    logs = [math.log(max(size, least)) for size in finite]
    mean = sum(logs) / len(logs)
    deviation = math.sqrt(sum((one - mean) ** 2 for one in logs) / (len(logs) - 1))
    reach = float(stdtrit(len(logs) - 1, 1 - _LEVEL)) * deviation * math.sqrt(1 + 1 / len(logs))
    return max(*finite, min(math.exp(min(mean + reach, 700.0)), _BEYOND * max(*finite, least)))


def effects(before: dict[str, Any], after: dict[str, Any]) -> Iterator[Effect]:
    """Every effect between two profiles, of size 0 as well, so that a quiet history is a history."""
    yield _rows(before["rows"], after["rows"])
    for name, facts in after["columns"].items():
        if name in before["columns"]:
            yield from _column(name, before["columns"][name], facts)
    if (correlated := _correlations(before.get("correlations"), after.get("correlations"))) is not None:
        yield correlated


def _rows(before: int, after: int) -> Effect:
    share = f" ({(after - before) / before:+.0%})" if before else ""
    size = abs(math.log(after / before)) if before and after else 0.0 if before == after else math.inf
    return Effect("", "rows", size, f"{before:,} → {after:,} rows{share}")


def _column(name: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[Effect]:
    rates = _numbers(before, after, "null_rate")
    if rates is not None:
        words = f"nulls {rates[0]:.2%} → {rates[1]:.2%}"
        yield Effect(name, "nulls", abs(rates[1] - rates[0]), words, news=rates[0] == 0 < rates[1])
    counts = _numbers(before, after, "infinite")
    if counts is not None:
        yield Effect(name, "infinite", max(0, counts[1] - counts[0]), f"infinite values {counts[0]:,} → {counts[1]:,}")
    yield from _range(name, before, after)
    yield from _distribution(name, before, after)
    yield from _categories(name, before, after)


def _range(name: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[Effect]:
    low, high = _numbers(before, after, "min"), _numbers(before, after, "max")
    if low is None or high is None:
        return
    extent = high[0] - low[0]
    for what, over, sides in (("minimum", low[0] - low[1], low), ("maximum", high[1] - high[0], high)):
        size = 0.0 if over <= 0 else over / extent if extent > 0 else math.inf
        yield Effect(name, what, size, "{} {} → {}".format(what, *pair(*sides)[:2]))


def _distribution(name: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[Effect]:
    was, now = _sketch(before), _sketch(after)
    means, deviations = _numbers(before, after, "mean"), _numbers(before, after, "std")
    if was is None or now is None or means is None:
        return
    moved = sum(abs(one - other) for one, other in zip(was, now, strict=True)) / len(was)
    spread = (_at(was, 0.95) - _at(was, 0.05)) / _SPREAD or (deviations[0] if deviations else 0.0)
    nothing = 1e-9 * max(map(abs, (*means, *was)))
    size = moved / spread if spread > 0 else 0.0 if moved <= nothing else math.inf
    deviation = deviations[0] if deviations else 0.0
    shift = (
        (means[1] - means[0]) / deviation if deviation > 0 else math.inf if abs(means[1] - means[0]) > nothing else 0
    )
    if abs(shift) > _NOTABLE["distribution"]:
        text = f" ({shift:+.2f} standard deviations)" if math.isfinite(shift) else ""
        words = "mean {} → {}".format(*pair(*means)[:2]) + text
    else:
        words = f"distribution moved by {size:.2f} of its spread"
    yield Effect(name, "distribution", max(size, abs(shift)), words)


def _categories(name: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[Effect]:
    was, now = _frequencies(before), _frequencies(after)
    if was is None or now is None:
        return
    words = []
    # a list that was cut off does not say what it lacks
    if after.get("distinct") == len(after["top"]) and (gone := [value for value in was if value not in now]):
        words.append(f"{_named(gone)} vanished")
    if before.get("distinct") == len(before["top"]) and (new := [value for value in now if value not in was]):
        words.append(f"{_named(new)} new")
    size = _jensen_shannon(was, now)
    said = "; ".join(words) or f"categories moved by {size:.2f} (Jensen-Shannon)"
    yield Effect(name, "categories", size, said, news=bool(words))


def _correlations(before: Any, after: Any) -> Effect | None:
    was, now = _pairs(before), _pairs(after)
    shared = [name for name in now if name in was]
    if not shared:
        return None
    first = max(shared, key=lambda name: abs(now[name] - was[name]))
    words = f"correlation of {' and '.join(first)} {was[first]:+.2f} → {now[first]:+.2f}"
    return Effect("", "correlations", abs(now[first] - was[first]), words)


def _pairs(content: Any) -> dict[tuple[str, str], float]:
    if not (isinstance(content, dict) and isinstance(content.get("columns"), list)):
        return {}
    names, rows = content["columns"], content.get("values")
    if not isinstance(rows, list) or len(rows) != len(names):
        return {}
    return {
        (str(names[low]), str(names[high])): float(value)
        for high, row in enumerate(rows)
        if isinstance(row, list) and len(row) == high
        for low, value in enumerate(row)
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    }


def _sketch(facts: dict[str, Any]) -> list[float] | None:
    """Values at evenly spaced quantiles; of a profile that has no sketch yet, from the few quantiles that it has."""
    values = facts.get("sketch")
    if isinstance(values, list) and len(values) == _LEVELS and all(_is_number(value) for value in values):
        return [float(value) for value in values]
    few, low, high = facts.get("quantiles"), facts.get("min"), facts.get("max")
    if not (isinstance(few, dict) and all(map(_is_number, (low, high, *few.values())))):
        return None
    try:
        known = sorted(
            [(0.0, float(low or 0)), *((float(q), float(value)) for q, value in few.items()), (1.0, float(high or 0))]
        )
    except ValueError:
        return None
    import numpy as np

    levels = np.linspace(0, 1, _LEVELS)
    return [float(value) for value in np.interp(levels, [q for q, _ in known], [value for _, value in known])]


def _at(sketch: list[float], level: float) -> float:
    return sketch[round(level * (len(sketch) - 1))]


def _frequencies(facts: dict[str, Any]) -> dict[str, float] | None:
    """Share of each category among the values that are there; what the list leaves out stands under no name."""
    top, total = facts.get("top"), facts.get("present")
    if not isinstance(top, list) or not top:
        return None
    counts = {
        str(each[0]): each[1] for each in top if isinstance(each, list) and len(each) == 2 and _is_number(each[1])
    }
    listed = sum(counts.values())
    whole = max(total, listed) if _is_number(total) else listed
    if whole <= 0 or any(count < 0 for count in counts.values()):
        return None
    return {name: count / whole for name, count in counts.items()}


def _jensen_shannon(was: dict[str, float], now: dict[str, float]) -> float:
    divergence = 0.0
    rest = [max(0.0, 1.0 - sum(side.values())) for side in (was, now)]
    for p, q in [*((was.get(name, 0.0), now.get(name, 0.0)) for name in {**was, **now}), (rest[0], rest[1])]:
        middle = (p + q) / 2
        divergence += sum(side * math.log2(side / middle) / 2 for side in (p, q) if side > 0)
    return math.sqrt(min(1.0, max(0.0, divergence)))


def _numbers(before: dict[str, Any], after: dict[str, Any], name: str) -> tuple[Any, Any] | None:
    was, now = before.get(name), after.get(name)
    return (was, now) if _is_number(was) and _is_number(now) else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _named(values: list[str]) -> str:
    from proofbook.gate.numbers import describe

    shown = ", ".join(describe(value) for value in values[:5])
    return f"{shown} and {len(values) - 5} more" if len(values) > 5 else shown
