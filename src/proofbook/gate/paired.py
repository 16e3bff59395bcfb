"""
Two sets of predictions of the same rows: how much worse one is, and how likely chance alone is to look like that.

    auc                       DeLong, DeLong and Clarke-Pearson, Biometrics 44, 1988, by the midranks of Sun and Xu,
                              IEEE Signal Processing Letters 21, 2014: n log n instead of n squared
    accuracy                  McNemar's exact test; at a margin the score test of Tango, Statistics in Medicine 17, 1998
    brier, log loss, mae, rmse  the paired bootstrap, seeded; its tails by BCa (Efron, JASA 82, 1987)

BCa and not percentiles: differences of losses are skewed (a few rows carry most of a squared error), percentiles then
miss on one side by as much as they err on the other, and only one side decides here. Of more than 1,024 rows, the
bootstrap draws from as many groups of rows, put together by chance: sums over groups vary as sums over rows do, and a
million rows cost no more than a thousand.

A *loss* is in the metric's own unit and positive where the candidate is worse.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]

__all__ = ["Difference", "bootstrap", "delong", "mcnemar", "midranks"]

_DRAWS = 2000
_GROUPS = 1024
_SEED = 20131231
_EXACT = 1000
"""Rows on which only one side is right, up to which McNemar's test is exact."""
_NORMAL = NormalDist()


@dataclass(frozen=True)
class Difference:
    """What was found on some rows."""

    method: str
    rows: int
    production: float
    """Production's score."""
    candidate: float
    loss: float
    """How much worse the candidate is; negative: better."""
    deviation: float
    """Standard deviation of the loss, from one sample of rows to another."""
    tail: Callable[[float], float]
    """Probability of a loss at least as large as the one found, where the true loss is so much."""

    def worse(self, than: float = 0.0) -> float:
        """How likely chance alone is to show a loss this large, where the true loss is `than` or less."""
        return self.tail(than) if self.loss > than else 1.0

    def better(self, than: float = 0.0) -> float:
        """How likely chance alone is to show a loss this small, where the true loss is `than` or more."""
        return 1.0 - self.tail(than) if self.loss < than else 1.0

    def bound(self, level: float) -> float:
        """The largest true loss that chance may still have made look like this: a one-sided bound of 1 - `level`."""
        return self._solved(level, upwards=True)

    def least(self, level: float) -> float:
        """The smallest such loss."""
        return self._solved(level, upwards=False)

    def detectable(self, level: float, *, margin: float) -> float:
        """
        The smallest true loss that would be found, beyond chance and beyond the margin, four times out of five.

        Args:
            level: Probability of a false alarm.
            margin: How much worse is still good enough.
        """
        return max(margin, _NORMAL.inv_cdf(1 - level) * self.deviation) + _NORMAL.inv_cdf(0.8) * self.deviation

    def _solved(self, level: float, *, upwards: bool) -> float:
        if self.deviation == 0:
            return self.loss
        step = self.deviation * (1 if upwards else -1)
        test = self.better if upwards else self.worse
        near, far = self.loss, self.loss + 2 * step
        for _ in range(10):
            if test(far) <= level:
                break
            near, far = far, far + 2 * step
        for _ in range(40):
            middle = (near + far) / 2
            near, far = (near, middle) if test(middle) <= level else (middle, far)
        return far


def midranks(values: Numbers) -> Numbers:
    """Ranks from 1, equal values sharing the mean of theirs."""
    import numpy as np

    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts, dtype=np.float64)
    ranks: Numbers = (ends - (counts - 1) / 2)[places]
    return ranks


def delong(positive: npt.NDArray[np.bool_], production: Numbers, candidate: Numbers) -> Difference:
    """
    The areas under two correlated ROC curves, and the variance of their difference.

    Args:
        positive: Which rows are of the positive class; at least two are, and two are not.
        production: Scores, any real numbers.
        candidate: Scores of the same rows.
    """
    import numpy as np

    ones, zeros = int(positive.sum()), int((~positive).sum())
    areas, of_ones, of_zeros = [], [], []
    for scores in (production, candidate):
        high, low = scores[positive], scores[~positive]
        together = midranks(np.concatenate([high, low]))
        # of each positive the share of negatives below it, of each negative the share of positives above it
        of_ones.append((together[:ones] - midranks(high)) / zeros)
        of_zeros.append(1.0 - (together[ones:] - midranks(low)) / ones)
        areas.append(float(of_ones[-1].mean()))
    spread = [float(np.var(side[0] - side[1], ddof=1)) / len(side[0]) for side in (of_ones, of_zeros)]
    loss, deviation = areas[0] - areas[1], math.sqrt(sum(spread))
    return Difference("DeLong", len(positive), areas[0], areas[1], loss, deviation, _normal(loss, deviation))


def mcnemar(production: npt.NDArray[np.bool_], candidate: npt.NDArray[np.bool_]) -> Difference:
    """
    Two shares of right answers on the same rows; only rows on which one alone is right tell them apart.

    Args:
        production: Which rows production has right.
        candidate: Which rows the candidate has right.
    """
    rows = len(production)
    lost, won = int((production & ~candidate).sum()), int((candidate & ~production).sum())
    loss = (lost - won) / rows
    deviation = math.sqrt(max(0.0, lost + won - (lost - won) ** 2 / rows)) / rows

    def tail(true: float) -> float:
        if true == 0:
            return _at_least(lost, of=lost + won)
        return 1.0 - _NORMAL.cdf(_tango(lost, won, rows=rows, true=true))

    means = float(production.mean()), float(candidate.mean())
    method = "McNemar, exact" if lost + won <= _EXACT else "McNemar"
    return _Exact(method, rows, *means, loss, deviation, tail, won=won, lost=lost)


