"""Why records changed, as a table: what each factor did to each record, and what carries it."""

import math
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from proofbook.model.record import Rule
from proofbook.model.verdict import Comparison, GateResult, Share
from proofbook.report import words

__all__ = ["Causes", "Part", "Split", "causes"]

_WIDTH: Final = 72.0
"""Of a bar with its middle at zero."""
_SPLITS: Final = 60
_FEW: Final = 5
_MANY: Final = 12
_CARRIERS: Final = 12
_NAMES: Final = ("code", "data", "parameters", "environment", "interaction")


class Part(Struct, frozen=True, kw_only=True):
    """What one factor did: its amount, and a bar from the middle to the side it pulls to."""

    name: str
    text: str
    start: float
    width: float
    tone: str
    """`worse`, `better` or empty, by the record's rule."""


class Split(Struct, frozen=True, kw_only=True):
    """One record's change."""

    record: str
    task: str
    change: str
    parts: tuple[Part | None, ...]
    """One for each of `Causes.factors`."""
    carried_by: tuple[str, ...]
    more: int
    """How many carriers are not listed."""


class Causes(Struct, frozen=True, kw_only=True):
    """All of it."""

    factors: tuple[str, ...]
    splits: tuple[Split, ...]
    open: int
    """How many of them stand open: those of records that gate and are not as they were, else the first few."""
    more: int
    """How many records are not listed."""
    told: str
    """Of the first record, in a line for the top of the page."""
    built: str
    skipped: tuple[str, ...]


def causes(gate: GateResult | None) -> Causes | None:
    """What was found, the largest part of each record's change first told by a bar; None where nobody looked."""
    cause = gate.cause if gate is not None else None
    if gate is None or cause is None or not (cause.shares or cause.skipped):
        return None
    compared = {(comparison.task, comparison.record): comparison for comparison in gate.comparisons}
    places = {name: place for place, name in enumerate(compared)}
    shares = sorted(
        cause.shares,
        key=lambda share: (
            _urgency(compared.get((share.task, share.record))),
            places.get((share.task, share.record), len(places)),
        ),
    )
    known = {factor.name for share in shares for factor in share.factors}
    factors = tuple(name for name in _NAMES if name in known)
    rules = {name: comparison.rule for name, comparison in compared.items()}
    built = f"Production was built again {_times(cause.replays)} for it, in {words.duration(cause.seconds)}."
    urgent = sum(_urgency(compared.get((share.task, share.record))) == 0 for share in shares)
    return Causes(
        factors=factors,
        splits=tuple(_split(share, factors=factors, rules=rules) for share in shares[:_SPLITS]),
        open=min(max(urgent, _FEW), _MANY),
        more=max(0, len(shares) - _SPLITS),
        told=_told(shares[0]) if shares else "",
        built=built if cause.replays else "No build was needed for it: every part was known.",
        skipped=cause.skipped[:_SPLITS],
    )


def _told(share: Share) -> str:
    parts = ", ".join(f"{factor.name} {_signed(factor.amount)}" for factor in share.factors)
    carried = f"; carried by {', '.join(share.carried_by[:3])}" if share.carried_by else ""
    return f"{share.record} moved by {_signed(share.change)}: {parts}{carried}."


def _urgency(comparison: Comparison | None) -> int:
    if comparison is None or not comparison.gates:
        return 2
    return 0 if comparison.verdict == "regressed" else 1


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count:,} times")


def _split(share: Share, *, factors: tuple[str, ...], rules: Mapping[tuple[str, str], Rule]) -> Split:
    rule = rules.get((share.task, share.record), Rule())
    amounts = {factor.name: factor.amount for factor in share.factors}
    largest = max((abs(amount) for amount in amounts.values() if math.isfinite(amount)), default=0.0)
    return Split(
        record=share.record,
        task=share.task,
        change=_signed(share.change),
        parts=tuple(
            _part(name, amounts[name], largest=largest, rule=rule) if name in amounts else None for name in factors
        ),
        carried_by=share.carried_by[:_CARRIERS],
        more=max(0, len(share.carried_by) - _CARRIERS),
    )


def _part(name: str, amount: float, *, largest: float, rule: Rule) -> Part:
    size = min(abs(amount) / largest, 1.0) if largest and math.isfinite(amount) else 0.0
    width = round(size * _WIDTH / 2, 1)
    start = _WIDTH / 2 if amount >= 0 else _WIDTH / 2 - width
    return Part(
        name=name,
        text=_signed(amount),
        start=round(start, 1),
        width=width,
        tone=_tone(amount, rule) if size > 0.02 else "",
    )


def _signed(amount: float) -> str:
    return ("+" if amount > 0 else "") + words.rough(amount) if amount else "0"


def _tone(amount: float, rule: Rule) -> str:
    if rule.better is None:
        return ""
    return "better" if (amount > 0) == (rule.better == "higher") else "worse"
