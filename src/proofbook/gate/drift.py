"""
Where a record's level changed: sudden shifts that divide a history, and slow drift that no single step shows.

One statistic serves both: over all places to divide a sequence, the largest difference of the means on either side in
units of its standard error: the retrospective form of the cumulative sum (Page, Biometrika 41, 1954; Hawkins, JASA 72,
1977). It is held against Student's t with its level shared out over the places that were tried (Bonferroni), which
makes it careful rather than sharp. Runs that resemble their predecessors count for less than as many independent
ones: their number is corrected by the lag-one autocorrelation (Bayley and Hammersley, 1946).
"""

from dataclasses import dataclass
from functools import lru_cache

from proofbook.gate.scales import FloatArray, total

__all__ = ["Shift", "drift", "levels", "shift"]

_SPLIT = 1e-3
"""How sure a shift must be to divide a history: a false one would make noise look smaller than it is."""
_SHORTEST = 3
"""Runs on either side of a shift. What fewer show may as well be an outlier."""


@dataclass(frozen=True)
class Shift:
    """The most likely place at which the level changed."""

    place: int
    """Position of the first value of the new level."""
    before: float
    """Mean of the values before."""
    after: float


def levels(values: FloatArray) -> tuple[tuple[int, int], ...]:
    """
    Divide a history into ranges of one level each, as positions with the end excluded.

    Args:
        values: Oldest first, finite.
    """
    found = []
    pending = [(0, len(values))]
    while pending:
        begin, end = pending.pop()
        divided = shift(values[begin:end], level=_SPLIT)
        if divided is None:
            found.append((begin, end))
        else:
            pending += [(begin, begin + divided.place), (begin + divided.place, end)]
    return tuple(sorted(found))


def drift(values: FloatArray, *, worse: int, level: float) -> Shift | None:
    """
    A change of level towards the worse within a history, whether it came in one step or in many small ones.

    Args:
        values: Oldest first, finite.
        worse: -1 where lower is worse, 1 where higher is.
        level: Probability of finding one where there is none.
    """
    found = shift(values, level=level)
    return found if found is not None and (found.after - found.before) * worse > 0 else None


def shift(values: FloatArray, *, level: float) -> Shift | None:
    """The place at which a sequence is best divided in two, where its means differ by more than chance explains."""
    found = _divided(values, level=level)
    if found is None:
        return None
    best, surplus = found
    likeness = _likeness(values, place=best.place)
    return best if surplus * (1 - likeness) / (1 + likeness) > 1 else None


def _divided(values: FloatArray, *, level: float) -> tuple[Shift, float] | None:
    """The same for runs that are independent, and by how much the statistic, squared, exceeds what is needed."""
    count = len(values)
    tried = count - 2 * _SHORTEST + 1
    if tried < 1:
        return None
    mean = total(values) / count
    away = values - mean
    whole = float(away.dot(away))
    # what rounding leaves of equal values is no movement
    if whole <= count * (1e-12 * mean) ** 2:
        return None
    sums = away.cumsum()[_SHORTEST - 1 : count - _SHORTEST]
    explained = sums * sums * _weights(count)
    best = int(explained.argmax())
    within = max(whole - float(explained[best]), 1e-24 * whole)
    surplus = float(explained[best]) / within * (count - 2) / _needed(count - 2, level / tried) ** 2
    if surplus <= 1:
        return None
    place = best + _SHORTEST
    before, after = mean + float(sums[best]) / place, mean - float(sums[best]) / (count - place)
    return Shift(place, before, after), surplus


@lru_cache(maxsize=128)
def _weights(count: int) -> FloatArray:
    """What a squared sum of the values before a place explains, for each place at which a sequence may be divided."""
    import numpy as np

    places = np.arange(_SHORTEST, count - _SHORTEST + 1, dtype=float)
    return count / (places * (count - places))


def _likeness(values: FloatArray, *, place: int) -> float:
    """
    Lag-one autocorrelation of what is left without a straight line, or without a shift and further ones beside it.

    Neighbours resemble each other where there is slow drift, or more than one step, as well. So what explains most of
    it is taken away first.
    """
    import numpy as np

    count = len(values)
    stepped = np.concatenate([_levelled(values[:place]), _levelled(values[place:])])
    along = np.arange(count) - (count - 1) / 2
    straight = values - values.mean() - along * (12 * float(along.dot(values)) / (count * (count**2 - 1)))
    return min(0.9, max(0.0, min(_lag_one(stepped), _lag_one(straight)) + 1 / count))


def _levelled(values: FloatArray) -> FloatArray:
    found = _divided(values, level=_SPLIT)
    left: FloatArray = values - values.mean()
    if found is not None:
        place = found[0].place
        left[:place] = values[:place] - values[:place].mean()
        left[place:] = values[place:] - values[place:].mean()
    return left


def _lag_one(residuals: FloatArray) -> float:
    whole = float(residuals.dot(residuals))
    return float(residuals[1:].dot(residuals[:-1])) / whole if whole > 0 else 0.0


@lru_cache(maxsize=4096)
def _needed(freedom: int, level: float) -> float:
    """Student's t that is exceeded, in either direction, with this probability."""
    from scipy.special import stdtrit  # type: ignore[import-untyped]  # it has no stubs

    return float(stdtrit(freedom, 1 - level / 2))
