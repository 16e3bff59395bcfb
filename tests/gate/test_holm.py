"""Holm's procedure: the published steps, and what must hold of any such procedure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proofbook.gate.holm import share

probabilities = st.lists(st.floats(0, 1), min_size=1, max_size=30)


def refused(values: list[float], level: float) -> list[bool]:
    return [value <= own for value, own in zip(values, share(values, level=level), strict=True)]


def test_one_record_has_the_whole_level() -> None:
    assert share([0.3], level=0.01) == [0.01]


def test_each_that_falls_leaves_more_to_the_next() -> None:
    assert share([0.02, 0.001, 0.9], level=0.05) == pytest.approx([0.05 / 2, 0.05 / 3, 0.05])
    assert share([0.5, 0.4, 0.9], level=0.06) == pytest.approx([0.02, 0.02, 0.02])


def test_nothing_is_shared_out_among_none() -> None:
    assert share([], level=0.01) == []


@given(values=probabilities, level=st.floats(1e-6, 0.1))
def test_the_decisions_are_holms(values: list[float], level: float) -> None:
    expected, standing = [False] * len(values), False
    for step, place in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        standing = standing or values[place] > level / (len(values) - step)
        expected[place] = not standing
    assert refused(values, level) == expected


@given(values=probabilities, level=st.floats(1e-6, 0.1), data=st.data())
def test_less_likely_noise_is_never_judged_more_mildly(values: list[float], level: float, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(values) - 1))
    smaller = list(values)
    smaller[place] *= data.draw(st.floats(0, 1))
    before, after = refused(values, level), refused(smaller, level)
    assert all(now or not then for then, now in zip(before, after, strict=True))
