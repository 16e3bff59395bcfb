"""The figures and the tables, side by side."""

from msgspec import Struct

from proofbook.model.run import Run
from proofbook.model.verdict import GateResult
from proofbook.report import evidence
from proofbook.report.blocks import Block, note
from proofbook.report.grids import Sample, of_sample
from proofbook.report.pairs import pairs, verdict_of
from proofbook.report.sources import Sources

__all__ = ["Figure", "Table", "figures", "tables"]


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


def figures(run: Run, *, production: Run | None, gate: GateResult | None, sources: Sources) -> tuple[Figure, ...]:
    """All recorded figures, in pipeline order."""
    found: list[Figure] = []
    for pair in pairs(run, production, gate):
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
                verdict=verdict_of(pair),
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
    for pair in pairs(run, production, gate):
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
                verdict=verdict_of(pair),
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
