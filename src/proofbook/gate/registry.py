"""
Which comparator judges which kind of record, and the one door through which all of them are called.

A comparator is `compare(production, candidate, *, load, keep) -> Comparison`. It judges by the candidate's rule, may
raise whatever it likes on payloads that it cannot read, and never has to think of missing records or changed rules:
`pairs.py` does.
"""

from collections.abc import Callable
from typing import Protocol

from msgspec.structs import replace

from proofbook.gate.outcome import PayloadError, outcome
from proofbook.model.record import Record
from proofbook.model.verdict import Comparison

__all__ = ["COMPARATORS", "Comparator", "Keep", "Load", "compare", "register"]

Load = Callable[[str], bytes]
"""The bytes of a blob, by digest."""
Keep = Callable[[bytes], str]
"""Stores evidence (a difference picture ...) and returns its digest."""


class Comparator(Protocol):
    """Judges one kind of record."""

    def __call__(self, production: Record, candidate: Record, *, load: Load, keep: Keep) -> Comparison:
        """Compare two records of one kind under the candidate's rule."""
        ...


COMPARATORS: dict[str, Comparator] = {}


def register(kind: str, comparator: Comparator, *, replace: bool = False) -> None:
    """
    Let `comparator` judge the records of `kind`.

    Raises:
        ValueError: The kind has a comparator already and `replace` is not set.
    """
    if kind in COMPARATORS and not replace:
        raise ValueError(f"records of kind {kind!r} have a comparator already: pass replace=True to take its place")
    COMPARATORS[kind] = comparator


def compare(production: Record, candidate: Record, *, load: Load, keep: Keep) -> Comparison:
    """
    Compare two records of one kind. Never raises: what cannot be read or judged is `inconclusive`, and the gate holds.

    A payload that cannot be read is a failure where it is the candidate's; where it is production's there is only
    nothing to compare with.
    """
    comparator = COMPARATORS.get(candidate.kind)
    if comparator is None:
        return outcome(candidate, "inconclusive", f"no comparator knows the kind {candidate.kind}", failed=True)
    try:
        found = comparator(production, candidate, load=load, keep=keep)
        # what is judged, and whether it gates, is the record's to say, not a comparator's
        return replace(
            found, record=candidate.name, task=candidate.task, kind=candidate.kind, gates=candidate.rule.gates
        )
    except PayloadError as error:
        return outcome(candidate, "inconclusive", str(error), failed=error.side == "candidate")
    # a comparator may be somebody's plugin, and payloads are whatever a notebook wrote: neither may end the gate
    except Exception as error:  # noqa: BLE001
        what = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        return outcome(candidate, "inconclusive", f"the {candidate.kind} could not be compared: {what}", failed=True)
