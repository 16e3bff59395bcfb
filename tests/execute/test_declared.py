"""What a notebook says beside its values, read back: predictions, probed models, evaluation sets; and what is hostile."""

import copy
import math
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proofbook import record
from proofbook.execute import records
from proofbook.model.record import Record, Rule
from proofbook.model.run import canonical
from tests.published import executed, shell

FLIGHTS = pd.DataFrame({"flight": [1, 2, 3], "carrier": ["AA", "UA", "AA"], "late": [0, 1, 1], "p": [0.1, 0.8, 0.6]})


class Halves:
    def predict(self, data: Any) -> Any:
        return np.full(len(data), 0.5)


def published(*args: Any, **options: Any) -> dict[str, Any]:
    with shell() as outputs:
        record(*args, **options)
    output: dict[str, Any] = outputs[0]
    return output


def read(output: dict[str, Any]) -> Record:
    (found,) = records.read(executed([output]), task="t").records
    canonical(found)
    return found


PREDICTIONS = published("f", FLIGHTS, truth="late", prediction="p", key="flight", slices="carrier", eval_set=FLIGHTS)
MODEL = published("m", Halves(), probe=FLIGHTS[["p"]])
SCALAR = published("auc", 0.8, better="higher", eval_set="days 1")


def changed(output: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The output with one thing in its declaration put to another value."""
    broken = copy.deepcopy(output)
    *above, last = path.split(".")
    place = broken["metadata"]["proofbook"]
    for name in above:
        place = place[name]
    place[last] = value
    return broken


def test_what_was_recorded_is_read_back() -> None:
    predictions, model, scalar = read(PREDICTIONS), read(MODEL), read(SCALAR)
    assert (predictions.kind, model.kind, scalar.kind) == ("predictions", "model", "scalar")
    assert predictions.rule == Rule(truth="late", prediction="p", key=("flight",), slices=("carrier",))
    assert predictions.value == {
        "rows": 3, "columns": {"flight": "int64", "late": "int64", "p": "double", "carrier": "string"}
    }  # fmt: skip
    assert (predictions.media, model.media) == ("application/vnd.apache.parquet",) * 2
    assert model.value["class"] == "tests.Halves"
    assert model.value["probe"]["rows"] == 3
    assert predictions.eval_set is not None
    assert scalar.eval_set is not None
    assert predictions.eval_set != scalar.eval_set


def test_predictions_are_kept_as_any_table_is() -> None:
    found = records.read(executed([PREDICTIONS]), task="t")
    assert pl.read_parquet(found.blobs[found.records[0].blob or ""]).rows() == [
        (1, 0, 0.1, "AA"), (2, 1, 0.8, "UA"), (3, 1, 0.6, "AA")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("output", "path", "value", "reason"),
    [
        (SCALAR, "eval_set", "days 1", "its evaluation set 'days 1' is no SHA-256"),
        (SCALAR, "eval_set", 3, "is no SHA-256"),
        (SCALAR, "eval_set", "A" * 64, "is no SHA-256"),
        (SCALAR, "rule.noise", "much", "its declaration cannot be read"),
        (SCALAR, "rule.superiority", 1, "its declaration cannot be read"),
        (SCALAR, "rule.metric", "f1", "its declaration cannot be read"),
        (SCALAR, "rule.margin", math.nan, "its declaration cannot be read: margin is nan"),
        (SCALAR, "rule.floor", -math.inf, "its declaration cannot be read: floor is -inf"),
        (SCALAR, "rule.slices", ["x" * 1000] * 100, "takes more than 64 kB"),
        (SCALAR, "kind", "predictions", "says that it is a predictions, and is encoded as json"),
        (PREDICTIONS, "rule", {}, "without the columns truth and prediction"),
        (PREDICTIONS, "rule.truth", "delay", "names column 'delay', which is not in its table"),
        (PREDICTIONS, "rule.slices", ["origin"], "names column 'origin'"),
        (PREDICTIONS, "rule.key", 3, "its declaration cannot be read"),
        (PREDICTIONS, "kind", "model", "what it was probed with cannot be read"),
        (MODEL, "kind", "scalar", "says that it is a scalar, and is encoded as pandas"),
        (MODEL, "value", None, "what it was probed with cannot be read"),
        (MODEL, "value.probe", {}, "what it was probed with cannot be read"),
        (MODEL, "value.probe.rows", 4, "probed with 4 rows, and has predicted 3"),
        (MODEL, "value.probe.seconds", math.nan, "makes no sense"),
        (MODEL, "value.probe.digest", "x", "makes no sense"),
        (MODEL, "value.probe.method", "x" * 100, "makes no sense"),
        (MODEL, "value.class", "x" * 10_000, "makes no sense"),
    ],
)
def test_a_declaration_that_somebody_broke_makes_the_record_unreadable(
    output: dict[str, Any], path: str, value: Any, reason: str
) -> None:
    found = read(changed(output, path, value))
    assert found.unreadable is not None
    assert reason in found.unreadable


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
paths = [
    *((SCALAR, path) for path in ("eval_set", "rule", "rule.noise", "rule.superiority", "value", "kind")),
    *((PREDICTIONS, path) for path in ("rule.truth", "rule.slices", "rule.metric", "eval_set", "kind", "value")),
    *((MODEL, path) for path in ("value", "value.class", "value.probe", "value.probe.rows", "value.probe.seconds")),
]


@settings(max_examples=150, deadline=None)
@given(where=st.sampled_from(paths), value=anything)
def test_whatever_is_declared_the_record_is_read_or_said_to_be_unreadable(where: Any, value: Any) -> None:
    found = read(changed(*where, value))
    # what says of no kind is what its encoder says, as another library would have written it
    assert found.unreadable is not None or found.kind in ("scalar", "predictions", "model", "table")
