"""Tables: schema, alignment by key or by order, columns by class."""

import datetime as dt
import io
import math
from decimal import Decimal
from itertools import permutations
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proofbook.gate import alignment, registry, sweep
from proofbook.model.record import Record, Rule
from proofbook.model.verdict import Comparison
from tests.gate.conftest import Shelf


def table(shelf: Shelf, frame: Any, **rule: Any) -> Record:
    sink = io.BytesIO()
    if isinstance(frame, pd.DataFrame):
        frame.to_parquet(sink)
    elif isinstance(frame, pa.Table):
        pq.write_table(frame, sink)
    else:
        frame.write_parquet(sink)
    return Record(name="by_carrier", task="evaluate", kind="table", blob=shelf.put(sink.getvalue()), rule=Rule(**rule))


def compare(before: Any, after: Any, **rule: Any) -> Comparison:
    shelf = Shelf()
    return shelf.compare(table(shelf, before, **rule), table(shelf, after, **rule))


JANUARY = dt.datetime(2013, 1, 1)  # noqa: DTZ001  a column without a time zone is what is meant
CARRIERS = pl.DataFrame({"carrier": ["AA", "B6", "DL"], "flights": [320, 540, 480], "rate": [0.21, 0.34, 0.18]})


def test_rows_and_columns_in_another_order_pass_with_a_key() -> None:
    shuffled = CARRIERS[[2, 0, 1]].select("rate", "carrier", "flights")
    found = compare(CARRIERS, shuffled, key=("carrier",), exact=True)
    assert (found.verdict, found.change) == ("pass", "no change")


def test_a_changed_cell_is_named_with_its_row() -> None:
    after = CARRIERS.with_columns(rate=pl.Series([0.21, 0.3, 0.18]))
    found = compare(CARRIERS, after, key=("carrier",))
    assert found.verdict == "changed"
    assert found.change == "1 of 3 rows"
    assert found.reason == "1 of 3 rows differ in rate (worst in rate at carrier=B6: 0.3400 → 0.3000)"
    assert found.evidence["worst"][0] == {
        "row": {"carrier": "B6"},
        "column": "rate",
        "production": 0.34,
        "candidate": 0.3,
    }


def test_exact_makes_a_difference_a_regression() -> None:
    after = CARRIERS.with_columns(flights=pl.Series([320, 541, 480]))
    assert compare(CARRIERS, after, key=("carrier",), exact=True).verdict == "regressed"
    assert compare(CARRIERS, after, key=("carrier",)).verdict == "changed"


def test_the_tolerance_holds_for_numbers_and_for_nothing_else() -> None:
    rates = CARRIERS.with_columns(rate=pl.col("rate") * 1.0009)
    assert compare(CARRIERS, rates, key=("carrier",), tolerance=1e-3).verdict == "pass"
    assert compare(CARRIERS, rates, key=("carrier",), tolerance=1e-4).verdict == "changed"
    counts = CARRIERS.with_columns(flights=pl.Series([321, 540, 480]))
    assert compare(CARRIERS, counts, key=("carrier",)).verdict == "changed"
    assert compare(CARRIERS, counts, key=("carrier",), tolerance=0.01).verdict == "pass"


def test_what_rounding_leaves_of_a_zero_is_no_difference() -> None:
    before, after = pl.DataFrame({"x": [1.0, 0.0]}), pl.DataFrame({"x": [1.0, 2e-16]})
    assert compare(before, after).verdict == "pass"
    assert compare(before, after, exact=True).verdict == "regressed"
    assert compare(before * 1e-20, pl.DataFrame({"x": [1e-20, 1e-21]})).verdict == "changed"


def test_rows_that_came_and_went_are_counted_and_named() -> None:
    after = pl.concat(
        [CARRIERS.head(2), pl.DataFrame({"carrier": ["UA", "WN"], "flights": [1, 2], "rate": [0.1, 0.2]})]
    )
    found = compare(CARRIERS, after, key=("carrier",))
    assert (found.verdict, found.change) == ("changed", "+2, -1")
    assert found.reason == "1 row gone; 2 rows new"
    assert found.evidence["removed"] == [{"carrier": "DL"}]
    assert found.evidence["added"] == [{"carrier": "UA"}, {"carrier": "WN"}]


