"""PB002: a suppression of a rule that does not exist."""

from collections.abc import Iterator

from proofbook.lint.ruff_codes import is_code
from proofbook.lint.rule import Subject, Violation, rule

__all__ = ["suppression_of_unknown_rule"]


@rule("PB002", "suppression-of-unknown-rule", level="warning", python=False)
def suppression_of_unknown_rule(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds a suppression whose code no rule has, or that names no code at all. It suppresses nothing.

    ## Why is this bad?
    A misspelt code looks like a considered exception, and the finding that it was meant for stays. A suppression
    without a code would also wave through what nobody has seen yet.

    ## Example
    ```python
    os.chdir("/srv/model")  # proofbook: ignore[PB430] the vendor's library reads its licence from here
    ```

    Use instead:
    ```python
    os.chdir("/srv/model")  # proofbook: ignore[PB403] the vendor's library reads its licence from here
    ```

    ## Fix safety
    There is no fix: the nearest code is named, and only the author knows whether it was meant.
    """
    # the registry names the modules of rules, this one among them: it is looked up when it is needed
    from proofbook.lint import registry

    for suppression in subject.suppressions:
        if suppression.code in subject.known or (suppression.code[-1:].isdigit() and is_code(suppression.code)):
            continue
        near = registry.nearest(suppression.code) if suppression.code else None
        if suppression.code:
            message = f"suppression of {suppression.code!r}, which is no rule: it suppresses nothing"
        else:
            message = "suppression that names no rule: it suppresses nothing"
        yield Violation(
            message=message,
            advice=f"did you mean {near}?" if near else "write the rule's code: `# proofbook: ignore[PB403] reason`",
            cell=suppression.written,
            line=suppression.line,
            column=suppression.column,
        )
