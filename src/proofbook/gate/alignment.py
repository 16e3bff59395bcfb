"""Two tables laid beside each other: columns by name and class, rows by key or by order. Polars, imported on use."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from proofbook.gate.classes import class_name, class_of, fits, unified, zones
from proofbook.gate.outcome import PayloadError
from proofbook.gate.parquet import Selection

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy as np
    import numpy.typing as npt
    import polars as pl

    from proofbook.gate.parquet import Payload

    Positions = range | npt.NDArray[np.int64]

__all__ = ["Pairs", "SchemaChange", "align_by_key", "align_by_order", "schema_change"]

_PART = 1 << 22
"""Rows that are compared at a time: what bounds memory, whatever the table's length."""
_NUMBERS = {"int", "float", "decimal"}


@dataclass(frozen=True)
class Pairs:
    """Rows that correspond, n-th with n-th, and those that stand alone; all by position."""

    production: Positions
    candidate: Positions
    added: Positions
    """Rows of the candidate that production does not have."""
    removed: Positions
    """Rows of production that the candidate does not have."""

    def __len__(self) -> int:
        return len(self.candidate)

    def parts(self, before: Payload, after: Payload) -> Iterator[tuple[Selection, Selection]]:
        """The pairs in portions that fit into memory, in production's order."""
        for start in range(0, len(self), _PART):
            rows = slice(start, start + _PART)
            yield Selection(before, self.production[rows]), Selection(after, self.candidate[rows])


@dataclass(frozen=True)
class SchemaChange:
    """How the columns differ. Their order does not count, nor does the width of a number."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    retyped: dict[str, tuple[str, str]]
    rezoned: dict[str, tuple[str, str]]
    """Times that name another zone: no difference where the instants are the same, and said."""
    common: tuple[str, ...]
    """Columns that can be compared value by value, in the candidate's order: of one class, or numbers on both sides."""

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.retyped)

    def __str__(self) -> str:
        parts = []
        for names, what in ((self.added, "new"), (self.removed, "gone")):
            if names:
                shown = ", ".join(names[:5]) + (" ..." if len(names) > 5 else "")
                parts.append(f"{'column' if len(names) == 1 else 'columns'} {shown} {what}")
        shown_types = list(self.retyped.items())[:5]
        parts += [f"column {name} was {before}, is {after}" for name, (before, after) in shown_types]
        if len(self.retyped) > 5:
            parts.append(f"and {len(self.retyped) - 5} more of another type")
        return "; ".join(parts)


def schema_change(
    before: Mapping[str, pl.DataType], after: Mapping[str, pl.DataType], *, exact: bool = False
) -> SchemaChange:
    """
    Compare columns by name and class. A column without any value has no class of its own and fits every other.

    Args:
        before: Production's columns.
        after: The candidate's.
        exact: Another time zone is another type, although the instants may be the same.
    """
    shared = [name for name in after if name in before]
    retyped = {
        name: (class_name(before[name]), class_name(after[name]))
        for name in shared
        if not fits(before[name], after[name])
    }
    rezoned = {name: found for name in shared if (found := zones(before[name], after[name]))}
    if exact:
        retyped |= {name: (f"times in {was}", f"times in {now}") for name, (was, now) in rezoned.items()}
    numbers = {name for name in retyped if {class_of(before[name]), class_of(after[name])} <= _NUMBERS}
    return SchemaChange(
        added=tuple(name for name in after if name not in before),
        removed=tuple(name for name in before if name not in after),
        retyped=retyped,
        rezoned=rezoned,
        common=tuple(name for name in shared if name not in retyped or name in numbers or name in rezoned),
    )


def align_by_key(before: Payload, after: Payload, *, key: tuple[str, ...]) -> Pairs:
    """
    Pair the rows that have the same values in the key's columns; null is a value here, and so is NaN.

    Raises:
        PayloadError: The key does not identify a row: it repeats.
    """
    import polars as pl

    with ThreadPoolExecutor(2) as pool:
        left, right = pool.map(lambda side: side.frame(key, Selection(side, range(side.rows))), (before, after))
        same = [unified(left[name], right[name]) for name in key]
        left, right = pl.DataFrame([pair[0] for pair in same]), pl.DataFrame([pair[1] for pair in same])
        equal = left.equals(right)
        repeated = list(pool.map(partial(_repeated, key=key), (left,) if equal else (left, right)))
    # the candidate's repetition is its fault only where production's key was sound
    if repeated[0] is not None:
        raise PayloadError(f"the key {', '.join(key)} repeats in production: {repeated[0]}", side="production")
    if equal:
        return align_by_order(before, after)
    if repeated[1] is not None:
        raise PayloadError(f"the key {', '.join(key)} repeats: {repeated[1]}", side="candidate")
    keys = list(key)
    left, right = left.with_row_index("\0before"), right.with_row_index("\0after")
    both = left.join(right, on=keys, how="inner", nulls_equal=True, maintain_order="left")
    both = both.select(pl.col("\0before", "\0after").cast(pl.Int64))
    pairs = both["\0before"].to_numpy(), both["\0after"].to_numpy()
    return Pairs(*pairs, added=_others(pairs[1], after.rows), removed=_others(pairs[0], before.rows))


def align_by_order(before: Payload, after: Payload) -> Pairs:
    """Pair the n-th row with the n-th; what one side has beyond the other's end stands alone."""
    height = min(before.rows, after.rows)
    return Pairs(range(height), range(height), added=range(height, after.rows), removed=range(height, before.rows))


def _others(taken: npt.NDArray[np.int64], rows: int) -> npt.NDArray[np.int64]:
    import numpy as np

    alone = np.ones(rows, dtype=bool)
    alone[taken] = False
    return np.flatnonzero(alone)


def _repeated(frame: pl.DataFrame, *, key: tuple[str, ...]) -> str | None:
    import polars as pl

    if frame.select(pl.struct(key).n_unique() if len(key) > 1 else pl.col(key[0]).n_unique()).item() == frame.height:
        return None
    counts = frame.group_by(list(key), maintain_order=True).agg(pl.len().alias("\0rows"))
    often = counts.filter(pl.col("\0rows") > 1)
    first = ", ".join(f"{name}={value}" for name, value in zip(key, often.row(0), strict=False))
    return f"{often.height:,} of {counts.height:,} keys, first {first} ({often.row(0)[-1]} rows)"
