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


def compare_pair(
    production: Record, candidate: Record, *, load: Load, keep: Keep, history: tuple[Record, ...] = ()
) -> Comparison:
    """
    Compare a record that both runs have.

    Args:
        production: What counts as right.
        candidate: What is judged.
        load: Loads payloads.
        keep: Stores evidence.
        history: The record in earlier runs, oldest first, for comparators that ask for it.
    """
    gates = production.rule.gates or candidate.rule.gates
    if fault := _fault(candidate):
        return _failed(candidate, fault, gates=gates)
    if production.kind != candidate.kind:
        reason = f"was a {production.kind}, is a {candidate.kind}"
        found = outcome(candidate, "inconclusive" if gates else "changed", reason, failed=gates, change="kind")
        return replace(found, gates=gates)
    if elsewhere := _measured_elsewhere(production, candidate):
        alone = _alone(candidate, load=load, keep=keep)
        found = outcome(candidate, "inconclusive", elsewhere, change="evaluation set") if alone is None else alone
        return replace(_with_rule(found, production, candidate), gates=gates)
    if fault := _fault(production):
        alone = _alone(candidate, load=load, keep=keep)
        if alone is not None:
            return replace(alone, gates=gates)
        found = outcome(candidate, "inconclusive", f"nothing to compare with: production's {fault}")
        return replace(found, gates=gates)
    found = compare(production, candidate, load=load, keep=keep, history=history)
    if production.rule == candidate.rule:
        # that another table says the same, or now the notebook itself, is no change
        return found
    judged = _under_new_rule(found, production, candidate, load=load, keep=keep, history=history)
    return replace(judged, gates=gates)


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


def _under_new_rule(
    found: Comparison,
    production: Record,
    candidate: Record,
    *,
    load: Load,
    keep: Keep,
    history: tuple[Record, ...],
) -> Comparison:
    """A changed rule is for review, unless the candidate fails under its own: that is worse."""
    said = _with_rule(found, production, candidate)
    if found.verdict == "regressed" or found.failed:
        return said
    by_old = replace(candidate, rule=production.rule)
    before = compare(production, by_old, load=load, keep=keep, history=history)
    by_rules = f"by the new rule {found.verdict}, by the old {before.verdict}: {before.reason}"
    if found.verdict == before.verdict:
        by_rules = f"by either {found.verdict}: {found.reason}"
    reason = f"rule changed: {_changes(production, candidate)}; {by_rules}"
    return replace(said, verdict="changed", reason=reason)


def _with_rule(found: Comparison, production: Record, candidate: Record) -> Comparison:
    """The same, and that the rule is another, where it is: where a rule came from is no part of it."""
    if production.rule == candidate.rule:
        return found
    rules = {"production": _plain(production.rule), "candidate": _plain(candidate.rule)}
    reason = f"{found.reason}; rule changed: {_changes(production, candidate)}"
    return replace(found, reason=reason, evidence={**found.evidence, "rule": rules})


def _changes(production: Record, candidate: Record) -> str:
    """What differs, option by option, and which table of the configuration it is by."""
    before, after = _plain(production.rule), _plain(candidate.rule)
    changes = []
    for name in production.rule.__struct_fields__:
        if before.get(name) != after.get(name):
            by = candidate.rule_from.get(name)
            no_longer = production.rule_from.get(name)
            origin = f" by {by}" if by else f", no longer by {no_longer}" if no_longer else ""
            changes.append(f"{name} {_word(before.get(name))} → {_word(after.get(name))}{origin}")
    return ", ".join(changes)


def _measured_elsewhere(production: Record, candidate: Record) -> str | None:
    """That the two were measured on different data, or that nobody can tell; None where they were not."""
    before, after = production.eval_set, candidate.eval_set
    if before == after:
        return None
    if before is None or after is None:
        said, silent = ("candidate", "production") if before is None else ("production", "candidate")
        digest = _brief(after or before)
        return f"the {said} was measured on evaluation set {digest}, and the {silent} does not say on which"
    return f"measured on another evaluation set ({_brief(after)}, production on {_brief(before)})"


def _brief(digest: str | None) -> str:
    return (digest or "")[:8]


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
    for name in ("margin", "floor", "ceiling", "tolerance", "noise"):
        bound = getattr(record.rule, name)
        # every comparison with NaN is false, so that such a margin would never be exceeded
        if bound is not None and not (math.isfinite(bound) and (bound >= 0 or name in {"floor", "ceiling"})):
            return f"rule cannot be applied: {name} is {bound}"
    if record.rule.superiority and record.rule.better is None and record.kind != "predictions":
        # of predictions the metric says which way is better
        by = record.rule_from.get("superiority")
        return f"rule cannot be applied: superiority{f' by {by}' if by else ''} without better"
    return None


def _failed(record: Record, fault: str, *, gates: bool) -> Comparison:
    return replace(outcome(record, "inconclusive", f"the {fault}", failed=True), gates=gates)
