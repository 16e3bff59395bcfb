"""Precision and recall of what lint says before a run, from what the run did."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["PREDICTS", "Alarms", "Row", "Score", "alarms", "scores"]

PREDICTS: dict[str, tuple[str, ...]] = {
    "name": ("PB201", "PB202", "PB203", "PB209", "PB210"),
    "syntax": ("PB215",),
    "file": ("PB605",),
}
"""The kind of failure that a rule predicts, where it speaks at error level."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One notebook, as it is or broken: what lint said of it, and what its run did."""

    project: str
    path: str
    variant: str
    """Empty for the notebook as it is."""
    code_cells: int
    seconds: float
    cell: int | None
    kind: str | None
    message: str
    judged: frozenset[int]
    clean: bool
    findings: tuple[dict[str, Any], ...] = ()
    """Each with `cell`, `line`, `rule`, `level` and `message`."""

    @property
    def place(self) -> str:
        """For people."""
        return f"{self.project}/{self.path}" + (f" [{self.variant}]" if self.variant else "")


@dataclass(kw_only=True)
class Score:
    """Pairs of a notebook and a cell."""

    hits: int = 0
    false: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        """Of the cells that were said to fail, the share that did; 1 where none was."""
        said = self.hits + len(self.false)
        return self.hits / said if said else 1.0

    @property
    def recall(self) -> float:
        """Of the cells that failed, the share that was said; 1 where none failed."""
        failed = self.hits + len(self.missed)
        return self.hits / failed if failed else 1.0


def scores(rows: Iterable[Row]) -> dict[str, Score]:
    """
    By kind of failure (`name`, `syntax`, `file`), by rule, and `name and syntax` together.

    A finding counts for its notebook and cell, once, where the cell was judged. A rule's missed cells are not its own
    fault alone: they are counted by kind only.
    """
    found: dict[str, Score] = {name: Score() for name in (*PREDICTS, "name and syntax")}
    found |= {rule: Score() for rules in PREDICTS.values() for rule in rules}
    for row in rows:
        for kind, rules in PREDICTS.items():
            of_kind = [one for one in row.findings if one["rule"] in rules and one["level"] == "error"]
            totals = [found[kind], *([found["name and syntax"]] if kind != "file" else [])]
            for score in totals:
                _count(score, row, kind, of_kind)
            for rule in rules:
                _count(found[rule], row, kind, [one for one in of_kind if one["rule"] == rule], recall=False)
    return found


def _count(score: Score, row: Row, kind: str, findings: Sequence[dict[str, Any]], *, recall: bool = True) -> None:
    failed = row.cell if row.kind == kind else None
    said = {one["cell"]: one for one in reversed(findings) if one["cell"] in row.judged}
    for cell, finding in sorted(said.items()):
        if cell == failed:
            score.hits += 1
        else:
            score.false.append(f"{row.place} cell {cell}: {finding['rule']} {finding['message']}")
    if recall and failed is not None and failed not in said:
        score.missed.append(f"{row.place} cell {failed}: {row.message}")


@dataclass(frozen=True, kw_only=True)
class Alarms:
    """What lint says at one level of notebooks that run clean."""

    cells: int
    by_rule: dict[str, int]
    lines: tuple[str, ...]

    @property
    def per_alarm(self) -> float:
        """Code cells for each finding."""
        return self.cells / len(self.lines) if self.lines else float("inf")


def alarms(rows: Iterable[Row], level: str) -> Alarms:
    """Every finding of a level on the notebooks that are as they were and ran clean; each is to be looked at."""
    clean = [row for row in rows if row.clean and not row.variant]
    found = [(row, one) for row in clean for one in row.findings if one["level"] == level]
    return Alarms(
        cells=sum(row.code_cells for row in clean),
        by_rule=dict(Counter(one["rule"] for _, one in found).most_common()),
        lines=tuple(f"{row.place}:{one['cell']}:{one['line']} {one['rule']} {one['message']}" for row, one in found),
    )
