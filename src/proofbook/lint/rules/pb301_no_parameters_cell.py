"""PB301: no parameters cell."""

from collections.abc import Iterator

from proofbook.lint.rule import Subject, Violation, rule

__all__ = ["no_parameters_cell"]


@rule("PB301", "no-parameters-cell", level="error", python=False)
def no_parameters_cell(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds a notebook without a code cell tagged `parameters`. An error in a task of the pipeline, and wherever the rule
    is selected by its full code; a warning where there is no pipeline. A notebook that stands beside a pipeline and is
    none of its tasks is left alone, as is one without code.

    ## Why is this bad?
    Papermill then puts the parameters above all else, where the first cell that sets the same names overwrites
    them; and Ploomber rewrites the source file to add such a cell. The run computes with other values than those
    that its record names.

    ## Example
    ```python
    window_days = 90
    flights = load(window_days)
    ```

    Use instead:
    ```python
    # tags: parameters
    upstream = None
    product = None
    window_days: int = 90
    ```
    In JupyterLab: select the cell, open the property inspector (gear, top right), add the tag `parameters`.

    ## Fix safety
    Adding an empty parameters cell is safe: it changes nothing that runs.
    """
    notebook, project = subject.notebook, subject.project
    asked = "PB301" in subject.configuration.select
    if project is not None and not project.task and not asked:
        return
    if subject.parameters is None and any(cell.source.strip() for cell in notebook.code_cells):
        tagged = next(iter(notebook.tagged("parameters")), None)
        wrong = f": the tag stands on cell {tagged.number}, which holds no code" if tagged is not None else ""
        yield Violation(
            message=f"no code cell is tagged `parameters`{wrong}",
            advice="tag the cell that sets the defaults, or add one with `upstream = None` and `product = None`",
            level="error" if project is not None or asked else "warning",
        )
