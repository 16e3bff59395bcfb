"""
Scalars: numbers by direction and margin, floor and ceiling, tolerance; text and truth exactly.

    floor, ceiling     absolute: violated is `regressed`, whatever production was
    exact              any difference is `regressed` (beyond `tolerance`, where one is declared)
    better + margin    worse by more than the margin is `regressed`, better by more is `improved`, within is `pass`
    better, tolerance  the same with a relative margin
    better alone       better is `improved`, worse is `changed`: "no worse than the last run" alarms every second time
    margin alone       further away than the margin, in either direction, is `changed`
    nothing            floats equal up to rounding, everything else exactly; a difference is `changed`
    superiority        what is not better, and by more than the margin, is `inconclusive`: it was not shown

This is what one pair of values says by itself. What is known of noise is added by `weighing.py`, where all records of
a run are at hand.

NaN, infinity, None and a value that is no scalar are failures on the candidate's side. Another type is never a pass.
"""

from functools import lru_cache
from typing import Any

from proofbook.gate.numbers import ROUNDING, amount, close, describe, pair, ulps
from proofbook.gate.outcome import allowed, declared, differs, outcome
from proofbook.gate.registry import Keep, Load
from proofbook.model.record import Record, Rule
from proofbook.model.verdict import Comparison, Verdict

__all__ = ["compare_scalars", "judge_numbers"]

_HEARD = ("better", "margin", "floor", "ceiling", "tolerance")
_SPECIAL = {"nan": "NaN", "inf": "infinity", "-inf": "minus infinity"}


def compare_scalars(production: Record, candidate: Record, *, load: Load, keep: Keep) -> Comparison:  # noqa: ARG001  every comparator has this signature
    """Compare two scalars under the candidate's rule."""
    rule, after, before = candidate.rule, candidate.value, production.value
    sides = _written(production), _written(candidate)

    def found(verdict: Verdict, reason: str, **more: Any) -> Comparison:
        return outcome(candidate, verdict, reason, heard=_HEARD, **{"sides": sides, **more})

    if fault := _fault(candidate):
        return found("inconclusive", f"is {fault}", failed=True)
    numeric = sorted(set(_HEARD) & set(declared(rule)))
    if numeric and not _is_number(after):
        return found("inconclusive", f"is {_class(after)}, and {numeric[0]} asks for a number", failed=True)
    if violated := _bound(after, rule):
        return found("regressed", violated)
    if fault := _fault(production):
        return found("inconclusive", f"production's value is {fault}: nothing to compare with")
    if not numeric and not (_class(before) == _class(after) and _class(after) in {"int", "float"}):
        return _exactly(before, after, rule=rule, found=found)
    if not _is_number(before):
        return found(differs(rule), f"type changed from {_class(before)} to {_class(after)}", change="type")
    texts = pair(before, after, beside=rule.margin)
    verdict, reason = judge_numbers(before, after, rule=rule)
    if verdict in {"pass", "improved"} and _class(before) != _class(after):
        verdict, reason = differs(rule), f"type changed from {_class(before)} to {_class(after)}"
    evidence = {"production": before, "candidate": after}
    return found(verdict, reason, sides=texts[:2], change=texts[2], evidence=evidence)


def _exactly(before: Any, after: Any, *, rule: Rule, found: Any) -> Comparison:
    change: Comparison
    if _class(before) != _class(after):
        change = found(differs(rule), f"type changed from {_class(before)} to {_class(after)}", change="type")
    elif before != after:
        change = found(differs(rule), f"{describe(before)} → {describe(after)}", change="different")
    elif after == "":
        change = found("inconclusive", "is empty: nothing to compare")
    else:
        change = found("pass", "equal", change="no change")
    return change


# asked twice of each record: by its comparator, and where noise is weighed
@lru_cache(maxsize=1 << 15, typed=True)
def judge_numbers(before: Any, after: Any, *, rule: Rule) -> tuple[Verdict, str]:
    """
    The verdict on two finite numbers by the declared rule alone, and the reason.

    Args:
        before: Production's.
        after: The candidate's.
        rule: The candidate's.
    """
    verdict, reason = _judge(before, after, rule=rule, change=pair(before, after, beside=rule.margin)[2])
    if rule.superiority and verdict == "pass":
        return "inconclusive", f"{reason}; it must be better than production, and that is not shown"
    return verdict, reason


def _judge(before: Any, after: Any, *, rule: Rule, change: str) -> tuple[Verdict, str]:
    relative = allowed(rule)
    if relative is None:
        relative = 0.0 if isinstance(before, int) and isinstance(after, int) else ROUNDING
    if close(before, after, relative=relative):
        return "pass", "equal" if before == after else f"equal within {amount(relative)} relative"
    if rule.exact:
        return "regressed", f"{change}, and any difference counts"
    if rule.better is not None:
        gain = after - before if rule.better == "higher" else before - after
        return _direction(gain, rule=rule, change=change.lstrip("+-"), rounding=ulps(before, after))
    if rule.margin is not None:
        if abs(after - before) - rule.margin <= ulps(before, after):
            return "pass", f"{change}, within the margin of {amount(rule.margin)}"
        return "changed", f"{change}, beyond the margin of {amount(rule.margin)}, and no direction is declared"
    if rule.tolerance is not None:
        return "changed", f"{change}, beyond the tolerance of {amount(rule.tolerance)} relative"
    return "changed", change


def _direction(gain: float, *, rule: Rule, change: str, rounding: float) -> tuple[Verdict, str]:
    if rule.margin is None and rule.tolerance is None:
        if gain > 0:
            return "improved", f"better by {change}"
        return "changed", f"worse by {change} and no margin declared: declare one, or accept"
    if rule.margin is None:
        # the tolerance is the margin here, and it was exceeded already
        verdict: Verdict = "improved" if gain > 0 else "regressed"
        way, allowed = "better" if gain > 0 else "worse", amount(rule.tolerance or 0.0)
        return verdict, f"{way} by {change}, tolerance {allowed} relative"
    if -gain - rule.margin > rounding:
        return "regressed", f"worse by {change}, margin {amount(rule.margin)}"
    if gain - rule.margin > rounding:
        return "improved", f"better by {change}, margin {amount(rule.margin)}"
    return "pass", f"{'better' if gain > 0 else 'worse'} by {change}, within the margin of {amount(rule.margin)}"


def _bound(value: Any, rule: Rule) -> str | None:
    for side, bound in (("below its floor", rule.floor), ("above its ceiling", rule.ceiling)):
        if bound is not None and (value < bound if bound is rule.floor else value > bound):
            limit, shown, _ = pair(bound, value)
            return f"{shown} is {side} of {limit}"
    return None


def _fault(record: Record) -> str | None:
    if record.special is not None:
        return _SPECIAL[record.special]
    if record.value is None:
        return "None"
    if isinstance(record.value, float) and (record.value != record.value or abs(record.value) == float("inf")):
        return describe(record.value)
    if not isinstance(record.value, bool | int | float | str):
        return f"a {type(record.value).__name__}, not a scalar"
    return None


def _written(record: Record) -> str:
    return describe(float(record.special)) if record.special else describe(record.value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def _class(value: Any) -> str:
    return {bool: "bool", int: "int", float: "float", str: "text"}.get(type(value), type(value).__name__)
