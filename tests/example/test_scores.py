"""The scores that the notebooks compute themselves are scikit-learn's."""

import numpy as np
import pytest
from notebooks.flights.scores import auc, average_precision, brier, calibration, roc
from sklearn import metrics


@pytest.fixture(params=[None, 1, 2])
def forecast(request):
    """What happened and what was forecast, without and with many ties."""
    rng = np.random.default_rng(7)
    late = rng.random(3000) < 0.2
    score = np.clip(0.2 + 0.2 * late + rng.normal(0, 0.2, 3000), 0, 1)
    return late, score if request.param is None else score.round(request.param)


def test_auc_is_that_of_scikit_learn(forecast):
    assert auc(*forecast) == pytest.approx(metrics.roc_auc_score(*forecast), abs=1e-12)


def test_average_precision_is_that_of_scikit_learn(forecast):
    assert average_precision(*forecast) == pytest.approx(metrics.average_precision_score(*forecast), abs=1e-12)


def test_brier_is_that_of_scikit_learn(forecast):
    assert brier(*forecast) == pytest.approx(metrics.brier_score_loss(*forecast), abs=1e-12)


def test_the_roc_curve_is_that_of_scikit_learn(forecast):
    false_alarms, hits, _ = metrics.roc_curve(*forecast, drop_intermediate=False)

    assert roc(*forecast)[0] == pytest.approx(false_alarms)
    assert roc(*forecast)[1] == pytest.approx(hits)


def test_groups_of_a_calibration_are_equal_in_size_and_rise():
    late, score = np.arange(100) % 4 == 0, np.linspace(0, 1, 100)[::-1]

    forecast, happened = calibration(late, score, bins=5)

    assert len(forecast) == 5
    assert np.all(np.diff(forecast) > 0)
    assert happened == pytest.approx([0.25] * 5)


def test_scores_need_both_outcomes():
    with pytest.raises(ValueError, match="both late and punctual"):
        auc([True, True], [0.1, 0.2])
