"""The digest of what was measured on: by content, whichever library holds it."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proofbook.recorder.content import of_evaluation_set, of_table

DAY, LATER = dt.datetime.fromisoformat("2013-01-01T03:04:05.000006"), dt.datetime.fromisoformat("1969-12-31")
COLUMNS: dict[str, pl.Series] = {
    "whole": pl.Series([1, 2, None]),
    "narrow": pl.Series([1, 2, 3], dtype=pl.Int8),
    "large": pl.Series([2**60, 2**60 + 1, 0]),
    "beyond": pl.Series([2**64 - 1, 0, 1], dtype=pl.UInt64),
    "float": pl.Series([1.5, None, -0.0]),
    "single": pl.Series([0.1, 0.2, 0.3], dtype=pl.Float32),
    "truth": pl.Series([True, None, False]),
    "text": pl.Series(["a", None, "ü"]),
    "category": pl.Series(["x", "y", "x"], dtype=pl.Categorical),
    "enum": pl.Series(["x", None, "x"], dtype=pl.Enum(["x", "y"])),
    "bytes": pl.Series([b"a", None, b""]),
    "day": pl.Series([DAY.date(), None, LATER.date()]),
    "moment": pl.Series([DAY, None, LATER]),
    "nanosecond": pl.Series([1, 2, 3]).cast(pl.Datetime("ns")),
    "zone": pl.Series([DAY, None, LATER]).dt.replace_time_zone("Europe/Berlin"),
    "time": pl.Series([dt.time(1, 2, 3), None, dt.time(23)]),
    "duration": pl.Series([dt.timedelta(seconds=1), None, dt.timedelta(days=-1)]),
    "decimal": pl.Series([Decimal("1.10"), None, Decimal(2)], dtype=pl.Decimal(20, 4)),
    "list": pl.Series([[1, 2], None, []]),
    "struct": pl.Series([{"a": 1, "b": "x"}, {"a": 2, "b": None}, {"a": None, "b": ""}]),
    "nothing": pl.Series([None, None, None], dtype=pl.String),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_the_same_column_has_one_digest_in_every_library_and_however_it_lies_in_memory(name: str) -> None:
    frame = pl.DataFrame({name: COLUMNS[name]})
    arrow = frame.to_arrow()
    twice = pa.concat_tables([arrow, arrow])
    assert {
        of_table(frame),
        of_table(frame.to_pandas()),
        of_table(arrow),
        of_table(pa.concat_tables([arrow.slice(0, 1), arrow.slice(1)])),
        of_table(twice.slice(3)),
        of_table(pl.concat([frame[:1], frame[1:]], rechunk=False)),
    } == {of_table(frame)}


@pytest.mark.parametrize("name", sorted(set(COLUMNS) - {"nothing"}))
def test_another_value_is_another_content(name: str) -> None:
    column = COLUMNS[name]
    assert of_table(pl.DataFrame({name: column})) != of_table(pl.DataFrame({name: column[[1, 0, 2]]}))
    assert of_table(pl.DataFrame({name: column})) != of_table(pl.DataFrame({name: column[:2]}))
    assert of_table(pl.DataFrame({name: column})) != of_table(pl.DataFrame({"other": column}))


def test_the_order_of_rows_counts_and_that_of_columns_does_not() -> None:
    frame = pl.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    assert of_table(frame) == of_table(frame.select("b", "a"))
    assert of_table(frame) != of_table(frame.reverse())


def test_an_index_that_only_numbers_rows_is_no_content_and_one_with_a_name_is() -> None:
    frame = pd.DataFrame({"a": [1, 2, 3]})
    assert of_table(frame[frame.a > 1]) == of_table(pl.DataFrame({"a": [2, 3]}))
    assert of_table(frame.set_index("a")) == of_table(frame)


def test_a_number_counts_by_value_and_nan_is_a_gap() -> None:
    digests = {
        of_table(value)
        for value in (
            pd.DataFrame({"a": [1.0, np.nan]}),
            pd.DataFrame({"a": pd.array([1, None], dtype="Int64")}),
            pl.DataFrame({"a": [1, None]}),
            pl.DataFrame({"a": [1.0, float("nan")]}),
            pa.table({"a": pa.array([1, None], pa.int8())}),
        )
    }
    assert len(digests) == 1
    assert of_table(np.eye(2)) == of_table(pd.DataFrame(np.eye(2)))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"a": ["ab", "c"]}, {"a": ["a", "bc"]}),
        ({"a": ["", None]}, {"a": [None, ""]}),
        ({"a": [0, None]}, {"a": [None, 0]}),
        ({"a": [[1], [2, 3]]}, {"a": [[1, 2], [3]]}),
        ({"a": ["1"]}, {"a": [1]}),
        ({"a": [True]}, {"a": [1]}),
        ({"a": [2**60]}, {"a": [2**60 + 1]}),
        ({"a": [1], "b": [2]}, {"a": [2], "b": [1]}),
    ],
)
def test_what_lies_alike_in_memory_is_told_apart(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert of_table(pl.DataFrame(before)) != of_table(pl.DataFrame(after))


cells = st.lists(st.tuples(st.none() | st.integers(-9, 9), st.none() | st.text(max_size=2)), max_size=4)


@settings(max_examples=60, deadline=None)
@given(before=cells, after=cells)
def test_two_tables_have_one_digest_exactly_where_they_are_equal(before: list[Any], after: list[Any]) -> None:
    def frame(rows: list[Any]) -> pl.DataFrame:
        return pl.DataFrame(rows, schema={"a": pl.Int64, "b": pl.String}, orient="row")

    assert (of_table(frame(before)) == of_table(frame(after))) == (before == after)


def test_a_file_counts_by_content_and_a_folder_by_its_files(tmp_path: Path) -> None:
    file = tmp_path / "one" / "a.csv"
    file.parent.mkdir()
    file.write_text("1")
    of_file, of_folder = of_evaluation_set("auc", file), of_evaluation_set("auc", file.parent)
    copy = file.with_name("b.csv")
    copy.write_text("1")
    assert of_evaluation_set("auc", copy) == of_file
    assert of_evaluation_set("auc", file.parent) != of_folder
    copy.unlink()
    assert of_evaluation_set("auc", file.parent) == of_folder
    file.write_text("2")
    assert of_evaluation_set("auc", file) != of_file


def test_text_names_a_version_unless_it_names_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert of_evaluation_set("auc", "eval.parquet") == of_evaluation_set("auc", "eval.parquet")
    assert of_evaluation_set("auc", "days 1") != of_evaluation_set("auc", "days 2")
    Path("eval.parquet").write_bytes(b"")
    with pytest.raises(ValueError, match=r"is text, and a file of that name is there: pass pathlib\.Path"):
        of_evaluation_set("auc", "eval.parquet")


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (3, TypeError, "not int"),
        (pl.LazyFrame({"a": [1]}), TypeError, r"give \.collect\(\) of it"),
        (" ", ValueError, "empty text"),
        (Path("nowhere.csv"), ValueError, "is not there"),
        (pd.DataFrame({"a": [1, "x"]}), TypeError, "eval_set=: .*column a"),
        (pl.DataFrame({"a": [object()]}), TypeError, "eval_set=: "),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), ValueError, "stands twice"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_has_no_content_is_refused_in_one_line(value: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        of_evaluation_set("auc", value)
    assert str(caught.value).startswith("record('auc'): eval_set=")
