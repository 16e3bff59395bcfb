"""Dataset profiles: effects are seen at the size they have, and held against how batches usually differ."""

import math
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proofbook.gate.decision import judge
from proofbook.gate.effects import effects, judged
from proofbook.model.record import Record, Rule
from proofbook.model.verdict import Comparison
from proofbook.recorder.profiles import profile
from tests.gate.conftest import Shelf, run, task


def record(df: Any, **rule: Any) -> Record:
    content = df if isinstance(df, dict | list) or df is None else profile(df).content
    return Record(name="flights", task="profile", kind="profile", value=content, rule=Rule(**rule))


def compare(before: Any, after: Any, *, history: tuple[Any, ...] = (), **rule: Any) -> Comparison:
    from proofbook.gate import registry

    shelf = Shelf()
    past = tuple(record(each) for each in history)
    return registry.compare(record(before, **rule), record(after, **rule), load=shelf.get, keep=shelf.put, history=past)


def batch(seed: int, *, shift: float = 0.0, rows: int = 4000, together: float = 0.6, **shares: float) -> pl.DataFrame:
    chance = np.random.default_rng(seed)
    distance = chance.normal(0, 1, rows)
    delay = together * distance + math.sqrt(1 - together**2) * chance.normal(0, 1, rows)
    carriers = {"AA": 0.5, "B6": 0.3, "WN": 0.2} | shares
    weights = np.asarray(list(carriers.values()))
    return pl.DataFrame(
        {
            "distance": distance * 100 + 1000,
            "delay": (delay + shift) * 12,
            "carrier": chance.choice(list(carriers), rows, p=weights / weights.sum()),
        }
    )


def sizes(before: Any, after: Any) -> dict[tuple[str, str], float]:
    contents = [profile(each).content for each in (before, after)]
    return {(effect.column, effect.kind): effect.size for effect in effects(*contents)}


def test_batches_of_one_source_pass_and_equal_ones_are_equal() -> None:
    assert compare(batch(1), batch(1), exact=True).reason == "equal"
    assert compare(batch(1), batch(2)).verdict == "pass"


@given(shift=st.floats(0.2, 4.0), up=st.booleans())
@settings(max_examples=15, deadline=None)
def test_a_shift_is_seen_at_its_size_in_spreads(shift: float, up: bool) -> None:
    moved = shift if up else -shift
    found = sizes(batch(1), batch(1, shift=moved))["delay", "distribution"]
    assert found == pytest.approx(shift, rel=0.05)
    assert compare(batch(1), batch(1, shift=moved)).verdict == "changed"


def test_another_shape_is_seen_where_the_mean_is_the_same() -> None:
    wide = batch(1).with_columns((pl.col("delay") - pl.col("delay").mean()) * 1.5 + pl.col("delay").mean())
    found = compare(batch(1), wide)
    assert "delay: distribution moved by 0.4" in "; ".join(found.evidence["changes"])


@given(one=st.integers(0, 5), other=st.integers(6, 9), share=st.floats(0.05, 0.9))
@settings(max_examples=10, deadline=None)
def test_categories_rows_and_correlations_are_as_far_apart_from_either_side(one: int, other: int, share: float) -> None:
    before, after = batch(one), batch(other, rows=3000, together=share, WN=share)
    there, back = sizes(before, after), sizes(after, before)
    for name in (("", "rows"), ("carrier", "categories"), ("", "correlations"), ("delay", "nulls")):
        assert there[name] == pytest.approx(back[name])


def test_columns_that_no_longer_go_together_are_named() -> None:
    found = compare(batch(1), batch(2, together=0.0))
    assert found.verdict == "changed"
    assert found.reason.startswith("correlation of distance and delay +0.6")


def test_a_dropped_join_key_shows_as_a_correlation_though_each_column_is_as_it_was() -> None:
    before = batch(1)
    after = before.with_columns(before["delay"].shuffle(seed=1))
    assert [each["effect"] for each in compare(before, after).evidence["effects"] if each["size"] > 1e-9] == [
        "correlations"
    ]
    assert compare(before, after).verdict == "changed"


def test_what_batches_usually_do_is_no_news_and_more_than_that_is() -> None:
    history = tuple(batch(seed, shift=0.4 * (seed % 2), rows=4000 + 600 * (seed % 2)) for seed in range(8))
    assert compare(history[-2], batch(20, shift=0.4, rows=4600)).verdict == "changed"
    found = compare(history[-2], batch(20, shift=0.4, rows=4600), history=history)
    assert (found.verdict, found.reason) == (
        "pass",
        "other data of the same shape: nothing moved notably, by 7 earlier distances",
    )
    found = compare(history[-2], batch(20, shift=2.5), history=history)
    assert found.verdict == "changed"
    assert "delay: mean" in found.reason
    assert "times the largest of 7 before" in found.reason


def test_a_quiet_history_makes_no_trifle_news() -> None:
    history = tuple(batch(1).with_columns(id=pl.lit(seed)) for seed in range(8))
    assert compare(history[-1], batch(1, shift=0.05).with_columns(id=pl.lit(9)), history=history).verdict == "pass"


