"""The table of records, the figures and the tables side by side."""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from proofbook.model.record import Record
from proofbook.model.run import Run
from proofbook.model.verdict import Comparison, GateResult
from proofbook.report import evidence, words
from proofbook.report.blocks import Block, note
from proofbook.report.grids import Sample, of_sample
from proofbook.report.scale import Scale, scale
from proofbook.report.sources import Sources

__all__ = ["Figure", "Row", "Table", "figures", "rows", "tables"]

_ORDER: Final = ("regressed", "inconclusive", "changed", "improved", "pass")


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
    evidence: tuple[Block, ...] = ()
    figure: int = 0
    """Number of the figure in its section, where it is one."""


class Figure(Struct, frozen=True, kw_only=True):
    """One figure: production's, the candidate's, and where they differ."""

    number: int
    name: str
    task: str
    verdict: str = ""
    same: bool = False
    production: tuple[Block, ...] = ()
    candidate: tuple[Block, ...] = ()
    difference: tuple[Block, ...] = ()


class Table(Struct, frozen=True, kw_only=True):
    """One recorded table. `production` is empty where it is the same, or where there is none."""

    name: str
    task: str
    verdict: str = ""
    same: bool = False
    production: tuple[Block, ...] = ()
    candidate: tuple[Block, ...] = ()


class _Compared(Struct, frozen=True, kw_only=True):
    first: bool
    """Whether the whole run has nothing to be compared with, which the top of the page says once for all."""
    comparison: Comparison
    candidate: Record | None
    production: Record | None


class _Alone(Struct, frozen=True, kw_only=True):
    """A record that the gate does not speak of."""

    candidate: Record
    production: Record | None
    comparison: None = None


def rows(
    run: Run,
    *,
    production: Run | None,
    gate: GateResult | None,
    sources: Sources,
    numbers: dict[tuple[str, str], int],
) -> tuple[Row, ...]:
    """
    Every record, and every task that the gate speaks of: what needs a look first.

    Args:
        run: The candidate.
        production: What it stands beside.
        gate: What was said of it.
        sources: Gives difference pictures.
        numbers: Of figures, by task and name.
    """
    found = [
        _compared(pair, sources=sources, numbers=numbers)
        if isinstance(pair, _Compared)
        else _uncompared(pair.candidate, pair.production, numbers=numbers)
        for pair in _pairs(run, production, gate)
    ]
    return tuple(sorted(found, key=_urgency))


def figures(run: Run, *, production: Run | None, gate: GateResult | None, sources: Sources) -> tuple[Figure, ...]:
    """All recorded figures, in pipeline order."""
    found: list[Figure] = []
    for pair in _pairs(run, production, gate):
        record, before = pair.candidate, pair.production
        known = record or before
        if known is None or known.kind != "figure":
            continue
        same = record is not None and before is not None and record.blob is not None and record.blob == before.blob
        picture = evidence.difference(pair.comparison)
        found.append(
            Figure(
                number=len(found) + 1,
                name=known.name,
                task=known.task,
                verdict=_verdict(pair),
                same=same,
                production=sources.figure(before, whose="production") if before and not same else (),
                candidate=sources.figure(record, whose="candidate")
                if record
                else (note("This run has no such figure."),),
                difference=(sources.picture(picture, "image/png", alt=f"{known.name}, difference"),) if picture else (),
            )
        )
    return tuple(found)


def tables(run: Run, *, production: Run | None, gate: GateResult | None, sources: Sources) -> tuple[Table, ...]:
    """All recorded tables, in pipeline order; production's only where it is another one."""
    found = []
    for pair in _pairs(run, production, gate):
        record, before = pair.candidate, pair.production
        known = record or before
        if known is None or known.kind != "table":
            continue
        same = record is not None and before is not None and record.blob is not None and record.blob == before.blob
        here = sources.table(record) if record else "this run has no such table"
        there = sources.table(before) if before and not same else None
        found.append(
            Table(
                name=known.name,
                task=known.task,
                verdict=_verdict(pair),
                same=same,
                production=_table(there, other=here, key=known.rule.key, sources=sources) if there is not None else (),
                candidate=_table(here, other=there, key=known.rule.key, sources=sources),
            )
        )
    return tuple(found)


def _table(
    table: Sample | str, *, other: Sample | str | None, key: tuple[str, ...], sources: Sources
) -> tuple[Block, ...]:
    if isinstance(table, str):
        return (note(f"Table not shown: {table}."),)
    beside = other if isinstance(other, Sample) else None
    grid = of_sample(table, other=beside, key=key, allowance=sources.album.allowance)
    return (Block(kind="table", grid=grid),)


def _pairs(run: Run, production: Run | None, gate: GateResult | None) -> Iterator[_Compared | _Alone]:
    """Records by task and name: the gate's comparisons first, then what it does not speak of."""
    here = _by_name(run)
    there = _by_name(production) if production else {}
    said = set()
    for comparison in gate.comparisons if gate else ():
        name = (comparison.task, comparison.record)
        if comparison.kind != "task":
            said.add(name)
        is_record = comparison.kind != "task"
        yield _Compared(
            first=gate is not None and gate.production is None,
            candidate=here.get(name) if is_record else None,
            production=there.get(name) if is_record else None,
            comparison=comparison,
        )
    for name, record in here.items():
        if name not in said:
            yield _Alone(candidate=record, production=there.get(name))


def _by_name(run: Run) -> dict[tuple[str, str], Record]:
    return {(task.name, record.name): record for task in run.tasks for record in task.records}


def _compared(pair: _Compared, *, sources: Sources, numbers: dict[tuple[str, str], int]) -> Row:
    comparison = pair.comparison
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
        rule=words.rule(comparison.rule) if comparison.kind != "task" else "every task must succeed",
        reason="" if _nothing_said(pair) or _said_already(comparison) else words.shortened(comparison.reason),
        scale=scale(pair.production, pair.candidate, rule=comparison.rule),
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
        rule=words.rule(record.rule),
        scale=scale(production, record, rule=record.rule),
        figure=numbers.get((record.task, record.name), 0) if record.kind == "figure" else 0,
    )


def _nothing_said(pair: _Compared) -> bool:
    return pair.first and pair.comparison.verdict == "inconclusive" and not pair.comparison.failed


def _said_already(comparison: Comparison) -> bool:
    """Whether the reason only repeats what the line says under `Change`."""
    unchanged = comparison.verdict == "pass" and comparison.change == "no change"
    return comparison.reason == comparison.change or (unchanged and comparison.reason in _EQUAL)


def _verdict(pair: _Compared | _Alone) -> str:
    """For the titles of figures and tables."""
    return "" if isinstance(pair, _Alone) or _nothing_said(pair) else pair.comparison.verdict


def _side(said: str | None, record: Record | None) -> str:
    if said is not None:
        return words.brief(words.shortened(said))
    return words.shortened(words.recorded(record)) if record else ""


def _urgency(row: Row) -> tuple[bool, bool, int]:
    """What gates and is wrong comes first, then what gates; the order of the pipeline holds among equals."""
    wrong = row.failed or row.verdict == "regressed"
    place = _ORDER.index(row.verdict) if row.verdict in _ORDER else len(_ORDER)
    return not (row.gates and wrong), not row.gates, -1 if row.failed else place
