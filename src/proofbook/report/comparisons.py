"""The table of records, and what tasks took."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from proofbook.model.record import Record
from proofbook.model.run import Run
from proofbook.model.verdict import Comparison, GateResult, Share
from proofbook.report import evidence, judging, words
from proofbook.report.blocks import Block
from proofbook.report.history import Drawing, Point, draw, of_values
from proofbook.report.pairs import Alone, Compared, nothing_said, pairs
from proofbook.report.scale import Scale, scale
from proofbook.report.sources import Sources

__all__ = ["Past", "Row", "resources", "rows"]

_ORDER: Final = ("regressed", "inconclusive", "changed", "improved", "pass")


Past = Mapping[tuple[str, str], Sequence[Point]]
"""Task and record to what runs recorded, oldest first, the candidate among them."""

_EQUAL: Final = frozenset(
    {
        "equal",
        "plotted data equal",
        "the same bytes",
        "the same drawing",
        "the same file",
        "the same picture",
        "the same pixels",
    }
)
"""Reasons that say no more than `no change`."""


class Row(Struct, frozen=True, kw_only=True):
    """One line of the table of records."""

    record: str
    task: str
    kind: str
    production: str
    candidate: str
    change: str = ""
    verdict: str = ""
    gates: bool
    failed: bool = False
    rule: str
    reason: str = ""
    scale: Scale | None = None
    judged: tuple[tuple[str, str], ...] = ()
    """How: the rule's origin, noise, what could have been seen ..."""
    history: Drawing | None = None
    evidence: tuple[Block, ...] = ()
    open: bool = False
    """Whether a person has to look, so that what was found stands open."""
    figure: int = 0
    """Number of the figure in its section, where it is one."""


def rows(
    run: Run,
    *,
    production: Run | None,
    gate: GateResult | None,
    sources: Sources,
    numbers: dict[tuple[str, str], int],
    past: Past,
) -> tuple[Row, ...]:
    """
    Every record, and every task that the gate speaks of: what needs a look first.

    Args:
        run: The candidate.
        production: What it stands beside.
        gate: What was said of it.
        sources: Gives difference pictures.
        numbers: Of figures, by task and name.
        past: What earlier runs recorded.
    """
    found = [
        _compared(pair, sources=sources, numbers=numbers, past=past)
        if isinstance(pair, Compared)
        else _uncompared(pair.candidate, pair.production, numbers=numbers)
        for pair in pairs(run, production, gate)
        if isinstance(pair, Alone) or not pair.aside
    ]
    return tuple(sorted(found, key=_urgency))


def resources(gate: GateResult | None, *, sources: Sources) -> tuple[Row, ...]:
    """What tasks took, where that is notable and only informs."""
    if gate is None:
        return ()
    found = [
        Compared(gate=gate, comparison=comparison, candidate=None, production=None) for comparison in gate.comparisons
    ]
    return tuple(_compared(pair, sources=sources, numbers={}, past={}) for pair in found if pair.aside)


def _compared(pair: Compared, *, sources: Sources, numbers: dict[tuple[str, str], int], past: Past) -> Row:
    comparison = pair.comparison
    eval_set = pair.candidate.eval_set if pair.candidate else None
    return Row(
        record=comparison.record or comparison.task,
        task=comparison.task,
        kind=comparison.kind,
        production=_side(comparison.production, pair.production),
        candidate=_side(comparison.candidate, pair.candidate),
        change=words.brief(comparison.change or ""),
        verdict=comparison.verdict,
        gates=comparison.gates,
        failed=comparison.failed,
        rule=words.rule(comparison.rule, eval_set=eval_set) if comparison.kind != "task" else "every task must succeed",
        reason="" if nothing_said(pair) or _said_already(comparison) else words.shortened(comparison.reason),
        scale=scale(pair.production, pair.candidate, rule=comparison.rule),
        judged=judging.judged(comparison, share=_share(pair)),
        history=_history(pair, past),
        open=comparison.gates and comparison.verdict not in ("pass", "improved") and not nothing_said(pair),
        evidence=evidence.blocks(comparison, sources=sources),
        figure=numbers.get((comparison.task, comparison.record), 0) if comparison.kind == "figure" else 0,
    )


def _uncompared(record: Record, production: Record | None, *, numbers: dict[tuple[str, str], int]) -> Row:
    return Row(
        record=record.name,
        task=record.task,
        kind=record.kind,
        production=_side(None, production),
        candidate=words.recorded(record),
        gates=record.rule.gates,
        rule=words.rule(record.rule, eval_set=record.eval_set),
        scale=scale(production, record, rule=record.rule),
        figure=numbers.get((record.task, record.name), 0) if record.kind == "figure" else 0,
    )


def _share(pair: Compared) -> Share | None:
    shares = pair.gate.cause.shares if pair.gate.cause else ()
    names = (pair.comparison.task, pair.comparison.record)
    return next((share for share in shares if (share.task, share.record) == names), None)


def _history(pair: Compared, past: Past) -> Drawing | None:
    comparison = pair.comparison
    if comparison.kind == "resources":
        return _taken(comparison.evidence)
    points = past.get((comparison.task, comparison.record))
    if comparison.kind != "scalar" or not points:
        return None
    return draw(
        points,
        candidate=pair.gate.run,
        production=pair.gate.production,
        noise=comparison.noise,
        rule=comparison.rule,
    )


def _taken(kept: Mapping[str, Any]) -> Drawing | None:
    """What a task took before, and now."""
    earlier, value, band = kept.get("earlier"), kept.get("value"), kept.get("band")
    if not isinstance(earlier, list):
        return None
    ends = (band[0], band[1]) if isinstance(band, list) and len(band) == 2 else None
    return of_values(earlier, candidate=value, band=ends)


def _said_already(comparison: Comparison) -> bool:
    """Whether the reason only repeats what the line says under `Change`."""
    unchanged = comparison.verdict == "pass" and comparison.change == "no change"
    return comparison.reason == comparison.change or (unchanged and comparison.reason in _EQUAL)


def _side(said: str | None, record: Record | None) -> str:
    if said is not None:
        return words.brief(words.shortened(said))
    return words.shortened(words.recorded(record)) if record else ""


def _urgency(row: Row) -> tuple[bool, bool, int]:
    """What gates and is wrong comes first, then what gates; the order of the pipeline holds among equals."""
    wrong = row.failed or row.verdict == "regressed"
    place = _ORDER.index(row.verdict) if row.verdict in _ORDER else len(_ORDER)
    return not (row.gates and wrong), not row.gates, -1 if row.failed else place
