"""Every common column of two aligned tables, a portion of rows at a time and a few columns side by side."""

from __future__ import annotations

import os
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from proofbook.gate.alignment import Pairs
from proofbook.gate.classes import class_of, unified
from proofbook.gate.columns import Cell, Column, compare, is_measure, merged, plain
from proofbook.gate.parquet import Selection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import polars as pl

    from proofbook.gate.parquet import Payload
    from proofbook.model.record import Rule

_Result = TypeVar("_Result")

__all__ = [
    "Found",
    "Outside",
    "holds_values",
    "outside",
    "read_through",
    "reordered",
    "rows_as_json",
    "sweep",
    "worst_cells",
]

_THREADS = min(4, os.cpu_count() or 1)
_CELLS = 2_000_000
"""Cells of one side that one thread holds at a time, if a single column has no more: few rows, many columns at once."""
_SORTED_LIMIT = 10_000_000
"""Cells up to which a table without a key is sorted, to say whether it holds the same rows in another order."""


@dataclass(frozen=True)
class Found:
    """What all columns together show."""

    columns: tuple[Column, ...]
    """Those that differ, in the candidate's order."""
    differing: int
    """Pairs of rows that differ anywhere."""


@dataclass(frozen=True)
class Outside:
    """Values of one column beyond floor or ceiling."""

    column: str
    rows: int
    by: float
    """How far beyond the worst value is."""
    worst: float
    row: int
    missing: int
    """Values that are no number: no bound holds for them."""

    def beside(self, other: Outside) -> Outside:
        """Both together, of two portions of one column."""
        worst = max(self, other, key=lambda one: one.by)
        return replace(worst, rows=self.rows + other.rows, missing=self.missing + other.missing)


def sweep(before: Payload, after: Payload, pairs: Pairs, *, names: Sequence[str], rule: Rule) -> Found:
    """
    Compare the named columns of the paired rows.

    Args:
        before: Production.
        after: The candidate.
        pairs: Which row belongs to which.
        names: Columns to compare.
        rule: The rule in force.
    """
    import numpy as np

    parts: dict[str, list[Column]] = defaultdict(list)
    differing = 0
    for left, right in pairs.parts(before, after):

        def some(names: Sequence[str], left: Selection = left, right: Selection = right) -> list[Column]:
            was, now = before.frame(names, left), after.frame(names, right)
            return [
                compare(
                    was[name],
                    now[name],
                    rule=rule,
                    measured=name not in rule.key and is_measure(before.schema[name], after.schema[name]),
                    rows=right.rows,
                )
                for name in names
            ]

        anywhere = np.zeros(len(right.rows), dtype=bool)
        for columns in _side_by_side(some, _batches(names, rows=len(right.rows))):
            for column in columns:
                if column.different is not None:
                    anywhere |= column.different
                    column.different = None
                parts[column.name].append(column)
        differing += int(anywhere.sum())
    columns = [merged(parts[name]) for name in names if parts[name]]
    return Found(columns=tuple(column for column in columns if column.rows), differing=differing)


def _batches(names: Sequence[str], *, rows: int) -> list[Sequence[str]]:
    """Columns to read together: one of a long table, many of a short one, for each reading opens the file anew."""
    number = max(1, _CELLS // max(rows, 1))
    return [names[start : start + number] for start in range(0, len(names), number)]


def _side_by_side(work: Callable[[Sequence[str]], _Result], batches: list[Sequence[str]]) -> Iterator[_Result]:
    """In the batches' order."""
    if len(batches) < 2:
        yield from map(work, batches)
        return
    with ThreadPoolExecutor(_THREADS) as pool:
        yield from pool.map(work, batches)


def read_through(payload: Payload) -> None:
    """Read every column to its end. Raises PayloadError where one is damaged."""

    def some(names: Sequence[str]) -> None:
        for number in range(len(payload.starts) - 1):
            payload.groups(names, [number])

    for _ in _side_by_side(some, _batches(tuple(payload.schema), rows=payload.rows)):
        pass


def holds_values(payload: Payload) -> bool:
    """Whether any cell holds anything. Mostly the first column's first rows say so."""
    for names in _batches(tuple(payload.schema), rows=payload.rows):
        for number in range(len(payload.starts) - 1):
            for column in payload.groups(names, [number]):
                if unified(column, column)[0].null_count() < len(column):
                    return True
    return False


def outside(payload: Payload, *, names: Sequence[str], rule: Rule) -> list[Outside]:
    """Columns with a value below the floor, above the ceiling, or missing."""
    found: dict[str, Outside] = {}
    for batch in _batches(names, rows=payload.rows):
        for number, start in enumerate(payload.starts[:-1]):
            for column in payload.groups(batch, [number]):
                one = _outside(column, start=start, rule=rule)
                found[column.name] = one if column.name not in found else found[column.name].beside(one)
    return [found[name] for name in names if name in found and (found[name].rows or found[name].missing)]


def _outside(column: pl.Series, *, start: int, rule: Rule) -> Outside:
    values = unified(column, column)[0].cast(_float())
    beyond = _beyond(values, rule=rule)
    rows = int((beyond > 0).sum())
    place = beyond.arg_max() or 0
    if not rows:
        return Outside(column.name, 0, 0.0, 0.0, start, values.null_count())
    return Outside(column.name, rows, float(beyond[place]), float(values[place]), start + place, values.null_count())


def _float() -> Any:
    import polars as pl

    return pl.Float64


def _beyond(values: pl.Series, *, rule: Rule) -> pl.Series:
    """How far beyond a bound each value is; 0 or less where it is not."""
    import polars as pl

    value = pl.col("value")
    sides = [rule.floor - value] if rule.floor is not None else []
    sides += [value - rule.ceiling] if rule.ceiling is not None else []
    return pl.DataFrame({"value": values}).select(pl.max_horizontal(*sides).fill_null(0.0)).to_series()


def reordered(before: Payload, after: Payload, *, names: Sequence[str], rule: Rule) -> bool:
    """Whether both hold the same rows in another order, as far as that can be sorted in memory."""
    import polars as pl

    if before.rows != after.rows or not names or before.rows * len(names) > _SORTED_LIMIT:
        return False
    whole = range(after.rows)
    was, now = (side.frame(names, Selection(side, whole)) for side in (before, after))
    pairs = [unified(was[name], now[name]) for name in names]
    # what is exact first: floats that differ by rounding may sort differently
    order = sorted(pairs, key=lambda pair: (pair[1].dtype.is_float(), pair[1].name))
    by = [pair[1].name for pair in order if class_of(pair[1].dtype) not in {"list", "struct"}]
    if not by:
        return False
    was, now = (pl.DataFrame([pair[side] for pair in pairs]).sort(by) for side in (0, 1))
    return not any(compare(was[name], now[name], rule=rule, measured=False, rows=whole).rows for name in names)


def rows_as_json(payload: Payload, rows: Sequence[int], *, names: Sequence[str]) -> list[dict[str, Any]]:
    """These rows, for evidence."""
    import numpy as np

    frame = payload.frame(names, Selection(payload, np.array(rows, dtype=np.int64)))
    return [{name: plain(value) for name, value in row.items()} for row in frame.to_dicts()]


def worst_cells(columns: Sequence[Column], *, number: int = 10) -> list[Cell]:
    """The largest differences of all columns."""
    return sorted((cell for column in columns for cell in column.worst), key=lambda cell: -cell.size)[:number]
