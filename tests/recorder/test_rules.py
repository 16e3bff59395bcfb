"""What a notebook may say of a record beside its value, and which combinations are refused."""

import inspect
import math
import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression

from proofbook import record
from proofbook.execute import records
from proofbook.model.record import Metric, Record, Rule
from proofbook.recorder.declaration import declare
from proofbook.recorder.predictions import METRICS
from tests.published import executed, shell

FLIGHTS = pd.DataFrame(
    {
        "flight": [1, 2, 3, 4],
        "carrier": ["AA", "UA", "AA", "DL"],
        "late": [0, 1, 1, 0],
        "p": [0.1, 0.8, 0.6, 0.3],
        "delay": [-3.0, 40.5, 12.0, 0.0],
        "other": [9, 9, 9, 9],
    }
)
X = pd.DataFrame({"x": [0.0, 1.0, 2.0, 3.0], "y": [1.0, 0.0, 1.0, 0.0]})
MODEL = LogisticRegression().fit(X, ["no", "no", "yes", "yes"])


def kept(*args: Any, **options: Any) -> tuple[Record, pl.DataFrame | None]:
    """The record as it is read back from the notebook, and its table."""
    with shell() as outputs:
        record(*args, **options)
    found = records.read(executed(outputs), task="t")
    (one,) = found.records
    assert one.unreadable is None, one.unreadable
    return one, pl.read_parquet(found.blobs[one.blob]) if one.blob else None


def test_every_option_of_a_rule_can_be_said_and_no_other() -> None:
    said = set(inspect.signature(record).parameters) - {"name", "value", "unknown"}
    assert said - {"probe", "eval_set"} == set(Rule.__struct_fields__)
    assert tuple(METRICS) == get_args(Metric)


def test_noise_and_superiority_arrive() -> None:
    found, _ = kept("auc", 0.8, better="higher", margin=0.01, noise=0.002, superiority=True)
    assert found.rule == Rule(better="higher", margin=0.01, noise=0.002, superiority=True)


def test_an_evaluation_set_arrives_as_one_digest_whichever_library_holds_it() -> None:
    digests = {kept("auc", 0.8, eval_set=data)[0].eval_set for data in (FLIGHTS, pl.from_pandas(FLIGHTS))}
    assert len(digests) == 1
    assert len(digests.pop() or "") == 64
    assert kept("auc", 0.8)[0].eval_set is None


def test_predictions_keep_what_was_named_and_nothing_else() -> None:
    found, table = kept(
        "forecasts", FLIGHTS, truth="late", prediction="p", key="flight", slices=["carrier"], metric="auc", margin=0.005
    )
    assert (found.kind, found.type) == ("predictions", "pandas.DataFrame")
    assert found.rule == Rule(
        truth="late", prediction="p", key=("flight",), slices=("carrier",), metric="auc", margin=0.005
    )
    assert found.value["rows"] == 4
    assert table is not None
    assert table.columns == ["flight", "late", "p", "carrier"]


