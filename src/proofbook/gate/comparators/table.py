"""
Tables: first the columns, then rows aligned, then each column by its class.

With a `key` rows are aligned by it, and neither their order nor that of the columns counts; a key that repeats is said
and never passes. Without a key the n-th row is compared with the n-th: order is then part of the table, and a mere
reordering is said to be one. Text, whole numbers, truth and dates are compared exactly, floats with the rule's
tolerance. A direction or margin cannot be judged on a table: the number that counts is recorded as a scalar.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from proofbook.gate.alignment import Aligned, SchemaChange, align_by_key, align_by_order, harmonise, schema_change
from proofbook.gate.columns import Column, compare_columns, plain, worst_rows
from proofbook.gate.numbers import describe
from proofbook.gate.outcome import PayloadError, differs, outcome
from proofbook.gate.registry import Keep, Load
from proofbook.model.record import Record, Rule
from proofbook.model.verdict import Comparison

if TYPE_CHECKING:
    import polars as pl

__all__ = ["compare_tables"]

_HEARD = ("tolerance",)


def compare_tables(production: Record, candidate: Record, *, load: Load, keep: Keep) -> Comparison:  # noqa: ARG001  every comparator has this signature
    """Compare two tables, stored as Parquet."""
    after = _read(candidate, load=load, side="candidate")
    same = candidate.blob == production.blob
    before = after if same else _read(production, load=load, side="production")
    sides = (_rows(before.height), _rows(after.height))
    if before.height == after.height == 0 and before.schema == after.schema:
        return outcome(candidate, "inconclusive", "has no rows: nothing to compare", heard=_HEARD, sides=sides)
    if same:
        return outcome(candidate, "pass", "the same bytes", change="no change", heard=_HEARD, sides=sides)
    rule = candidate.rule
    schema = schema_change(before, after)
    _check_key(rule.key, before=before, after=after, schema=schema)
    before, after = harmonise(before, after, columns=schema.common)
    aligned = align_by_key(before, after, key=rule.key) if rule.key else align_by_order(before, after)
    columns = compare_columns(aligned, rule=rule)
    if not (schema or columns or aligned.added.height or aligned.removed.height):
        reason = f"{_rows(after.height)} equal"
        return outcome(candidate, "pass", reason, change="no change", heard=_HEARD, sides=sides)
    differing = _differing_rows(columns)
    reordered = not rule.key and not schema and _reordered(before, after, rule=rule)
    worst = worst_rows(aligned, columns, key=rule.key)
    return outcome(
        candidate,
        differs(rule),
        _reason(schema, aligned, columns, differing=differing, worst=worst, reordered=reordered),
        change=_change(schema, aligned, differing=differing),
        evidence=_evidence(schema, aligned, columns, differing=differing, worst=worst, key=rule.key),
        heard=_HEARD,
        sides=sides,
    )


def _read(record: Record, *, load: Load, side: Literal["production", "candidate"]) -> pl.DataFrame:
    import polars as pl
    import pyarrow as pa
    from pyarrow import parquet

    whose = "the" if side == "candidate" else "production's"
    if record.blob is None:
        raise PayloadError(f"{whose} table has no payload", side=side)
    try:
        # Arrow's reader, not Polars': on a forged length that one asks for exabytes and ends the process
        table = parquet.read_table(pa.BufferReader(load(record.blob)))
        table.validate(full=True)
        frame = pl.from_arrow(table)
    except (Exception, pl.exceptions.PanicException) as error:  # a panic of Polars is no Exception
        found = " ".join(f"{type(error).__name__}: {error}".split())[:160]
        raise PayloadError(f"{whose} table cannot be read: {found}", side=side) from error
    return frame if isinstance(frame, pl.DataFrame) else frame.to_frame()


def _check_key(key: tuple[str, ...], *, before: pl.DataFrame, after: pl.DataFrame, schema: SchemaChange) -> None:
    for name in key:
        if name not in after.columns:
            raise PayloadError(f"has no column {name!r}, which its key names", side="candidate")
        if name not in before.columns:
            raise PayloadError(f"production has no column {name!r} to align rows by", side="production")
        if name in schema.retyped:
            was, now = schema.retyped[name]
            raise PayloadError(f"key column {name!r} was {was}, is {now}: rows cannot be aligned", side="candidate")


def _differing_rows(columns: tuple[Column, ...]) -> int:
    import polars as pl

    return pl.concat([column.rows for column in columns]).n_unique() if columns else 0


def _reordered(before: pl.DataFrame, after: pl.DataFrame, *, rule: Rule) -> bool:
    """Whether both hold the same rows in another order."""
    import polars as pl

    if before.height != after.height or not before.columns:
        return False
    # what is exact first: floats that differ by rounding may sort differently
    names = sorted(after.columns, key=lambda name: (after.schema[name].is_float(), name))
    try:
        sorted_pair = align_by_order(before.select(names).sort(names), after.select(names).sort(names))
    except pl.exceptions.PolarsError:  # types that have no order
        return False
    return not compare_columns(sorted_pair, rule=rule)


def _reason(
    schema: SchemaChange,
    aligned: Aligned,
    columns: tuple[Column, ...],
    *,
    differing: int,
    worst: list[dict[str, Any]],
    reordered: bool,
) -> str:
    if reordered:
        return "the same rows in another order: declare a key if their order does not count"
    parts = [str(schema)] if schema else []
    parts += [f"{_rows(aligned.removed.height)} gone"] if aligned.removed.height else []
    parts += [f"{_rows(aligned.added.height)} new"] if aligned.added.height else []
    if columns:
        names = ", ".join(column.name for column in columns[:3])
        names += f" and {len(columns) - 3} more" if len(columns) > 3 else ""
        first = worst[0]
        where = ", ".join(f"{name}={value}" for name, value in first["row"].items())
        values = f"{describe(first['production'])} → {describe(first['candidate'])}"
        parts.append(
            f"{differing} of {_rows(aligned.candidate.height)} differ in {names}"
            f" (worst in {first['column']} at {where}: {values})"
        )
    return "; ".join(parts)


def _change(schema: SchemaChange, aligned: Aligned, *, differing: int) -> str:
    parts = ["columns"] if schema else []
    parts += [f"+{aligned.added.height:,}"] if aligned.added.height else []
    parts += [f"-{aligned.removed.height:,}"] if aligned.removed.height else []
    parts += [f"{differing:,} of {_rows(aligned.candidate.height)}"] if differing else []
    return ", ".join(parts)


def _evidence(
    schema: SchemaChange,
    aligned: Aligned,
    columns: tuple[Column, ...],
    *,
    differing: int,
    worst: list[dict[str, Any]],
    key: tuple[str, ...],
) -> dict[str, Any]:
    def keys(frame: pl.DataFrame) -> list[dict[str, Any]]:
        return [{name: plain(row[name]) for name in row if not key or name in key} for row in frame.head(10).to_dicts()]

    return {
        "rows": {
            "aligned": aligned.candidate.height,
            "differing": differing,
            "added": aligned.added.height,
            "removed": aligned.removed.height,
        },
        "schema": {
            "added": list(schema.added),
            "removed": list(schema.removed),
            "retyped": {name: list(types) for name, types in schema.retyped.items()},
        },
        "columns": {column.name: {"rows": len(column.rows), "largest": plain(column.sizes[0])} for column in columns},
        "worst": worst,
        "added": keys(aligned.added),
        "removed": keys(aligned.removed),
    }


def _rows(number: int) -> str:
    return "1 row" if number == 1 else f"{number:,} rows"
