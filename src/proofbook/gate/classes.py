"""
What a column holds, whichever library wrote it, and two columns brought to one type.

`Int32` and `Int64` are both int, categories are text, a fixed-size array is a list, the fields of a struct have no
order, and a time in a named zone is an instant, whatever the zone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

__all__ = ["class_name", "class_of", "fits", "inner", "rounding", "unified", "zones"]

_UTC = {"UTC", "Etc/UTC", "Etc/UCT", "UCT", "Zulu", "Etc/Zulu", "GMT", "Etc/GMT", "+00:00", "Etc/Universal"}
_PER_UNIT = {"ms": 1_000_000, "us": 1_000, "ns": 1}


def class_of(dtype: pl.DataType) -> str:
    """The class alone: `int`, `text`, `datetime`, `instant`, `list`, `struct` ..."""
    import polars as pl

    if isinstance(dtype, pl.Datetime):
        return "instant" if dtype.time_zone else "datetime"
    for kind, of in (
        ("int", dtype.is_integer()),
        ("float", dtype.is_float()),
        ("decimal", dtype.is_decimal()),
        ("text", dtype in (pl.String, pl.Categorical, pl.Enum)),
        ("list", isinstance(dtype, pl.List | pl.Array)),
        ("struct", isinstance(dtype, pl.Struct)),
        ("duration", isinstance(dtype, pl.Duration)),
    ):
        if of:
            return kind
    return {"boolean": "bool"}.get(str(dtype).lower(), str(dtype).lower())


def class_name(dtype: pl.DataType) -> str:
    """The class as a person writes it, with what is inside: `list of int`, `struct of a, b`, `datetime in UTC`."""
    import polars as pl

    kind = class_of(dtype)
    if kind == "list":
        return f"list of {class_name(inner(dtype))}"
    if isinstance(dtype, pl.Struct):
        return "struct of " + ", ".join(f"{field.name} {class_name(_type(field.dtype))}" for field in dtype.fields)
    if isinstance(dtype, pl.Datetime) and dtype.time_zone:
        return f"datetime in {dtype.time_zone}"
    return kind


def inner(dtype: pl.DataType) -> pl.DataType:
    """What a list or array holds."""
    held: object = getattr(dtype, "inner")  # noqa: B009  lists and arrays have it, their common class has not
    return _type(held)


def _type(dtype: object) -> pl.DataType:
    """An instance: Polars names a type by its class as well."""
    import polars as pl

    found: pl.DataType = dtype if isinstance(dtype, pl.DataType) else dtype()  # type: ignore[operator]
    return found


def fits(before: pl.DataType, after: pl.DataType) -> bool:
    """Whether both are of one class, down to what is inside; no values at all (null) fit everything."""
    import polars as pl

    kinds = class_of(before), class_of(after)
    if "null" in kinds:
        return True
    if kinds[0] != kinds[1]:
        return False
    if kinds[0] == "list":
        return fits(inner(before), inner(after))
    if isinstance(before, pl.Struct) and isinstance(after, pl.Struct):
        fields = [{field.name: _type(field.dtype) for field in side.fields} for side in (before, after)]
        return fields[0].keys() == fields[1].keys() and all(
            fits(fields[0][name], fields[1][name]) for name in fields[0]
        )
    return True


def zones(before: pl.DataType, after: pl.DataType) -> tuple[str, str] | None:
    """The two zones of instants where they are not the same; every name of UTC is one."""
    import polars as pl

    if not (isinstance(before, pl.Datetime) and isinstance(after, pl.Datetime)):
        return None
    was, now = before.time_zone, after.time_zone
    if not was or not now or was == now or {was, now} <= _UTC:
        return None
    return was, now


def rounding(before: pl.DataType, after: pl.DataType, *, usual: float) -> float:
    """
    The relative difference that counts as rounding where the author named none: eight units in the last place of the
    narrower of the two, and of doubles the usual one.
    """
    narrow = {str(before), str(after)}
    if "Float16" in narrow:
        return 8 * 2.0**-11
    return 8 * 2.0**-24 if "Float32" in narrow else usual


def unified(before: pl.Series, after: pl.Series) -> tuple[pl.Series, pl.Series]:
    """
    Both columns in one type, without loss, so that equal values are equal; NaN is null: both say `no value`.

    Lists and structs are left as they are.

    Raises:
        polars.exceptions.PolarsError: A decimal does not fit.
    """
    import polars as pl

    kinds = class_of(before.dtype), class_of(after.dtype)
    if "float" in kinds and set(kinds) <= {"int", "float", "decimal"}:
        return before.cast(pl.Float64).fill_nan(None), after.cast(pl.Float64).fill_nan(None)
    if before.dtype == after.dtype:
        return _plain(before), _plain(after)
    if "null" in kinds:
        # text of nothing: a category of no value need not be the other's
        one, other = (before, after) if kinds[0] == "null" else (after, before)
        other = _plain(other)
        one = pl.Series(one.name, [None], dtype=other.dtype).new_from_index(0, len(one))
        return (one, other) if kinds[0] == "null" else (other, one)
    if set(kinds) == {"int"}:
        # by name: not every Polars has all of them
        wide = any(str(side.dtype) in {"UInt64", "Int128", "UInt128"} for side in (before, after))
        return _cast(before, after, to=pl.Int128() if wide else pl.Int64())
    if set(kinds) <= {"int", "decimal"}:
        scale = max(side.dtype.scale if isinstance(side.dtype, pl.Decimal) else 0 for side in (before, after))
        return _cast(before, after, to=pl.Decimal(38, scale))
    if isinstance(before.dtype, pl.Datetime | pl.Duration) and isinstance(after.dtype, pl.Datetime | pl.Duration):
        if before.dtype.time_unit == after.dtype.time_unit:
            return before.to_physical(), after.to_physical()
        return _nanoseconds(before), _nanoseconds(after)
    return _plain(before), _plain(after)


def _cast(before: pl.Series, after: pl.Series, *, to: pl.DataType) -> tuple[pl.Series, pl.Series]:
    return before.cast(to), after.cast(to)


def _nanoseconds(column: pl.Series) -> pl.Series:
    """Times in one unit. In 128 bits: the year 2300 in nanoseconds does not fit into 64."""
    import polars as pl

    unit = column.dtype.time_unit if isinstance(column.dtype, pl.Datetime | pl.Duration) else "ns"
    return column.to_physical().cast(pl.Int128) * pl.Series([_PER_UNIT[unit]], dtype=pl.Int128)


def _plain(column: pl.Series) -> pl.Series:
    import polars as pl

    if class_of(column.dtype) == "text":
        return column.cast(pl.String)
    return column.cast(pl.Float64).fill_nan(None) if column.dtype.is_float() else column
