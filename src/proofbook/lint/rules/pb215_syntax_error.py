"""PB215: a cell that does not parse."""

from collections.abc import Iterator

from proofbook.lint.failing_magics import failing_magics
from proofbook.lint.names import LENIENT_TAGS
from proofbook.lint.rule import Subject, Violation, rule

__all__ = ["syntax_error"]


@rule("PB215", "syntax-error", level="error")
def syntax_error(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds a cell that is neither Python nor IPython's syntax. Magics, `!commands`, `help?` and top-level `await` are
    ordinary. Cells tagged `raises-exception` or `skip-execution` are left alone.

    It also finds what IPython refuses of its own: a cell magic below the first line of a cell or with nothing below it,
    and a statement given to `%time`, `%timeit` or `%prun` that is no Python.

    Syntax of a newer Python than the one that runs Proofbook counts where that one also runs the notebook, because its
    kernel is `python3` or it names none; the message says which Python it needs. Under any other kernel it is ordinary.

    ## Why is this bad?
    The cell fails as soon as the run reaches it, however long that took.

    ## Example
    ```python
    for carrier in carriers
        print(carrier)
    ```

    Use instead:
    ```python
    for carrier in carriers:
        print(carrier)
    ```

    ## Fix safety
    There is no fix: only the author knows what was meant.
    """
    for flow in subject.flow:
        if flow.problem is not None and not LENIENT_TAGS & set(flow.cell.tags):
            yield Violation(
                message=f"syntax error: {flow.problem.message}",
                advice="mend the cell; a note or a stub belongs into a markdown or raw cell",
                cell=flow.cell,
                line=flow.problem.line,
                column=flow.problem.column,
            )
        for magic in failing_magics(flow) if not LENIENT_TAGS & set(flow.cell.tags) else ():
            yield Violation(
                message=magic.message,
                advice=magic.advice,
                cell=flow.cell,
                line=magic.line,
                column=magic.column,
            )
