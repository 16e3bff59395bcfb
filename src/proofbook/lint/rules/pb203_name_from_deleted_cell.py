"""PB203: a name that a cell once defined which is gone."""

from collections.abc import Iterator

from proofbook.lint.deleted_cells import once_defined
from proofbook.lint.names import Names
from proofbook.lint.rule import Subject, Violation, rule

__all__ = ["name_from_deleted_cell"]


@rule("PB203", "name-from-deleted-cell", level="error")
def name_from_deleted_cell(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds a name that nothing defines, in a cell that the file shows to have been run without an error: it has an
    execution count and no traceback. The name must have existed then. Reported once for each cell and name, in place
    of PB201, which speaks of the same name where the file shows nothing.

    Names in the bodies of functions and in branches do not count as read by the run. Where outputs are stripped,
    nothing is shown, and PB201 speaks.

    ## Why is this bad?
    The cell that defined the name was deleted or rewritten after it was run. The outputs in the file are of a program
    that does not exist any more, and a fresh kernel fails with a `NameError`.

    ## Example
    ```python
    # In [7]
    complete.describe()
    ```

    Use instead:
    ```python
    complete = flights.dropna()
    complete.describe()
    ```

    ## Fix safety
    There is no fix: what the deleted cell did is not in the file.
    """
    for missing in once_defined(subject.once(Names)):
        name, count = missing.use.name, missing.cell.execution_count
        yield Violation(
            message=f"undefined name `{name}`, although this cell ran as In [{count}]: what defined it is gone",
            advice="bring back the deleted or rewritten cell that defined it",
            cell=missing.cell,
            line=missing.use.line,
            column=missing.use.column,
            once=name,
        )
