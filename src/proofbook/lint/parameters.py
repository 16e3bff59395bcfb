"""The parameters of a notebook, as its parameters cell declares them."""

from proofbook.analyze.cells import CellFlow
from proofbook.analyze.flow import Definition
from proofbook.lint.rule import IMPLICIT, Subject

__all__ = ["cell_of", "declared"]


def cell_of(subject: Subject) -> CellFlow | None:
    """The flow of the parameters cell; None without one."""
    return next((flow for flow in subject.flow if flow.cell is subject.parameters), None)


def declared(subject: Subject) -> dict[str, Definition]:
    """Parameter to the place that sets its default; without `upstream` and `product`, which Ploomber reads itself."""
    flow = cell_of(subject)
    if flow is None:
        return {}
    return {
        name: definition
        for name, definition in flow.defines.items()
        if definition.kind in {"assignment", "annotated"} and name not in IMPLICIT and not name.startswith("_")
    }
