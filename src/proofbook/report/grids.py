"""Tables for the page: of rows in JSON, and of Parquet bytes, of which only the first rows are ever decoded."""

import io
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from proofbook.report import words
from proofbook.report.allowance import Allowance
from proofbook.report.blocks import Grid
from proofbook.report.limits import TABLE_ALL_ROWS, TABLE_BYTES, TABLE_COLUMNS

__all__ = ["Sample", "of_columns", "of_rows", "of_sample", "sample"]


class Sample(Struct, frozen=True, kw_only=True):
    """The first rows of a recorded table."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    height: int
    width: int


def sample(content: bytes, *, rows: int = TABLE_ALL_ROWS) -> Sample:
    """
    The first `rows` rows of a table in Parquet.

    Raises:
        ValueError: It is not Parquet, or larger than the limit once unpacked.
    """
    # 0.1 s to import, and most pages have no table
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(io.BytesIO(content))
        facts = file.metadata
        unpacked = sum(facts.row_group(number).total_byte_size for number in range(facts.num_row_groups))
        if unpacked > TABLE_BYTES:
            raise ValueError(f"it has {words.size(unpacked)}, the limit is {words.size(TABLE_BYTES)}")
        names = [name for name in file.schema_arrow.names if not name.startswith("__index_level_")]
        batch = next(file.iter_batches(batch_size=rows, columns=names[:TABLE_COLUMNS]), None)
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"it is not readable Parquet ({words.brief(str(error), limit=120)})") from None
    values = [] if batch is None else [_listed(column) for column in batch.columns]
    return Sample(
        columns=tuple(names[:TABLE_COLUMNS]),
        rows=tuple(zip(*values, strict=True)),
        height=facts.num_rows,
        width=len(names),
    )


def _listed(column: Any) -> list[Any]:
    import pyarrow as pa

    try:
        values: list[Any] = column.to_pylist()
    except (pa.ArrowException, ValueError, OverflowError):  # such as a time beyond what Python can say
        values = [str(item) for item in column]
    return values


def of_sample(table: Sample, *, allowance: Allowance, other: Sample | None = None, key: Sequence[str] = ()) -> Grid:
    """
    A sample as a grid; with `other`, fields that say something else there stand out.

    Args:
        table: This side.
        allowance: Says how many rows the page still takes.
        other: The other side.
        key: Columns that identify a row; without them rows are matched by position.
    """
    return _grid(
        table.columns,
        table.rows,
        height=table.height,
        width=table.width,
        differs=() if other is None else _different(table, other, key),
        allowance=allowance,
    )


def of_rows(rows: Sequence[Any], *, allowance: Allowance, height: int | None = None) -> Grid:
    """Rows of JSON: objects, or plain values; the first of `height`, where not all of them are given."""
    shown = [row if isinstance(row, dict) else {"value": row} for row in rows[:TABLE_ALL_ROWS]]
    names = list(dict.fromkeys(str(name) for row in shown for name in row))
    columns = names[:TABLE_COLUMNS]
    fields = [tuple(row.get(name) for name in columns) for row in shown]
    return _grid(columns, fields, height=height or len(rows), width=len(names), allowance=allowance)


def of_columns(columns: Mapping[str, Sequence[Any]], *, allowance: Allowance) -> Grid:
    """Columns by name, of which some may be shorter than others."""
    shown = list(columns)[:TABLE_COLUMNS]
    height = max((len(columns[name]) for name in shown), default=0)
    fields = [
        tuple(columns[name][row] if row < len(columns[name]) else None for name in shown)
        for row in range(min(height, TABLE_ALL_ROWS))
    ]
    return _grid(shown, fields, height=height, width=len(columns), allowance=allowance)


def _grid(
    columns: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
    *,
    height: int,
    width: int,
    allowance: Allowance,
    differs: Iterable[tuple[int, int]] = (),
) -> Grid:
    """As much of it as the page takes, and a remark on the rest."""
    texts = [tuple(_text(item) for item in row) for row in rows]
    taken = allowance.take_rows(texts)
    return Grid(
        columns=tuple(words.brief(name, limit=60) for name in columns),
        rows=tuple(texts[:taken]),
        numeric=tuple(_numeric([row[number] for row in rows]) for number in range(len(columns))),
        differs=frozenset(place for place in differs if place[0] < taken),
        caption=_caption(taken, height, len(columns), width),
    )


def _numeric(values: Sequence[Any]) -> bool:
    """Whether a column holds numbers, apart from gaps."""
    there = [item for item in values if item is not None]
    return bool(there) and all(isinstance(item, (int, float)) and not isinstance(item, bool) for item in there)


def _text(item: Any) -> str:
    if item is None:
        return ""
    return words.value(item if isinstance(item, (str, int, float, list, dict)) else str(item))


def _caption(shown: int, height: int, columns: int, width: int) -> str:
    parts = []
    if shown < height:
        parts.append(f"first {shown} of {words.plural(height, 'row')}")
    if columns < width:
        parts.append(f"{columns} of {words.plural(width, 'column')}")
    return ", ".join(parts)


def _different(table: Sample, other: Sample, key: Sequence[str]) -> list[tuple[int, int]]:
    """Fields of `table` whose counterpart in `other` is not equal. A row that has none there is not marked."""
    places = {name: number for number, name in enumerate(other.columns)}
    keyed = [name for name in key if name in places and name in table.columns]
    if keyed:
        here = [table.columns.index(name) for name in keyed]
        there = [places[name] for name in keyed]
        known = {tuple(str(row[number]) for number in there): row for row in other.rows}
        partners = [known.get(tuple(str(row[number]) for number in here)) for row in table.rows]
    else:
        partners = [other.rows[number] if number < len(other.rows) else None for number in range(len(table.rows))]
    return [
        (number, column)
        for number, (row, partner) in enumerate(zip(table.rows, partners, strict=True))
        for column, name in enumerate(table.columns)
        if partner is not None and (name not in places or not _same(row[column], partner[places[name]]))
    ]


def _same(one: Any, other: Any) -> bool:
    both_nan = isinstance(one, float) and isinstance(other, float) and math.isnan(one) and math.isnan(other)
    return both_nan or bool(one == other)