@dataclass(frozen=True)
class _Exact(Difference):
    """Counts are discrete: what lies in both tails belongs to both."""

    won: int
    lost: int

    def better(self, than: float = 0.0) -> float:
        if than == 0 and self.loss < 0:
            return _at_least(self.won, of=self.lost + self.won)
        return super().better(than)


def _at_least(count: int, *, of: int) -> float:
    """Probability that a fair coin falls on one side at least `count` times."""
    if of > _EXACT:
        # with the continuity correction
        return 1.0 - _NORMAL.cdf((2 * count - 1 - of) / math.sqrt(of))
    ways: int = sum(math.comb(of, number) for number in range(count, of + 1))
    return ways / (1 << of)


def _tango(lost: int, won: int, *, rows: int, true: float) -> float:
    """Tango's score statistic for a difference of `true` between the shares lost and won."""
    if not -1 < true < 1:
        return math.copysign(math.inf, -true)
    linear = -lost - won + (2 * rows - lost + won) * true
    constant = -won * true * (1 - true)
    share = (math.sqrt(max(0.0, linear**2 - 8 * rows * constant)) - linear) / (4 * rows)
    variance = rows * (2 * share + true * (1 - true))
    off = lost - won - rows * true
    return off / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, off) if off else 0.0


def bootstrap(production: Numbers, candidate: Numbers, *, score: Callable[[Numbers], Numbers]) -> Difference:
    """
    Two scores that are made of means over rows, lower being better.

    Args:
        production: What each row adds to production's mean: an error, a squared error ...
        candidate: The same of the candidate.
        score: Makes scores of means: the mean itself, or its root.
    """
    import numpy as np

    rows = len(production)
    sums, sizes = _grouped(production, candidate)
    weights = _weights(len(sizes))
    totals = sums.sum(axis=0)
    scores = score(totals / rows)
    loss = float(scores[1] - scores[0])
    drawn = score((weights @ sums) / (weights @ sizes)[:, None])
    losses = drawn[:, 1] - drawn[:, 0]
    without = score((totals - sums) / (rows - sizes)[:, None])
    left = without[:, 1] - without[:, 0]
    inward = left.mean() - left
    spread = float((inward**2).sum())
    skew = float((inward**3).sum()) / (6 * spread**1.5) if spread > 0 else 0.0
    deviation = float(losses.std())
    # rounding alone is no spread
    if deviation <= 1e-15 * max(1.0, abs(float(scores[0]))):
        deviation = 0.0
    tail = _bca(np.sort(losses), loss=loss, deviation=deviation, skew=skew, groups=len(sizes))
    return Difference("paired bootstrap", rows, float(scores[0]), float(scores[1]), loss, deviation, tail)


def _grouped(production: Numbers, candidate: Numbers) -> tuple[Numbers, Numbers]:
    """Sums over groups of rows, put together by chance, and how many rows each has."""
    import numpy as np

    values = np.column_stack([production, candidate])
    if len(values) <= _GROUPS:
        return values, np.ones(len(values))
    order = np.random.default_rng(_SEED).permutation(len(values))
    starts = np.linspace(0, len(values), _GROUPS, endpoint=False).astype(np.int64)
    sizes = np.diff(np.append(starts, len(values))).astype(np.float64)
    return np.add.reduceat(values[order], starts, axis=0), sizes


@lru_cache(maxsize=4)
def _weights(groups: int) -> Numbers:
    """How often each draw takes each group."""
    import numpy as np

    drawn = np.random.default_rng([_SEED, groups]).multinomial(groups, np.full(groups, 1 / groups), size=_DRAWS)
    return drawn.astype(np.float64)


def _normal(loss: float, deviation: float) -> Callable[[float], float]:
    def tail(true: float) -> float:
        if deviation == 0:
            return 0.0 if loss > true else 1.0
        return _NORMAL.cdf((true - loss) / deviation)

    return tail


def _bca(losses: Numbers, *, loss: float, deviation: float, skew: float, groups: int) -> Callable[[float], float]:
    """
    The level at which the BCa bound is `true`; beyond the last draws the normal tail goes on.

    Draws from few rows vary less than rows do, by (n - 1) / n, and nobody knows their variance: of 20 normal rows 2%
    would look worse at a level of 1%. So what BCa takes for normal is Student's (the expanded percentile interval of
    Hesterberg, American Statistician 69, 2015).
    """
    import numpy as np
    from scipy.special import stdtr  # type: ignore[import-untyped]  # it has no stubs

    if deviation == 0:
        return _normal(loss, 0.0)
    draws = len(losses)

    def share(value: float) -> float:
        below, upto = (int(np.searchsorted(losses, value, side=side)) for side in ("left", "right"))
        return (below + upto) / 2 / draws

    centre = min(max(share(loss), 1 / draws), 1 - 1 / draws)
    bias = _NORMAL.inv_cdf(centre)

    def student(deviations: float) -> float:
        return float(stdtr(groups - 1, deviations * math.sqrt((groups - 1) / groups)))

    def tail(true: float) -> float:
        at = share(true)
        if not 5 / draws < at < 1 - 5 / draws:
            return student((true - loss) / deviation)
        off = _NORMAL.inv_cdf(at) - bias
        return student(off / max(1 + skew * off, 0.1) - bias)

    return tail
