"""PB104: an output of an older source."""

from collections.abc import Iterator

from proofbook.analyze import stamps
from proofbook.lint.fix import Fix, Rerun
from proofbook.lint.rule import Subject, Violation, rule

__all__ = ["stale_output"]


@rule("PB104", "stale-output", level="error", python=False, fix="safe")
def stale_output(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds a cell that shows what an older version of its source made. Where outputs are meant to be committed,
    `proofbook lint --fix` notes beside each output that it makes what the cell was (`proofbook.ran` in the cell's
    metadata); here the two are compared. Comments, blank lines and layout do not count. A cell without the note is
    never at fault, nor is one whose outputs, execution count or times of execution are others than those that were
    noted. What was edited, run elsewhere and shows the very same under the same count is taken for stale, unless
    JupyterLab notes times (the setting "Record Timing").

    Where outputs are not meant to be committed (`commit_outputs = false`, the default) it is a warning: the build makes
    its own outputs. With `commit_outputs = true` it is an error.

    ## Why is this bad?
    The source says one thing and the number below it is of another. Nothing in the notebook shows it.

    ## Example
    ```text
    In [4]: late = delays > 15    # it was 30 when this ran
            late.mean()
    Out[4]: 0.12
    ```

    Use instead: run the notebook again, and save.

    ## Fix safety
    The fix runs the notebook from top to bottom in a fresh kernel and keeps what it shows. No source changes.
    """
    python = subject.notebook.language == "python"
    for cell in subject.notebook.code_cells:
        if stamps.is_stale(cell, python=python):
            yield Violation(
                message="the source was changed after it made the output that the cell shows",
                advice="restart the kernel, run all cells, save; or clear the outputs",
                cell=cell,
                level="error" if subject.configuration.commit_outputs else "warning",
                fix=Fix(title="Run the notebook from the top", safety="safe", changes=(Rerun(),)),
            )
