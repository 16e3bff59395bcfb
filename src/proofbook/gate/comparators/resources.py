"""
The run itself: how long each task took, how much memory, how much it wrote, against its own history.

The band is robust: the median of the logarithms of what earlier runs took, and Student's t times their median absolute
deviation about it. What leaves the band, and by a notable part, is said and informs. It gates where the configuration
has a rule for it, under a name that begins with `resources/`:

    [tool.proofbook.gate.rules."resources/train/duration"]      ceiling = 600        seconds
    [tool.proofbook.gate.rules."resources/*/peak_memory"]       tolerance = 0.5      half as much again as usual
    [tool.proofbook.gate.rules."resources/*/output_volume"]     floor = 1000         bytes

Only work that was done counts: a task that was restored or up to date took what an earlier run took.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from statistics import median
from typing import Any, Final

from msgspec.structs import asdict, replace

from proofbook.gate.outcome import declared, outcome
from proofbook.model.configuration import RuleConfiguration
from proofbook.model.record import Record, Rule
from proofbook.model.run import Run, TaskRun
from proofbook.model.verdict import Comparison, Verdict

__all__ = ["compare_resources"]

_FEWEST: Final = 4
"""Earlier runs from which on there is a band."""
_LEVEL: Final = 0.005
"""Of each side of the band."""
_HEARD: Final = ("margin", "tolerance", "floor", "ceiling", "better")
_PREFIX: Final = "resources/"
_MILLION: Final = 1_000_000


@dataclass(frozen=True)
class _Measure:
    """One thing that a task takes."""

    name: str
    notable: float
    """Relative change below which nothing is said."""
    least: float
    """Difference below which nothing is said, in its unit."""
    less_is_better: bool


_MEASURES: Final = (
    _Measure("duration", 0.20, 1.0, True),
    _Measure("peak_memory", 0.10, 16 * _MILLION, True),
    _Measure("output_volume", 0.10, 0.1 * _MILLION, False),
)


def compare_resources(
    candidate: Run,
    *,
    earlier: Sequence[Run],
    rules: Mapping[str, RuleConfiguration],
) -> list[Comparison]:
    """
    What each task of a run took, where that is notable, or where a rule asks for it.

    Args:
        candidate: The run to judge.
        earlier: Comparable runs, oldest first, without the candidate.
        rules: The configuration's; only names that begin with `resources/` are looked at.
    """
    past = _past(earlier, but=candidate.number)
    found = []
    for task in candidate.tasks:
        if not _worked(task):
            continue
        for measure in _MEASURES:
            rule = _rule(rules, f"{_PREFIX}{task.name}/{measure.name}")
            values = [value for value in past.get((task.name, measure.name), {}).values() if _sound(value)]
            judged = _compare(task, measure, values=values, rule=rule)
            found += [] if judged is None else [judged]
    return found


def _compare(task: TaskRun, measure: _Measure, *, values: list[float], rule: Rule | None) -> Comparison | None:
    value = _value(task, measure.name)
    record = Record(name=measure.name, task=task.name, kind="scalar", rule=rule or Rule())
    usual = median(values) if values else None
    sides = (None if usual is None else _written(usual, measure), _written(value, measure) if _sound(value) else None)

    def found(verdict: Verdict, reason: str, **more: Any) -> Comparison:
        evidence = {"value": value, "earlier": values[-50:], **more}
        change = None if usual is None or not _sound(value) else f"{value / usual - 1:+.0%}"
        told = outcome(record, verdict, reason, sides=sides, change=change, evidence=evidence, heard=_HEARD)
        return replace(told, kind="resources")

    if rule is not None:
        if not _sound(value):
            return found("inconclusive", "was not measured, and a rule asks for it")
        verdict, reason = _by_rule(value, usual, measure, rule)
        return found(verdict, reason)
    if not _sound(value) or usual is None or len(values) < _FEWEST:
        return None
    low, high = _band(values)
    notable = abs(value - usual) > max(measure.notable * usual, measure.least)
    if low <= value <= high or not notable:
        return None
    said = f"{sides[1]}, usually {_written(low, measure)} to {_written(high, measure)} ({len(values)} runs)"
    better = measure.less_is_better and value < low
    return found("improved" if better else "changed", said, band=[low, high])


def _by_rule(value: float, usual: float | None, measure: _Measure, rule: Rule) -> tuple[Verdict, str]:
    """Ceiling and floor are absolute; margin and tolerance speak of the median of earlier runs."""
    shown = _written(value, measure)
    if rule.ceiling is not None and value > rule.ceiling:
        return "regressed", f"{shown} is above its ceiling of {_written(rule.ceiling, measure)}"
    if rule.floor is not None and value < rule.floor:
        return "regressed", f"{shown} is below its floor of {_written(rule.floor, measure)}"
    if rule.margin is None and rule.tolerance is None:
        if rule.ceiling is None and rule.floor is None:
            return "inconclusive", "its rule says nothing: give a ceiling, floor, margin or tolerance"
        return "pass", f"{shown}, within its bounds"
    if usual is None:
        return "inconclusive", "no earlier run to compare with"
    allowed = min(
        math.inf if rule.margin is None else rule.margin,
        math.inf if rule.tolerance is None else rule.tolerance * usual,
    )
    lower = rule.better == "lower" or (rule.better is None and measure.less_is_better)
    moved = value - usual
    sides = f"{shown}, usually {_written(usual, measure)}"
    if abs(moved) <= allowed:
        return "pass", f"{sides}, within {_written(allowed, measure)} of it"
    if rule.better is None and not measure.less_is_better:
        return "changed", f"{sides}, beyond {_written(allowed, measure)}"
    worse = moved > 0 if lower else moved < 0
    return ("regressed" if worse else "improved"), f"{sides}, beyond {_written(allowed, measure)}"


def _band(values: list[float]) -> tuple[float, float]:
    from scipy.special import stdtrit  # type: ignore[import-untyped]  # it has no stubs

    logs = [math.log(value) for value in values]
    middle = median(logs)
    # 1.4826 makes the median absolute deviation that of a normal distribution
    deviation = 1.4826 * median(abs(one - middle) for one in logs)
    reach = float(stdtrit(len(logs) - 1, 1 - _LEVEL)) * deviation * math.sqrt(1 + 1 / len(logs))
    return min(*values, math.exp(middle - reach)), max(*values, math.exp(min(middle + reach, 700.0)))


def _past(earlier: Sequence[Run], *, but: int) -> dict[tuple[str, str], dict[int, float]]:
    """(task, measure) to what it took, by the number of the run that did the work."""
    past: dict[tuple[str, str], dict[int, float]] = {}
    for run in earlier:
        for task in run.tasks:
            if run.number != but and _worked(task):
                for measure in _MEASURES:
                    past.setdefault((task.name, measure.name), {})[run.number] = _value(task, measure.name)
    return past


def _worked(task: TaskRun) -> bool:
    return task.status == "ran" and task.made_by is None


def _value(task: TaskRun, measure: str) -> float:
    if measure == "duration":
        return task.seconds
    return task.peak_memory if measure == "peak_memory" else sum(product.size for product in task.products.values())


def _sound(value: float) -> bool:
    # nothing at all is what stands where nothing was measured
    return math.isfinite(value) and value > 0


def _rule(rules: Mapping[str, RuleConfiguration], name: str) -> Rule | None:
    """What the configuration says of it: later globs over earlier ones, its own name over any glob."""
    matching = [said for pattern, said in rules.items() if pattern.startswith(_PREFIX) and fnmatchcase(name, pattern)]
    matching += [rules[name]] if name in rules else []
    said: dict[str, Any] = {}
    for each in matching:
        said |= {option: value for option, value in asdict(each).items() if value is not None}
    rule = Rule(**said)
    return rule if declared(rule) else None


def _written(value: float, measure: _Measure) -> str:
    if measure.name == "duration":
        return f"{value:.3g} s" if value < 1000 else f"{value:,.0f} s"
    unit, factor = next((unit for unit in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)) if value >= unit[1]), ("B", 1.0))
    return f"{value / factor:.3g} {unit}"
