"""
One record, production beside candidate, whatever became of either: missing, new, unreadable, of another kind or rule.

What a comparator finds counts only where both sides have the record, of one kind, under one rule. A record gates where
the candidate's *or production's* rule gates, so that no rule slips away with the value that it guarded.
"""

import math
from typing import Any

from msgspec.structs import replace

from proofbook.gate.numbers import describe
from proofbook.gate.outcome import declared, outcome
from proofbook.gate.registry import Keep, Load, compare
from proofbook.model.record import Record, Rule
from proofbook.model.verdict import Comparison

__all__ = ["compare_pair", "lost", "missing", "new"]


def compare_pair(production: Record, candidate: Record, *, load: Load, keep: Keep) -> Comparison:
    """Compare a record that both runs have."""
    gates = production.rule.gates or candidate.rule.gates
    if fault := _fault(candidate):
        return _failed(candidate, fault, gates=gates)
    if production.kind != candidate.kind:
        reason = f"was a {production.kind}, is a {candidate.kind}"
        found = outcome(candidate, "inconclusive" if gates else "changed", reason, failed=gates, change="kind")
        return replace(found, gates=gates)
    if fault := _fault(production):
        alone = _alone(candidate, load=load, keep=keep)
        if alone is not None:
            return replace(alone, gates=gates)
        found = outcome(candidate, "inconclusive", f"nothing to compare with: production's {fault}")
        return replace(found, gates=gates)
    found = compare(production, candidate, load=load, keep=keep)
    if production.rule == candidate.rule:
        return found
    return replace(_under_new_rule(found, production, candidate, load=load, keep=keep), gates=gates)


def new(candidate: Record, *, load: Load, keep: Keep, because: str, gates: bool) -> Comparison:
    """
    A record that production does not have.

    Floor and ceiling hold without production, and NaN is NaN: what breaks them is said here too, and gates by its rule.

    Args:
        candidate: The record.
        load: Loads its payload.
        keep: Stores evidence.
        because: Why there is nothing to compare with.
        gates: Whether a sound record counts as one that gates.
    """
    if fault := _fault(candidate):
        return _failed(candidate, fault, gates=candidate.rule.gates)
    alone = _alone(candidate, load=load, keep=keep)
    if alone is not None:
        return alone
    seen = compare(candidate, candidate, load=load, keep=keep)
    found = outcome(candidate, "inconclusive", because, sides=(None, seen.candidate))
    return replace(found, gates=gates and candidate.rule.gates)


def missing(production: Record) -> Comparison:
    """A record that production has and the candidate does not."""
    if production.rule.gates:
        return outcome(production, "inconclusive", "is missing, and production has it", failed=True, change="missing")
    return outcome(production, "changed", "is missing, and production has it", change="missing")


def lost(record: Record, *, gates: bool, because: str) -> Comparison:
    """A record whose task did not finish: what it recorded before does not count."""
    return replace(outcome(record, "inconclusive", because, failed=True), gates=gates)


def _alone(candidate: Record, *, load: Load, keep: Keep) -> Comparison | None:
    """What is wrong with the record by itself: compared with itself, a sound one neither regresses nor fails."""
    found = compare(candidate, candidate, load=load, keep=keep)
    if found.verdict == "regressed" or found.failed:
        return replace(found, production=None, change=None)
    return None


def _under_new_rule(found: Comparison, production: Record, candidate: Record, *, load: Load, keep: Keep) -> Comparison:
    """A changed rule is for review, unless the candidate fails under its own: that is worse."""
    changes = _changes(production.rule, candidate.rule)
    evidence = {**found.evidence, "rule": {"production": _plain(production.rule), "candidate": _plain(candidate.rule)}}
    words = "rule changed: " + ", ".join(changes)
    if found.verdict == "regressed" or found.failed:
        return replace(found, reason=f"{found.reason}; {words}", evidence=evidence)
    before = compare(production, replace(candidate, rule=production.rule), load=load, keep=keep)
    by_rules = f"by the new rule {found.verdict}, by the old {before.verdict}: {before.reason}"
    if found.verdict == before.verdict:
        by_rules = f"by either {found.verdict}: {found.reason}"
    return replace(found, verdict="changed", reason=f"{words}; {by_rules}", evidence=evidence)


def _changes(before: Rule, after: Rule) -> list[str]:
    said = [_plain(rule) for rule in (before, after)]
    names = [name for name in before.__struct_fields__ if said[0].get(name) != said[1].get(name)]
    return [f"{name} {_word(said[0].get(name))} → {_word(said[1].get(name))}" for name in names]


def _plain(rule: Rule) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in declared(rule).items()}


def _word(value: Any) -> str:
    if value is None:
        return "not declared"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    # a bound is written as its author wrote it
    return repr(value) if isinstance(value, float) else describe(value)


def _fault(record: Record) -> str | None:
    """Why the record cannot be judged at all."""
    if record.unreadable is not None:
        return f"record cannot be read: {' '.join(record.unreadable.split())[:200]}"
    for name in ("margin", "floor", "ceiling", "tolerance"):
        bound = getattr(record.rule, name)
        # every comparison with NaN is false, so that such a margin would never be exceeded
        if bound is not None and not (math.isfinite(bound) and (bound >= 0 or name in {"floor", "ceiling"})):
            return f"rule cannot be applied: {name} is {bound}"
    return None


def _failed(record: Record, fault: str, *, gates: bool) -> Comparison:
    return replace(outcome(record, "inconclusive", f"the {fault}", failed=True), gates=gates)
