"""Text, JSON, models and dataset profiles."""

import math
from typing import Any

import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proofbook.model.record import Record, Rule
from proofbook.model.verdict import Comparison
from proofbook.recorder.profiles import profile
from tests.gate.conftest import Shelf


def compare(kind: Any, before: Any, after: Any, **rule: Any) -> Comparison:
    made = [Record(name="r", task="t", kind=kind, value=value, rule=Rule(**rule)) for value in (before, after)]
    return Shelf().compare(*made)


class TestText:
    def test_line_endings_do_not_count(self) -> None:
        assert compare("text", "a\r\nb", "a\nb", exact=True).verdict == "pass"

    def test_a_difference_is_changed_and_regressed_where_exact(self) -> None:
        found = compare("text", "one\ntwo\nthree", "one\n2\nthree")
        assert (found.verdict, found.change) == ("changed", "+1 -1 lines")
        assert "-two" in found.evidence["difference"]
        found = compare("text", "a", "b", exact=True)
        assert (found.verdict, found.production, found.candidate) == ("regressed", "a", "b")

    def test_a_form_feed_is_no_line_feed(self) -> None:
        assert compare("text", "a\x0cb", "a\nb").verdict == "changed"

    def test_empty_text_never_passes(self) -> None:
        assert compare("text", "", "", exact=True).verdict == "inconclusive"

    def test_what_is_no_text_fails(self) -> None:
        assert compare("text", "a", None, exact=True).failed
        assert not compare("text", None, "a", exact=True).failed

    @given(st.text(min_size=1), st.text(min_size=1))
    def test_equal_texts_pass_and_differing_ones_differ_both_ways(self, a: str, b: str) -> None:
        assert compare("text", a, b, exact=True).verdict == compare("text", b, a, exact=True).verdict
        assert compare("text", f"x{a}", f"x{a}", exact=True).verdict == "pass"

    def test_a_very_long_difference_is_said_without_working_it_out(self) -> None:
        assert compare("text", "a\n" * 50_000, "b\n" * 50_000).reason == "the text differs"


values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-9, 9),
        st.floats(allow_nan=False, allow_infinity=False),
        # the words for what JSON cannot say fail the candidate's side alone
        st.text(max_size=3).filter(lambda text: text not in {"nan", "inf"}),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=2), inner, max_size=4)),
    max_leaves=12,
)


class TestJson:
    def test_the_path_of_a_difference_is_named(self) -> None:
        found = compare("json", {"a": [1, {"b c": 2}]}, {"a": [1, {"b c": 3}]})
        assert found.verdict == "changed"
        assert found.reason == '1 of 2 values differ, first a[1]["b c"]: 2 → 3'
        assert found.evidence["differences"] == [{"path": 'a[1]["b c"]', "production": "2", "candidate": "3"}]

    def test_keys_that_came_or_went_are_differences(self) -> None:
        found = compare("json", {"a": 1, "b": 2}, {"a": 1, "c": 3}, exact=True)
        assert (found.verdict, found.change) == ("regressed", "2 of 3 values")

    def test_numbers_have_tolerance_and_everything_else_none(self) -> None:
        assert compare("json", {"a": 1.0}, {"a": 1.01}, tolerance=0.1).verdict == "pass"
        assert compare("json", {"a": 100}, {"a": 101}, tolerance=0.1).verdict == "pass"
        assert compare("json", {"a": 100}, {"a": 101}).verdict == "changed"
        assert compare("json", {"a": "1.0"}, {"a": "1.01"}, tolerance=0.1).verdict == "changed"
        assert compare("json", [0.1 + 0.2], [0.3]).verdict == "pass"
        assert compare("json", [0.1 + 0.2], [0.3], exact=True).verdict == "regressed"

    def test_truth_is_no_number(self) -> None:
        assert compare("json", {"a": True}, {"a": 1}).verdict == "changed"
        assert compare("json", [False], [0]).verdict == "changed"

    @pytest.mark.parametrize("value", [math.nan, [1.0] * 20 + [math.nan], {"a": math.inf}, {"a": ["nan"]}])
    def test_nan_and_infinity_inside_never_pass(self, value: Any) -> None:
        for before in (value, 1):
            found = compare("json", before, value, exact=True)
            assert (found.verdict, found.failed) == ("inconclusive", True)
        assert compare("json", {"a": [math.nan]}, {"a": [1]}).verdict == "changed"
        assert compare("json", {"a": [1]}, {"a": ["nan"]}).reason == "holds a[0]: nan"

    @pytest.mark.parametrize("value", [{}, [], "", None])
    def test_empty_never_passes(self, value: Any) -> None:
        assert compare("json", value, value).verdict == "inconclusive"

    def test_depth_is_no_danger(self) -> None:
        deep: Any = 1
        other: Any = 2
        for _ in range(5000):
            deep, other = [deep], [other]
        assert compare("json", deep, other).verdict == "changed"

    def test_long_lists_of_floats_are_compared_place_by_place(self) -> None:
        before = [float(number) for number in range(100_000)]
        after = [*before[:70_000], 70_001.5, *before[70_001:]]
        found = compare("json", before, after)
        assert found.reason == "1 of 100000 values differ, first [70000]: 70000.0 → 70001.5"

    @given(value=values)
    def test_equal_values_pass(self, value: Any) -> None:
        assert compare("json", {"v": value}, {"v": value}, exact=True).verdict == "pass"

    @given(a=values, b=values)
    @settings(max_examples=200)
    def test_differences_are_seen_from_both_sides(self, a: Any, b: Any) -> None:
        there, back = compare("json", {"v": a}, {"v": b}, exact=True), compare("json", {"v": b}, {"v": a}, exact=True)
        assert (there.verdict, there.evidence.get("count")) == (back.verdict, back.evidence.get("count"))