def test_the_same_data_profiled_again_tells_nothing_of_how_batches_differ() -> None:
    contents = [profile(batch(1)).content] * 9
    assert all(each.usual == () for each in judged(contents[0], profile(batch(2)).content, history=contents))


def test_a_category_that_vanished_is_news_unless_that_happened_before() -> None:
    rare = {"OO": 0.01}
    steady = tuple(batch(seed, **rare) for seed in range(6))
    found = compare(steady[-1], batch(9), history=steady)
    assert (found.verdict, found.reason) == ("changed", "carrier: OO vanished")
    coming_and_going = tuple(batch(seed, **(rare if seed % 2 else {})) for seed in range(6))
    assert compare(coming_and_going[-1], batch(9), history=coming_and_going).verdict == "pass"


def test_the_gate_hands_over_the_history_of_comparable_runs() -> None:
    shelf = Shelf()
    history = [batch(seed, shift=0.4 * (seed % 2)) for seed in range(8)]
    runs = [run(number, task("profile", record(each))) for number, each in enumerate(history)]
    candidate = run(20, task("profile", record(batch(20, shift=0.4))))

    def verdict(earlier: Any) -> str:
        told = judge(candidate, runs[-2], manifests=("a", "b"), load=shelf.get, keep=shelf.put, earlier=earlier)
        return next(found.verdict for found in told.comparisons if found.kind == "profile")

    assert (verdict(()), verdict(runs)) == ("changed", "pass")


def test_pandas_and_polars_say_the_same_of_the_same_data() -> None:
    before = batch(1)
    after = pd.DataFrame(before.to_dict(as_series=False))
    found = compare(before, after)
    assert (found.verdict, max(each["size"] for each in found.evidence["effects"])) == (
        "pass",
        pytest.approx(0, abs=1e-9),
    )


def test_the_order_of_rows_changes_nothing() -> None:
    assert compare(batch(1), batch(1).reverse(), tolerance=1e-9).verdict == "pass"


def test_profiles_of_before_there_were_sketches_are_still_compared() -> None:
    old = profile(batch(1)).content
    del old["correlations"]
    for facts in old["columns"].values():
        facts.pop("sketch", None)
        facts.pop("present", None)
    assert compare(old, batch(1)).verdict == "pass"
    assert compare(old, batch(1), tolerance=1e-9).verdict == "pass"
    assert "delay: mean" in compare(old, batch(1, shift=1.0)).reason


@pytest.mark.parametrize(
    "broken",
    [None, [], {}, {"rows": -1, "columns": {}}, {"rows": True, "columns": {}}, {"rows": 3, "columns": []},
     {"rows": 3, "columns": {"a": None}}, {"rows": "3", "columns": {}}],
)  # fmt: skip
def test_what_is_no_profile_never_passes(broken: Any) -> None:
    assert compare(batch(1), broken, exact=True).failed
    shelf = Shelf()
    found = shelf.compare(Record(name="flights", kind="profile", value=broken), record(batch(1)))
    assert found.verdict == "inconclusive"


def test_nothing_in_it_never_passes() -> None:
    for empty in (batch(1).clear(), pl.DataFrame()):
        for before in (batch(1), empty):
            assert compare(before, empty, exact=True).verdict == "inconclusive"


@pytest.mark.parametrize("value", [math.nan, None])
def test_a_value_that_is_gone_is_seen_in_the_rate_of_nulls(value: float | None) -> None:
    holed = batch(1).with_columns(pl.when(pl.int_range(pl.len()) == 5).then(value).otherwise("delay").alias("delay"))
    assert "delay: nulls 0.00% → 0.03%" in compare(batch(1), holed).reason


def test_infinity_is_counted_and_huge_values_are_seen() -> None:
    infinite = batch(1).with_columns(
        pl.when(pl.int_range(pl.len()) == 5).then(math.inf).otherwise("delay").alias("delay")
    )
    assert "delay: infinite values 0 → 1" in "; ".join(compare(batch(1), infinite).evidence["changes"])
    huge = batch(1).with_columns(pl.when(pl.int_range(pl.len()) == 5).then(1.7e308).otherwise("delay").alias("delay"))
    assert "delay: maximum" in "; ".join(compare(batch(1), huge).evidence["changes"])


hostile = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.floats(), st.text(max_size=3)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=5,
)
FACTS = (
    "null_rate",
    "infinite",
    "min",
    "max",
    "mean",
    "std",
    "sketch",
    "quantiles",
    "top",
    "distinct",
    "present",
    "dtype",
)


@given(
    facts=st.dictionaries(st.sampled_from(FACTS), hostile, max_size=6),
    correlations=hostile,
    side=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_a_forged_profile_gets_an_answer_that_can_be_kept(facts: dict[str, Any], correlations: Any, side: bool) -> None:
    sound = profile(batch(1, rows=50)).content
    forged = {"rows": 50, "columns": {**sound["columns"], "delay": facts}, "correlations": correlations}
    found = compare(*((sound, forged) if side else (forged, sound)), exact=True)
    assert found.verdict in {"regressed", "inconclusive"}