def test_columns_that_came_went_or_changed_their_class_are_named_first() -> None:
    after = CARRIERS.select("carrier", pl.col("flights").cast(pl.String), new=pl.lit(1))
    found = compare(CARRIERS, after, key=("carrier",))
    assert found.verdict == "changed"
    assert found.reason == "column new new; column rate gone; column flights was int, is text"


def test_another_width_of_a_number_or_a_category_is_no_other_class() -> None:
    after = CARRIERS.cast({"flights": pl.Int16, "carrier": pl.Categorical, "rate": pl.Float64})
    assert compare(CARRIERS, after, key=("carrier",), exact=True).verdict == "pass"
    assert compare(CARRIERS.cast({"flights": pl.UInt64}), after, key=("flights",)).verdict == "pass"


def test_pandas_and_polars_write_the_same_table() -> None:
    frame = pd.DataFrame(
        {
            "carrier": pd.Categorical(["AA", "B6", None]),
            "rate": [0.1, math.nan, 0.3],
            "on": pd.to_datetime(["2013-01-01", "2013-01-02", None]),
            "late": [True, False, True],
        }
    )
    other = pl.DataFrame(
        {
            "carrier": ["AA", "B6", None],
            "rate": [0.1, None, 0.3],
            "on": [JANUARY, JANUARY + dt.timedelta(days=1), None],
            "late": [True, False, True],
        }
    )
    assert compare(frame, other, exact=True, key=("carrier",)).verdict == "pass"


def test_another_time_zone_is_another_column() -> None:
    before = pl.DataFrame({"at": [JANUARY]})
    assert compare(before, before.with_columns(pl.col("at").dt.replace_time_zone("UTC"))).verdict == "changed"
    later = before.with_columns(pl.col("at") + pl.duration(hours=5))
    assert compare(before, later).verdict == "changed"


def test_a_key_that_repeats_is_said_and_never_passes() -> None:
    doubled = pl.concat([CARRIERS, CARRIERS.head(1)])
    found = compare(CARRIERS, doubled, key=("carrier",), exact=True)
    assert (found.verdict, found.failed) == ("inconclusive", True)
    assert found.reason == "the key carrier repeats: 1 of 3 keys, first carrier=AA (2 rows)"
    found = compare(doubled, CARRIERS, key=("carrier",))
    assert (found.verdict, found.failed) == ("inconclusive", False)
    assert "repeats in production" in found.reason


def test_a_key_column_that_is_gone_fails() -> None:
    found = compare(CARRIERS, CARRIERS.drop("carrier"), key=("carrier",))
    assert (found.verdict, found.failed) == ("inconclusive", True)
    found = compare(CARRIERS.drop("carrier"), CARRIERS, key=("carrier",))
    assert (found.verdict, found.failed) == ("inconclusive", False)


def test_null_is_a_value_of_a_key_and_equal_to_itself() -> None:
    before = pl.DataFrame({"carrier": ["AA", None], "n": [1, 2]})
    assert compare(before, before.reverse(), key=("carrier",), exact=True).verdict == "pass"


def test_without_a_key_order_counts_and_a_reordering_is_said_to_be_one() -> None:
    found = compare(CARRIERS, CARRIERS.reverse())
    assert found.verdict == "changed"
    assert found.reason == "the same rows in another order: declare a key if their order does not count"
    assert compare(CARRIERS, CARRIERS.select("rate", "flights", "carrier")).verdict == "pass"


def test_nan_is_null_and_a_new_one_is_a_difference() -> None:
    gaps = CARRIERS.with_columns(rate=pl.Series([0.21, math.nan, 0.18]))
    nulls = CARRIERS.with_columns(rate=pl.Series([0.21, None, 0.18]))
    assert compare(gaps, nulls, exact=True).verdict == "pass"
    assert compare(CARRIERS, gaps, tolerance=0.5).verdict == "changed"
    assert (
        compare(CARRIERS, CARRIERS.with_columns(rate=pl.Series([0.21, math.inf, 0.18])), tolerance=0.5).verdict
        == "changed"
    )


def test_a_column_that_lost_all_its_values_is_a_difference_of_rows() -> None:
    found = compare(CARRIERS, CARRIERS.with_columns(rate=pl.lit(None)), key=("carrier",))
    assert (found.verdict, found.change) == ("changed", "3 of 3 rows")


