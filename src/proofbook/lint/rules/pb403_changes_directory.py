"""PB403: a notebook that changes its working directory."""

from collections.abc import Iterator

from proofbook.lint.rule import Subject, Violation, rule

__all__ = ["changes_directory"]

_CALLS = {"os.chdir", "os.fchdir"}
_MAGICS = {"cd", "pushd", "popd"}
_ADVICE = "use paths relative to the project, or take the folder as a parameter"


@rule("PB403", "changes-directory", level="error")
def changes_directory(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds `os.chdir()`, `%cd`, `%pushd` and `%popd`. In the body of a function it is a warning. `contextlib.chdir` comes
    back by itself and is left alone.

    ## Why is this bad?
    From here on every relative path means something else: products land where the pipeline does not look for them,
    and running the cell twice fails or goes one folder further up.

    ## Example
    ```python
    %cd ..
    flights = pd.read_csv("data/flights.csv")
    ```

    Use instead:
    ```python
    flights = pd.read_csv(upstream["ingest"]["data"])
    ```

    ## Fix safety
    There is no fix: every path below depends on the folder.
    """
    for flow in subject.flow:
        for magic in flow.magics:
            if magic.kind in {"line", "automagic"} and magic.name in _MAGICS:
                yield Violation(
                    message=f"`%{magic.name}` changes the working directory",
                    advice=_ADVICE,
                    cell=flow.cell,
                    line=magic.line,
                    column=magic.column,
                )
    for cell, call in subject.calls:
        if call.name in _CALLS:
            yield Violation(
                message=f"`{call.name}()` changes the working directory",
                advice=_ADVICE,
                cell=cell,
                line=call.span.line,
                column=call.span.column,
                level="warning" if call.deferred else None,
            )
