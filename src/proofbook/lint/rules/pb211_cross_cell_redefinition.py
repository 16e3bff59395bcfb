"""PB211: one name, several meanings."""

from collections.abc import Iterator

from proofbook.analyze.cells import CellFlow
from proofbook.analyze.flow import Definition
from proofbook.lint.fix import Fix
from proofbook.lint.renaming import Renaming
from proofbook.lint.rule import Subject, Violation, rule

__all__ = ["cross_cell_redefinition"]

_MEANINGS = {"assignment", "annotated", "function", "class", "with"}
_TASK_TAGS = {"parameters", "injected-parameters"}


@rule("PB211", "cross-cell-redefinition", level="warning", default=False, fix="unsafe")
def cross_cell_redefinition(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds a name that one cell binds and a later cell binds again, to something that is not computed from it. Reported
    once for each cell and name. Parameters are PB305's; loop variables and names that begin with `_` are left alone.

    Off by default: using a name again is ordinary in a notebook.

    ## Why is this bad?
    What a cell computes depends on which of the two was run last.

    ## Example
    ```python
    model = LinearRegression().fit(X, y)
    ```
    ```python
    model = RandomForestRegressor().fit(X, y)
    ```

    Use instead:
    ```python
    linear = LinearRegression().fit(X, y)
    ```
    ```python
    forest = RandomForestRegressor().fit(X, y)
    ```

    ## Fix safety
    The fix puts a number behind the name, from here to where it is bound anew. It is unsafe: the number says nothing,
    and a function may mean either. There is none where it cannot be told which places mean the new value.
    """
    renaming = Renaming(subject)
    first: dict[str, CellFlow] = {}
    for flow in subject.flow:
        here: dict[str, Definition] = {}
        for binding in flow.bindings:
            here.setdefault(binding.name, binding)
        outside = {use.name for use in flow.uses if not use.deferred}
        for name, binding in here.items():
            if name.startswith("_") or binding.kind not in _MEANINGS or binding.conditional:
                continue
            maker = first.setdefault(name, flow)
            if maker is flow or name in outside or _TASK_TAGS & {*maker.cell.tags, *flow.cell.tags}:
                continue
            yield Violation(
                message=f"`{name}` is bound anew: it is something else in cell {maker.cell.number}",
                advice="give it a name of its own",
                cell=flow.cell,
                line=binding.line,
                column=binding.column,
                once=name,
                fix=_fix(renaming, flow, binding),
            )


def _fix(renaming: Renaming, flow: CellFlow, binding: Definition) -> Fix | None:
    new = renaming.free(*(f"{binding.name}_{number}" for number in range(2, 100)))
    edits = new and renaming.edits(binding.name, new, since=flow, binding=binding)
    if not edits:
        return None
    return Fix(title=f"Rename '{binding.name}' to '{new}'", safety="unsafe", changes=edits)
