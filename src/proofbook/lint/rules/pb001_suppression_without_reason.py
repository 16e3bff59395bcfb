"""PB001: a suppression without a reason."""

from collections.abc import Iterator

from proofbook.lint.rule import Subject, Violation, rule

__all__ = ["suppression_without_reason"]


@rule("PB001", "suppression-without-reason", level="warning", python=False)
def suppression_without_reason(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds a suppression, as a comment, a cell tag or in metadata, that gives no reason. It suppresses nothing.

    ## Why is this bad?
    The next reader cannot tell a considered exception from a silenced alarm, and nobody dares to remove it.

    ## Example
    ```python
    os.chdir("/srv/model")  # proofbook: ignore[PB403]
    ```

    Use instead:
    ```python
    os.chdir("/srv/model")  # proofbook: ignore[PB403] the vendor's library reads its licence from here
    ```

    ## Fix safety
    There is no fix: only the author knows the reason.
    """
    for suppression in subject.suppressions:
        if suppression.code in subject.known and not suppression.reason:
            yield Violation(
                message=f"suppression of {suppression.code} without a reason: it suppresses nothing",
                advice=_advice(suppression.code, tagged=suppression.line == 0),
                cell=suppression.written,
                line=suppression.line,
                column=suppression.column,
            )


def _advice(code: str, *, tagged: bool) -> str:
    if tagged:
        return f'put the reason into the metadata: {{"proofbook": {{"ignore": {{"{code}": "reason"}}}}}}'
    return f"write the reason behind it: `# proofbook: ignore[{code}] reason`"
