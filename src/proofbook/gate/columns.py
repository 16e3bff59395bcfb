"""Columns of aligned rows compared, each by its class: which rows differ, and by how much."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from proofbook.gate.classes import class_of, inner, rounding, unified
from proofbook.gate.numbers import ROUNDING, ulps
from proofbook.gate.outcome import allowed

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl

    from proofbook.model.record import Rule

__all__ = ["Cell", "Column", "compare", "is_measure", "merged", "plain"]

SHOWN = 10
"""Of each column this many cells are kept, the worst ones."""


@dataclass(frozen=True)
class Cell:
    """One value that differs."""

    size: float
    """How bad: the relative difference, or under a direction the loss; infinite where it is not a matter of size."""
    column: str
    row: int
    """Its position in the candidate."""
    production: Any
    candidate: Any


@dataclass
class Column:
    """What was found in one column of some pairs of rows."""

    name: str
    rows: int = 0
    """How many differ."""
    worst: list[Cell] = field(default_factory=list)
    """The largest differences, largest first."""
    measured: bool = False
    """Whether a direction or margin applies to it."""
    loss: float = -math.inf
    """Under a direction: how much worse the worst value became, in the column's unit."""
    gain: float = -math.inf
    """The same for the better."""
    slack: float = 0.0
    """What rounding alone may add to a loss or gain of these values."""
    lost: int = 0
    """Under a direction: values that production has and the candidate does not, or that are infinite."""
    different: npt.NDArray[np.bool_] | None = None
    """Which of the pairs differ, None where none does."""


def is_measure(before: pl.DataType, after: pl.DataType) -> bool:
    """Whether a direction, a margin and bounds can be meant for it: fractions are measured, whole numbers count."""
    kinds = {class_of(before), class_of(after)}
    return kinds <= {"float", "decimal", "null"} and kinds != {"null"}


def compare(before: pl.Series, after: pl.Series, *, rule: Rule, measured: bool, rows: Any) -> Column:
    """
    One column at pairs of rows.

    Floats are equal within the rule's tolerance (rounding where none is declared, nothing where the rule is exact), and
    so are other numbers where a tolerance is declared; also inside lists and structs. Everything else is compared
    exactly. No value equals no value.

    Args:
        before: Production's values.
        after: The candidate's values of the same rows.
        rule: The rule in force.
        measured: Whether direction and margin apply to this column.
        rows: The rows' positions in the candidate.
    """
    found = Column(name=after.name, measured=measured)
    # the usual case first, and it is cheap
    if before.dtype == after.dtype and before.equals(after):
        return found
    different = _different(before, after, rule=rule, margin=rule.margin if measured and not rule.better else None)
    if not different.any():
        return found
    found.different = different.to_numpy()
    places = different.arg_true()
    found.rows = len(places)
    was, now = before.gather(places), after.gather(places)
    sizes = _sizes(was, now)
    if measured and rule.better is not None:
        sizes = _losses(found, was, now, sign=1.0 if rule.better == "higher" else -1.0)
    order = sizes.arg_sort(descending=True)[:SHOWN]
    for place in order.to_list():
        row = rows[places[place]]
        found.worst.append(Cell(sizes[place], found.name, int(row), plain(was[place]), plain(now[place])))
    return found


def merged(parts: list[Column]) -> Column:
    """One column of all pairs, from what was found in portions of them."""
    whole = Column(name=parts[0].name, measured=parts[0].measured)
    for part in parts:
        whole.rows += part.rows
        whole.lost += part.lost
        whole.slack = max(whole.slack, part.slack)
        whole.loss, whole.gain = max(whole.loss, part.loss), max(whole.gain, part.gain)
        whole.worst += part.worst
    whole.worst = sorted(whole.worst, key=lambda cell: -cell.size)[:SHOWN]
    return whole


def _different(before: pl.Series, after: pl.Series, *, rule: Rule, margin: float | None = None) -> pl.Series:
    """Which rows differ, as a column of truth."""
    kinds = class_of(before.dtype), class_of(after.dtype)
    if kinds == ("struct", "struct"):
        return _structs_differ(before, after, rule=rule)
    if kinds == ("list", "list"):
        return _lists_differ(before, after, rule=rule)
    numeric = set(kinds) <= {"float", "int", "decimal"}
    relative = allowed(rule)
    if relative is None and "float" in kinds and numeric:
        relative = rounding(before.dtype, after.dtype, usual=ROUNDING)
    before, after = unified(before, after)
    if numeric and (relative or margin is not None):
        return _numbers_differ(before, after, relative=relative or 0.0, margin=margin)
    return before.ne_missing(after)