def test_predictions_come_from_any_library_and_a_key_may_be_the_index() -> None:
    for value in (pl.from_pandas(FLIGHTS), pl.from_pandas(FLIGHTS).to_arrow(), FLIGHTS.set_index("flight")):
        found, table = kept("f", value, truth="late", prediction="p", key="flight")
        assert found.rule.metric is None
        assert table is not None
        assert table.columns == ["flight", "late", "p"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"truth": "late"}, "truth= needs prediction= beside it"),
        ({"prediction": "p"}, "prediction= needs truth= beside it"),
        ({"metric": "auc"}, "metric= is said of predictions: name truth= and prediction= too"),
        ({"slices": "carrier"}, "slices= is said of predictions"),
        ({"truth": "p", "prediction": "p"}, "both name column 'p'"),
        ({"truth": "lat", "prediction": "p"}, "names column 'lat', which is not in the table; did you mean 'late'?"),
        ({"truth": "late", "prediction": "p", "slices": ["carier"]}, "slices= names column 'carier'.*'carrier'"),
        ({"truth": "late", "prediction": "p", "key": "id"}, "key= names column 'id', which is not in the table"),
        ({"truth": "late", "prediction": "p", "slices": "late"}, "slices= names 'late', the truth"),
        ({"truth": "late", "prediction": "p", "key": "flight", "slices": "flight"}, "each row would be a slice"),
        ({"truth": "late", "prediction": "p", "metric": "AUC"}, """metric= is "auc", .* did you mean 'auc'"""),
        ({"truth": "delay", "prediction": "p", "metric": "auc"}, "two values, and 'delay' has 4 values"),
        ({"truth": "other", "prediction": "p", "metric": "auc"}, "two values, and 'other' has one, 9"),
        ({"truth": "carrier", "prediction": "p"}, "'mae' by default, needs numbers, and truth= column 'carrier'"),
        ({"truth": "late", "prediction": "delay", "metric": "brier"}, "probabilities, 0 to 1, .* from -3 to 40.5"),
        ({"truth": "late", "prediction": "p", "better": "lower"}, "better='lower' contradicts the metric, 'auc'"),
        ({"truth": "late", "prediction": "p", "metric": "mae", "better": "higher"}, "contradicts metric='mae'"),
        ({"truth": "late", "prediction": "p", "tolerance": 0.1}, "by margin=, not by tolerance="),
        ({"truth": "late", "prediction": "p", "noise": 0.1}, "noise= is the deviation of one number"),
        ({"truth": 3, "prediction": "p"}, "truth= is the name of a column of the table, not 3"),
        ({"truth": FLIGHTS["late"], "prediction": "p"}, "truth= is the name of a column .* not a pandas.Series"),
        ({"truth": "late", "prediction": "p", "probe": FLIGHTS}, "probe= is for a model"),
    ],
)  # fmt: skip
def test_predictions_that_cannot_be_meant_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message.replace("?", r"\?")) as caught:
        record("f", FLIGHTS, **options)
    assert "\n" not in str(caught.value)


def test_predictions_are_a_table() -> None:
    with pytest.raises(TypeError, match="name columns of a table, not of float"):
        record("f", 0.5, truth="late", prediction="p")


def test_classes_are_scored_by_accuracy_and_gaps_are_the_gates_to_judge() -> None:
    record("f", FLIGHTS.assign(guess="AA"), truth="carrier", prediction="guess", metric="accuracy")
    found, _ = kept("f", FLIGHTS.assign(p=[0.1, math.nan, 0.2, 0.3]), truth="late", prediction="p", metric="auc")
    assert found.kind == "predictions"


