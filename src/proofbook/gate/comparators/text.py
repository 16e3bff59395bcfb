"""Text: equal, or changed. Line endings do not count; `exact` makes a difference a regression."""

from difflib import unified_diff
from itertools import islice

from proofbook.gate.numbers import describe
from proofbook.gate.outcome import PayloadError, differs, outcome
from proofbook.gate.registry import Keep, Load
from proofbook.model.record import Record
from proofbook.model.verdict import Comparison

__all__ = ["compare_texts"]

_LINES = 60
"""Lines of the difference that are kept as evidence."""
_LONGEST = 2000
"""Lines up to which a difference is worked out; beyond that it is only said."""


def compare_texts(production: Record, candidate: Record, *, load: Load, keep: Keep) -> Comparison:  # noqa: ARG001  every comparator has this signature
    """Compare two texts."""
    if not isinstance(candidate.value, str):
        raise PayloadError("is not text", side="candidate")
    if not isinstance(production.value, str):
        raise PayloadError("production's value is not text: nothing to compare with", side="production")
    before, after = _lines(production.value), _lines(candidate.value)
    sides = (_written(before), _written(after))
    if before == after:
        if not any(line.strip() for line in after):
            return outcome(candidate, "inconclusive", "is empty: nothing to compare", sides=sides)
        return outcome(candidate, "pass", "equal", change="no change", sides=sides)
    if max(len(before), len(after)) > _LONGEST:
        return outcome(candidate, differs(candidate.rule), "the text differs", change="different", sides=sides)
    lines = list(unified_diff(before, after, "production", "candidate", lineterm="", n=2))
    added = sum(line.startswith("+") for line in lines[2:])
    removed = sum(line.startswith("-") for line in lines[2:])
    return outcome(
        candidate,
        differs(candidate.rule),
        f"the text differs: {added} lines added, {removed} removed",
        change=f"+{added} -{removed} lines",
        evidence={"difference": [line[:400] for line in islice(lines, _LINES)]},
        sides=sides,
    )


def _lines(text: str) -> list[str]:
    # not splitlines(), to which a form feed equals a line feed
    return text.replace("\r\n", "\n").split("\n")


def _written(lines: list[str]) -> str:
    return describe(lines[0]) if len(lines) == 1 else f"{len(lines)} lines"