def test_lists_and_structs_are_compared_exactly() -> None:
    before = pl.DataFrame({"k": [1, 2], "l": [[1, 2], []], "s": [{"a": 1.0}, {"a": 2.0}]})
    assert compare(before, before.clone().reverse(), key=("k",), exact=True).verdict == "pass"
    after = before.with_columns(l=pl.Series([[1, 2], [3]]))
    assert compare(before, after, key=("k",)).change == "1 of 2 rows"


def test_whole_numbers_beyond_the_reach_of_floats_are_told_apart() -> None:
    before, after = pl.DataFrame({"n": [2**60, 1]}), pl.DataFrame({"n": [2**60 + 1, 1]})
    assert compare(before, after).verdict == "changed"


def test_tables_without_rows_never_pass() -> None:
    empty = CARRIERS.clear()
    found = compare(empty, empty, exact=True)
    assert (found.verdict, found.failed) == ("inconclusive", False)
    assert compare(CARRIERS, empty, exact=True, key=("carrier",)).verdict == "regressed"
    assert compare(pl.DataFrame(), CARRIERS).verdict == "changed"


COUNTS = CARRIERS.drop("rate")


@pytest.mark.parametrize("rule", [{"better": "lower", "margin": 0.1}, {"floor": 0.0}])
def test_a_direction_on_a_table_without_fractions_is_said_not_to_be_judged(rule: dict[str, Any]) -> None:
    found = compare(COUNTS, COUNTS, key=("carrier",), **rule)
    assert (found.verdict, found.failed, found.gates) == ("inconclusive", False, True)
    assert "cannot be judged on a table: record the number itself as a scalar" in found.reason


@pytest.mark.parametrize(
    ("change", "verdict"), [(-0.06, "improved"), (0.0, "pass"), (0.04, "pass"), (0.06, "regressed")]
)
def test_a_direction_judges_each_fraction_by_the_margin(change: float, verdict: str) -> None:
    after = CARRIERS.with_columns(rate=pl.Series([0.21, 0.34 + change, 0.18]))
    found = compare(CARRIERS, after, key=("carrier",), better="lower", margin=0.05)
    assert (found.verdict, found.failed) == (verdict, False)
    if verdict == "regressed":
        assert "worse by up to 0.06 in rate, margin 0.05" in found.reason
        assert found.evidence["worst"][0]["row"] == {"carrier": "B6"}


def test_a_direction_speaks_for_no_count_and_no_text() -> None:
    after = CARRIERS.with_columns(rate=pl.col("rate") - 0.1, flights=pl.col("flights") + 1)
    assert compare(CARRIERS, after, key=("carrier",), better="lower", margin=0.05).verdict == "changed"
    assert compare(CARRIERS, after, key=("carrier",), better="higher", margin=0.05).verdict == "regressed"


def test_a_loss_of_exactly_the_margin_is_within_it_however_large_the_values() -> None:
    before, after = pl.DataFrame({"x": [0.81, 1e6]}), pl.DataFrame({"x": [0.805, 1e6 - 0.005]})
    assert compare(before, after, better="higher", margin=0.005).verdict == "pass"
    assert compare(before, after, better="higher", margin=0.00499).verdict == "regressed"


@pytest.mark.parametrize("bad", [None, math.nan, math.inf, -math.inf])
def test_a_score_that_is_lost_or_infinite_fails_whatever_the_direction(bad: float | None) -> None:
    after = CARRIERS.with_columns(rate=pl.Series([0.21, bad, 0.18]))
    for better in ("higher", "lower"):
        found = compare(CARRIERS, after, key=("carrier",), better=better, margin=10.0)
        assert (found.verdict, found.failed) == ("inconclusive", True)


def test_a_margin_without_a_direction_is_an_absolute_tolerance_of_fractions() -> None:
    after = CARRIERS.with_columns(rate=pl.Series([0.21, 0.3, 0.18]))
    assert compare(CARRIERS, after, key=("carrier",), margin=0.04).verdict == "pass"
    assert compare(CARRIERS, after, key=("carrier",), margin=0.039).verdict == "changed"


