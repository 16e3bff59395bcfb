"""PB105: a traceback among the outputs."""

from collections.abc import Iterator

from proofbook.lint.rule import Subject, Violation, rule

__all__ = ["error_output_committed"]


@rule("PB105", "error-output-committed", level="error", python=False)
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
    The cure is to mend the cell and run the notebook again, or to clear its outputs.
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
            )


def _told(error: dict[str, object]) -> str:
    """`KeyError: 'delay'`, in one line of bearable length."""
    parts = [part for part in (error.get("ename"), error.get("evalue")) if isinstance(part, str) and part]
    text = " ".join(": ".join(parts).split())
    return f"{text[:97]}..." if len(text) > 100 else text or "of an unknown kind"