def _numbers_differ(before: pl.Series, after: pl.Series, *, relative: float, margin: float | None) -> pl.Series:
    import polars as pl

    b, a = pl.col("b"), pl.col("a")
    numbers = pl.DataFrame({"b": before.cast(pl.Float64), "a": after.cast(pl.Float64)})
    largest = pl.max_horizontal(b.abs(), a.abs())
    # what summation in another order leaves of a zero, beside the column's other values
    scale = pl.max_horizontal(*(pl.when(side.is_finite()).then(side.abs()).max() for side in (b, a)))
    width = pl.max_horizontal(relative * largest, 8 * 2.0**-52 * scale)
    if margin is not None:
        width = pl.max_horizontal(width, margin + 4 * 2.0**-52 * largest)
    near = b.is_finite() & a.is_finite() & ((a - b).abs() <= width)
    # of whole numbers beyond 2**53, equal as floats need not be equal
    alike = before.eq(after).fill_null(False)
    equal = numbers.select((near.fill_null(False)) | (a.is_null() & b.is_null())).to_series()
    return ~(equal | alike)


def _structs_differ(before: pl.Series, after: pl.Series, *, rule: Rule) -> pl.Series:
    different = before.is_null() != after.is_null()
    for name in after.struct.fields:
        different = different | _different(before.struct.field(name), after.struct.field(name), rule=rule)
    return different


def _lists_differ(before: pl.Series, after: pl.Series, *, rule: Rule) -> pl.Series:
    """By length, then element by element, each brought back to its row."""
    import polars as pl

    before, after = (side.cast(pl.List(inner(side.dtype))) for side in (before, after))
    different = before.is_null() != after.is_null()
    lengths = before.list.len(), after.list.len()
    different = different | lengths[0].ne_missing(lengths[1])
    rows = (~different & (lengths[0] > 0).fill_null(False)).arg_true()
    if not len(rows):
        return different
    elements = before.gather(rows).explode(), after.gather(rows).explode()
    owners = pl.DataFrame({"row": rows, "n": lengths[0].gather(rows)}).select(pl.col("row").repeat_by("n").explode())
    inside = owners.to_series().filter(_different(*elements, rule=rule)).unique()
    return different.scatter(inside, True) if len(inside) else different


def _sizes(before: pl.Series, after: pl.Series) -> pl.Series:
    """Relative differences; infinite where a value stands beside none, beside infinity, or is no number."""
    import polars as pl

    if not (before.dtype.is_numeric() and after.dtype.is_numeric()):
        return pl.Series([math.inf]).new_from_index(0, len(before))
    b, a = pl.col("b"), pl.col("a")
    size = (a - b).abs() / pl.max_horizontal(b.abs(), a.abs())
    numbers = pl.DataFrame({"b": before.cast(pl.Float64), "a": after.cast(pl.Float64)})
    return numbers.select(pl.when(size.is_finite()).then(size).otherwise(math.inf)).to_series()


def _losses(found: Column, before: pl.Series, after: pl.Series, *, sign: float) -> pl.Series:
    """How much worse each value became; infinite where it is lost. What appears for the first time is no loss."""
    import numpy as np
    import polars as pl

    b, a = before.cast(pl.Float64).fill_nan(None), after.cast(pl.Float64).fill_nan(None)
    # an infinite score is a defect, whichever way is better
    lost = (a.is_null() & b.is_not_null()) | a.is_infinite().fill_null(False)
    found.lost = int(lost.sum())
    pairs = pl.DataFrame({"b": b, "a": a}).filter(~lost & b.is_finite().fill_null(False))
    gains = (pairs["a"] - pairs["b"]).to_numpy() * sign
    if len(gains):
        found.loss, found.gain = -float(gains.min()), float(gains.max())
        found.slack = ulps(float(np.abs(pairs.to_numpy()).max()))
    loss = ((b - a) * sign).fill_null(0.0)
    size = pl.when(lost).then(math.inf).otherwise(pl.when(loss.is_finite()).then(loss).otherwise(0.0))
    return pl.select(size).to_series()


def plain(value: Any) -> Any:
    """A cell's value as JSON."""
    if value is None or isinstance(value, bool | str):
        return value if not isinstance(value, str) else value[:200]
    if isinstance(value, int) and abs(value) < 2**53:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if hasattr(value, "to_list"):  # a list inside is a column by itself
        value = value.to_list()
    return str(value)[:200]
