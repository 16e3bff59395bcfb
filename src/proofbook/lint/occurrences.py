"""Where a cell speaks of the notebook's own names, node by node: for rules and fixes that must know every place."""

import ast
from collections.abc import Callable

from msgspec import Struct

from proofbook.analyze.cells import CellFlow
from proofbook.analyze.events import Bind, Event, Read, Unbind
from proofbook.analyze.walk import Walk

__all__ = ["Occurrence", "occurrences"]


class Occurrence(Struct, frozen=True, kw_only=True):
    """One place at which a name of the notebook's level is read, bound or deleted."""

    name: str
    node: ast.AST
    """An `ast.Name` in most places; what imports, defines or catches it in the others."""
    binds: bool = False
    deletes: bool = False
    function: str = ""
    """The outermost function or lambda in whose body it stands; empty at the notebook's level."""


def occurrences(flow: CellFlow) -> tuple[Occurrence, ...]:
    """
    Every place of the cell that reads, binds or deletes a name of the notebook, in the order of evaluation.

    Names of functions' and comprehensions' own scopes are not among them. A cell that does not parse has none.
    """
    walk = _Places()
    for statement in flow.tree.body if flow.tree is not None else ():
        walk.visit(statement)
    return tuple(walk.found)


class _Places(Walk):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Occurrence] = []

    def emit(self, event: Event) -> None:
        if not isinstance(event, Read | Bind | Unbind):
            return
        self.found.append(
            Occurrence(
                name=event.name,
                node=event.node,
                binds=isinstance(event, Bind),
                deletes=isinstance(event, Unbind),
                function=self.summaries[0].name if self.summaries else "",
            )
        )

    def branches(
        self,
        suites: list[Callable[[], bool]],
        *,
        may_skip: bool,  # noqa: ARG002  all are walked, whichever of them runs
        leaking: bool = False,  # noqa: ARG002
        gone: frozenset[str] = frozenset(),  # noqa: ARG002
    ) -> None:
        for suite in suites:
            suite()
