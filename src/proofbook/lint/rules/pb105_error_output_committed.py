"""PB105: a traceback among the outputs."""

from collections.abc import Iterator

from proofbook.lint.fix import ClearOutputs, Fix, Rerun
from proofbook.lint.rule import Subject, Violation, rule

__all__ = ["error_output_committed"]


@rule("PB105", "error-output-committed", level="error", python=False, fix="safe")
def error_output_committed(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds a cell whose saved output is an error. A cell tagged `raises-exception` is meant to raise and is left alone.

    Where outputs are not meant to be committed (`commit_outputs = false`, the default) it is a warning: the build runs
    the cell again and sees for itself. With `commit_outputs = true` it is an error.

    ## Why is this bad?
    The last time that somebody ran this cell it failed. Readers of the committed notebook see the traceback, and
    nothing tells them whether it still holds.

    ## Example
    ```text
    In [4]: df["delay"].mean()
    KeyError: 'delay'
    ```

    Use instead:
    ```text
    In [4]: df["dep_delay"].mean()
    Out[4]: 12.6
    ```

    ## Fix safety
    With `commit_outputs = true` the fix runs the notebook from top to bottom in a fresh kernel and keeps what it shows;
    where the cell still fails, the notebook is left as it was. Else it clears the outputs of the cell.
    """
    for cell in subject.notebook.code_cells:
        if "raises-exception" in cell.tags:
            continue
        error = next((output for output in cell.outputs if output.get("output_type") == "error"), None)
        if error is not None:
            yield Violation(
                message=f"the saved output is an error: {_told(error)}",
                advice="mend the cell and run the notebook again, or clear its outputs",
                cell=cell,
                level="error" if subject.configuration.commit_outputs else "warning",
                fix=Fix(title="Run the notebook from the top", safety="safe", changes=(Rerun(),))
                if subject.configuration.commit_outputs
                else Fix(title="Clear the outputs of this cell", safety="safe", changes=(ClearOutputs(cell=cell),)),
            )


def _told(error: dict[str, object]) -> str:
    """`KeyError: 'delay'`, in one line of bearable length."""
    parts = [part for part in (error.get("ename"), error.get("evalue")) if isinstance(part, str) and part]
    text = " ".join(": ".join(parts).split())
    return f"{text[:97]}..." if len(text) > 100 else text or "of an unknown kind"
