"""PB202: a name that only a later cell defines."""

from collections.abc import Iterator

from proofbook.lint.names import Names
from proofbook.lint.reorder import moved_above
from proofbook.lint.rule import Subject, Violation, rule

__all__ = ["use_before_definition"]


@rule("PB202", "use-before-definition", level="error", fix="unsafe")
def use_before_definition(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds a name that is read when its cell runs although it is only bound further down: in a later cell, or lower in
    the same one. The body of a function counts from where the function is called. In a branch that may not be taken it
    is a warning.

    It also finds the call of a function that reads a name of its own before it binds it, as `count += 1` does without
    `global count`: in code of the function that runs in any case, where the call does too.

    ## Why is this bad?
    In a live session the name is still there from an earlier run. In a fresh kernel, from top to bottom, as every
    build runs it, the cell fails with a `NameError`.

    ## Example
    ```python
    model.fit(X, y)
    ```
    ```python
    model = LogisticRegression()
    ```

    Use instead:
    ```python
    model = LogisticRegression()
    ```
    ```python
    model.fit(X, y)
    ```

    ## Fix safety
    The fix moves the cell that defines the name above the cell that reads it, and is unsafe: it also moves everything
    else that the cell does. It is proposed only where the cell needs nothing that lies between the two, and changes
    nothing that they need.
    """
    for missing in subject.once(Names).missing:
        if missing.defined_in is None:
            continue
        use, below = missing.use, missing.defined_in
        here = below == missing.cell.number
        where = f"further down in this cell, on line {missing.defined_line}" if here else f"only in cell {below}"
        reader = f"`{use.via}()` is called here and reads `{use.name}`, which" if use.via else f"`{use.name}`"
        advice = "move the definition above its first use" if here else f"move cell {below} above this one"
        message = f"{reader} is defined {where}"
        if here and missing.defined_line <= use.line:
            # the statement that binds it reads it: `x = x + 1`
            message = f"{reader} is undefined" if use.via else f"undefined name {reader}"
            advice = "it is read before this statement binds it: give it a value in a cell above"
        yield Violation(
            message=message,
            advice=advice,
            cell=missing.cell,
            line=use.line,
            column=use.column,
            level=None if missing.sure else "warning",
            once=use.name,
            fix=None if here else moved_above(subject, below, missing.cell),
        )
    for missing in subject.once(Names).unbound:
        use = missing.use
        yield Violation(
            message=f"`{use.via}()` is called here and uses its own `{use.name}` before it is bound",
            advice="bind it first, or say `global` in the function if the notebook's is meant",
            cell=missing.cell,
            line=use.line,
            column=use.column,
            once=use.name,
        )
