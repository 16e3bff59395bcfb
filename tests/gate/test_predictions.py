"""Predictions: aligned by key, held against one truth, by the margin and by what chance explains."""

import io
import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proofbook.gate.budget import budget
from proofbook.gate.reasons import closing
from proofbook.model.record import Record, Rule
from proofbook.model.verdict import Comparison
from tests.gate.conftest import Shelf

ROWS = 4000
RULE: dict[str, Any] = {"truth": "late", "prediction": "p", "key": ("flight",), "better": "higher", "margin": 0.01}


def _forecasts(*, noise: float = 0.0, rows: int = ROWS, seed: int = 1) -> pl.DataFrame:
    """Whether flights are late, and how likely that was called; `noise` makes the calls worse."""
    rng = np.random.default_rng(seed)
    late = rng.random(rows) < 0.3
    signal = late + rng.normal(size=rows)
    off = np.random.default_rng(99).normal(size=rows)
    chance = 1 / (1 + np.exp(-(signal + noise * off) + 0.8))
    carriers = np.array(["AA", "B6", "DL", "UA"])[np.arange(rows) % 4]
    return pl.DataFrame({"flight": np.arange(rows), "late": late, "p": chance, "carrier": carriers})


def predictions(shelf: Shelf, frame: pl.DataFrame, **rule: Any) -> Record:
    sink = io.BytesIO()
    frame.write_parquet(sink)
    return Record(
        name="forecasts", task="train", kind="predictions", blob=shelf.put(sink.getvalue()), rule=Rule(**rule)
    )


def compare(before: pl.DataFrame, after: pl.DataFrame, **rule: Any) -> Comparison:
    shelf = Shelf()
    rule = {**RULE, **rule}
    return shelf.compare(predictions(shelf, before, **rule), predictions(shelf, after, **rule))


GOOD = _forecasts()


def test_the_same_predictions_pass_in_any_order() -> None:
    found = compare(GOOD, GOOD.sample(fraction=1, shuffle=True, seed=2))
    assert (found.verdict, found.change) == ("pass", "no change")
    assert "the same predictions" in found.reason


def test_their_own_level_is_printed_beside_the_budget() -> None:
    shelf = Shelf()
    sides = [predictions(shelf, frame, **RULE) for frame in (GOOD, _forecasts(noise=0.01))]
    said = closing([shelf.compare(*sides)], budget=budget("1 per quarter", schedule="1 per day", started=()), looks={})
    assert said == ("one set of predictions is judged row by row, at 1%, beside the budget of false alarms",)


@pytest.mark.parametrize("metric", ["auc", "accuracy", "brier", "log loss", "mae", "rmse"])
def test_much_worse_predictions_regress_and_the_same_backwards_is_an_improvement(metric: str) -> None:
    rule = {"metric": metric, "better": None}
    there, back = compare(GOOD, _forecasts(noise=2.0), **rule), compare(_forecasts(noise=2.0), GOOD, **rule)
    assert (there.verdict, back.verdict) == ("regressed", "improved")
    assert there.evidence["loss"] == pytest.approx(-back.evidence["loss"])
    assert "smallest loss seen at 80% is" in there.reason


def test_a_small_loss_within_the_margin_passes_where_the_rows_show_it() -> None:
    found = compare(GOOD, _forecasts(noise=0.05))
    assert found.verdict == "pass"
    assert found.evidence["interval"][1] < 0.01
    assert found.noise is not None
    assert found.noise.source == "paired"


def test_too_few_rows_to_exclude_a_loss_beyond_the_margin_are_inconclusive() -> None:
    found = compare(GOOD.head(150), _forecasts(noise=0.4).head(150))
    assert (found.verdict, found.failed) == ("inconclusive", False)
    assert "too few rows to exclude a loss of" in found.reason or "chance may do that" in found.reason


def test_without_a_margin_what_chance_explains_passes_and_what_it_does_not_regresses() -> None:
    assert compare(GOOD.head(200), _forecasts(noise=0.1).head(200), margin=None).verdict == "pass"
    assert compare(GOOD, _forecasts(noise=1.0), margin=None).verdict == "regressed"
    assert compare(GOOD, _forecasts(noise=1.0), margin=None, better=None).verdict == "changed"


def test_superiority_is_to_be_shown() -> None:
    assert compare(GOOD, GOOD, superiority=True).verdict == "inconclusive"
    assert compare(GOOD, _forecasts(noise=0.05), superiority=True).verdict == "inconclusive"
    assert compare(_forecasts(noise=2.0), GOOD, superiority=True).verdict == "improved"


def test_floor_and_ceiling_hold_for_the_score() -> None:
    assert compare(GOOD, GOOD, floor=0.99).verdict == "regressed"
    assert compare(GOOD, GOOD, floor=0.6).verdict == "pass"
    assert compare(GOOD, GOOD, metric="brier", better="lower", ceiling=0.01).verdict == "regressed"


