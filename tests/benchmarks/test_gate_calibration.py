"""The gate keeps its budget of false alarms on simulated noise of every kind: the worst row, seeded and short."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def calibration(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import gate_calibration

    yield gate_calibration
    del sys.modules["gate_calibration"]


def test_no_noise_makes_the_gate_refuse_more_runs_than_was_stated(calibration: ModuleType) -> None:
    rows = calibration.realised(draws=60, seed=1904, metrics=(1, 5))
    # where many share a short history's level, rare histories decide, which few draws do not hold
    rows += calibration.realised(draws=60, seed=1904, metrics=(50,), runs=(10, 20, 50))
    assert len(rows) == 3 * len(calibration.FAMILIES)
    over = {
        f"{row.family.name}, {row.metrics} numbers, {count} runs": round(rate / row.family.limit, 2)
        for row in rows
        for count, rate in row.rates.items()
        if rate > row.family.limit
    }
    assert over == {}


def test_whole_runs_in_which_nothing_changed_are_seldom_refused(calibration: ModuleType) -> None:
    found = calibration.judged(draws=20, seed=1904, runs=(10,))
    assert sum(one.no for one in found) / len(found) <= 2 * calibration.BUDGET.level
    assert all(one.go + one.review + one.no == pytest.approx(1) for one in found)


def test_shifts_are_seen_and_the_larger_the_more_often(calibration: ModuleType) -> None:
    ours, *others = calibration.seen(draws=300, seed=1904, count=20, metrics=1)
    assert ours.method == "Proofbook: no"
    assert list(ours.shares) == sorted(ours.shares)
    assert ours.shares[0] <= 0.03
    assert ours.shares[calibration.SHIFTS.index(6)] >= 0.9
    assert {other.method.partition(",")[0] for other in others} >= {"MLflow", "Evidently", "nbsnapshot", "mean - 3 sd"}


def test_the_table_of_critical_values_is_what_the_simulation_gives(calibration: ModuleType) -> None:
    from proofbook.gate.tails import LEVELS, TABLE

    for count in (5, 20):
        again = dict(zip(LEVELS, calibration.critical_values(count, draws=4000, seed=7), strict=True))
        known = dict(zip(LEVELS, TABLE[count], strict=True))
        assert {level: again[level] for level in (0.05, 0.01, 0.002)} == pytest.approx(
            {level: known[level] for level in (0.05, 0.01, 0.002)}, rel=0.15
        )
