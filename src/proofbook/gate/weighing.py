"""
What is known of noise laid upon what the numbers of a run say by themselves.

    regressed     worse by more than the margin and by more than noise explains
    inconclusive  worse by more than the margin, and noise alone may do that
    pass          within the margin; where none is declared, within what noise does in 19 of 20 runs
    improved      better by more than the margin and than noise does in 19 of 20 runs; else it is a pass
    changed       would pass, but its history drifts to the worse, by more than the margin, where no single step did

Only `regressed` draws on the budget of false alarms, and Holm's procedure shares the run's level out over all gating
numbers whose noise is known. Where it is not known, the declared margin decides alone, and the reason says so.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from proofbook.gate import drift, holm, power
from proofbook.gate.comparators.scalar import judge_numbers
from proofbook.gate.estimates import Estimate
from proofbook.gate.noise import Past, again, baseline, estimate, usable
from proofbook.gate.numbers import ROUNDING, amount, describe, pair, ulps
from proofbook.model.record import Rule
from proofbook.model.verdict import Comparison, Noise, Verdict

__all__ = ["weigh"]

_REVIEW = 0.05
"""Beyond this level of the run a number without a margin is for review, as it would be without any history."""
_REVIEW_LEAST = 0.01
_ENOUGH = 5
"""Values without which noise takes no margin's place: `worse, and no margin declared` stays a person's to judge."""
_NOTHING = Past()


@dataclass(frozen=True)
class _Number:
    """A comparison of two numbers of which one direction is worse."""

    place: int
    before: float
    after: float
    reason: str
    """What the declared rule says; what other rooms added to it comes after."""
    past: Past
    estimates: tuple[Estimate, ...]
    baseline: float
    probability: float
    """Of a value as bad by noise alone."""


def weigh(
    comparisons: Sequence[Comparison], *, past: Mapping[tuple[str, str], Past], level: float
) -> tuple[Comparison, ...]:
    """
    The same comparisons, where two numbers were compared judged with what is known of their noise.

    Args:
        comparisons: Of one run, by the declared rules alone.
        past: (task, record) to what is known of it from before.
        level: Probability of a false alarm that the whole run may take.
    """
    found = list(comparisons)
    several = max(1, sum(comparison.gates and comparison.rule.better is not None for comparison in comparisons))
    numbers = []
    for place, comparison in enumerate(comparisons):
        before = past.get((comparison.task, comparison.record), _NOTHING)
        number = _number(place, comparison, before, level / several if comparison.gates else level)
        if number is not None:
            numbers.append(number)
    # what only informs takes nothing from the budget, and is judged as if it stood alone
    gating = [number for number in numbers if number.estimates and found[number.place].gates]
    shares = holm.share([number.probability for number in gating], level=level)
    own = {number.place: share for number, share in zip(gating, shares, strict=True)}
    review = max(_REVIEW / max(1, len(gating)), _REVIEW_LEAST)
    for number in numbers:
        found[number.place] = _weighed(
            found[number.place], number, level=own.get(number.place, level), review=max(review, level)
        )
    return tuple(found)


def _number(place: int, found: Comparison, past: Past, level: float) -> _Number | None:
    before, after = found.evidence.get("production"), found.evidence.get("candidate")
    if found.kind != "scalar" or found.rule.better is None or found.rule.exact:
        return None
    if not (isinstance(before, int | float) and isinstance(after, int | float)):
        return None
    verdict, reason = judge_numbers(before, after, rule=found.rule)
    # somebody had more to say: the record moved, its type or rule changed, it was measured on something else
    # but what is refused under its own rule only has the new rule said behind it
    untouched = found.reason == reason or (verdict == "regressed" and found.reason.startswith(reason))
    if found.verdict != verdict or not untouched:
        return None
    estimates = estimate(found.rule, before, past=past, level=level)
    against = baseline(before, past) if estimates else before
    probability = max((one.probability(after) for one in estimates), default=1.0)
    return _Number(place, before, after, reason, past, estimates, against, probability)


def _weighed(found: Comparison, number: _Number, *, level: float, review: float) -> Comparison:
    rule = found.rule
    noise = power.describe(number.estimates, rule=rule, baseline=number.baseline, level=level)
    rest = _elsewhere(number) + found.reason[len(number.reason) :]
    if not number.estimates:
        reason = f"{number.reason}; noise is unknown{rest}"
        return replace(found, noise=noise, reason=reason)
    verdict, words = _verdict(number, rule=rule, noise=noise, level=level, review=review)
    worse = (number.after - number.before) * (1 if rule.better == "lower" else -1) > 0
    # what is no worse than production takes nothing further down
    drifted = _drift(number, rule=rule, level=level) if verdict == "pass" and worse else ""
    if drifted:
        verdict, words = "changed", f"{words}; {drifted}"
    if rule.superiority and verdict == "pass":
        verdict, words = "inconclusive", f"{words}; it must be better than production, and that is not shown"
    reason = f"{words}; {_seen(noise)}{rest}"
    return replace(found, verdict=verdict, reason=reason, noise=replace(noise, drift=drifted))


def _verdict(number: _Number, *, rule: Rule, noise: Noise, level: float, review: float) -> tuple[Verdict, str]:
    after, against = number.after, number.baseline
    margin = power.margin_of(rule, against)
    loss = (after - against) * (1 if rule.better == "lower" else -1)
    rounding = _rounding(against, after)
    words = _words(number, loss, margin=margin, rule=rule)
    if loss <= rounding:
        gain = -loss - (margin or 0.0)
        by_noise = max(one.probability(after, better=True) for one in number.estimates)
        if gain <= rounding or by_noise > _REVIEW:
            return "pass", f"{words}, no more than noise does" if gain > rounding else words
        return "improved", words
    if loss - (margin or 0.0) <= rounding:
        return "pass", words
    reach = "no bound" if noise.bound is None else describe(float(noise.bound))
    if number.probability <= level:
        return "regressed", f"{words}; noise reaches no further than {reach}"
    if margin is not None:
        return "inconclusive", f"{words}, but it cannot be told from noise, which may reach {reach}"
    if min(one.count for one in number.estimates) < _ENOUGH:
        return "changed", f"{words}, no margin declared, and too few runs to know noise by"
    if number.probability <= review:
        return "inconclusive", f"{words}, more than noise does as a rule, and it may reach {reach}"
    return "pass", f"{words}, no more than noise does"


def _rounding(against: float, after: float) -> float:
    """What another order of summation may do: no difference, as for the declared rule."""
    if isinstance(against, int) and isinstance(after, int):
        return 0.0
    return max(ulps(against, after), ROUNDING * max(abs(against), abs(after)))


def _words(number: _Number, loss: float, *, margin: float | None, rule: Rule) -> str:
    against = number.baseline
    beside = "" if against == number.before else f" than {describe(against)}, the mean of production's reruns"
    if not loss:
        return "equal" if not beside else f"equal to {describe(against)}, the mean of production's reruns"
    size = pair(against, number.after, beside=margin)[2].lstrip("+-")
    said = f"{'worse' if loss > 0 else 'better'} by {size}{beside}"
    if margin is None:
        return said
    declared = f"margin {amount(margin)}" if rule.margin is not None else f"tolerance {amount(rule.tolerance or 0.0)}"
    return f"{said}, {'within the ' if abs(loss) <= margin else ''}{declared}"


def _drift(number: _Number, *, rule: Rule, level: float) -> str:
    worse = 1 if rule.better == "lower" else -1
    import numpy as np

    values = np.array([value for value in number.past.values[number.past.accepted :] if usable(value)], dtype=float)
    found = drift.drift(values, worse=worse, level=level)
    if found is None:
        return ""
    size = abs(found.after - found.before)
    # a candidate that is nearer to where they came from has left the drift behind
    if size <= (power.margin_of(rule, number.baseline) or 0.0):
        return ""
    if (number.after - (found.before + found.after) / 2) * worse < 0:
        return ""
    runs = len(values) - found.place
    return f"drift: the last {runs} runs are worse by {amount(size)} than the {found.place} before them"


def _elsewhere(number: _Number) -> str:
    """That production built again is not what it was: what that recorded says nothing of noise."""
    if not number.past.reruns or again(number.before, number.past):
        return ""
    others = [value for value in number.past.reruns if usable(value) and value != number.before]
    if not others:
        return ""
    mean = describe(math.fsum(others) / len(others))
    return f"; built again, production comes to {mean}: what no run records has changed, so that does not count"


_SOURCES = {"declared": "declared", "reruns": "reruns of production", "interval": "runs", "ranks": "runs, by rank"}


def _seen(noise: Noise) -> str:
    """The smallest change that could have been seen, and by what it is known."""
    source = _SOURCES[noise.source] if noise.source == "declared" else f"{noise.runs} {_SOURCES[noise.source]}"
    if noise.detectable is None:
        return f"no change could have been told from noise ({source})"
    return f"smallest change seen at 80% is {amount(noise.detectable)} ({source})"
