"""Tables of records in one form: Parquet without anybody's metadata, so that equal tables are equal bytes."""

from typing import Any

from msgspec import Struct

__all__ = ["LIMIT", "Table", "normalised"]

LIMIT = 64 << 20
"""Bytes of Parquet."""
_CELLS_LIMIT = 100_000_000
_COLUMNS_LIMIT = 10_000
_UNPACKED_LIMIT = 2 << 30


class Table(Struct, frozen=True, kw_only=True):
    """A table, normalised."""

    rows: int
    columns: dict[str, str]
    """Name to Arrow type."""
    content: bytes
    """Parquet."""


def normalised(parquet: bytes) -> Table:
    """
    Read Parquet from anywhere and write it in our form.

    Which library made a text or a category column makes no difference; an index that pandas saved without a name is
    called `index`.

    Raises:
        ValueError: It is not Parquet, or unpacks to more than is reasonable.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(pa.BufferReader(parquet))
        _check(file.metadata)
        table = file.read().replace_schema_metadata(None)
        columns = [_plain(column) for column in table.columns]
        names = _names(table.column_names)
        table = pa.table(columns, names=names).replace_schema_metadata(None)
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, compression="zstd", row_group_size=1 << 20)
    except (pa.ArrowException, OSError) as error:
        raise ValueError(str(error).strip().splitlines()[0][:200]) from None
    types = {name: str(field.type) for name, field in zip(names, table.schema, strict=True)}
    return Table(rows=table.num_rows, columns=types, content=sink.getvalue().to_pybytes())


def _check(metadata: Any) -> None:
    """Before anything is unpacked: the file's own account of its size."""
    unpacked = sum(metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))
    if metadata.num_columns > _COLUMNS_LIMIT:
        raise ValueError(f"it has {metadata.num_columns} columns, and {_COLUMNS_LIMIT} is the limit")
    if metadata.num_rows * max(1, metadata.num_columns) > _CELLS_LIMIT or unpacked > _UNPACKED_LIMIT:
        raise ValueError(f"it is too large: {metadata.num_rows} rows, {metadata.num_columns} columns")


def _plain(column: Any) -> Any:
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return column.cast(pa.string())
    if pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind):
        return column.cast(pa.binary())
    return column


def _names(names: list[str]) -> list[str]:
    if len(set(names)) < len(names):
        raise ValueError("two of its columns have one name")
    return ["index" if name == "__index_level_0__" and "index" not in names else name for name in names]