def test_floor_and_ceiling_hold_for_every_fraction_also_of_new_rows() -> None:
    found = compare(CARRIERS, CARRIERS, key=("carrier",), ceiling=0.3)
    assert found.verdict == "regressed"
    assert found.reason == "rate at carrier=B6: 0.3400 is above its ceiling of 0.3000 (1 row in rate)"
    new = pl.concat([CARRIERS, pl.DataFrame({"carrier": ["UA"], "flights": [9], "rate": [0.01]})])
    assert compare(CARRIERS, new, key=("carrier",), floor=0.05).verdict == "regressed"
    assert compare(CARRIERS, CARRIERS, key=("carrier",), floor=0.05, ceiling=0.5).verdict == "pass"
    gaps = CARRIERS.with_columns(rate=pl.Series([0.21, None, 0.18]))
    assert compare(gaps, gaps, key=("carrier",), floor=0.05).verdict == "inconclusive"


@pytest.mark.parametrize("rule", [{"superiority": True}, {"noise": 0.1}])
def test_what_cannot_be_judged_on_a_table_is_never_a_pass(rule: dict[str, Any]) -> None:
    assert compare(CARRIERS, CARRIERS, better="higher", **rule).verdict == "inconclusive"


def test_a_payload_that_is_lost_or_torn_fails_on_the_candidates_side_only(shelf: Shelf) -> None:
    good = table(shelf, CARRIERS, exact=True)
    torn = Record(name="t", kind="table", blob=shelf.put(shelf.get(good.blob or "")[:-20]), rule=Rule(exact=True))
    lost = Record(name="t", kind="table", blob="0" * 64, rule=Rule(exact=True))
    bare = Record(name="t", kind="table", rule=Rule(exact=True))
    for bad in (torn, lost, bare):
        assert (shelf.compare(good, bad).verdict, shelf.compare(good, bad).failed) == ("inconclusive", True)
        assert (shelf.compare(bad, good).verdict, shelf.compare(bad, good).failed) == ("inconclusive", False)
        assert shelf.compare(bad, bad).failed


cells = st.one_of(st.none(), st.floats(width=32), st.just(0.0))
rows = st.lists(st.tuples(cells, st.one_of(st.none(), st.text(max_size=3)), st.integers(-5, 5)), min_size=1, max_size=6)


def _frame(content: list[Any]) -> pl.DataFrame:
    schema = {"x": pl.Float64, "t": pl.String, "n": pl.Int64}
    return pl.DataFrame(content, schema=schema, orient="row").with_row_index("k")


@given(content=rows, seed=st.integers(0, 5), exact=st.booleans())
@settings(max_examples=40)
def test_the_same_rows_pass_in_any_order(content: list[Any], seed: int, exact: bool) -> None:
    frame = _frame(content)
    assert compare(frame, frame.sample(fraction=1, shuffle=True, seed=seed), key=("k",), exact=exact).verdict == "pass"
    assert compare(frame, frame.clone(), exact=exact).verdict == "pass"


@given(first=rows, second=rows, keyed=st.booleans())
@settings(max_examples=60)
def test_whether_two_tables_differ_does_not_depend_on_which_is_production(
    first: list[Any], second: list[Any], keyed: bool
) -> None:
    rule = {"exact": True, "key": ("k",) if keyed else ()}
    there, back = compare(_frame(first), _frame(second), **rule), compare(_frame(second), _frame(first), **rule)
    assert there.verdict == back.verdict
    assert there.evidence.get("rows", {}).get("differing") == back.evidence.get("rows", {}).get("differing")


@given(content=rows, row=st.integers(0, 5), value=st.floats(0.001, 1e6), keyed=st.booleans())
@settings(max_examples=40)
def test_one_changed_number_is_found_where_it_is(content: list[Any], row: int, value: float, keyed: bool) -> None:
    row %= len(content)
    before = [(1.0, text, number) for _, text, number in content]
    after = [(1.0 + (value if place == row else 0), text, number) for place, (_, text, number) in enumerate(before)]
    found = compare(_frame(before), _frame(after), tolerance=1e-4, key=("k",) if keyed else ())
    assert found.verdict == "changed"
    assert found.change is not None
    assert found.change.startswith("1 of ")
    if keyed:
        assert found.evidence["worst"][0]["row"] == {"k": row}


