"""
On which scale a number's noise is spoken of: as it is, its logarithm, or its logit.

What is positive and moves by factors is normal on a log scale, what lives between 0 and 1 and comes near an end on a
logit scale; where values move little beside their size all scales say the same. Which one the data ask for is told by
their likelihood on each (Box and Cox, 1964); where it does not tell, both are asked, and the milder answer holds.
"""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    import numpy as np

__all__ = ["FloatArray", "Scale", "array", "back", "forth", "total", "wanted"]

FloatArray: TypeAlias = "np.ndarray[tuple[int, ...], np.dtype[np.float64]]"

Scale = Literal["linear", "log", "logit"]

_WIDE = 1.1
"""Largest value by smallest below which all scales agree."""
_EVIDENCE = 3.0
"""Difference of log-likelihoods from which on one scale alone is used: one is e^3 = 20 times as likely."""
_SEEN = 20
"""Values from which on they are believed to tell the scale, and where it ends."""


def forth(value: float, scale: Scale) -> float:
    """A value on a scale; infinite where it lies at or beyond the end of what the scale can hold."""
    if scale == "linear":
        return value
    if value <= 0:
        return -math.inf
    if scale == "log":
        return math.log(value)
    return math.inf if value >= 1 else math.log(value) - math.log1p(-value)


def back(value: float, scale: Scale) -> float:
    """The value that lies at this place of the scale."""
    if scale == "linear":
        return value
    if scale == "log":
        return math.exp(min(value, 700.0))
    return 1 / (1 + math.exp(min(-value, 700.0)))


def array(values: FloatArray, scale: Scale) -> FloatArray:
    """All values of a history, each within what the scale can hold, on that scale."""
    import numpy as np

    if scale == "linear":
        return values
    return np.log(values) if scale == "log" else np.log(values) - np.log1p(-values)


def total(values: FloatArray) -> float:
    """The sum; numpy's own methods take longer to find their way than to add fifty numbers."""
    import numpy as np

    return float(np.add.reduce(values))


def wanted(values: FloatArray, *, squares: Callable[[Scale], float]) -> tuple[Scale, ...]:
    """
    The scales on which these values are to be judged: one where the data tell, else all that may be right.

    Args:
        values: A record in comparable runs, finite.
        squares: Their sum of squares about the means of their levels, on a scale.
    """
    import numpy as np

    low, high = float(np.minimum.reduce(values)), float(np.maximum.reduce(values))
    if low <= 0 or (high < _WIDE * low and (high >= 1 or 1 - low < _WIDE * (1 - high))):
        return ("linear",)
    others: tuple[Scale, ...] = ("log", "logit") if high < 1 else ("log",)
    # that a few values lie above 0, or below 1, does not say that none can lie beyond
    if len(values) < _SEEN:
        return ("linear", *others)
    every: tuple[Scale, ...] = ("linear", *others)
    if squares("linear") <= 0:
        return ("linear",)
    likelihoods = {scale: _likelihood(values, scale, squares=squares(scale)) for scale in every}
    best = max(likelihoods.values())
    return tuple(scale for scale, likelihood in likelihoods.items() if best - likelihood <= _EVIDENCE)


def _likelihood(values: FloatArray, scale: Scale, *, squares: float) -> float:
    """Logarithm of the likelihood that values are normal on a scale, but for what is the same on all scales."""
    if squares <= 0:
        return -math.inf
    # the Jacobian: how much the scale stretches where the values lie
    stretch = 0.0 if scale == "linear" else -total(array(values, "log"))
    if scale == "logit":
        stretch -= total(array(1 - values, "log"))
    return stretch - len(values) / 2 * math.log(squares)
