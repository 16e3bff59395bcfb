"""PB802: a cell, or a notebook, that is long."""

from collections.abc import Iterator

from proofbook.lint.rule import Subject, Violation, rule

__all__ = ["long_cell_or_notebook"]


@rule("PB802", "long-cell-or-notebook", level="warning", default=False, python=False)
def long_cell_or_notebook(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds a cell of more than 60 lines of code, and a notebook of more than 60 code cells. Blank lines and lines that
    hold nothing but a comment do not count, nor do empty cells. `cell_lines` and `notebook_cells` in
    `[tool.proofbook.lint]` set other limits. Off unless it is selected.

    ## Why is this bad?
    A long cell fails as a whole, shows only its last value, and is run again as a whole. A long notebook is several
    tasks: as one it cannot run in parallel, and a change of its last cell runs all of it again.

    ## Example
    ```python
    flights = read(...)
    # 80 lines that clean, join, fit and draw
    ```

    Use instead:
    ```python
    flights = cleaned(read(...))
    ```
    A cell for each step, functions in a module, and a notebook for each task of the pipeline.

    ## Fix safety
    There is no fix: where to cut, only the author knows.
    """
    configuration, cells = subject.configuration, [cell for cell in subject.notebook.code_cells if cell.source.strip()]
    if len(cells) > configuration.notebook_cells:
        yield Violation(
            message=f"the notebook has {len(cells)} code cells, more than {configuration.notebook_cells}",
            advice="make several tasks of it, each with a notebook of its own",
        )
    for cell in cells:
        written = [line.strip() for line in cell.source.splitlines()]
        lines = sum(bool(line) and not line.startswith("#") for line in written)
        if lines > configuration.cell_lines:
            yield Violation(
                message=f"the cell has {lines} lines of code, more than {configuration.cell_lines}",
                advice="split it, or move functions into a module beside the notebook",
                cell=cell,
            )