def _libraries() -> dict[str, Any]:
    """One content as pandas, Polars and Arrow have it, each in types of its own."""
    at = [dt.datetime(2013, 1, 1, 12, tzinfo=dt.UTC), dt.datetime(2013, 7, 1, 12, tzinfo=dt.UTC), None]
    price = [Decimal("1.10"), Decimal("-2.00"), None]
    of_polars = pl.DataFrame(
        {
            "k": pl.Series([1, 2, 3], dtype=pl.Int32),
            "carrier": pl.Series(["AA", "B6", None], dtype=pl.Categorical),
            "rate": [0.1, None, 0.3],
            "at": pl.Series(at, dtype=pl.Datetime("ms", "America/New_York")),
            "price": pl.Series(price, dtype=pl.Decimal(12, 4)),
            "legs": pl.Series([[1, 2], [], None], dtype=pl.List(pl.Int64)),
            "seat": pl.Series([{"row": 1, "fee": 2.5}, {"row": 2, "fee": None}, None]),
            "took": pl.Series([dt.timedelta(hours=1), None, dt.timedelta(0)], dtype=pl.Duration("ms")),
        }
    )
    of_arrow = pa.table(
        {
            "at": pa.array(at, pa.timestamp("ns", "UTC")),
            "carrier": pa.array(["AA", "B6", None]).dictionary_encode(),
            "k": pa.array([1, 2, 3], pa.uint64()),
            "rate": pa.array([0.1, math.nan, 0.3]),
            "price": pa.array(price, pa.decimal128(20, 2)),
            "legs": pa.array([[1, 2], [], None], pa.large_list(pa.int16())),
            "seat": pa.array([{"fee": 2.5, "row": 1}, {"fee": None, "row": 2}, None]),
            "took": pa.array([dt.timedelta(hours=1), None, dt.timedelta(0)], pa.duration("ns")),
        }
    )
    of_pandas = pd.DataFrame(
        {
            "k": [1, 2, 3],
            "carrier": pd.Categorical(["AA", "B6", None]),
            "rate": [0.1, math.nan, 0.3],
            "at": pd.to_datetime(at, utc=True),
            "price": price,
            "legs": [[1, 2], [], None],
            "seat": [{"row": 1, "fee": 2.5}, {"row": 2, "fee": None}, None],
            "took": pd.to_timedelta(["1h", None, "0h"]),
        }
    )
    return {"pandas": of_pandas, "polars": of_polars, "arrow": of_arrow}


LIBRARIES = _libraries()


@pytest.mark.parametrize(("before", "after"), list(permutations(LIBRARIES, 2)))
def test_one_content_is_equal_whichever_library_wrote_it(before: str, after: str) -> None:
    found = compare(LIBRARIES[before], LIBRARIES[after], key=("k",), tolerance=1e-12)
    assert (found.verdict, found.change) == ("pass", "no change"), found.reason


@pytest.mark.parametrize("library", ["pandas", "arrow"])
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("carrier", "UA"),
        ("rate", 0.1001),
        ("at", dt.datetime(2013, 1, 1, 12, 0, 0, 1000, tzinfo=dt.UTC)),
        ("price", Decimal("1.1001")),
        ("legs", [1, 3]),
        ("legs", [1, 2, 2]),
        ("legs", None),
        ("seat", {"row": 1, "fee": 2.6}),
        ("seat", None),
        ("took", dt.timedelta(hours=1, milliseconds=1)),
    ],
)
def test_one_changed_value_of_any_type_is_seen_across_libraries(library: str, column: str, value: Any) -> None:
    frame = LIBRARIES["polars"]
    changed = pl.Series([value], dtype=frame.schema[column]).append(frame[column][1:])
    found = compare(LIBRARIES[library], frame.with_columns(changed.alias(column)), key=("k",))
    assert found.verdict == "changed"
    assert (found.change, list(found.evidence["columns"])) == ("1 of 3 rows", [column])
    assert found.evidence["worst"][0]["row"] == {"k": 1}


