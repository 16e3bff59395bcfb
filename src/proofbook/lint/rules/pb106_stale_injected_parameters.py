"""PB106: an `injected-parameters` cell in a source notebook."""

from collections.abc import Iterator

from proofbook.lint.fix import Fix, RemoveCell, Safety
from proofbook.lint.rule import IMPLICIT, Subject, Violation, rule
from proofbook.model.notebook import Cell

__all__ = ["stale_injected_parameters"]


@rule("PB106", "stale-injected-parameters", level="error", python=False, fix="safe")
def stale_injected_parameters(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds a cell tagged `injected-parameters`. Papermill and Ploomber write it into the notebook that they execute; in
    a source notebook it is the rest of an older run.

    ## Why is this bad?
    Whoever runs the notebook by hand computes with the values of that run, and does not see it. And the cell hides
    the defaults of the parameters cell above it from every reader.

    ## Example
    ```python
    # Parameters
    as_of = "2013-09-30"
    product = {"nb": "/home/me/output/train.ipynb"}
    ```

    Use instead: delete the cell. The parameters cell holds the defaults, and the pipeline injects the rest.

    ## Fix safety
    Deleting the cell is safe: the next build writes its own. It is unsafe where the notebook reads a name that no other
    cell binds, as nobody who runs it by hand has that name then, and in other languages than Python where there is no
    parameters cell.
    """
    for cell in subject.notebook.tagged("injected-parameters"):
        yield Violation(
            message="a cell that was injected by an earlier run is still in the source",
            advice="delete the cell; the next build injects its own",
            cell=cell,
            fix=Fix(title="Delete the injected cell", safety=_safety(subject, cell), changes=(RemoveCell(cell=cell),)),
        )


def _safety(subject: Subject, cell: Cell) -> Safety:
    """Whether the notebook has all its names without the cell."""
    if not subject.flow:
        return "safe" if subject.parameters is not None else "unsafe"
    others = [flow for flow in subject.flow if flow.cell is not cell]
    held = {name for flow in others if flow.cell.number < cell.number for name in flow.defines}
    if subject.parameters is not None:
        held |= subject.project.injected if subject.project is not None else IMPLICIT
    gone = {name for flow in subject.flow if flow.cell is cell for name in flow.defines} - held
    return "unsafe" if any(gone & flow.reads for flow in others) else "safe"
