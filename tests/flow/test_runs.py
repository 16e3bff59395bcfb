"""What differs between two runs, and how their records are written."""

from typing import Any

import msgspec
import pytest

from proofbook.flow.runs import compare, value_of
from proofbook.gate.numbers import describe
from proofbook.model.record import Record
from proofbook.model.run import Run, TaskRun

RUN = Run(number=1, pipeline="pipeline.yaml", ending="succeeded", started="", finished="", seconds=1.0)
PROFILE = {"rows": 281373, "columns": {"a": {"dtype": "int64"}, "b": {"dtype": "str"}}}


def record(value: Any, *, kind: Any = "scalar", **more: Any) -> Record:
    return Record(name="x", task="t", kind=kind, value=value, **more)


def told(old: Record | None, new: Record | None) -> list[tuple[str | None, str | None]]:
    runs = [
        msgspec.structs.replace(
            RUN, number=number, tasks=(TaskRun(name="t", status="ran", records=(one,) if one else ()),)
        )
        for number, one in enumerate((old, new), start=1)
    ]
    return [(entry.old, entry.new) for entry in compare(*runs).differences if entry.about == "record"]


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (record(281373), "281,373"),
        (record(0.912345), describe(0.912345)),
        (record(True), "True"),
        (record(None, special="nan"), "NaN"),
        (record("two\nlines", kind="text"), "two lines"),
        (record(PROFILE, kind="profile"), "281,373 rows, 2 columns"),
        (record({"rows": 1, "columns": ["a"]}, kind="table", blob="a" * 64), "1 row, 1 column"),
        (record({"path": "m.bin", "size": 1_200_000, "digest": "b" * 64}, kind="model"), "1.2 MB"),
        (record(None, kind="figure", blob="c" * 64), "figure"),
        (record(None, unreadable="it is no JSON"), "unreadable: it is no JSON"),
    ],
)
def test_a_value_is_one_line_that_a_person_would_write(one: Record, text: str) -> None:
    assert value_of(one) == text


def test_numbers_are_written_with_as_many_digits_as_show_the_difference() -> None:
    assert told(record(0.966671), record(0.966672)) == [("0.9666710", "0.9666720")]
    assert told(record(281373), record(281374)) == [("281,373", "281,374")]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (record(PROFILE, kind="profile"), record({**PROFILE, "columns": {"a": {}, "b": {}}}, kind="profile")),
        (record({"rows": 1}, kind="table", blob="a" * 64), record({"rows": 1}, kind="table", blob="b" * 64)),
        (record(None, kind="figure", blob="a" * 64), record(None, kind="figure", blob="b" * 64)),
        (
            record(None, kind="figure", blob="a" * 64, plotted="c" * 64),
            record(None, kind="figure", blob="b" * 64, plotted="c" * 64),
        ),
        (record("a" * 80 + "b", kind="text"), record("a" * 80 + "c", kind="text")),
        (record(1), record(1.0)),
        (record(1), record(True)),
        (record(1), record("1")),
        (record("1", kind="text"), record("1", kind="json")),
        (record({"size": 5, "digest": "a"}, kind="model"), record({"size": 5, "digest": "b"}, kind="model")),
    ],
)
def test_whatever_differs_is_told_and_its_two_sides_are_never_the_same(old: Record, new: Record) -> None:
    ((before, after),) = told(old, new)

    assert before != after


@pytest.mark.parametrize("one", [record(0.5), record(PROFILE, kind="profile"), record(None, special="nan")])
def test_equal_records_do_not_differ(one: Record) -> None:
    assert told(one, one) == []


def test_a_record_that_is_gone_or_new_has_one_side() -> None:
    assert told(record(1), None) == [("1", None)]
    assert told(None, record(1)) == [(None, "1")]
