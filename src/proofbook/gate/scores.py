"""How predictions are scored: what each metric needs of truth and prediction, and both sides' difference by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from proofbook.gate.classes import class_of, unified
from proofbook.gate.paired import Difference, bootstrap, delong, mcnemar

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl

    from proofbook.model.record import Metric, Rule

__all__ = ["FEWEST", "HIGHER", "Unscorable", "difference", "faults", "metric_of"]

HIGHER = frozenset({"auc", "accuracy"})
"""Metrics of which higher is better."""
FEWEST = {"auc": 10, "accuracy": 20, "brier": 20, "log loss": 20, "mae": 20, "rmse": 20}
"""Rows without which nothing is said; of auc, rows of either class."""
_PROBABLE = {"brier", "log loss"}
_NUMERIC = {"int", "float", "decimal", "bool", "null"}
_CLIP = 2.0**-52


class Unscorable(Exception):  # noqa: N818  it is no error where a slice is too small
    """These values cannot be scored by this metric."""


@dataclass(frozen=True)
class _Numbers:
    truth: npt.NDArray[np.float64]
    production: npt.NDArray[np.float64]
    candidate: npt.NDArray[np.float64]


def metric_of(rule: Rule, truth: pl.Series) -> Metric:
    """The declared metric, else auc where the truth has two values, else mae."""
    if rule.metric is not None:
        return rule.metric
    return "auc" if truth.drop_nulls().n_unique() == 2 else "mae"


def faults(prediction: pl.Series, truth: pl.Series, *, metric: Metric) -> str | None:
    """What is wrong with one side's predictions or truth, in a few words; None: nothing."""
    for column, what in ((prediction, "prediction"), (truth, "truth")):
        plain = unified(column, column)[0]
        if missing := plain.null_count():
            return f"{missing:,} of {len(plain):,} {what}s missing or NaN"
        if class_of(column.dtype) not in _NUMERIC:
            if metric == "accuracy":
                continue
            return f"a {what} that is {class_of(column.dtype)}, and {metric} needs numbers"
        numbers = plain.cast(_float())
        if infinite := int(numbers.is_infinite().sum()):
            return f"{infinite:,} of {len(plain):,} {what}s infinite"
        if what == "prediction" and metric in _PROBABLE and len(numbers):
            beyond = int(((numbers < 0) | (numbers > 1)).sum())
            if beyond:
                return f"{beyond:,} of {len(plain):,} predictions that are no probabilities"
    return None


def difference(truth: pl.Series, production: pl.Series, candidate: pl.Series, *, metric: Metric) -> Difference:
    """
    Score both sides' predictions of the same rows.

    Args:
        truth: What came true.
        production: What production predicted.
        candidate: What the candidate predicted.
        metric: How they are scored.

    Raises:
        Unscorable: Too few rows, or the truth is not of two values where the metric needs that.
    """
    if len(truth) < FEWEST[metric]:
        raise Unscorable(f"{len(truth):,} rows, and {metric} takes {FEWEST[metric]}")
    if metric == "accuracy":
        return mcnemar(*(_right(truth, side).to_numpy() for side in (production, candidate)))
    values = _Numbers(*(side.cast(_float()).to_numpy() for side in (truth, production, candidate)))
    if metric == "auc":
        return _auc(truth, values)
    return _errors(values, metric=metric)


def _auc(truth: pl.Series, values: _Numbers) -> Difference:
    classes = sorted(truth.unique().to_list())
    if len(classes) != 2:
        raise Unscorable(f"a truth of {len(classes):,} {'value' if len(classes) == 1 else 'values'}, auc takes two")
    positive = (truth == classes[1]).to_numpy()
    if min(positive.sum(), (~positive).sum()) < FEWEST["auc"]:
        raise Unscorable(f"{min(positive.sum(), (~positive).sum())} rows of one class, and auc takes {FEWEST['auc']}")
    return delong(positive, values.production, values.candidate)


def _errors(values: _Numbers, *, metric: Metric) -> Difference:
    import numpy as np

    def errors(predicted: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        if metric == "log loss":
            # as scikit-learn does: a certain error is very wrong, not infinitely
            chance = np.clip(predicted, _CLIP, 1 - _CLIP)
            return -(values.truth * np.log(chance) + (1 - values.truth) * np.log1p(-chance))
        off = predicted - values.truth
        return np.abs(off) if metric == "mae" else off**2

    if metric in _PROBABLE and not bool(np.isin(values.truth, (0.0, 1.0)).all()):
        raise Unscorable(f"a truth other than 0 and 1, and {metric} takes these")
    score = np.sqrt if metric == "rmse" else np.asarray
    return bootstrap(errors(values.production), errors(values.candidate), score=score)


def _right(truth: pl.Series, predicted: pl.Series) -> pl.Series:
    """Which predictions are right; of probabilities of the positive class, those on its side of one half."""
    kinds = class_of(truth.dtype), class_of(predicted.dtype)
    if set(kinds) <= _NUMERIC:
        values, labels = predicted.cast(_float()), truth.cast(_float())
        probable = labels.is_in([0.0, 1.0]).all() and values.is_between(0.0, 1.0).all()
        return ((values >= 0.5).cast(_float()) if probable else values) == labels
    if kinds[0] != kinds[1]:
        raise Unscorable(f"a truth that is {kinds[0]} and predictions that are {kinds[1]}")
    same = unified(truth, predicted)
    return same[0] == same[1]


def _float() -> Any:
    import polars as pl

    return pl.Float64
