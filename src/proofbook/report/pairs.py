"""Records by task and name: what the gate said of each, and both sides."""

from collections.abc import Iterator

from msgspec import Struct

from proofbook.model.record import Record
from proofbook.model.run import Run
from proofbook.model.verdict import Comparison, GateResult

__all__ = ["Alone", "Compared", "nothing_said", "pairs", "verdict_of"]


class Compared(Struct, frozen=True, kw_only=True):
    """What the gate said of a record, and the record on both sides, where it is there."""

    gate: GateResult
    comparison: Comparison
    candidate: Record | None
    production: Record | None

    @property
    def first(self) -> bool:
        """Whether the whole run has nothing to be compared with, which the top of the page says once for all."""
        return self.gate.production is None

    @property
    def aside(self) -> bool:
        """Whether it only tells what a task took, which is folded below the records."""
        return self.comparison.kind == "resources" and not self.comparison.gates


class Alone(Struct, frozen=True, kw_only=True):
    """A record that the gate does not speak of."""

    candidate: Record
    production: Record | None
    comparison: None = None


def pairs(run: Run, production: Run | None, gate: GateResult | None) -> Iterator[Compared | Alone]:
    """Records by task and name: the gate's comparisons first, then what it does not speak of."""
    here = _by_name(run)
    there = _by_name(production) if production else {}
    said = set()
    if gate is not None:
        for comparison in gate.comparisons:
            name = (comparison.task, comparison.record)
            is_record = comparison.kind not in ("task", "resources")
            if is_record:
                said.add(name)
            yield Compared(
                gate=gate,
                candidate=here.get(name) if is_record else None,
                production=there.get(name) if is_record else None,
                comparison=comparison,
            )
    for name, record in here.items():
        if name not in said:
            yield Alone(candidate=record, production=there.get(name))


def _by_name(run: Run) -> dict[tuple[str, str], Record]:
    return {(task.name, record.name): record for task in run.tasks for record in task.records}


def nothing_said(pair: Compared) -> bool:
    """Whether the gate only says that there is nothing to compare with."""
    return pair.first and pair.comparison.verdict == "inconclusive" and not pair.comparison.failed


def verdict_of(pair: Compared | Alone) -> str:
    """For the titles of figures and tables."""
    return "" if isinstance(pair, Alone) or nothing_said(pair) else pair.comparison.verdict
