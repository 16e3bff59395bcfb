"""
How far a number moves by itself, from the best source there is.

    declared    the author said so: `record(..., noise=0.002)`
    reruns      production was built again, on the same data, with other seeds
    interval    a prediction interval for one further run, from comparable runs on the scale that the data ask for
    ranks       where history is long and not normal: conformal ranks (Vovk, Gammerman and Shafer, 2005), which suppose
                nothing but that runs could have come in any order
    none        fewer than three values: nothing is known, and the declared margin decides alone

A history may hold earlier improvements and regressions. So it is first divided into ranges of one level (`drift.py`);
noise is what the values do about the mean of their own level, and the candidate is held against production's level.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from msgspec import Struct

from proofbook.gate import drift, power, tails
from proofbook.gate.estimates import Estimate, Source
from proofbook.gate.numbers import ROUNDING
from proofbook.gate.scales import FloatArray, Scale, array, total, wanted
from proofbook.model.record import Rule
from proofbook.model.verdict import Noise

__all__ = ["Past", "again", "baseline", "estimate", "noise", "usable"]

_NORMAL = 9.21
"""Jarque and Bera's statistic beyond which values are not normal: chi-squared with 2 degrees of freedom, 1%."""
_KNOWN = max(tails.TABLE)
"""A deviation that its author declares counts as one learned from so many runs."""
_ELSEWHERE = 0.005
"""How seldom production may lie so far from what it records when it is built again, on either side."""
_LARGEST_UNIT = 0.01
"""A number with a fraction is not taken to be rounded more coarsely than to this part of itself."""


class Past(Struct, frozen=True, kw_only=True):
    """What is known of one record from before."""

    values: tuple[float, ...] = ()
    """In comparable runs, production among them, oldest first; results that a run only took over count once."""
    reruns: tuple[float, ...] = ()
    """Of production built again, itself among them."""
    repeats: bool = False
    """Nothing random goes into it: production built again is the same, to the last digit."""
    same_set: bool = False
    """All were measured on the same evaluation set, by digest: data that come in do not move them."""
    accepted: int = 0
    """Position in `values` from which on no level was accepted by a person: drift is looked for from there."""


def estimate(rule: Rule, production: float, *, past: Past, level: float) -> tuple[Estimate, ...]:
    """
    The noise of one record, by the best source there is; none where nothing is known of it.

    Args:
        rule: Says which way is better; without that nothing is worse.
        production: The value to compare with, finite.
        past: What is known from before.
        level: Of the comparison: ranks serve only where there are enough runs for it.

    Returns:
        One estimate, or several on different scales where the data do not say which is right: the mildest holds.
    """
    if rule.better is None or not usable(production):
        return ()
    worse = -1 if rule.better == "higher" else 1
    centre = baseline(production, past)
    reruns = again(production, past)
    if rule.noise is not None:
        spread = rule.noise * math.sqrt(1 + 1 / max(1, len(reruns)))
        return (Estimate("declared", "linear", worse, centre, rule.noise, spread, _KNOWN),)
    values = _finite(past.values)
    if past.repeats and (past.same_set or len(values) < tails.FEWEST):
        return (Estimate("reruns", "linear", worse, centre, 0.0, 0.0, max(len(reruns), 2)),)
    by_reruns: tuple[Estimate, ...] = ()
    if len(reruns) >= tails.FEWEST:
        by_reruns = _interval(_History(reruns, at=0, whole=True), worse=worse, source="reruns")
    if past.same_set and by_reruns:
        return by_reruns
    history = _History(values, at=_position(values, production))
    by_runs = _interval(history, worse=worse, source="interval")
    if by_reruns and by_runs:
        # new data move it as well as new seeds: what a run may do is the larger of the two
        return max(by_reruns, by_runs, key=lambda found: max(one.reach(level) for one in found))
    if by_runs and _long(history, level=level):
        return (_ranks(by_runs[0], history),)
    return by_runs or by_reruns


def noise(rule: Rule, production: float, *, past: Past, level: float) -> Noise:
    """
    What is known of a record's noise, and what a comparison at this level can see.

    Args:
        rule: Of the record.
        production: The value to compare with.
        past: What is known from before.
        level: Probability of a false alarm that the comparison may take.
    """
    found = estimate(rule, production, past=past, level=level)
    return power.describe(found, rule=rule, baseline=baseline(production, past), level=level)


def baseline(production: float, past: Past) -> float:
    """What a candidate is held against: the mean of production's reruns, not its luckiest score; else production."""
    reruns = again(production, past)
    return math.fsum(reruns) / len(reruns) if len(reruns) > 1 else production


def again(production: float, past: Past) -> tuple[float, ...]:
    """
    What production recorded each time that it was built again; nothing where it is not itself one of these values.

    By then something that no run records (an undeclared file, a service) may have become worse. Its mean would be a
    baseline that the same fault in a candidate meets, and its spread noise that hides it.

    Args:
        production: The value that it was promoted with.
        past: What is known from before.
    """
    reruns = _finite(past.reruns)
    others = list(reruns)
    if production in others:
        others.remove(production)
    if len(others) < tails.FEWEST:
        return reruns
    mean = math.fsum(others) / len(others)
    away = abs(production - mean)
    if away <= ROUNDING * max(abs(production), abs(mean)):
        return reruns
    squares = math.fsum((value - mean) ** 2 for value in others)
    deviation = max(math.sqrt(squares / (len(others) - 1)), _resolution(others, centre=mean))
    spread = deviation * math.sqrt(1 + 1 / len(others))
    return reruns if spread and tails.probability(len(others), away / spread) > _ELSEWHERE else ()


