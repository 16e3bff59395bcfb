"""Models by behaviour: what they predict for one probe set; bytes alone tell nothing."""

import io
import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proofbook.model.record import Record, Rule
from proofbook.model.verdict import Comparison
from tests.gate.conftest import Shelf

PROBE = "5" * 64


def model(shelf: Shelf, predictions: Any, *, method: str = "predict_proba", probe: str = PROBE, **more: Any) -> Record:
    """A record of a model; `predictions` are columns by name."""
    frame = pl.DataFrame(predictions)
    sink = io.BytesIO()
    frame.write_parquet(sink)
    rule = {name: more.pop(name) for name in ("exact", "tolerance", "informs") if name in more}
    facts = {"digest": probe, "rows": frame.height, "seconds": more.pop("seconds", 0.5), "method": method}
    value = {"class": "sklearn.LogisticRegression", "probe": facts, **more}
    return Record(
        name="model", task="train", kind="model", value=value, blob=shelf.put(sink.getvalue()), rule=Rule(**rule)
    )


def two(p: list[float]) -> dict[str, list[float]]:
    return {"late": p, "on time": [1 - value for value in p]}


P = [0.1, 0.2, 0.45, 0.8]


def compare(before: Any, after: Any, *, method: str = "predict_proba", **rule: Any) -> Comparison:
    shelf = Shelf()
    return shelf.compare(*(model(shelf, side, method=method, **rule) for side in (before, after)))


def test_the_same_behaviour_passes_whatever_the_bytes(shelf: Shelf) -> None:
    found = shelf.compare(model(shelf, two(P), exact=True, size=10), model(shelf, two(P), exact=True, size=11))
    assert (found.verdict, found.change) == ("pass", "no change")
    assert found.reason == "100% of 4 rows agree, largest change 0"


def test_another_behaviour_is_told_by_agreement_largest_change_and_shift() -> None:
    found = compare(two(P), two([0.1, 0.2, 0.55, 0.8]))
    assert (found.verdict, found.gates) == ("changed", False)
    assert found.reason.startswith("75.00% of 4 rows agree, largest change 0.1, mean moved by 0.025")
    worst = found.evidence["worst"][0]
    assert worst["row"] == 2
    assert abs(worst["candidate"] - worst["production"]) == pytest.approx(0.1)
    assert compare(two(P), two([0.1, 0.2, 0.55, 0.8]), exact=True).verdict == "regressed"


def test_a_scale_that_is_bent_is_seen_though_its_mean_and_its_ranks_are_the_same() -> None:
    before = np.linspace(0.05, 0.95, 1000)
    after = 0.5 + (before - 0.5) * 0.8
    found = compare({"1": before}, {"1": after})
    assert found.evidence["shift"] < 1e-9
    assert found.evidence["calibration"] == pytest.approx(0.2 * 0.405, abs=0.002)


def test_classes_count_by_name_not_by_their_order() -> None:
    turned = dict(reversed(two(P).items()))
    assert compare(two(P), turned, exact=True).verdict == "pass"
    found = compare(two(P), {"late": P, "early": P})
    assert found.reason == "other classes: early new; on time gone"


def test_labels_and_numbers_are_compared_as_what_they_are() -> None:
    found = compare({"prediction": ["a", "b", "b"]}, {"prediction": ["a", "b", "a"]}, method="predict")
    assert found.reason.startswith("66.67% of 3 rows agree")
    numbers = {"prediction": [10.0, 20.0, 30.0]}, {"prediction": [10.0, 20.0, 30.3]}
    assert compare(*numbers, method="predict").verdict == "changed"
    assert compare(*numbers, method="predict", tolerance=0.02).verdict == "pass"
    assert compare({"prediction": [1, 2]}, {"prediction": [1, 3]}, method="predict").evidence["agreement"] == 0.5


def test_another_probe_set_is_inconclusive(shelf: Shelf) -> None:
    found = shelf.compare(model(shelf, two(P), exact=True), model(shelf, two(P), exact=True, probe="6" * 64))
    assert (found.verdict, found.failed) == ("inconclusive", False)
    assert "another set" in found.reason


