"""PB409: errors that nobody hears of."""

import ast
from collections.abc import Iterator

from proofbook.analyze.cells import CellFlow
from proofbook.lint.rule import Subject, Violation, rule
from proofbook.lint.syntax import parent

__all__ = ["swallows_errors"]

_EVERYTHING = {"Exception", "BaseException"}
_TELLING = {"traceback", "logging", "warnings", "sys"}


@rule("PB409", "swallows-errors", level="warning", python=False)
def swallows_errors(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds `except:` without a type that does not raise again, `except Exception:` with nothing but `pass` or `continue`
    in it, `contextlib.suppress(Exception)`, and the cell tag `raises-exception`. A handler around imports alone is
    left in peace, as is one that reports by `logging`, `traceback` or `warnings`.

    ## Why is this bad?
    The run ends green over a cell that failed. What the cell should have made is missing or is yesterday's, and the
    reason is gone. A bare `except:` catches even the interrupt by which a build ends what takes too long.

    ## Example
    ```python
    try:
        weather = read_weather(as_of)
    except:
        weather = None
    ```

    Use instead:
    ```python
    try:
        weather = read_weather(as_of)
    except FileNotFoundError:
        weather = None
    ```

    ## Fix safety
    There is no fix: which errors were expected here, only the author knows.
    """
    for cell in subject.notebook.code_cells:
        if "raises-exception" in cell.tags:
            yield Violation(
                message="the tag `raises-exception`: the run goes on, and ends green, when this cell fails",
                advice="take the tag off, or catch in the cell the one error that is expected",
                cell=cell,
            )
    for flow in subject.flow:
        for handler in flow.nodes(ast.ExceptHandler):
            message = _fault(flow, handler)
            if message is not None:
                span = flow.place(handler)
                yield Violation(
                    message=message,
                    advice="name the error that is expected, and let the others end the run",
                    cell=flow.cell,
                    line=span.line,
                    column=span.column,
                )
        for call in flow.calls:
            everything = next(filter(None, map(_everything, call.node.args)), None)
            if call.name == "contextlib.suppress" and everything is not None:
                yield Violation(
                    message=f"`suppress({everything})` drops every error without a word",
                    advice="name the error that is expected, and let the others end the run",
                    cell=flow.cell,
                    line=call.span.line,
                    column=call.span.column,
                )


def _fault(flow: CellFlow, handler: ast.ExceptHandler) -> str | None:
    around = parent(flow, handler)
    if isinstance(around, ast.Try) and all(isinstance(node, ast.Import | ast.ImportFrom) for node in around.body):
        return None
    if handler.type is None:
        return None if _tells(handler) else "`except:` catches every error, interrupts among them, and goes on"
    everything = _everything(handler.type)
    if everything is not None and all(_does_nothing(node) for node in handler.body):
        return f"`except {everything}:` drops every error without a word"
    return None


def _everything(caught: ast.expr) -> str | None:
    """`Exception` or `BaseException`, if that is what is caught, by itself or among others."""
    each = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return next((one.id for one in each if isinstance(one, ast.Name) and one.id in _EVERYTHING), None)


def _does_nothing(node: ast.stmt) -> bool:
    constant = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return constant or isinstance(node, ast.Pass | ast.Continue)


def _tells(handler: ast.ExceptHandler) -> bool:
    """Whether the handler raises, or hands the error on to somebody who will look."""
    for statement in handler.body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Raise):
                return True
            if isinstance(node, ast.Name) and node.id in _TELLING | {"logger", "log"}:
                return True
    return False
