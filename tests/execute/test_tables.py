"""Tables in one form."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from proofbook.execute import tables


def parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def test_types_that_only_differ_in_layout_are_one() -> None:
    made = [
        pa.table({"s": pa.array(["a", "b"], type=kind)})
        for kind in (pa.string(), pa.large_string(), pa.dictionary(pa.int8(), pa.large_string()))
    ]
    assert len({tables.normalised(parquet(table)).content for table in made}) == 1


def test_types_that_differ_in_meaning_stay_different() -> None:
    columns = tables.normalised(
        parquet(
            pa.table(
                {
                    "i": pa.array([1], pa.int8()),
                    "f": pa.array([1.0], pa.float32()),
                    "t": pa.array([0], pa.timestamp("us", tz="UTC")),
                }
            )
        )
    ).columns
    assert columns == {"i": "int8", "f": "float", "t": "timestamp[us, tz=UTC]"}


def test_metadata_of_the_writer_does_not_count() -> None:
    table = pa.table({"a": [1]})
    assert tables.normalised(parquet(table)) == tables.normalised(
        parquet(table.replace_schema_metadata({"by": "somebody"}))
    )


def test_an_index_without_a_name_gets_one() -> None:
    table = pa.table({"a": [1], "__index_level_0__": ["x"]})
    assert list(tables.normalised(parquet(table)).columns) == ["a", "index"]


def test_two_columns_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two of its columns"):
        tables.normalised(parquet(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])))
