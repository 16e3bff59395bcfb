"""What `proofbook noise` says of what it learned."""

import pytest

from proofbook.flow.noise import Noise, Spread
from proofbook.terminal.noise import print_noise


def told(*values: float) -> Noise:
    one = Spread(task="fit", record="auc", production=values[0], mean=0.8, deviation=0.01, values=values)
    return Noise(run=1, runs=len(values) - 1, new=0, seeds={"fit": ("seed",)}, afresh={}, records=(one,))


def test_it_says_where_production_is_none_of_what_it_records_now(capsys: pytest.CaptureFixture[str]) -> None:
    print_noise(told(0.9, 0.7, 0.701, 0.699, 0.7005))
    said = " ".join(capsys.readouterr().out.split())
    assert "auc in fit: production's own 0.9 does not fit among these; something that no run records has" in said


def test_it_says_nothing_of_the_kind_where_it_is_one_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    print_noise(told(0.9, 0.89, 0.91, 0.905, 0.895))
    assert "does not fit" not in capsys.readouterr().out
