"""PB605: a file that is read and not there."""

from collections.abc import Iterator

from proofbook.lint.missing_files import missing_files
from proofbook.lint.rule import Subject, Violation, rule

__all__ = ["missing_file"]


@rule("PB605", "missing-file", level="error")
def missing_file(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds a relative path that a cell reads, by `open`, pandas, NumPy, Pillow and other known readers, and that leads to
    no file: neither from the notebook's folder nor from the project's.

    It speaks only where nothing can have made the file. It keeps silent in a branch, a `try` and a function; where the
    pipeline has a task whose product the file is; where a cell above names the file or its folder in any text; below a
    cell that runs a command or another notebook, fetches or unpacks something, or writes to a path that cannot be read
    from the code; and in a notebook that changes its working folder.

    ## Why is this bad?
    The file lies on the computer of the author, and was never added to the project. Everywhere else the cell fails.

    ## Example
    ```python
    flights = pd.read_csv("flights-final-2.csv")
    ```

    Use instead: add the file to the project, let a task make it, or mend the path.

    ## Fix safety
    There is no fix: only the author has the file.
    """
    for missing in missing_files(subject):
        yield Violation(
            message=f"`{missing.path}` is read, and there is no such file",
            advice="add it to the project, or let a task above make it",
            cell=missing.cell,
            line=missing.span.line,
            column=missing.span.column,
            once=missing.path,
        )