def test_the_same_instants_in_another_zone_pass_and_are_said_unless_any_difference_counts() -> None:
    utc = pl.DataFrame({"at": [JANUARY]}).with_columns(pl.col("at").dt.replace_time_zone("UTC"))
    there = utc.with_columns(pl.col("at").dt.convert_time_zone("America/New_York"))
    found = compare(utc, there)
    assert (found.verdict, found.reason) == (
        "pass",
        "1 row equal; at names the same instants in America/New_York, not UTC",
    )
    assert compare(utc, there, exact=True).verdict == "regressed"
    shifted = utc.with_columns(pl.col("at").dt.replace_time_zone("America/New_York"))
    assert compare(utc, shifted).change == "1 of 1 row"


def test_times_beyond_the_reach_of_nanoseconds_are_told_apart() -> None:
    far = dt.datetime(9999, 1, 1)  # noqa: DTZ001  no time zone is meant
    before = pl.DataFrame({"at": pl.Series([far, None], dtype=pl.Datetime("ms"))})
    after = pl.DataFrame({"at": pl.Series([JANUARY, JANUARY], dtype=pl.Datetime("ns"))})
    assert compare(before, after).change == "2 of 2 rows"
    assert compare(before, before.cast({"at": pl.Datetime("us")})).verdict == "pass"


def test_floats_inside_lists_and_structs_are_equal_within_the_tolerance() -> None:
    before = pl.DataFrame({"l": [[1.0, 2.0], [3.0]], "s": [{"x": [1.0]}, {"x": [2.0]}]})
    after = pl.DataFrame({"l": [[1.0, 2.0 + 1e-13], [3.0]], "s": [{"x": [1.0]}, {"x": [2.002]}]})
    found = compare(before, after)
    assert list(found.evidence["columns"]) == ["s"]
    assert compare(before, after, tolerance=0.01).verdict == "pass"
    assert compare(before, after, exact=True).change == "2 of 2 rows"


def test_single_precision_rounds_by_its_own_last_place() -> None:
    before = pl.DataFrame({"x": [0.1, 123.456]})
    assert compare(before, before.cast(pl.Float32)).verdict == "pass"
    assert compare(before, before.cast(pl.Float32) * 1.0001).verdict == "changed"


def test_a_count_that_became_a_fraction_is_another_column_whose_values_are_told() -> None:
    after = CARRIERS.cast({"flights": pl.Float64})
    found = compare(CARRIERS, after, key=("carrier",))
    assert found.verdict == "changed"
    assert found.reason == "column flights was int, is float; values of flights equal"


def test_a_table_without_any_value_never_passes() -> None:
    empty = pl.DataFrame({"x": [None, math.nan]}, schema={"x": pl.Float64})
    assert compare(empty, empty.clone(), exact=True).verdict == "inconclusive"
    assert compare(empty, empty.with_columns(y=pl.lit(None)), exact=True).verdict == "regressed"


def test_a_key_that_repeats_on_both_sides_never_passes_even_in_the_same_bytes() -> None:
    doubled = pl.concat([CARRIERS, CARRIERS.head(1)])
    assert compare(doubled, doubled, key=("carrier",)).verdict == "inconclusive"


def test_a_key_in_which_no_row_can_be_named_is_said() -> None:
    nested = pl.DataFrame({"k": [[1], [2]], "x": [1, 2]})
    found = compare(nested, nested, key=("k",))
    assert (found.verdict, found.failed) == ("inconclusive", True)
    assert "is a list, which identifies no row" in found.reason


def test_row_groups_and_portions_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf()
    before = pl.DataFrame({"k": range(97), "x": [float(n) for n in range(97)], "t": [str(n) for n in range(97)]})
    after = before.with_columns(x=pl.when(pl.col("k") % 10 == 3).then(-1.0).otherwise("x"))
    after = after.filter(pl.col("k") != 50).sample(fraction=1, shuffle=True, seed=4)
    whole = compare(before, after, key=("k",))
    monkeypatch.setattr(alignment, "_PART", 10)
    monkeypatch.setattr(sweep, "_CELLS", 15)
    records = []
    for frame in (before, after):
        sink = io.BytesIO()
        pq.write_table(frame.to_arrow(), sink, row_group_size=7)
        digest = shelf.put(sink.getvalue())
        records.append(Record(name="by_carrier", kind="table", blob=digest, rule=Rule(key=("k",))))
    parts = shelf.compare(*records)
    assert whole.reason == "1 row gone; 10 of 96 rows differ in x (worst in x at k=3: 3.000 → -1.000)"
    assert (parts.reason, parts.evidence) == (whole.reason, whole.evidence)


