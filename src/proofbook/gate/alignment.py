"""Two tables laid beside each other: columns by name and class, rows by key or by order. Polars, imported on use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from proofbook.gate.outcome import PayloadError

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Aligned", "SchemaChange", "align_by_key", "align_by_order", "column_class", "harmonise", "schema_change"]


@dataclass(frozen=True)
class Aligned:
    """Rows that correspond, in the same order on both sides, and those that stand alone."""

    production: pl.DataFrame
    candidate: pl.DataFrame
    added: pl.DataFrame
    """Rows of the candidate that production does not have."""
    removed: pl.DataFrame
    """Rows of production that the candidate does not have."""


@dataclass(frozen=True)
class SchemaChange:
    """How the columns differ. Their order does not count, nor does the width of a number."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    retyped: dict[str, tuple[str, str]]
    common: tuple[str, ...]
    """Columns of one class on both sides, in the candidate's order."""

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.retyped)

    def __str__(self) -> str:
        parts = []
        for names, what in ((self.added, "new"), (self.removed, "gone")):
            if names:
                shown = ", ".join(names[:5]) + (" ..." if len(names) > 5 else "")
                parts.append(f"{'column' if len(names) == 1 else 'columns'} {shown} {what}")
        parts += [f"column {name} was {before}, is {after}" for name, (before, after) in self.retyped.items()]
        return "; ".join(parts)


def column_class(dtype: pl.DataType) -> str:
    """What a column holds, whichever library wrote it: `Int32` and `Int64` are both int, categories are text."""
    import polars as pl

    if dtype.is_integer():
        return "int"
    if dtype.is_float():
        return "float"
    if dtype.is_decimal():
        return "decimal"
    if dtype in (pl.String, pl.Categorical, pl.Enum):
        return "text"
    if isinstance(dtype, pl.Datetime):
        return f"datetime in {dtype.time_zone}" if dtype.time_zone else "datetime"
    if dtype == pl.Duration:
        return "duration"
    return {"boolean": "bool"}.get(str(dtype).lower(), str(dtype).lower())


def schema_change(production: pl.DataFrame, candidate: pl.DataFrame) -> SchemaChange:
    """Compare columns by name and class. A column without any value has no class of its own and fits every other."""
    before = {name: column_class(dtype) for name, dtype in production.schema.items()}
    after = {name: column_class(dtype) for name, dtype in candidate.schema.items()}
    shared = [name for name in after if name in before]
    fits = {name: before[name] == after[name] or "null" in (before[name], after[name]) for name in shared}
    return SchemaChange(
        added=tuple(name for name in after if name not in before),
        removed=tuple(name for name in before if name not in after),
        retyped={name: (before[name], after[name]) for name in shared if not fits[name]},
        common=tuple(name for name in shared if fits[name]),
    )


def harmonise(
    production: pl.DataFrame, candidate: pl.DataFrame, *, columns: tuple[str, ...]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Both tables with these columns only, each of one type on both sides, and NaN as null: both say `no value`."""

    def casts(frame: pl.DataFrame, other: pl.DataFrame) -> list[pl.Expr]:
        return [_cast(name, frame.schema[name], other.schema[name]) for name in columns]

    return production.select(casts(production, candidate)), candidate.select(casts(candidate, production))


def _cast(name: str, dtype: pl.DataType, other: pl.DataType) -> pl.Expr:
    import polars as pl

    column = pl.col(name)
    kind = column_class(dtype)
    if kind == "float":
        return column.cast(pl.Float64).fill_nan(None)
    if kind == "text":
        return column.cast(pl.String)
    if kind == "null":
        kind = column_class(other)
        dtype = {"float": pl.Float64(), "text": pl.String()}.get(kind, other)
        return column.cast(dtype)
    if dtype == other:
        return column
    if kind == "int":
        return column.cast(pl.Int128)
    if kind == "duration":
        return column.cast(pl.Duration("ns"))
    if isinstance(dtype, pl.Datetime):
        return column.cast(pl.Datetime("ns", dtype.time_zone))
    return column


def align_by_key(production: pl.DataFrame, candidate: pl.DataFrame, *, key: tuple[str, ...]) -> Aligned:
    """
    Pair the rows that have the same values in the key's columns; null is a value here.

    Raises:
        PayloadError: The key does not identify a row: it repeats.
    """
    # the candidate's repetition is its fault only where production's key was sound
    repeated = _repeated(production, key=key)
    if repeated is not None:
        raise PayloadError(f"the key {', '.join(key)} repeats in production: {repeated}", side="production")
    repeated = _repeated(candidate, key=key)
    if repeated is not None:
        raise PayloadError(f"the key {', '.join(key)} repeats: {repeated}", side="candidate")
    keys = list(key)
    before, after = production.with_row_index("\0before"), candidate.with_row_index("\0after")
    left, right = before.select(*keys, "\0before"), after.select(*keys, "\0after")
    both = right.join(left, on=keys, how="inner", nulls_equal=True, maintain_order="left")
    # keys are unique, so as many pairs as rows means that every row has its partner
    whole = both.height == candidate.height
    return Aligned(
        production=production[both["\0before"]],
        candidate=candidate if whole else candidate[both["\0after"]],
        added=candidate.clear() if whole else candidate.join(production, on=keys, how="anti", nulls_equal=True),
        removed=production.clear()
        if both.height == production.height
        else production.join(candidate, on=keys, how="anti", nulls_equal=True),
    )


def align_by_order(production: pl.DataFrame, candidate: pl.DataFrame) -> Aligned:
    """Pair the n-th row with the n-th; what one side has beyond the other's end stands alone."""
    height = min(production.height, candidate.height)
    return Aligned(
        production=production.head(height),
        candidate=candidate.head(height),
        added=candidate.slice(height),
        removed=production.slice(height),
    )


def _repeated(frame: pl.DataFrame, *, key: tuple[str, ...]) -> str | None:
    import polars as pl

    if frame.select(pl.struct(key).n_unique() if len(key) > 1 else pl.col(key[0]).n_unique()).item() == frame.height:
        return None
    counts = frame.group_by(list(key), maintain_order=True).agg(pl.len().alias("\0rows"))
    often = counts.filter(pl.col("\0rows") > 1)
    first = ", ".join(f"{name}={value}" for name, value in zip(key, often.row(0), strict=False))
    return f"{often.height} of {counts.height} keys, first {first} ({often.row(0)[-1]} rows)"
