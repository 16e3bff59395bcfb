"""How long a build will still take."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proofbook.terminal.forecast import Forecast, words

DIAMOND = {"a": [], "b": ["a"], "c": ["a"], "d": ["b", "c"]}
TOOK = {"a": 10.0, "b": 20.0, "c": 5.0, "d": 1.0}


def test_the_longest_way_counts_where_there_are_workers_enough() -> None:
    assert Forecast(DIAMOND, TOOK, workers=2).remaining(now=0.0) == (31.0, True)


def test_one_worker_does_one_after_the_other() -> None:
    assert Forecast(DIAMOND, TOOK, workers=1).remaining(now=0.0) == (36.0, True)


def test_independent_tasks_share_the_workers() -> None:
    assert Forecast({str(n): [] for n in range(10)}, {str(n): 2.0 for n in range(10)}, workers=4).remaining(
        now=0.0
    ) == (6.0, True)


def test_what_runs_is_counted_down_and_what_is_done_is_gone() -> None:
    forecast = Forecast(DIAMOND, TOOK, workers=2)
    forecast.start("a", now=100.0)
    assert forecast.remaining(now=104.0) == (27.0, True)
    # a second has not passed since it was reckoned: it is counted down
    assert forecast.remaining(now=104.5) == (26.5, True)
    forecast.finish("a")
    assert forecast.remaining(now=106.0) == (21.0, True)


def test_a_task_that_takes_longer_than_last_time_counts_for_nothing_more() -> None:
    forecast = Forecast({"a": [], "b": ["a"]}, {"a": 10.0, "b": 3.0}, workers=1)
    forecast.start("a", now=0.0)
    assert forecast.remaining(now=60.0) == (3.0, True)


def test_what_waits_for_a_failed_task_is_not_waited_for() -> None:
    forecast = Forecast(DIAMOND, TOOK, workers=2)
    forecast.finish("a")
    forecast.finish("b", good=False)
    assert forecast.remaining(now=0.0) == (5.0, True)


def test_without_history_nothing_is_said() -> None:
    assert Forecast(DIAMOND, {}, workers=2).remaining(now=0.0) is None
    forecast = Forecast(DIAMOND, {"a": 1.0}, workers=2)
    assert forecast.remaining(now=0.0) == (1.0, False)
    forecast.finish("a")
    assert forecast.remaining(now=2.0) is None


def test_at_the_end_nothing_is_said() -> None:
    forecast = Forecast({"a": []}, {"a": 1.0}, workers=2)
    forecast.finish("a")
    assert forecast.remaining(now=0.0) is None


@pytest.mark.parametrize(
    ("seconds", "whole", "said"),
    [
        (0.4, True, "almost done"),
        (0.4, False, ""),
        (6.7, True, "about 7 s left"),
        (41.2, True, "about 40 s left"),
        (41.2, False, "at least 40 s left"),
        (59.0, True, "about 1 min left"),
        (95.0, True, "about 1 min 30 s left"),
        (700.0, True, "about 12 min left"),
        (3590.0, True, "about 60 min left"),
        (7900.0, True, "about 2 h 10 min left"),
    ],
)
def test_it_is_said_no_finer_than_it_is_known(seconds: float, whole: bool, said: str) -> None:
    assert words(seconds, whole=whole) == said


@settings(max_examples=60)
@given(st.data())
def test_it_lies_between_the_longest_way_and_one_after_the_other(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 12))
    upstream = {
        str(n): [str(m) for m in range(n) if data.draw(st.booleans(), label=f"{m} before {n}")] for n in range(count)
    }
    durations = {name: data.draw(st.integers(0, 9)) * 1.0 for name in upstream}
    workers = data.draw(st.integers(1, 4))
    found = Forecast(upstream, durations, workers=workers).remaining(now=0.0)
    assert found is not None
    ends: dict[str, float] = {}
    for name, above in upstream.items():
        ends[name] = durations[name] + max((ends[one] for one in above), default=0.0)
    assert max(*ends.values(), sum(durations.values()) / workers) <= found[0] <= sum(durations.values())
    if workers == 1:
        assert found[0] == sum(durations.values())


def test_a_thousand_tasks_are_reckoned_in_a_moment() -> None:
    upstream = {str(n): [str(n - 10)] if n >= 10 else [] for n in range(1000)}
    forecast = Forecast(upstream, dict.fromkeys(upstream, 1.0), workers=2)
    began = time.process_time()
    for now in range(20):
        assert forecast.remaining(now=2.0 * now) is not None
    assert time.process_time() - began < 0.5
