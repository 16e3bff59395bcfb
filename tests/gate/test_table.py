"""Tables: schema, alignment by key or by order, columns by class."""

import datetime as dt
import io
import math
from typing import Any

import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proofbook.model.record import Record, Rule
from proofbook.model.verdict import Comparison
from tests.gate.conftest import Shelf


def table(shelf: Shelf, frame: Any, **rule: Any) -> Record:
    sink = io.BytesIO()
    if isinstance(frame, pd.DataFrame):
        frame.to_parquet(sink)
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


@pytest.mark.parametrize("rule", [{"better": "lower", "margin": 0.1}, {"floor": 0.0}])
def test_a_direction_on_a_table_is_said_not_to_be_judged(rule: dict[str, Any]) -> None:
    found = compare(CARRIERS, CARRIERS, key=("carrier",), **rule)
    assert (found.verdict, found.failed, found.gates) == ("inconclusive", False, True)
    assert "cannot be judged on a table: record the number itself as a scalar" in found.reason


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
