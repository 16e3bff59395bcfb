"""Models, by reference: the same bytes pass, other bytes are `changed`. What a model does, its recorded scores say."""

from typing import Any

from proofbook.gate.outcome import PayloadError, differs, outcome
from proofbook.gate.registry import Keep, Load
from proofbook.model.record import Record
from proofbook.model.verdict import Comparison

__all__ = ["compare_models"]


def compare_models(production: Record, candidate: Record, *, load: Load, keep: Keep) -> Comparison:  # noqa: ARG001  every comparator has this signature
    """Compare two model files by digest and size."""
    after = _reference(candidate)
    if after is None:
        raise PayloadError("the model has no digest: its file was not kept", side="candidate")
    before = _reference(production)
    if before is None:
        raise PayloadError("production's model has no digest: nothing to compare with", side="production")
    sides = (_written(*before), _written(*after))
    if before[0] == after[0]:
        return outcome(candidate, "pass", "the same file", change="no change", sides=sides)
    evidence = {"production": before[0], "candidate": after[0]}
    change = "new file"
    if before[1] is not None and after[1] is not None and before[1] != after[1]:
        change = f"{after[1] - before[1]:+,} bytes"
    reason = "another file than production's; its behaviour is what the recorded scores say"
    return outcome(candidate, differs(candidate.rule), reason, change=change, evidence=evidence, sides=sides)


def _reference(record: Record) -> tuple[str, int | None] | None:
    value: dict[str, Any] = record.value if isinstance(record.value, dict) else {}
    digest, size = value.get("digest") or record.blob, value.get("size")
    if not isinstance(digest, str) or not digest:
        return None
    return digest, size if isinstance(size, int) else None


def _written(digest: str, size: int | None) -> str:
    if size is None:
        return digest[:8]
    unit, factor = next((unit for unit in (("MB", 1e6), ("kB", 1e3)) if size >= unit[1]), ("B", 1))
    return f"{digest[:8]}, {size / factor:.3g} {unit}"