@pytest.mark.parametrize(
    ("value", "options", "message"),
    [
        (0.8, {"noise": -0.1, "better": "higher"}, "noise= cannot be negative"),
        (0.8, {"noise": math.inf, "better": "higher"}, "noise= must be finite"),
        (0.8, {"margin": 10**400, "better": "higher"}, "margin= must be finite"),
        (0.8, {"floor": Fraction(10**400)}, "floor= must be finite"),
        (0.8, {"noise": 0.1}, "noise= needs better="),
        (0.8, {"superiority": True}, "superiority= needs better="),
        (0.8, {"superiority": 1, "better": "higher"}, "superiority= is True or False, not 1"),
        (0.8, {"superiority": True, "exact": True}, "needs better="),
        (0.8, {"exact": True, "better": "higher", "noise": 0.1}, "better= contradicts it"),
        (FLIGHTS, {"noise": 0.1, "better": "higher"}, "noise= is the deviation of one number, not of a table"),
        ("text", {"superiority": True, "better": "higher"}, "better= needs a number or a table, not text"),
        (0.8, {"nois": 0.1}, "no option 'nois'; did you mean 'noise'"),
        (0.8, {"evalset": "x"}, "no option 'evalset'; did you mean 'eval_set'"),
    ],
)
def test_rules_that_cannot_be_meant_are_refused(value: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        record("n", value, **options)


def test_a_flag_that_is_down_says_nothing() -> None:
    options = dict.fromkeys(["probe", *Rule.__struct_fields__]) | {"exact": False, "informs": False, "margin": None}
    assert declare("n", options, {}).declared == {}


def test_a_model_is_recorded_by_what_it_predicts() -> None:
    found, table = kept("model", MODEL, probe=X)
    assert (found.kind, found.type) == ("model", "sklearn.LogisticRegression")
    assert table is not None
    assert table.columns == ["no", "yes"]
    assert np.allclose(table.to_numpy(), MODEL.predict_proba(X))
    probe = found.value["probe"]
    assert (found.value["class"], probe["rows"], probe["method"]) == ("sklearn.LogisticRegression", 4, "predict_proba")
    assert probe["seconds"] >= 0
    assert probe["digest"] == kept("n", 1, eval_set=X)[0].eval_set


def test_a_regression_predicts_one_column_and_several_targets_have_one_each() -> None:
    found, table = kept("model", LinearRegression().fit(X, [1.0, 2.0, 3.0, 4.0]), probe=X)
    assert found.value["probe"]["method"] == "predict"
    assert table is not None
    assert table.columns == ["prediction"]
    _, table = kept("model", LinearRegression().fit(X, X), probe=X)
    assert table is not None
    assert table.columns == ["prediction 0", "prediction 1"]
    forest = RandomForestClassifier(2, random_state=1).fit(X, X.astype(int))
    _, table = kept("model", forest, probe=X)
    assert table is not None
    assert table.columns == ["0: 0", "0: 1", "0: 2", "0: 3", "1: 0", "1: 1"]


class _Broken:
    def predict(self, data: Any) -> Any:
        raise RuntimeError(f"no\nway with {len(data)}")


class _Short:
    def predict(self, data: Any) -> Any:
        return np.zeros(len(data) - 1)


@pytest.mark.parametrize(
    ("model", "probe", "message"),
    [
        (Path(__file__), X, "a path cannot predict: record"),
        (LogisticRegression, X, "this is the class LogisticRegression"),
        (0.8, X, "float has neither"),
        (LogisticRegression(), X, "NotFittedError: .*; fit it first"),
        (_Broken(), X, "cannot predict its probe set: RuntimeError: no way with 4"),
        (_Short(), X, "gave 3 rows for a probe set of 4"),
        (MODEL, 3, "probe= is a table or an array that the model predicts, not int"),
        (MODEL, X[:0], "has no rows"),
    ],
    ids=["path", "class", "number", "not fitted", "broken", "short", "no table", "no rows"],
)
def test_a_probe_that_cannot_be_made_is_refused_in_one_line(model: Any, probe: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message) as caught:
        record("model", model, probe=probe)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("record('model'): ")


def test_a_model_without_a_probe_set_is_told_of_it() -> None:
    with pytest.raises(TypeError, match=r"or record what it predicts: record\('m', model, probe=X\)"):
        record("m", MODEL)


def test_an_evaluation_set_that_is_text_imports_no_library_of_tables() -> None:
    program = (
        "import sys; from proofbook import record; record('auc', 0.9, eval_set='days 1')\n"
        "print(sorted({'numpy', 'pandas', 'polars', 'pyarrow', 'matplotlib', 'IPython'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_page_on_recording_has_every_option_and_its_examples_run() -> None:
    text = (Path(__file__).parents[2] / "docs/recording.md").read_text()
    table = text.partition("## The rule\n")[2].partition("\n## ")[0]
    shown = {name for row in re.findall(r"^\| (`.+?`) \|", table, re.MULTILINE) for name in re.findall(r"\w+", row)}
    assert shown == set(inspect.signature(record).parameters) - {"name", "value", "unknown"}
    assert all(f'"{metric}"' in text for metric in METRICS)
    with shell() as outputs:
        exec("\n".join(re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)), {})
    kinds = [output["metadata"]["proofbook"]["kind"] for output in outputs]
    assert kinds == ["scalar", "predictions", "model", "scalar", "scalar"]
