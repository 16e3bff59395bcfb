"""
How far beyond its history noise may reach: critical values of one further run, and their inverse.

A run is held against the mean of n earlier ones in units of s * sqrt(1 + 1/n): the prediction interval for one future
observation (Hahn and Meeker, *Statistical Intervals*, 1991, chapter 4). For normal noise the critical values would be
Student's. Nobody knows that noise is normal, least of all from ten runs, and at the levels that remain when a budget
is shared out (1 in 4,500) the tails decide: noise with a t distribution of 3 degrees of freedom, or an exponential
one, would give four to fifteen times the false alarms that were asked for. So these values are calibrated instead:
for each number of runs and each level the smallest value at which normal noise gives no more than 1.05 times the
level, and none of five others more than 1.75 times. These are Student's t with 3 degrees of freedom, exponential and
gamma (shape 4) with the long tail on the worse side, normal with one run in twenty five times as wide, and an
autoregression of 0.7. `benchmarks/gate_calibration.py --critical-values` computes the table.

The scale s is the larger of the standard deviation and the one of the worse side alone (about the mean, doubled),
so that what is skewed towards the worse is not taken for what it is on average.
"""

import math
from bisect import bisect_left
from functools import lru_cache

__all__ = ["FEWEST", "LEVELS", "TABLE", "critical", "probability"]

FEWEST = 3
"""Values without which nothing is said about noise."""
LEVELS = (0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001, 0.00005, 0.00001)
TABLE: dict[int, tuple[float, ...]] = {
    3: (3.39, 7.14, 11.41, 17.49, 29.53, 43.08, 62.31, 100.63, 144.36, 208.75, 498.41),
    4: (2.63, 5.14, 7.65, 10.87, 16.48, 22.06, 29.06, 40.99, 52.47, 66.56, 112.55),
    5: (2.26, 4.23, 6.1, 8.37, 12.09, 15.53, 19.67, 26.26, 32.35, 39.53, 61.36),
    6: (2.05, 3.78, 5.36, 7.23, 10.19, 12.88, 16.02, 20.94, 25.4, 30.62, 46.24),
    7: (1.91, 3.45, 4.85, 6.45, 8.91, 11.08, 13.52, 17.26, 20.5, 24.14, 38.19),
    8: (1.81, 3.24, 4.49, 5.92, 8.07, 9.94, 12.01, 15.14, 17.84, 21.23, 36.38),
    10: (1.75, 2.96, 4.06, 5.28, 7.1, 8.63, 10.54, 13.09, 15.5, 19.58, 33.52),
    12: (1.71, 2.78, 3.79, 4.9, 6.51, 8.34, 10.18, 12.57, 14.8, 18.67, 32.04),
    15: (1.69, 2.6, 3.5, 4.49, 6.23, 8.08, 9.83, 12.02, 14.1, 17.81, 30.55),
    20: (1.66, 2.43, 3.25, 4.12, 6.01, 7.77, 9.42, 11.48, 13.44, 16.99, 29.05),
    30: (1.64, 2.26, 3.0, 3.77, 5.72, 7.38, 8.91, 10.87, 12.76, 16.08, 27.55),
    50: (1.62, 2.14, 2.81, 3.5, 5.4, 6.91, 8.32, 10.11, 12.16, 15.34, 26.28),
}
"""Number of earlier runs to the critical value at each of `LEVELS`."""

_FALL = 3.0
"""Beyond the table a tail falls as this power, as Student's t with 3 degrees of freedom does; with less for 3 runs."""


def critical(count: int, level: float) -> float:
    """
    How many units below (or above) its history a run must be to be worse than noise explains.

    Args:
        count: Earlier runs, at least `FEWEST`; beyond 50 the value for 50 serves.
        level: Probability that noise alone goes that far, 0 to 0.5.
    """
    logs, values = _row(min(count, max(TABLE)))
    if level >= LEVELS[0]:
        # between the first critical value and the middle of the distribution a straight line is near enough
        return math.exp(values[0]) * (0.5 - min(level, 0.5)) / (0.5 - LEVELS[0])
    wanted = -math.log(max(level, 1e-300))
    place = bisect_left(logs, wanted)
    if place >= len(logs):
        return math.exp(values[-1] + (wanted - logs[-1]) / min(_FALL, count - 1))
    share = (wanted - logs[place - 1]) / (logs[place] - logs[place - 1])
    return math.exp(values[place - 1] + share * (values[place] - values[place - 1]))


def probability(count: int, statistic: float) -> float:
    """How likely noise alone is to go `statistic` units or further to one side: the inverse of `critical`."""
    if math.isnan(statistic):
        return 1.0
    if statistic < 0:
        return 1 - probability(count, -statistic)
    logs, values = _row(min(count, max(TABLE)))
    first = math.exp(values[0])
    if statistic <= first:
        return 0.5 - (0.5 - LEVELS[0]) * statistic / first
    if math.isinf(statistic):
        return 0.0
    reached = math.log(statistic)
    place = bisect_left(values, reached)
    if place >= len(values):
        return math.exp(-(logs[-1] + (reached - values[-1]) * min(_FALL, count - 1)))
    share = (reached - values[place - 1]) / (values[place] - values[place - 1])
    return math.exp(-(logs[place - 1] + share * (logs[place] - logs[place - 1])))


@lru_cache(maxsize=64)
def _row(count: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Levels as negative logarithms, and logarithms of critical values; between the table's rows by 1 / count."""
    logs = tuple(-math.log(level) for level in LEVELS)
    if count in TABLE:
        return logs, tuple(map(math.log, TABLE[count]))
    fewer = max(known for known in TABLE if known < count)
    more = min(known for known in TABLE if known > count)
    share = (1 / fewer - 1 / count) / (1 / fewer - 1 / more)
    rows = zip(TABLE[fewer], TABLE[more], strict=True)
    return logs, tuple(math.log(one) + share * (math.log(two) - math.log(one)) for one, two in rows)