def test_a_loader_of_files_is_asked_for_the_file_and_not_for_its_bytes(tmp_path: Path) -> None:
    class Files:
        def __call__(self, digest: str) -> bytes:
            raise AssertionError(digest)

        def verified(self, digest: str) -> Path:
            return tmp_path / digest

    CARRIERS.write_parquet(tmp_path / "a")
    CARRIERS.reverse().write_parquet(tmp_path / "b")
    records = [Record(name="t", kind="table", blob=name, rule=Rule(key=("carrier",))) for name in "ab"]
    found = registry.compare(*records, load=Files(), keep=lambda _: "")
    assert found.verdict == "pass"


_SCALARS = {
    "float": st.one_of(st.none(), st.floats(width=32)),
    "int": st.one_of(st.none(), st.integers(-(2**62), 2**62)),
    "text": st.one_of(st.none(), st.text(max_size=3)),
    "time": st.one_of(st.none(), st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1))),  # noqa: DTZ001
    "list": st.one_of(st.none(), st.lists(st.one_of(st.none(), st.floats(width=32)), max_size=3)),
    "struct": st.one_of(
        st.none(), st.fixed_dictionaries({"a": st.integers(0, 3), "b": st.none() | st.floats(width=32)})
    ),
}
_TYPES: dict[str, Any] = {
    "float": pl.Float64,
    "int": pl.Int64,
    "text": pl.String,
    "time": pl.Datetime("us"),
    "list": pl.List(pl.Float64),
    "struct": pl.Struct({"a": pl.Int64, "b": pl.Float64}),
}


@given(data=st.data(), kind=st.sampled_from(sorted(_SCALARS)))
@settings(max_examples=60, deadline=None)
def test_of_any_type_equal_columns_pass_and_whether_two_differ_is_symmetric(data: Any, kind: str) -> None:
    values = st.lists(_SCALARS[kind], min_size=3, max_size=3)
    frames = [pl.DataFrame({"k": [1, 2, 3], "x": pl.Series(data.draw(values), dtype=_TYPES[kind])}) for _ in range(2)]
    there, back = compare(*frames, key=("k",)), compare(*frames[::-1], key=("k",))
    assert (there.verdict, there.change) == (back.verdict, back.change)
    assert compare(frames[0], frames[0].reverse(), key=("k",), exact=True).verdict == "pass"


@given(change=st.floats(1e-6, 0.5), better=st.sampled_from(["higher", "lower"]), margin=st.floats(1e-6, 0.5))
@settings(max_examples=40, deadline=None)
def test_a_loss_regresses_exactly_where_it_is_beyond_the_margin(change: float, better: str, margin: float) -> None:
    worse = 0.34 + (change if better == "lower" else -change)
    after = CARRIERS.with_columns(rate=pl.Series([0.21, worse, 0.18]))
    there = compare(CARRIERS, after, key=("carrier",), better=better, margin=margin).verdict
    back = compare(after, CARRIERS, key=("carrier",), better=better, margin=margin).verdict
    if abs(change - margin) > 1e-12:
        assert (there, back) == (("regressed", "improved") if change > margin else ("pass", "pass"))


def test_names_with_dots_are_no_paths_into_structs() -> None:
    before = pl.DataFrame({"a": [{"b": 1}], "a.b": [2.0], "a.c": ["x"]})
    assert compare(before, before.select("a.c", "a", "a.b")).verdict == "pass"
    assert list(compare(before, before.with_columns(pl.lit(3.0).alias("a.b"))).evidence["columns"]) == ["a.b"]


def test_the_largest_values_that_there_are_are_told_apart() -> None:
    before, after = pl.DataFrame({"x": [1.7e308, 1.0]}), pl.DataFrame({"x": [-1.7e308, 1.0]})
    assert compare(before, after, tolerance=0.5).verdict == "changed"
    assert compare(before, after, better="higher", margin=1e300).verdict == "regressed"
    wide = pl.DataFrame({"n": pl.Series([2**63 + 1], dtype=pl.UInt64)})
    assert compare(wide, (wide - 1).cast(pl.UInt64)).verdict == "changed"
    assert compare(wide, pl.DataFrame({"n": [-1]})).verdict == "changed"