@dataclass(frozen=True)
class _Scaled:
    """A history on one scale."""

    there: FloatArray
    away: FloatArray
    """From the mean of its own level."""
    squares: float
    """The sum of those, squared."""


class _History:
    """Values by their levels, and which level is production's."""

    def __init__(self, values: Sequence[float], *, at: int, whole: bool = False) -> None:
        import numpy as np

        self.values = values
        self.array: FloatArray = np.array(values, dtype=float)
        self.levels = ((0, len(values)),) if whole or len(values) < tails.FEWEST else drift.levels(self.array)
        self.own = next((slice(*span) for span in self.levels if span[0] <= at < span[1]), slice(0, 0))
        self.count = len(values) - len(self.levels) + 1
        """How many values of one level would tell as much of the deviation."""
        self._scaled: dict[Scale, _Scaled] = {}

    def on(self, scale: Scale) -> _Scaled:
        """The values on a scale, and what they do there about the mean of their own level."""
        if scale not in self._scaled:
            there = array(self.array, scale)
            away: FloatArray = there - total(there) / len(there)
            for span in self.levels if len(self.levels) > 1 else ():
                part = there[slice(*span)]
                away[slice(*span)] = part - total(part) / len(part)
            self._scaled[scale] = _Scaled(there, away, float(away.dot(away)))
        return self._scaled[scale]


def _interval(history: _History, *, worse: int, source: Source) -> tuple[Estimate, ...]:
    if len(history.values) < tails.FEWEST or history.count < tails.FEWEST:
        return ()
    found = []
    size = history.own.stop - history.own.start
    for scale in wanted(history.array, squares=lambda scale: history.on(scale).squares):
        scaled = history.on(scale)
        half = scaled.away[scaled.away > 0] if worse > 0 else scaled.away[scaled.away < 0]
        centre = total(scaled.there[history.own]) / size
        deviation = math.sqrt(max(scaled.squares, 2 * float(half.dot(half))) / (history.count - 1))
        # what rounding leaves of equal values is no noise
        if deviation <= 1e-12 * abs(centre):
            deviation = 0.0
        if scale == "linear":
            deviation = max(deviation, _resolution(history.values, centre=centre))
        spread = deviation * math.sqrt(1 + 1 / size)
        found.append(Estimate(source, scale, worse, centre, deviation, spread, history.count))
    return tuple(found)


def _ranks(found: Estimate, history: _History) -> Estimate:
    values = history.values[history.own]
    return replace(found, source="ranks", scale="linear", count=len(values), ordered=tuple(values))


def _long(history: _History, *, level: float) -> bool:
    """Whether production's level has enough runs for ranks, and is so little normal that they are wanted."""
    count = history.own.stop - history.own.start
    if count + 1 < 1 / level:
        return False
    away = history.array[history.own] - history.array[history.own].mean()
    second, third, fourth = (float((away**power).mean()) for power in (2, 3, 4))
    if second <= 0:
        return False
    skew, excess = third / second**1.5, fourth / second**2 - 3
    return bool(count / 6 * (skew**2 + excess**2 / 4) > _NORMAL)


def _position(values: Sequence[float], production: float) -> int:
    """Where production stands in its history; the newest run where it is not there."""
    places = [place for place, value in enumerate(values) if value == production]
    return places[-1] if places else len(values) - 1


def _resolution(values: Sequence[float], *, centre: float) -> float:
    """
    Half a unit of the last digit, where values are so coarse that many are equal: noise may hide below it.

    Three runs that say 0.81 do not say that there is no noise, but that it is less than a hundredth.
    """
    distinct = set(values)
    if len(distinct) > max(2, len(values) // 2):
        return 0.0
    # counts; 1.0 and 0.0 may as well be scores
    if all(isinstance(value, int) or (abs(value) > 1 and value.is_integer()) for value in distinct):
        return 0.5
    digits = max(_digits(value) for value in distinct)
    return min(10.0**-digits, _LARGEST_UNIT * abs(centre)) / 2


def _digits(value: float) -> int:
    """Decimal places with which a number is written."""
    mantissa, _, exponent = repr(float(value)).partition("e")
    fraction = mantissa.partition(".")[2].rstrip("0")
    return min(300, max(0, len(fraction) - int(exponent or 0)))


def _finite(values: Sequence[float]) -> tuple[float, ...]:
    # nearly always: one look at the ends, and at a sum, which any NaN would spoil
    if values and min(values) > 1e-150 and max(values) < 1e150 and not math.isnan(sum(values)):
        return tuple(values)
    return tuple(value for value in values if usable(value))


def usable(value: float) -> bool:
    """Whether arithmetic can be done with a value."""
    # the square of anything beyond is infinite, or nothing
    return value == 0 or 1e-150 < abs(value) < 1e150
