"""
False alarms in their owner's words, `1 per quarter`, and what follows for one run.

The level of a run is the number of false alarms divided by the runs in that time. How many those are is configured,
or learned from when runs began, or assumed to be one a day; which of the three it was is always said.
"""

import re
from collections.abc import Sequence
from datetime import datetime

from proofbook.exceptions import ConfigurationError
from proofbook.model.verdict import Budget

__all__ = ["budget"]

_DAYS = {"hour": 1 / 24, "day": 1.0, "week": 7.0, "month": 365.25 / 12, "quarter": 365.25 / 4, "year": 365.25}
_STATED = re.compile(
    r"(?:at most )?(?P<count>\d+(?:\.\d+)?|\.\d+)(?: (?:false )?(?:alarms?|blocks?|runs?))?"
    r" (?:per|a|an|every|in) (?:(?P<several>\d+) )?(?P<unit>hour|day|week|month|quarter|year|run)s?"
)
_HIGHEST = 0.05
"""No run takes a higher level, however seldom runs are: of four alarms one in a quarter would be too many."""
_LEARNED = 20
_ENOUGH = (5, 7.0)
"""Runs, and days from the first to the last, without which no schedule is learned: an afternoon's tries are none."""


def budget(stated: str, *, schedule: str, started: Sequence[str]) -> Budget:
    """
    The level that one run may take.

    Args:
        stated: `1 per quarter`, `2 a year`, `1 per 100 runs`.
        schedule: How often the pipeline runs: `1 per day`; empty: as `started` tells.
        started: When earlier runs began, as ISO 8601, in any order.

    Raises:
        ConfigurationError: One of the two cannot be read; says what can be written.
    """
    count, days, runs = _read(stated, what="false_alarms")
    if count == 0:
        raise ConfigurationError(
            f"false_alarms = {stated!r}: a gate that never gives a false alarm never says no; write `1 per year`"
        )
    if runs:
        return Budget(stated=stated, runs=runs, schedule="counted in runs", level=min(_HIGHEST, count / runs))
    daily, said = _schedule(schedule, started)
    expected = daily * days
    return Budget(stated=stated, runs=expected, schedule=said, level=min(_HIGHEST, count / max(expected, 1.0)))


def _schedule(stated: str, started: Sequence[str]) -> tuple[float, str]:
    """Runs a day, and where that comes from."""
    if stated.strip():
        count, days, runs = _read(stated, what="schedule")
        if runs or not count:
            raise ConfigurationError(f"schedule = {stated!r} says nothing about time: write `1 per day`, `2 per week`")
        return count / days, f"{stated.strip()} (configuration)"
    moments = sorted(moment for moment in map(_moment, started) if moment is not None)[-_LEARNED:]
    span = (moments[-1] - moments[0]) / 86400 if moments else 0.0
    if len(moments) < _ENOUGH[0] or span < _ENOUGH[1]:
        return 1.0, "1 per day (assumed: too few runs to learn from)"
    daily = (len(moments) - 1) / span
    return daily, f"{_written(daily)} (the last {len(moments)} runs)"


def _read(text: str, *, what: str) -> tuple[float, float, float]:
    """A count, and the days or the runs in which it is meant."""
    found = _STATED.fullmatch(" ".join(text.lower().split()))
    if found is None:
        example = "`1 per quarter`, `2 per year`, `1 per 100 runs`" if what == "false_alarms" else "`1 per day`"
        units = ", ".join(_DAYS)
        raise ConfigurationError(f"{what} = {text!r} cannot be read: write a number per {units}, as in {example}")
    several = float(found["several"] or 1)
    if several == 0:
        raise ConfigurationError(f"{what} = {text!r}: there is no time in 0 {found['unit']}s")
    if found["unit"] == "run":
        return float(found["count"]), 0.0, several
    return float(found["count"]), several * _DAYS[found["unit"]], 0.0


def _moment(text: str) -> float | None:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None


def _written(daily: float) -> str:
    for unit in ("day", "week", "month"):
        if daily * _DAYS[unit] >= 1:
            return f"{daily * _DAYS[unit]:.2g} per {unit}"
    return f"{daily * _DAYS['quarter']:.2g} per quarter"
