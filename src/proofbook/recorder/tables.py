"""Tables and arrays as Parquet: pandas, Polars, PyArrow and NumPy, each through what its own library offers."""

import base64
import io
import sys
from typing import Any

from proofbook.recorder.encoding import Encoded
from proofbook.recorder.plain import is_a, type_name

__all__ = ["arrow", "check_names", "encode", "parquet", "takes"]

_BYTES_LIMIT = 32 << 20
_ROWS_SHOWN = 50


def takes(value: Any) -> bool:
    """Whether it is a table, a series, or an array."""
    return (
        is_a(value, "pandas", "DataFrame", "Series", "Index")
        or is_a(value, "polars", "DataFrame", "Series")
        or is_a(value, "pyarrow", "Table", "RecordBatch")
        or (is_a(value, "numpy", "ndarray") and not _holds_axes(value))
    )


def _holds_axes(array: Any) -> bool:
    """`plt.subplots` and `df.plot(subplots=True)` return arrays of axes: a figure, not a table."""
    return array.dtype == object and array.size > 0 and hasattr(array.flat[0], "figure")


def encode(name: str, value: Any) -> Encoded:
    """
    A table as scrapbook's `pandas` payload: Parquet in base64.

    A named index becomes columns, as does a series' index; a data frame's unnamed numbers of rows do not.

    Raises:
        TypeError: A column holds what Parquet cannot.
        ValueError: Two columns have one name, or it is too large for a notebook.
    """
    table, shown = arrow(value)
    check_names(table)
    data = parquet(table)
    plain = f"{name} = {type_name(value)}, {table.num_rows} rows, {table.num_columns} columns"
    columns = tuple(table.column_names)
    return Encoded(
        "table", type_name(value), "pandas", data, {"text/plain": plain, **shown}, columns=columns, nested=True
    )


def check_names(table: Any) -> None:
    """Raise ValueError where two columns of an Arrow table have one name."""
    columns = table.column_names
    if twice := sorted({column for column in columns if columns.count(column) > 1}):
        raise ValueError(f"column {twice[0]!r} stands twice in the table; rename one")


def parquet(table: Any) -> str:
    """
    An Arrow table as Parquet in base64.

    Raises:
        TypeError: A column holds what Parquet cannot.
        ValueError: It is too large for a notebook.
    """
    import pyarrow.parquet

    sink = io.BytesIO()
    try:
        pyarrow.parquet.write_table(table, sink, compression="zstd")
    except (pyarrow.lib.ArrowException, ValueError) as error:
        raise TypeError(f"Parquet cannot hold this table ({_first_line(error)}); convert that column") from None
    content = sink.getvalue()
    if len(content) > _BYTES_LIMIT:
        raise ValueError(
            f"the table takes {len(content) >> 20} MB as Parquet, and a notebook should hold {_BYTES_LIMIT >> 20} MB "
            "at most: write it as a product of the task and record a summary, or its pathlib.Path"
        )
    return base64.b64encode(content).decode("ascii")


def arrow(value: Any) -> tuple[Any, dict[str, str]]:
    """The table in Arrow's form, and its HTML."""
    import pyarrow as pa

    if is_a(value, "pandas", "DataFrame", "Series", "Index"):
        return _from_pandas(value)
    if is_a(value, "polars", "Series"):
        value = value.to_frame(value.name or "value")
    if is_a(value, "polars", "DataFrame"):
        _refuse_objects(value)
        with sys.modules["polars"].Config(tbl_rows=_ROWS_SHOWN):  # else it leaves out all but ten
            return value.to_arrow(), {"text/html": value.head(_ROWS_SHOWN)._repr_html_()}
    if is_a(value, "pyarrow", "RecordBatch"):
        return pa.Table.from_batches([value]), {}
    if is_a(value, "pyarrow", "Table"):
        return value, {}
    return _from_array(value), {}


def _refuse_objects(frame: Any) -> None:
    """Polars gives Arrow the addresses of Python objects: they mean nothing anywhere else."""
    for column, kind in frame.schema.items():
        if is_a(kind, "polars", "Object"):
            raise TypeError(f"Parquet cannot hold this table (column {column} has Python objects); convert that column")


def _from_pandas(value: Any) -> tuple[Any, dict[str, str]]:
    import pyarrow as pa

    if is_a(value, "pandas", "Index"):
        value = value.to_frame(index=False)
    is_series = is_a(value, "pandas", "Series")
    frame = value.to_frame("value" if value.name is None else value.name) if is_series else value
    index = frame.index
    row_numbers = index.nlevels == 1 and index.name is None and (is_a(index, "pandas", "RangeIndex") or not is_series)
    if row_numbers and (is_a(index, "pandas", "RangeIndex") or index.dtype.kind in "iu"):
        frame = frame.reset_index(drop=True)
    else:
        try:
            frame = frame.reset_index()
        except ValueError as error:
            raise ValueError(f"the index cannot become a column: {_first_line(error)}; rename it") from None
    frame = frame.set_axis([_column_name(column) for column in frame.columns], axis=1)
    if frame.columns.has_duplicates:
        raise ValueError(
            f"column {frame.columns[frame.columns.duplicated()][0]!r} stands twice in the table; rename one"
        )
    try:
        table = pa.Table.from_pandas(frame, preserve_index=False)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise TypeError(f"Parquet cannot hold this table ({_first_line(error)}); convert that column") from None
    return table, {"text/html": frame.head(_ROWS_SHOWN)._repr_html_() or ""} if len(frame.columns) else {}


def _column_name(column: Any) -> str:
    if isinstance(column, tuple):
        return ".".join(str(part) for part in column if part != "")
    return str(column)


def _from_array(array: Any) -> Any:
    import pyarrow as pa

    if array.ndim > 2 or array.dtype.names is not None or array.dtype.kind in "cVO":
        raise TypeError(
            f"a NumPy array is recorded when it has one or two dimensions of numbers, dates or text, and this one has "
            f"shape {array.shape} and type {array.dtype}; make it a DataFrame, or record a summary"
        )
    if array.ndim == 1:
        return pa.table({"value": pa.array(array)})
    return pa.table({str(number): pa.array(array[:, number]) for number in range(array.shape[1])})


def _first_line(error: Exception) -> str:
    return "; ".join(str(part).strip().splitlines()[0] for part in error.args[:2] if str(part).strip())[:200]
