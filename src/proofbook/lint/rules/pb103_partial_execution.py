"""PB103: some cells were run, some were not."""

from collections.abc import Iterator

from proofbook.lint.fix import Fix, Rerun
from proofbook.lint.rule import Subject, Violation, rule
from proofbook.model.notebook import Cell

__all__ = ["partial_execution"]

_SKIPPED = frozenset({"skip-execution", "remove-cell", "remove_cell", "injected-parameters"})


@rule("PB103", "partial-execution", level="error", python=False, fix="safe")
def partial_execution(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds a notebook in which some code cells carry an execution count and others do not; it points at the first that
    does not. Cells without code do not count, nor those that are frozen or tagged `skip-execution`. A notebook without
    counts, as one that was stripped of its outputs, is never at fault.

    Where outputs are not meant to be committed (`commit_outputs = false`, the default) it is a warning: the build runs
    every cell. With `commit_outputs = true` it is an error.

    ## Why is this bad?
    Nobody knows whether the cells that were not run work at all, and what readers see is an older state of the
    notebook than the one they read.

    ## Example
    ```text
    In [1]: flights = load()
    In [ ]: flights = flights.dropna()
    In [2]: flights.mean()
    ```

    Use instead:
    ```text
    In [1]: flights = load()
    In [2]: flights = flights.dropna()
    In [3]: flights.mean()
    ```
    Run all cells from the top in a fresh kernel, look at the result, and save.

    ## Fix safety
    The fix runs the notebook from top to bottom in a fresh kernel and keeps what it shows. No source changes.
    """
    empty = {id(flow.cell) for flow in subject.flow if flow.tree is not None and not flow.tree.body}
    running = [cell for cell in subject.notebook.code_cells if _runs(cell) and id(cell) not in empty]
    waiting = [cell for cell in running if cell.execution_count is None]
    if not waiting or len(waiting) == len(running):
        return
    which = f"this cell and {len(waiting) - 1} below it were" if len(waiting) > 1 else "this cell was"
    yield Violation(
        message=f"{which} not run, while {len(running) - len(waiting)} of {len(running)} were",
        advice="restart the kernel, run all cells, save; or clear the outputs",
        cell=waiting[0],
        level="error" if subject.configuration.commit_outputs else "warning",
        fix=Fix(title="Run the notebook from the top", safety="safe", changes=(Rerun(),)),
    )


def _runs(cell: Cell) -> bool:
    """Whether running all cells gives it a count; one that shows something was run, whatever became of its count."""
    if cell.execution_count is not None:
        return True
    control = cell.metadata.get("run_control")
    frozen = isinstance(control, dict) and control.get("frozen") is True
    return bool(cell.source.strip()) and not cell.outputs and not frozen and not _SKIPPED.intersection(cell.tags)