class TestModel:
    @staticmethod
    def model(digest: str | None, size: int) -> dict[str, Any]:
        return {"path": "m.bin", "digest": digest, "size": size}

    def test_the_same_file_passes_and_another_is_changed(self) -> None:
        assert compare("model", self.model("a" * 64, 10), self.model("a" * 64, 10), exact=True).verdict == "pass"
        found = compare("model", self.model("a" * 64, 1_200_000), self.model("b" * 64, 1_300_000))
        assert (found.verdict, found.gates, found.change) == ("changed", False, "+100,000 bytes")
        assert compare("model", self.model("a" * 64, 10), self.model("b" * 64, 10), exact=True).verdict == "regressed"

    def test_a_model_without_digest_fails(self) -> None:
        assert compare("model", self.model("a" * 64, 10), self.model(None, 10)).failed
        assert compare("model", self.model("a" * 64, 10), None).failed


class TestProfile:
    FLIGHTS = pd.DataFrame(
        {
            "delay": [float(minute % 60) for minute in range(300)],
            "carrier": ["AA", "B6", "DL"] * 100,
            "on": pd.date_range("2013-01-01", periods=300, freq="h"),
        }
    )

    def compare(self, after: Any, **rule: Any) -> Comparison:
        return compare("profile", profile(self.FLIGHTS).content, profile(after).content, **rule)

    def test_the_same_data_passes(self) -> None:
        assert self.compare(self.FLIGHTS, exact=True).verdict == "pass"

    def test_a_little_more_of_the_same_is_no_news(self) -> None:
        after = pd.concat([self.FLIGHTS, self.FLIGHTS.head(6)])
        found = self.compare(after)
        assert (found.verdict, found.change) == ("pass", "+6 rows")
        assert self.compare(after, exact=True).verdict == "regressed"
        assert self.compare(after, tolerance=0.001).verdict == "changed"

    def test_half_the_rows_are_news(self) -> None:
        assert self.compare(self.FLIGHTS.head(150)).reason.startswith("300 → 150 rows (-50%)")

    def test_categories_that_vanish_or_appear_are_named(self) -> None:
        after = self.FLIGHTS.assign(carrier=["AA", "B6", "WN"] * 100)
        assert self.compare(after).reason == "carrier: DL vanished; WN new"

    def test_nulls_are_news_where_there_were_none(self) -> None:
        after = self.FLIGHTS.assign(delay=self.FLIGHTS.delay.where(self.FLIGHTS.index != 7))
        assert "delay: nulls 0.00% → 0.33%" in self.compare(after).reason

    def test_a_shifted_mean_is_given_in_standard_deviations(self) -> None:
        found = self.compare(self.FLIGHTS.assign(delay=self.FLIGHTS.delay + 5))
        assert "delay: mean 29.50 → 34.50 (+0.29 standard deviations)" in found.reason

    def test_a_unit_error_is_seen_in_the_range(self) -> None:
        assert "delay: maximum 59" in self.compare(self.FLIGHTS.assign(delay=self.FLIGHTS.delay * 60)).reason

    def test_columns_that_come_go_or_change_class_are_named_first(self) -> None:
        after = self.FLIGHTS.rename(columns={"on": "at"}).assign(delay=self.FLIGHTS.delay.astype(str))
        assert self.compare(after).reason == "on: column gone; at: column new; delay: was float64, is str"

    def test_pandas_and_polars_profiles_are_of_one_class(self) -> None:
        assert (
            "was"
            not in self.compare(pl.DataFrame({name: self.FLIGHTS[name].to_list() for name in self.FLIGHTS})).reason
        )

    def test_no_rows_never_pass(self) -> None:
        empty = profile(self.FLIGHTS.head(0)).content
        assert compare("profile", empty, empty).verdict == "inconclusive"

    @pytest.mark.parametrize(
        "value", [None, {}, {"rows": 1}, {"rows": "x", "columns": {}}, {"rows": 1, "columns": {"a": 1}}]
    )
    def test_what_is_no_profile_fails(self, value: Any) -> None:
        assert compare("profile", profile(self.FLIGHTS).content, value, exact=True).failed
