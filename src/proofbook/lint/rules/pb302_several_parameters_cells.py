"""PB302: several parameters cells."""

from collections.abc import Iterator

from proofbook.lint.rule import Subject, Violation, rule

__all__ = ["several_parameters_cells"]


@rule("PB302", "several-parameters-cells", level="error", python=False)
def several_parameters_cells(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds every cell tagged `parameters` after the first.

    ## Why is this bad?
    Papermill injects after one of them only, and the other sets its defaults over the injected values: the run
    computes with values that nobody asked for, and reports those that somebody did.

    ## Example
    ```python
    # tags: parameters
    window_days = 90
    ```
    ```python
    # tags: parameters
    window_days = 30
    ```

    Use instead: one cell with the tag, that holds every parameter.

    ## Fix safety
    There is no fix: only the author knows which default was meant.
    """
    cells = [cell for cell in subject.notebook.code_cells if "parameters" in cell.tags]
    for cell in cells[1:]:
        yield Violation(
            message=f"a second parameters cell; the first is cell {cells[0].number}",
            advice="move its parameters into the first, or take the tag off",
            cell=cell,
        )
