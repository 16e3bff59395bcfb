"""PB102: execution counts with gaps."""

from collections.abc import Iterator
from itertools import pairwise

from proofbook.lint.fix import Fix, Rerun
from proofbook.lint.rule import Subject, Violation, rule

__all__ = ["execution_gap"]


@rule("PB102", "execution-gap", level="warning", python=False, fix="safe")
def execution_gap(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds the first cell whose execution count does not follow that of the cell executed above it: between the two
    something ran that is not in the notebook any more, or a cell ran more than once. The first cell to carry a count
    should carry 1.

    Only where outputs are meant to be committed (`commit_outputs = true`), or where the rule is selected by its full
    code. Counts that fall are [PB101](PB101.md)'s; where it speaks, this rule does not.

    ## Why is this bad?
    What readers see may depend on a cell that was deleted, or on one that did its work twice. A run from the top has
    neither.

    ## Example
    ```text
    In [1]: total = 0
    In [4]: total += 10
    ```

    Use instead:
    ```text
    In [1]: total = 0
    In [2]: total += 10
    ```
    Run all cells from the top in a fresh kernel, look at the result, and save.

    ## Fix safety
    The fix runs the notebook from top to bottom in a fresh kernel and keeps what it shows. No source changes.
    """
    if not subject.configuration.commit_outputs and "PB102" not in subject.configuration.select:
        return
    counted = [cell for cell in subject.notebook.code_cells if cell.execution_count]
    counts = [cell.execution_count or 0 for cell in counted]
    if any(below <= above for above, below in pairwise(counts)):
        return
    for above, count, cell in zip([0, *counts], counts, counted, strict=False):
        gone = count - above - 1
        if gone:
            after = f"follows [{above}]" if above else "is the first"
            runs = "1 execution" if gone == 1 else f"{gone} executions"
            yield Violation(
                message=f"[{count}] {after}: {runs} before it left no cell, or ran one twice",
                advice="restart the kernel, run all cells, save; or clear the outputs",
                cell=cell,
                fix=Fix(title="Run the notebook from the top", safety="safe", changes=(Rerun(),)),
            )
            return
