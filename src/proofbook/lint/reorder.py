"""Whether a cell may stand higher up in its notebook."""

from collections.abc import Sequence

from proofbook.analyze.cells import CellFlow
from proofbook.lint.fix import Fix, MoveCell
from proofbook.lint.rule import IMPLICIT, Subject
from proofbook.model.notebook import Cell

__all__ = ["moved_above"]


def moved_above(subject: Subject, number: int, above: Cell) -> Fix | None:
    """
    Cell `number` goes above the cell `above`; None unless it surely can.

    It can where it reads no name that is bound from there on, binds none that is bound or read there without being
    missed, changes no object and no file that is used there, and nothing on the way is unknown.
    """
    moving = next((flow for flow in subject.flow if flow.cell.number == number), None)
    if moving is None or moving.cell.tags or moving.problem is not None:
        return None
    before = [flow for flow in subject.flow if flow.cell.number < above.number]
    passed = [flow for flow in subject.flow if above.number <= flow.cell.number < number]
    if _is_unknown([moving, *passed]) or not _has_all(subject, moving, before):
        return None
    there = frozenset(name for flow in before for name in flow.defines)
    bound = frozenset(name for flow in passed for name in (*flow.defines, *flow.deletes, *flow.maybe_defines))
    read = frozenset(name for flow in passed for name in flow.reads)
    changed = frozenset(change.name for flow in passed for change in (*flow.mutates, *flow.maybe_mutates))
    binds = {*moving.defines, *moving.deletes, *moving.maybe_defines}
    changes = {change.name for change in (*moving.mutates, *moving.maybe_mutates)} - moving.defines.keys()
    # names that exist already would have another value for those that are passed
    if binds & (bound | (read & there)) or moving.reads & (bound | changed) or changes & (bound | read):
        return None
    title = f"Move cell {number} above cell {above.number}"
    return Fix(title=title, safety="unsafe", changes=(MoveCell(cell=moving.cell, before=above),))


def _is_unknown(flows: Sequence[CellFlow]) -> bool:
    """Whether anything is unclear of what these cells do, or does what depends on the order."""
    if any(flow.wild or flow.exits or flow.problem is not None for flow in flows):
        return True
    changes = any(flow.mutates or flow.maybe_mutates for flow in flows)
    if changes and any(flow.aliases for flow in flows):
        return True
    if any(magic.kind != "help" for flow in flows for magic in flow.magics):
        return True
    return any(use.mode == "write" for flow in flows for use in flow.files)


def _has_all(subject: Subject, moving: CellFlow, before: Sequence[CellFlow]) -> bool:
    """Whether every name that the cell asks for is bound by the cells `before`."""
    tagged = subject.parameters is not None and any(flow.cell is subject.parameters for flow in before)
    injected = (subject.project.injected if subject.project is not None else IMPLICIT) if tagged else frozenset()
    there = injected.union(name for flow in before for name, binding in flow.defines.items() if not binding.conditional)
    return all(use.name in there for use in moving.uses)
