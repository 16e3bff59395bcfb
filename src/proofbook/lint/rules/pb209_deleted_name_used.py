"""PB209: a name that was deleted."""

from collections.abc import Iterator

from proofbook.lint.deleted import deleted_uses
from proofbook.lint.names import LENIENT_TAGS
from proofbook.lint.rule import Subject, Violation, rule

__all__ = ["deleted_name_used"]


@rule("PB209", "deleted-name-used", level="error")
def deleted_name_used(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds a name that is read after `del`, and that nothing has bound since. The name of an `except ... as` counts:
    Python deletes it where the handler ends. The body of a function counts from where the function is called.

    A `del` in a branch or loop does not count, and neither does a read that may come before it. It keeps silent below
    what may bind any name: `%run`, `exec` and their like. A read in a branch is a warning only.

    ## Why is this bad?
    The cell fails with a `NameError` in every run from top to bottom. It worked while it was written because it ran
    before the one that deletes.

    ## Example
    ```python
    del flights  # make room
    ```
    ```python
    flights.describe()
    ```

    Use instead:
    ```python
    flights.describe()
    ```
    ```python
    del flights  # make room
    ```

    ## Fix safety
    There is no fix: whether the deletion goes or the read, only the author knows.
    """
    for found in deleted_uses(subject.flow):
        if LENIENT_TAGS & set(found.cell.tags):
            continue
        use, here = found.use, found.deleted_in == found.cell.number
        where = f"on line {found.deleted_line}" if here else f"in cell {found.deleted_in}"
        reader = f"`{use.via}()` is called here and reads `{use.name}`, which" if use.via else f"`{use.name}`"
        how = f"exists only in its handler, which ends {where}" if found.handler else f"was deleted {where}"
        yield Violation(
            message=f"{reader} {how}",
            advice="bind it to another name in the handler" if found.handler else "move the `del` below its last use",
            cell=found.cell,
            line=use.line,
            column=use.column,
            level="warning" if use.unlikely else None,
            once=use.name,
        )
