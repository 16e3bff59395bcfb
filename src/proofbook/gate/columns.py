"""Columns of aligned rows compared, each by its class: which rows differ, and by how much."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from proofbook.gate.alignment import Aligned, column_class
from proofbook.gate.numbers import ROUNDING
from proofbook.gate.outcome import allowed

if TYPE_CHECKING:
    import polars as pl

    from proofbook.model.record import Rule

__all__ = ["Column", "compare_columns", "plain", "worst_rows"]


@dataclass(frozen=True)
class Column:
    """Where one column differs."""

    name: str
    rows: pl.Series
    """Positions of the differing rows, the largest difference first."""
    sizes: pl.Series
    """Relative difference at each; infinite where it is not a matter of size."""


def compare_columns(aligned: Aligned, *, rule: Rule) -> tuple[Column, ...]:
    """
    The columns that differ, in the candidate's order.

    Floats are equal within the rule's tolerance (rounding where none is declared, nothing where the rule is exact), and
    so are other numbers where a tolerance is declared. Everything else is compared exactly. No value equals no value.
    """
    found = []
    for name in aligned.candidate.columns:
        before, after = aligned.production[name], aligned.candidate[name]
        kind = column_class(after.dtype)
        relative = allowed(rule)
        if relative is None and kind == "float":
            relative = ROUNDING
        if relative and kind in {"float", "int", "decimal"}:
            column = _numbers(name, before, after, relative=relative)
        else:
            column = _values(name, before, after)
        if len(column.rows):
            found.append(column)
    return tuple(found)


def _values(name: str, before: pl.Series, after: pl.Series) -> Column:
    import polars as pl

    different = before.ne_missing(after)
    if before.dtype.is_numeric():
        numbers = pl.DataFrame({"b": before.cast(pl.Float64), "a": after.cast(pl.Float64), "different": different})
        return _sorted(name, numbers.with_columns(size=_size()))
    rows = different.arg_true()
    return Column(name, rows, pl.Series([math.inf]).new_from_index(0, len(rows)))


def _numbers(name: str, before: pl.Series, after: pl.Series, *, relative: float) -> Column:
    import polars as pl

    b, a = pl.col("b"), pl.col("a")
    numbers = pl.DataFrame({"b": before.cast(pl.Float64), "a": after.cast(pl.Float64)})
    finite = b.is_finite() & a.is_finite()
    largest = pl.max_horizontal(b.abs(), a.abs())
    # what summation in another order leaves of a zero, beside the column's other values
    noise = 8 * 2.0**-52 * pl.max_horizontal(*(pl.when(side.is_finite()).then(side.abs()).max() for side in (b, a)))
    near = finite & ((a - b).abs() <= pl.max_horizontal(relative * largest, noise))
    equal = (near | (a == b)).fill_null(False) | (a.is_null() & b.is_null())
    return _sorted(name, numbers.with_columns(different=~equal, size=_size()))


def _size() -> pl.Expr:
    import polars as pl

    b, a = pl.col("b"), pl.col("a")
    # a value beside none, or beside infinity, is not a matter of size
    size = (a - b).abs() / pl.max_horizontal(b.abs(), a.abs())
    return pl.when(size.is_finite()).then(size).otherwise(math.inf)


def _sorted(name: str, numbers: pl.DataFrame) -> Column:
    different = numbers.with_row_index("row").filter("different").sort("size", descending=True, maintain_order=True)
    return Column(name, different["row"], different["size"])


def worst_rows(
    aligned: Aligned, columns: tuple[Column, ...], *, key: tuple[str, ...], number: int = 10
) -> list[dict[str, Any]]:
    """The largest differences as JSON: where, which column, production's value, the candidate's."""
    places = [
        (size, column.name, row)
        for column in columns
        for row, size in zip(column.rows.head(number).to_list(), column.sizes.head(number).to_list(), strict=True)
    ]
    places.sort(key=lambda place: -place[0])
    return [
        {
            "row": {name: plain(aligned.candidate[name][row]) for name in key} or {"row": row},
            "column": name,
            "production": plain(aligned.production[name][row]),
            "candidate": plain(aligned.candidate[name][row]),
        }
        for _, name, row in places[:number]
    ]


def plain(value: Any) -> Any:
    """A cell's value as JSON."""
    if value is None or isinstance(value, bool | str):
        return value if not isinstance(value, str) else value[:200]
    if isinstance(value, int) and abs(value) < 2**53:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    return str(value)[:200]
