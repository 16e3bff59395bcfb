"""PB201: a name that nothing defines."""

import ast
import difflib
from collections.abc import Iterator

from proofbook.lint.branches import bound_by
from proofbook.lint.deleted_cells import undefined
from proofbook.lint.names import Missing, Names
from proofbook.lint.never_bound import never_bound
from proofbook.lint.rule import Subject, Violation, rule

__all__ = ["undefined_name"]


@rule("PB201", "undefined-name", level="error")
def undefined_name(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds a name that no cell, import, builtin or magic defines, and that the pipeline does not inject. Reported once
    for each cell and name, where the cell first reads it.

    What stands in the body of a function is told of at the first call of the function, where the run will fail. Where
    no call is seen, in a branch that may not be taken, and in a `with` block or function of which the notebook's own
    context manager or decorator may end the error, it is a warning. What Python 3 never runs, `if 0:` or what stands
    below a `return`, is left alone.

    A name that only a function binds, by `global`, which nothing in the notebook calls or speaks of is a warning too.

    It keeps silent where the answer depends on what cannot be read: below `%run`, `exec`, `globals()[...] = ...` and
    a star import of a module that is not installed; in a `try` that catches `NameError`; in cells tagged
    `raises-exception` or `skip-execution`. Star imports of modules that are at hand are resolved by reading them.

    Where the file shows that the name once existed PB203 speaks instead, where it was deleted PB209.

    ## Why is this bad?
    The cell that once defined the name was deleted or renamed. A live session still holds it; a fresh kernel fails
    with a `NameError`.

    ## Example
    ```python
    flights = pd.read_csv("flights.csv")
    delays = fligths["dep_delay"]
    ```

    Use instead:
    ```python
    flights = pd.read_csv("flights.csv")
    delays = flights["dep_delay"]
    ```

    ## Fix safety
    There is no fix: only the author knows what was meant.
    """
    names = subject.once(Names)
    advice: dict[str, str] = {}
    for missing in undefined(subject, names):
        name = missing.use.name
        if name not in advice:
            advice[name] = _advice(missing, subject, names)
        via = missing.use.via
        yield Violation(
            message=f"`{via}()` is called here and reads `{name}`, which nothing defines"
            if via
            else f"undefined name `{name}`",
            advice=advice[name],
            cell=missing.cell,
            line=missing.use.line,
            column=missing.use.column,
            level=None if missing.sure else "warning",
            once=name,
        )
    for cell, use, function in never_bound(subject):
        yield Violation(
            message=f"`{use.name}` is bound by `{function}()` only, which nothing calls",
            advice=f"call `{function}()` first, or bind the name in a cell above",
            cell=cell,
            line=use.line,
            column=use.column,
            level="warning",
            once=use.name,
        )


def _advice(missing: Missing, subject: Subject, names: Names) -> str:
    """What to do about the name."""
    name, method = missing.use.name, missing.use.via or missing.use.within
    owner, dot, _ = method.partition(".")
    if dot and any(
        owner == each.name and name in _attributes(each) for flow in subject.flow for each in flow.nodes(ast.ClassDef)
    ):
        return f"a method reads it as `self.{name}` or `{owner}.{name}`"
    near = difflib.get_close_matches(name, names.defined, n=1, cutoff=0.75)
    return f"did you mean `{near[0]}`?" if near else "define or import it in a cell above"


def _attributes(node: ast.ClassDef) -> frozenset[str]:
    return frozenset[str]().union(*(bound_by(statement) for statement in node.body))