def test_a_slice_that_regresses_makes_a_pass_changed_and_is_named() -> None:
    worse = _forecasts(noise=5.0)
    one = pl.col("carrier") == "UA"
    after = GOOD.with_columns(p=pl.when(one).then(worse["p"]).otherwise(pl.col("p")))
    found = compare(GOOD, after, slices=("carrier",), margin=0.12)
    assert found.verdict == "changed"
    assert "worse in 1 of 4 slices: carrier=UA by" in found.reason
    assert next(iter(found.evidence["slices"])) == "carrier=UA"
    assert compare(GOOD, after, margin=0.12).verdict == "pass"


def test_a_slice_too_small_to_score_is_said() -> None:
    few = GOOD.with_columns(carrier=pl.when(pl.col("flight") < 5).then(pl.lit("HA")).otherwise(pl.lit("AA")))
    found = compare(few, few, slices=("carrier",))
    assert list(found.evidence["slices_not_judged"]) == ["carrier=HA"]


def test_another_truth_for_the_same_rows_is_counted_and_never_passes() -> None:
    after = GOOD.with_columns(late=pl.when(pl.col("flight") < 12).then(~pl.col("late")).otherwise(pl.col("late")))
    found = compare(GOOD, after)
    assert (found.verdict, found.failed) == ("inconclusive", False)
    assert "the truth of 12 rows is another one" in found.reason


def test_rows_that_came_or_went_never_pass() -> None:
    found = compare(GOOD, GOOD.tail(ROWS - 7))
    assert found.verdict == "inconclusive"
    assert "7 of production's rows gone" in found.reason
    assert "7 rows new" in compare(GOOD.tail(ROWS - 7), GOOD).reason
    assert compare(GOOD, GOOD.head(100), key=()).verdict == "inconclusive"


def test_a_key_that_repeats_is_never_weighed() -> None:
    found = compare(GOOD, pl.concat([GOOD, GOOD.head(1)]))
    assert (found.verdict, found.failed) == ("inconclusive", True)
    assert "repeats" in found.reason


@pytest.mark.parametrize("metric", ["auc", "accuracy", "brier", "log loss", "mae", "rmse"])
@pytest.mark.parametrize("bad", [None, math.nan, math.inf, -math.inf])
def test_predictions_that_are_no_numbers_fail(metric: str, bad: float | None) -> None:
    broken = GOOD.with_columns(p=pl.when(pl.col("flight") == 3).then(pl.lit(bad)).otherwise(pl.col("p")))
    rule = {"metric": metric, "better": None}
    found = compare(GOOD, broken, **rule)
    assert (found.verdict, found.failed) == ("inconclusive", True)
    assert "1 of 4,000 predictions" in found.reason
    found = compare(broken, GOOD, **rule)
    assert (found.verdict, found.failed) == ("inconclusive", False)
    assert compare(broken, broken, **rule).failed


@pytest.mark.parametrize(
    ("frame", "rule"),
    [
        (GOOD.with_columns(p=pl.col("p") * 2), {"metric": "brier", "better": "lower"}),
        (GOOD.with_columns(p=pl.lit("high")), {}),
        (GOOD.drop("p"), {}),
        (GOOD.clear(), {}),
        (GOOD, {"better": "lower"}),
        (GOOD, {"truth": None}),
        (GOOD.with_columns(flight=pl.col("flight").cast(pl.String)), {}),
    ],
    ids=["no probability", "text", "gone", "empty", "wrong way", "no truth", "other key"],
)
def test_what_cannot_be_scored_fails(frame: pl.DataFrame, rule: dict[str, Any]) -> None:
    found = compare(GOOD, frame, **rule)
    assert (found.verdict, found.failed) == ("inconclusive", True), found.reason


def test_one_class_alone_cannot_be_scored_by_auc() -> None:
    alone = GOOD.with_columns(late=pl.lit(True))
    assert compare(alone, alone, metric="auc").verdict == "inconclusive"


def test_classes_in_words_are_scored_by_accuracy() -> None:
    rng = np.random.default_rng(1)
    truth = rng.choice(["early", "late", "on time"], 500)
    frame = pl.DataFrame({"flight": np.arange(500), "late": truth, "p": truth})
    wrong = frame.with_columns(p=pl.when(pl.col("flight") % 5 == 0).then(pl.lit("never")).otherwise(pl.col("p")))
    found = compare(frame, wrong, metric="accuracy")
    assert found.verdict == "regressed"
    assert found.change == "-0.2000"
    assert compare(frame, frame.with_columns(p=pl.col("p").cast(pl.Categorical)), metric="accuracy").verdict == "pass"


@given(rows=st.integers(60, 300), seed=st.integers(0, 50), metric=st.sampled_from(["auc", "accuracy", "brier", "mae"]))
@settings(max_examples=25, deadline=None)
def test_whoever_is_production_the_loss_is_the_same_and_equal_predictions_pass(
    rows: int, seed: int, metric: str
) -> None:
    one, other = _forecasts(rows=rows, seed=seed), _forecasts(rows=rows, seed=seed, noise=1.0)
    rule = {"metric": metric, "better": None, "margin": 0.0}
    assert compare(one, one.reverse(), **rule).verdict == "pass"
    there, back = compare(one, other, **rule), compare(other, one, **rule)
    assert there.evidence["loss"] == pytest.approx(-back.evidence["loss"])
    assert there.evidence["loss"] == 0 or not {"pass", "regressed"} >= {there.verdict, back.verdict}
