"""PB408: code that ends the kernel."""

from collections.abc import Iterator

from proofbook.lint.rule import Subject, Violation, rule

__all__ = ["exits_the_kernel"]


@rule("PB408", "exits-the-kernel", level="error")
def exits_the_kernel(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds `exit()`, `quit()`, `sys.exit()`, `os._exit()` and `raise SystemExit`. In the body of a function it is a
    warning: the function may be meant for a script. So it is in a branch or handler that may not be taken.

    ## Why is this bad?
    Run by Papermill, the notebook stops at this cell: what should follow is missing, and depending on the call the run
    counts as failed although nothing went wrong, or waits for a kernel that is gone.

    ## Example
    ```python
    if flights.empty:
        sys.exit(0)
    ```

    Use instead:
    ```python
    if flights.empty:
        raise ValueError(f"no flights before {as_of}")
    ```

    ## Fix safety
    There is no fix: whether the run should fail or go on without the rest, only the author knows.
    """
    for flow in subject.flow:
        for found in flow.exits:
            when = " when this function is called" if found.deferred else " where this branch is taken"
            perhaps = found.deferred or found.unlikely
            yield Violation(
                message=f"`{found.call}` ends the kernel{when if perhaps else ''}",
                advice="raise an exception that says what is wrong, or put the rest of the work into a branch",
                cell=flow.cell,
                line=found.line,
                column=found.column,
                level="warning" if perhaps else None,
            )
