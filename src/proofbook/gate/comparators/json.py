"""JSON: compared by structure, numbers with tolerance; says at which paths the two differ."""

from proofbook.gate.numbers import describe
from proofbook.gate.outcome import allowed, differs, outcome
from proofbook.gate.registry import Keep, Load
from proofbook.gate.structure import compare_structure, not_finite
from proofbook.model.record import Record
from proofbook.model.verdict import Comparison

__all__ = ["compare_json"]


def compare_json(production: Record, candidate: Record, *, load: Load, keep: Keep) -> Comparison:  # noqa: ARG001  every comparator has this signature
    """Compare two JSON values. NaN and infinity inside of the candidate fail it, as they fail a scalar."""
    rule, before, after = candidate.rule, production.value, candidate.value
    sides = (_size(before), _size(after))
    heard = ("tolerance",)
    if fault := not_finite(after):
        return outcome(candidate, "inconclusive", f"holds {fault}", failed=True, heard=heard, sides=sides)
    found = compare_structure(before, after, tolerance=allowed(rule))
    if found.count:
        worst = found.worst(20)
        reason = f"{found.count} of {found.leaves} values differ, first {worst[0]}"
        evidence = {"differences": [difference.as_json() for difference in worst], "count": found.count}
        change = f"{found.count} of {found.leaves} values"
        return outcome(candidate, differs(rule), reason, change=change, evidence=evidence, heard=heard, sides=sides)
    if after is None or after in ("", [], {}):
        return outcome(candidate, "inconclusive", "is empty: nothing to compare", heard=heard, sides=sides)
    return outcome(candidate, "pass", f"{found.leaves} values equal", change="no change", heard=heard, sides=sides)


def _size(value: object) -> str:
    if isinstance(value, dict):
        return f"{len(value)} keys"
    if isinstance(value, list):
        return f"{len(value)} items"
    return describe(value)
