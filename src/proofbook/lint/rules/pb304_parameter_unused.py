"""PB304: a parameter that nothing reads."""

import ast
import re
from collections.abc import Iterator

from proofbook.analyze.cells import CellFlow
from proofbook.lint.parameters import declared
from proofbook.lint.rule import Subject, Violation, rule

__all__ = ["parameter_unused"]

_WORD = re.compile(r"[^\W\d]\w*")
_WHOLE_NAMESPACE = frozenset({"globals", "locals", "vars", "eval", "exec", "dir"})


@rule("PB304", "parameter-unused", level="error")
def parameter_unused(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds a name of the parameters cell that no cell reads. `upstream` and `product` are Ploomber's and always used;
    names that begin with `_` are left alone.

    A name that stands in a text counts as read (`df.query("day < @as_of")`, SQL), as does one in a magic. It keeps
    silent where a cell reads the whole namespace (`globals()`, `eval` ...) or runs what cannot be read.

    ## Why is this bad?
    Whoever sets the parameter believes that the run depends on it. It does not: every value gives the same result,
    and the record says otherwise.

    ## Example
    ```python
    # tags: parameters
    window_days = 90
    ```
    ```python
    flights = flights.tail(90 * 1000)
    ```

    Use instead:
    ```python
    # tags: parameters
    window_days = 90
    ```
    ```python
    flights = flights.tail(window_days * 1000)
    ```

    ## Fix safety
    There is no fix: whether the parameter is superfluous or its use was forgotten, only the author knows.
    """
    parameters = declared(subject)
    if not parameters or any(flow.wild or _reads_everything(flow) for flow in subject.flow):
        return
    read = frozenset[str]().union(*(_read(flow) for flow in subject.flow))
    for name, definition in parameters.items():
        if name not in read:
            yield Violation(
                message=f"parameter `{name}` is never read: the run does not depend on it",
                advice="use it where its value is written out, or take it out of this cell and pipeline.yaml",
                cell=subject.parameters,
                line=definition.line,
                column=definition.column,
            )


def _read(flow: CellFlow) -> frozenset[str]:
    """Names that the cell reads, or may read by way of a text."""
    texts = [magic.text + magic.arguments + magic.body for magic in flow.magics]
    if flow.tree is None:
        texts.append(flow.cell.source)
    else:
        nodes = ast.walk(flow.tree)
        texts += [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return flow.reads.union(*(_WORD.findall(text) for text in texts))


def _reads_everything(flow: CellFlow) -> bool:
    return flow.tree is not None and any(
        isinstance(node, ast.Name) and node.id in _WHOLE_NAMESPACE for node in ast.walk(flow.tree)
    )
