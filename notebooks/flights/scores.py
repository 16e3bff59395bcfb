"""
Three scores of a probability forecast, and the curves behind them.

They are the textbook definitions, in NumPy. Importing scikit-learn for them would cost a notebook seconds of start-up;
`tests/example/test_scores.py` holds them equal to scikit-learn's.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["auc", "average_precision", "brier", "calibration", "roc"]

Floats = NDArray[np.float64]


def roc(late: ArrayLike, score: ArrayLike) -> tuple[Floats, Floats]:
    """
    The ROC curve.

    Args:
        late: What happened, one truth value a flight.
        score: What was forecast, in the same order; higher means more likely late.

    Returns:
        Share of punctual flights flagged and share of late flights flagged, at every threshold from strict to lax.
    """
    hits, misses = _flagged(late, score)
    return misses / misses[-1], hits / hits[-1]


def auc(late: ArrayLike, score: ArrayLike) -> float:
    """Area under the ROC curve: how often a late flight has a higher score than a punctual one."""
    flagged_punctual, flagged_late = roc(late, score)
    return float(np.trapezoid(flagged_late, flagged_punctual))


def average_precision(late: ArrayLike, score: ArrayLike) -> float:
    """Mean share of true alarms among the flagged, over all thresholds, weighted by the late flights each one adds."""
    hits, misses = _flagged(late, score)
    precision = hits[1:] / (hits[1:] + misses[1:])
    return float(np.sum(np.diff(hits) * precision) / hits[-1])


def brier(late: ArrayLike, score: ArrayLike) -> float:
    """Mean squared difference of probability and outcome: 0 is perfect, lower is better."""
    return float(np.mean((np.asarray(score, dtype=float) - np.asarray(late, dtype=float)) ** 2))


def calibration(late: ArrayLike, score: ArrayLike, *, bins: int = 10) -> tuple[Floats, Floats]:
    """Mean forecast and observed share in `bins` groups of equal size, ordered by forecast."""
    forecast, outcome = np.asarray(score, dtype=float), np.asarray(late, dtype=float)
    groups = np.array_split(np.argsort(forecast, kind="stable"), bins)
    return np.array([forecast[group].mean() for group in groups]), np.array([outcome[group].mean() for group in groups])


def _flagged(late: ArrayLike, score: ArrayLike) -> tuple[Floats, Floats]:
    """How many late and how many punctual flights are flagged, at no threshold and then at every distinct score."""
    forecast, outcome = np.asarray(score, dtype=float), np.asarray(late, dtype=bool)
    if outcome.all() or not outcome.any():
        raise ValueError("scores need both late and punctual flights")
    order = np.argsort(-forecast, kind="stable")
    last_of_tie = np.append(np.flatnonzero(np.diff(forecast[order])), len(forecast) - 1)
    hits = np.cumsum(outcome[order])[last_of_tie]
    misses = last_of_tie + 1 - hits
    return np.append(0.0, hits), np.append(0.0, misses)
