"""Numbers compared and written so that a person sees the difference."""

import math

__all__ = ["ROUNDING", "amount", "close", "describe", "pair", "ulps"]

ROUNDING = 1e-9
"""Relative difference of floats that counts as equal where no tolerance is declared: another order of summation."""


def close(production: float, candidate: float, *, relative: float) -> bool:
    """Whether |a - b| <= relative * max(|a|, |b|); whole numbers are compared exactly where `relative` is 0."""
    if production == candidate:
        return True
    if relative == 0:
        return False
    return abs(candidate - production) <= relative * max(abs(production), abs(candidate))


def ulps(*values: float) -> float:
    """
    What rounding alone may add to a difference of these values: a few units in the last place.

    Without it a loss of 0.81 - 0.805 would exceed a margin of 0.005 by 4e-17. Whole numbers do not round.
    """
    if not any(isinstance(value, float) for value in values):
        return 0
    return 4 * math.ulp(max(abs(float(value)) for value in values))


def describe(value: object) -> str:
    """One value as a person writes it, in one short line."""
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return _float(value, difference=0.0)
    line = " ".join(str(value).split())
    return line if len(line) <= 60 else line[:59] + "…"


def amount(value: float) -> str:
    """The size of a difference or bound: three significant digits, trailing zeros dropped."""
    return f"{value:,}" if isinstance(value, int) else f"{value:.3g}"


def pair(production: float, candidate: float, *, beside: float | None = None) -> tuple[str, str, str]:
    """
    Both numbers with as many digits as show the difference, and the difference with its sign.

    Args:
        production: The first number.
        candidate: The second.
        beside: A margin that the difference is held against: then as many digits as show which of the two is larger.
    """
    difference = candidate - production
    if isinstance(difference, int):
        return f"{int(production):,}", f"{int(candidate):,}", f"{difference:+,}" if difference else "no change"
    finest = difference
    if beside is not None and abs(abs(difference) - beside) > 1e-4 * abs(difference):
        finest = min(abs(difference), abs(abs(difference) - beside))
    before, after = (_float(value, difference=finest) for value in (float(production), float(candidate)))
    if difference == 0:
        return before, after, "no change"
    if before == after:
        before, after = repr(float(production)), repr(float(candidate))
    return before, after, _signed(difference, like=after)


def _float(value: float, *, difference: float) -> str:
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "inf" if value > 0 else "-inf"
    largest = max(abs(value), abs(difference)) if math.isfinite(difference) else abs(value)
    if largest == 0:
        return "0"
    exponent = _exponent(largest)
    digits = 4
    if difference and math.isfinite(difference):
        digits = min(17, max(digits, exponent - _exponent(difference) + 2))
    if not -5 < exponent < 12:
        return f"{value:.{digits - 1}e}" if value else "0"
    return f"{value:,.{max(0, digits - 1 - exponent)}f}"


def _signed(difference: float, *, like: str) -> str:
    if not math.isfinite(difference):
        return f"{difference:+}"
    if "e" in like or abs(difference) < 1e-4 or abs(difference) >= 1e12:
        return f"{difference:+.3g}"
    decimals = len(like.partition(".")[2])
    return f"{difference:+,.{decimals}f}"


def _exponent(value: float) -> int:
    # 0.6 - 0.59999 is 9.99999999995449e-06, which nobody calls less than a hundred thousandth
    return math.floor(math.log10(abs(value)) + 1e-9)
