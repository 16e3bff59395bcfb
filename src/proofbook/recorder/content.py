"""
SHA-256 of data by its content, to tell whether two values were measured on the same.

The same rows and columns have one digest in pandas, Polars and Arrow, however they are chunked: the order of rows
counts, the order of columns does not. Numbers count by value (1 and 1.0, of whatever width), NaN is a gap as null is,
a date is its midnight, a category is its text.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from proofbook.recorder.plain import is_a, type_name
from proofbook.recorder.refusal import refusing

__all__ = ["of_evaluation_set", "of_table"]

_EXACT = 2**53
"""Whole numbers up to here are exact as float64."""
_IN_MICROSECONDS = {"s": 1_000_000, "ms": 1_000, "us": 1}
_FORMAT = b"proofbook content 1"


def of_evaluation_set(name: str, value: Any) -> str:
    """
    Digest of what a value was measured on.

    Args:
        name: The record's name, for messages.
        value: A table, an array, a `pathlib.Path` of a file or folder, or text that names a version.

    Raises:
        TypeError: It is nothing of that.
        ValueError: The file is not there, or the text is the name of one.
    """
    from proofbook.recorder import tables

    if isinstance(value, str):
        return _of_text(name, value)
    if is_a(value, "pathlib", "PurePath"):
        return _of_path(name, Path(value))
    if tables.takes(value):
        with refusing(f"record({name!r}): eval_set="):
            return of_table(value)
    advice = "; give .collect() of it" if is_a(value, "polars", "LazyFrame") else ""
    raise TypeError(
        f"record({name!r}): eval_set= is a pandas, Polars or Arrow table, a pathlib.Path, or text that names a "
        f"version, not {type_name(value)}{advice}"
    )


def of_table(value: Any) -> str:
    """
    Digest of a table, a series or an array.

    Raises:
        TypeError: A column holds what has no content that two libraries would agree on.
        ValueError: Two columns have one name.
    """
    import hashlib

    from proofbook.recorder import tables

    table, _ = tables.arrow(value)
    names = table.column_names
    if len(set(names)) < len(names):
        raise ValueError("two of its columns have one name; rename one")
    digest = hashlib.sha256(_FORMAT)
    digest.update(_sized(str(table.num_rows)))
    for name in sorted(names):
        digest.update(_sized(name))
        for part in _column(name, table.column(name)):
            digest.update(part)
    return digest.hexdigest()


def _of_text(name: str, text: str) -> str:
    import hashlib

    if not text.strip():
        raise ValueError(f"record({name!r}): eval_set= is empty text; name the version, or leave it out")
    try:
        is_file = Path(text).exists()
        content = text.encode()
    except (OSError, ValueError):
        is_file, content = False, text.encode(errors="replace")
    if is_file:
        raise ValueError(
            f"record({name!r}): eval_set={text!r} is text, and a file of that name is there: "
            "pass pathlib.Path(...) of it, so that its content counts"
        )
    return hashlib.sha256(content).hexdigest()


def _of_path(name: str, path: Path) -> str:
    import hashlib

    from proofbook.disk.atomic import digest_of

    if path.is_file():
        return digest_of(path)
    if not path.is_dir():
        raise ValueError(f"record({name!r}): eval_set={str(path)!r} is not there; write the file first")
    digest = hashlib.sha256(_FORMAT)
    for file in sorted(file for file in path.rglob("*") if file.is_file()):
        digest.update(_sized(file.relative_to(path).as_posix()))
        digest.update(digest_of(file).encode())
    return digest.hexdigest()


def _sized(text: str) -> bytes:
    """Text with its length in front, so that no two texts after each other can be mistaken for others."""
    content = text.encode(errors="replace")
    return b"%d:%s" % (len(content), content)


def _column(name: str, column: Any) -> Iterator[bytes | memoryview]:
    """What a column's content is made of: its class, where its gaps are, and its values."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = _unwrapped(column)
    if pa.types.is_floating(column.type):
        column = column.cast(pa.float64())
        column = pc.if_else(pc.is_nan(column), pa.scalar(None, pa.float64()), column)
    if column.null_count == len(column):
        yield b"empty "  # the type of a column without values is the library's guess
        return
    yield b"gaps " if column.null_count else b"whole "
    if column.null_count:
        for chunk in column.chunks:
            yield _bytes(pc.is_null(chunk).cast(pa.uint8()))
    yield from _values(name, column)


def _unwrapped(column: Any) -> Any:
    """Without what is only a way to keep it: dictionaries, and the types of libraries."""
    import pyarrow as pa

    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        column = pa.chunked_array([chunk.storage for chunk in column.chunks], type=kind.storage_type)
        return _unwrapped(column)
    return column.cast(kind.value_type) if pa.types.is_dictionary(kind) else column