def test_a_probe_set_may_not_vanish_and_a_first_one_has_nothing_to_compare_with(shelf: Shelf) -> None:
    probed = model(shelf, two(P), exact=True)
    bare = Record(name="model", kind="model", value={"path": "m", "digest": "a" * 64, "size": 1}, rule=Rule(exact=True))
    assert shelf.compare(probed, bare).failed
    found = shelf.compare(bare, probed)
    assert (found.verdict, found.failed) == ("inconclusive", False)


def test_without_a_probe_set_other_bytes_only_inform_and_a_probe_set_is_asked_for(shelf: Shelf) -> None:
    files = [Record(name="m", kind="model", value={"path": "m", "digest": d * 64, "size": 9}) for d in "ab"]
    found = shelf.compare(*files)
    assert (found.verdict, found.gates) == ("changed", False)
    assert "record('m', model, probe=X)" in found.reason


def test_time_and_size_inform_and_never_judge(shelf: Shelf) -> None:
    found = shelf.compare(
        model(shelf, two(P), exact=True, seconds=0.1, size=1000),
        model(shelf, two(P), exact=True, seconds=0.3, size=5000),
    )
    assert found.verdict == "pass"
    assert found.reason.endswith("; predicting took 3 times as long; its file is 5 times as large")


probabilities = st.lists(st.floats(0, 1), min_size=1, max_size=12)


@given(p=probabilities, tolerance=st.none() | st.floats(0, 0.5))
@settings(max_examples=40)
def test_equal_predictions_pass(p: list[float], tolerance: float | None) -> None:
    assert compare(two(p), two(p), tolerance=tolerance).verdict == "pass"


@given(p=probabilities, move=st.floats(0.01, 0.9), place=st.integers(0, 11))
@settings(max_examples=40)
def test_a_change_is_seen_at_its_size_from_both_sides(p: list[float], move: float, place: int) -> None:
    before = [value * (1 - move) for value in p]
    after = list(before)
    after[place % len(p)] += move
    for sides in ((before, after), (after, before)):
        found = compare({"1": sides[0]}, {"1": sides[1]}, tolerance=move * 0.99)
        assert found.verdict == "changed"
        assert found.evidence["largest"] == pytest.approx(move)
        assert compare({"1": sides[0]}, {"1": sides[1]}, tolerance=move * 1.01).verdict == "pass"


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, None])
def test_nan_infinity_and_nothing_never_pass(bad: float | None) -> None:
    sound, broken = {"prediction": [0.1, 0.2]}, {"prediction": [0.1, bad]}
    for method in ("predict", "predict_proba"):
        for before in (sound, broken):
            found = compare(before, broken, method=method, exact=True)
            assert (found.verdict, found.failed) == ("inconclusive", True)
        found = compare(broken, sound, method=method, exact=True)
        assert (found.verdict, found.failed) == ("inconclusive", False)


def test_empty_huge_and_of_another_height_never_pass() -> None:
    assert compare({"1": []}, {"1": []}, exact=True).failed
    assert compare({"1": [0.1, 0.2]}, {"1": [0.1]}, exact=True).failed
    assert compare({"1": ["a"]}, {"1": ["a"]}, exact=True).failed
    huge = {"prediction": [1.7e308, -1.7e308]}, {"prediction": [-1.7e308, 1.7e308]}
    assert compare(*huge, method="predict").verdict == "changed"


def test_predictions_that_were_torn_or_lost_fail(shelf: Shelf) -> None:
    good = model(shelf, two(P), exact=True)
    for content in (b"", b"PAR1", shelf.get(str(good.blob))[:-7]):
        bad = Record(name="model", kind="model", value=good.value, blob=shelf.put(content), rule=good.rule)
        assert shelf.compare(good, bad).failed
        assert shelf.compare(bad, good).verdict == "inconclusive"
    lost = Record(name="model", kind="model", value=good.value, rule=good.rule)
    assert shelf.compare(good, lost).failed
