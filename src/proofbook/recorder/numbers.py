"""What a profile says of numbers: a sketch of how they are distributed, and how columns go together. NumPy on use."""

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["correlations", "quantiles", "sketch"]

_LEVELS = 65
"""Of a sketch: the values at evenly spaced quantiles, 1/64 apart."""
_COLUMNS = 40
"""Columns that are correlated: with more the pairs would be too many to look at."""
_ROWS = 1 << 16


def quantiles(ordered: Any, levels: Sequence[float]) -> list[float]:
    """
    Quantiles of numbers, interpolated linearly.

    Args:
        ordered: A NumPy array, sorted, not empty.
        levels: From 0 to 1.
    """
    import numpy as np

    place = np.asarray(levels) * (len(ordered) - 1)
    low = np.floor(place).astype(int)
    high = np.minimum(low + 1, len(ordered) - 1)
    share = place - low
    return [float(value) for value in ordered[low] * (1 - share) + ordered[high] * share]


def sketch(ordered: Any) -> list[float]:
    """
    The values at 65 evenly spaced quantiles of a sorted array: enough for distances between distributions.

    No random numbers and no order of rows are in it, so equal data has an equal sketch; a quantile read from it is
    off by 1/128 in rank at most.
    """
    return quantiles(ordered, [level / (_LEVELS - 1) for level in range(_LEVELS)])


def correlations(columns: Mapping[str, Any]) -> dict[str, Any] | None:
    """
    Pearson's correlation of each pair of columns, over the rows that have both, as the rows of a lower triangle.

    What lies beyond the 1% and the 99% quantile counts as these, so that one outlier makes no correlation.

    Args:
        columns: By name, NumPy arrays of floats of one length; NaN where there is no number.
    """
    import numpy as np

    names = list(columns)[:_COLUMNS]
    arrays = [_bounded(columns[name]) for name in names]
    kept = [place for place, array in enumerate(arrays) if array is not None]
    if len(kept) < 2:
        return None
    shape = (len(kept), len(kept))
    count, total, square, product = (np.zeros(shape) for _ in range(4))
    for start in range(0, len(arrays[kept[0]]), _ROWS):
        rows = np.column_stack([arrays[place][start : start + _ROWS] for place in kept])
        there = (~np.isnan(rows)).astype(float)
        rows = np.nan_to_num(rows, nan=0.0)
        count += there.T @ there
        total += rows.T @ there
        square += (rows * rows).T @ there
        product += rows.T @ rows
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = total / count
        variance = square / count - mean**2
        found = (product / count - mean * mean.T) / np.sqrt(variance * variance.T)
    # a column that hardly moves where the other one is has a correlation of rounding
    found[(count < 3) | ~np.isfinite(found) | (np.minimum(variance, variance.T) < 1e-12)] = np.nan
    rounded = np.clip(found, -1, 1).round(6)
    values = [[None if np.isnan(value) else float(value) for value in rounded[row, :row]] for row in range(len(kept))]
    return {"columns": [names[place] for place in kept], "values": values}


def _bounded(values: Any) -> Any:
    """An array between its 1% and its 99% quantile, on a scale of its own; None where nothing in it moves."""
    import numpy as np

    there = np.sort(values[np.isfinite(values)])
    if len(there) < 3:
        return None
    low, high = quantiles(there, (0.01, 0.99))
    spread = high - low
    if not (spread > 0 and np.isfinite(spread)):
        return None
    return (np.clip(np.where(np.isfinite(values), values, np.nan), low, high) - low) / spread - 0.5