def _values(name: str, column: Any) -> Iterator[bytes | memoryview]:
    import pyarrow as pa

    is_, kind = pa.types, column.type
    if is_.is_boolean(kind):
        yield b"truth "
        yield from _numbers(column.cast(pa.uint8()))
    elif is_.is_integer(kind) or is_.is_floating(kind):
        yield from _number(column)
    elif is_.is_date(kind) or is_.is_timestamp(kind) or is_.is_duration(kind) or is_.is_time(kind):
        yield from _time(column)
    elif is_.is_decimal(kind):
        yield b"decimal "
        yield from _texts(
            pa.chunked_array(
                [[None if number is None else f"{number.normalize():f}" for number in column.to_pylist()]],
                type=pa.large_string(),
            )
        )
    elif is_.is_string(kind) or is_.is_large_string(kind) or is_.is_string_view(kind):
        yield b"text "
        yield from _texts(column)
    elif is_.is_binary(kind) or is_.is_large_binary(kind) or is_.is_binary_view(kind) or is_.is_fixed_size_binary(kind):
        yield b"bytes "
        yield from _texts(column.cast(pa.binary()) if is_.is_fixed_size_binary(kind) else column)
    elif is_.is_list(kind) or is_.is_large_list(kind) or is_.is_fixed_size_list(kind):
        yield from _lists(name, column)
    elif is_.is_struct(kind):
        yield from _structs(name, column)
    else:
        raise TypeError(f"column {name!r} holds {kind}, which has no digest; convert that column")


def _number(column: Any) -> Iterator[bytes | memoryview]:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_integer(column.type):
        extent = pc.min_max(column).as_py()
        if extent["min"] < -_EXACT or extent["max"] > _EXACT:
            yield b"integer "
            yield from _numbers(column.cast(pa.uint64() if extent["max"] >= 2**63 else pa.int64()))
            return
    yield b"number "
    # adding 0 makes 0 of minus 0, which is equal to it
    yield from _numbers(pc.add(column.cast(pa.float64()), 0.0))


def _time(column: Any) -> Iterator[bytes | memoryview]:
    """Microseconds, or nanoseconds where microseconds would not say all."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    zone = getattr(kind, "tz", None) or ""
    if pa.types.is_date(kind):
        column = column.cast(pa.timestamp("ms"))
    word = "duration" if pa.types.is_duration(kind) else "time" if pa.types.is_time(kind) else "date"
    yield _sized(f"{word} {'UTC' if zone in ('Etc/UTC', '+00:00') else zone}")
    unit = column.type.unit
    number = column.cast(pa.int32()).cast(pa.int64()) if column.type.bit_width == 32 else column.cast(pa.int64())
    if unit == "ns":
        whole = pc.divide(number, 1000)
        if pc.all(pc.equal(pc.multiply(whole, 1000), number)).as_py() is False:
            yield b"ns "
            yield from _numbers(number)
            return
        number = whole
    else:
        number = pc.multiply(number, _IN_MICROSECONDS[unit])
    yield from _numbers(number)


def _texts(column: Any) -> Iterator[bytes | memoryview]:
    """The lengths of all, then all of them without a gap."""
    import pyarrow as pa
    import pyarrow.compute as pc

    is_text = not (pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type))
    text = column.cast(pa.large_string()) if is_text and "view" not in str(column.type) else column
    content = pc.fill_null(text.cast(pa.large_binary()), b"")
    yield from _numbers(pc.binary_length(content).cast(pa.int64()))
    for chunk in content.chunks:
        if len(chunk):
            _, offsets, held = chunk.buffers()
            bounds = memoryview(offsets).cast("q")
            start, end = bounds[chunk.offset], bounds[chunk.offset + len(chunk)]
            yield memoryview(held)[start:end] if held is not None else b""


def _lists(name: str, column: Any) -> Iterator[bytes | memoryview]:
    import pyarrow as pa
    import pyarrow.compute as pc

    yield b"list "
    yield from _numbers(pc.fill_null(pc.list_value_length(column), 0).cast(pa.int64()))
    inner = [chunk.flatten() for chunk in column.chunks]
    yield from _column(name, pa.chunked_array(inner, type=column.type.value_type))


def _structs(name: str, column: Any) -> Iterator[bytes | memoryview]:
    import pyarrow as pa

    fields = sorted((field.name, place) for place, field in enumerate(column.type))
    flat = [chunk.flatten() for chunk in column.chunks]
    for field, place in fields:
        yield _sized(f"field {field}")
        yield from _column(name, pa.chunked_array([parts[place] for parts in flat], type=column.type[place].type))


def _numbers(column: Any) -> Iterator[bytes | memoryview]:
    import pyarrow.compute as pc

    filled = pc.fill_null(column, 0) if column.null_count else column
    for chunk in filled.chunks:
        yield _bytes(chunk)


def _bytes(array: Any) -> memoryview:
    """The values of an array of numbers without gaps, as they lie in memory."""
    values = array.to_numpy(zero_copy_only=False)
    if sys.byteorder == "big":
        values = values.byteswap()
    return memoryview(values.tobytes() if not values.flags.c_contiguous else values).cast("B")
