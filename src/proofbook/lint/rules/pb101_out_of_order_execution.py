"""PB101: execution counts that do not rise."""

from collections.abc import Iterator
from itertools import pairwise

from proofbook.lint.fix import Fix, Rerun
from proofbook.lint.rule import Subject, Violation, rule

__all__ = ["out_of_order_execution"]


@rule("PB101", "out-of-order-execution", level="error", python=False, fix="safe")
def out_of_order_execution(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds the first cell whose execution count is not higher than that of the cell executed above it.

    A notebook without counts, as one that was stripped of its outputs, is never at fault. Where outputs are not meant
    to be committed (`commit_outputs = false`, the default) it is a warning: the build makes its own outputs. With
    `commit_outputs = true` it is an error.

    ## Why is this bad?
    The outputs that readers see come from an order that *Restart and run all* does not take. They may show what the
    code as it stands does not compute.

    ## Example
    ```text
    In [7]: model.fit(X, y)
    In [3]: X = X.dropna()
    ```

    Use instead:
    ```text
    In [1]: model.fit(X, y)
    In [2]: X = X.dropna()
    ```
    Run all cells from the top in a fresh kernel, look at the result, and save.

    ## Fix safety
    The fix runs the notebook from top to bottom in a fresh kernel and keeps what it shows. No source changes. What the
    code does beyond its outputs (files that it writes, services that it calls) it does again. A notebook whose run
    fails is left as it was.
    """
    counted = [cell for cell in subject.notebook.code_cells if cell.execution_count is not None]
    for above, cell in pairwise(counted):
        first, second = above.execution_count or 0, cell.execution_count or 0
        if second <= first:
            yield Violation(
                message=f"cells ran out of order: [{second}] stands below [{first}] of cell {above.number}",
                advice="restart the kernel, run all cells, save; or clear the outputs",
                cell=cell,
                level="error" if subject.configuration.commit_outputs else "warning",
                fix=Fix(title="Run the notebook from the top", safety="safe", changes=(Rerun(),)),
            )
            return
