"""PB305: a parameter that a later cell sets again."""

import ast
from collections.abc import Iterator

from proofbook.analyze.cells import CellFlow
from proofbook.analyze.flow import Definition
from proofbook.lint.parameters import cell_of, declared
from proofbook.lint.rule import IMPLICIT, Subject, Violation, rule

__all__ = ["parameter_overwritten"]

_PARAMETER_TAGS = {"parameters", "injected-parameters"}


@rule("PB305", "parameter-overwritten", level="error")
def parameter_overwritten(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds a name of the parameters cell, `upstream` and `product` among them, that a later cell surely binds again:
    by assignment, import, definition or as a loop variable. Reported once for each cell and name.

    A statement that reads the parameter to make the new value is no fault (`as_of = pd.Timestamp(as_of)`), nor is one
    in a branch (`if window is None: window = 30`).

    ## Why is this bad?
    Papermill injects the value below the parameters cell, and the later cell throws it away. The run is recorded with
    one value and computed with another.

    ## Example
    ```python
    # tags: parameters
    window_days = 90
    ```
    ```python
    window_days = 30  # quick look
    ```

    Use instead:
    ```python
    # tags: parameters
    window_days = 30
    ```

    ## Fix safety
    There is no fix: only the author knows which of the two values was meant.
    """
    parameters = cell_of(subject)
    if parameters is None:
        return
    names = set(declared(subject)) | (IMPLICIT & set(parameters.defines))
    for flow in subject.flow:
        if flow.cell.number <= parameters.cell.number or _PARAMETER_TAGS & set(flow.cell.tags):
            continue
        for binding in flow.bindings:
            if binding.name in names and _overwrites(binding, flow):
                yield Violation(
                    message=f"parameter `{binding.name}` is overwritten: the value that the pipeline gives is lost",
                    advice=f"use another name here, or make this the default in cell {parameters.cell.number}",
                    cell=flow.cell,
                    line=binding.line,
                    column=binding.column,
                    once=binding.name,
                )


def _overwrites(binding: Definition, flow: CellFlow) -> bool:
    if (binding.conditional and binding.kind != "for") or binding.kind == "augmented" or flow.tree is None:
        return False
    statement = next(
        (node for node in flow.tree.body if node.lineno <= binding.line <= (node.end_lineno or node.lineno)),
        None,
    )
    if statement is None:
        return False
    return not any(
        isinstance(node, ast.Name) and node.id == binding.name and isinstance(node.ctx, ast.Load)
        for node in ast.walk(statement.iter if isinstance(statement, ast.For) else statement)
    )
