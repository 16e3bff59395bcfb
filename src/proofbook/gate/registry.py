"""
Which comparator judges which record, and the one door through which all of them are called.

A comparator is `compare(production, candidate, *, load, keep) -> Comparison`. It judges by the candidate's rule, may
raise whatever it likes on payloads that it cannot read, and never has to think of missing records or changed rules:
`pairs.py` does. One that has a parameter `history` is also given the same record of earlier runs, oldest first.

Ours are registered here by their kind. A user's own are found by `plugins.py`, and are called in the same way.
"""

import inspect
import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Protocol, get_args

import msgspec
from msgspec.structs import replace

from proofbook.gate.outcome import PayloadError, outcome
from proofbook.gate.plugins import PluginError, plugin_for
from proofbook.model.record import Record
from proofbook.model.verdict import Comparison, Verdict

__all__ = ["COMPARATORS", "Comparator", "Keep", "Load", "comparator_for", "compare", "register", "takes_history"]

Load = Callable[[str], bytes]
"""
The bytes of a blob, by digest. One that also has `verified(digest) -> Path` names the blob's file, its bytes checked:
for what is too large to be held in memory. A store's `blobs` are such a one.
"""
Keep = Callable[[bytes], str]
"""Stores evidence (a difference picture ...) and returns its digest."""


class Comparator(Protocol):
    """Judges one kind of record."""

    def __call__(self, production: Record, candidate: Record, *, load: Load, keep: Keep, **more: Any) -> Comparison:
        """Compare two records of one kind under the candidate's rule."""
        ...


COMPARATORS: dict[str, Callable[..., Comparison]] = {}
_VERDICTS = frozenset(get_args(Verdict))


def register(kind: str, comparator: Callable[..., Comparison], *, replace: bool = False) -> None:
    """
    Let `comparator` judge the records of `kind`.

    Raises:
        ValueError: The kind has a comparator already and `replace` is not set.
    """
    if kind in COMPARATORS and not replace:
        raise ValueError(f"records of kind {kind!r} have a comparator already: pass replace=True to take its place")
    COMPARATORS[kind] = comparator


def comparator_for(record: Record) -> Callable[..., Comparison] | None:
    """
    What judges this record: a plugin for its name, else one for its kind, else ours; None where nothing does.

    Raises:
        PluginError: The plugin that should judge it cannot be loaded.
    """
    return plugin_for(record) or COMPARATORS.get(record.kind)


def takes_history(comparator: Callable[..., Comparison]) -> bool:
    """Whether it asks for the record's earlier values."""
    try:
        return _parameter(comparator)
    except TypeError:  # without a hash
        return _parameter.__wrapped__(comparator)


@lru_cache(maxsize=256)
def _parameter(comparator: Callable[..., Comparison]) -> bool:
    try:
        return "history" in inspect.signature(comparator).parameters
    except (TypeError, ValueError):  # without a signature
        return False


def _check(found: Comparison, candidate: Record) -> None:
    """Raise where a comparator's answer is none, and could not be kept, or passes what never does."""
    if not isinstance(found, Comparison):
        raise TypeError(f"its comparator answered with a {type(found).__name__}")
    if found.verdict not in _VERDICTS:
        raise ValueError(f"{found.verdict!r} is no verdict")
    msgspec.json.encode(found)
    if found.verdict in {"pass", "improved"} and _is_nothing(candidate):
        raise PayloadError("is no value, whatever its comparator says", side="candidate")


def _is_nothing(record: Record) -> bool:
    """Whether it is a scalar without a value: NaN, infinity, None. None of them passes, not by a plugin either."""
    value = record.value
    lost = record.special is not None or value is None or (isinstance(value, float) and not math.isfinite(value))
    return record.kind == "scalar" and lost


def compare(
    production: Record, candidate: Record, *, load: Load, keep: Keep, history: tuple[Record, ...] = ()
) -> Comparison:
    """
    Compare two records of one kind. Never raises: what cannot be read or judged is `inconclusive`, and the gate holds.

    A payload that cannot be read is a failure where it is the candidate's; where it is production's there is only
    nothing to compare with.

    Args:
        production: What counts as right.
        candidate: What is judged.
        load: Loads payloads.
        keep: Stores evidence.
        history: The record in earlier runs that may be compared with it, oldest first.
    """
    try:
        comparator = comparator_for(candidate)
        if comparator is None:
            return outcome(candidate, "inconclusive", f"no comparator knows the kind {candidate.kind}", failed=True)
        more = {"history": history} if takes_history(comparator) else {}
        found = comparator(production, candidate, load=load, keep=keep, **more)
        _check(found, candidate)
        # what is judged, and whether it gates, is the record's to say, not a comparator's
        return replace(
            found,
            record=candidate.name,
            task=candidate.task,
            kind=candidate.kind,
            gates=candidate.rule.gates,
            rule=candidate.rule,
            declared=candidate.declared,
            rule_from=candidate.rule_from,
        )
    except PayloadError as error:
        return outcome(candidate, "inconclusive", str(error), failed=error.side == "candidate")
    except PluginError as error:
        return outcome(candidate, "inconclusive", str(error), failed=True)
    # a comparator may be somebody's plugin, and payloads are whatever a notebook wrote: neither may end the gate
    except (Exception, SystemExit) as error:  # noqa: BLE001
        what = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        return outcome(candidate, "inconclusive", f"the {candidate.kind} could not be compared: {what}", failed=True)
