"""PB307: a value that might be a parameter."""

import ast
import re
from collections.abc import Iterator

from proofbook.analyze import spans
from proofbook.analyze.cells import CellFlow
from proofbook.analyze.flow import Span
from proofbook.lint.edits import inserted, statement_removed
from proofbook.lint.fix import Fix
from proofbook.lint.rule import Subject, Violation, rule
from proofbook.lint.syntax import parent

__all__ = ["hard_coded_value"]

_DATE = re.compile(r"(?:19|20)\d\d[-/](?:0[1-9]|1[0-2])[-/](?:0[1-9]|[12]\d|3[01])(?:[T ]\d\d:\d\d\S*)?")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]{1,20}://[^\s{}<>]+")
_HOST = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?|localhost:\d+|(?:[a-z0-9-]+\.)+[a-z]{2,6}:\d{2,5}")
_MAKES_DATES = {"datetime.date", "datetime.datetime", "pandas.Timestamp"}
_ORDERED = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_SHOWN = 60


@rule("PB307", "hard-coded-value", level="warning", default=False, fix="unsafe")
def hard_coded_value(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds values outside of the parameters cell that look as if somebody might want to set them: dates, addresses and
    hosts, names of files that are read or written, and thresholds, which are numbers that something is compared with
    (`score > 0.8`). Off unless it is selected: which of them are worth a parameter is a matter of taste.

    ## Why is this bad?
    Whoever wants the notebook for another day copies it and edits the copy. And no record says with which value the
    result was made.

    ## Example
    ```python
    late = flights.filter(pl.col("date") < pl.lit("2013-09-30"))
    ```

    Use instead:
    ```python
    # tags: parameters
    as_of = "2013-09-30"
    ```
    ```python
    late = flights.filter(pl.col("date") < pl.lit(as_of))
    ```

    ## Fix safety
    The fix is unsafe: a value that a later cell gives to a name of its own, at the level of the notebook and once,
    moves to the parameters cell, where the pipeline can set it. For a value within an expression there is no fix: the
    parameter would need a name.
    """
    for flow in subject.flow:
        if {"parameters", "injected-parameters"} & set(flow.cell.tags):
            continue
        dates = {id(call.node) for call in flow.calls if call.name in _MAKES_DATES}
        files = {(use.span.line, use.span.column) for use in flow.files if use.literal}
        for node in flow.nodes(ast.Constant, ast.Call, ast.Compare):
            span = flow.place(node)
            what = _what(node, files=(span.line, span.column) in files, dates=dates)
            if what is None or isinstance(parent(flow, node), ast.Expr | ast.JoinedStr):
                continue
            yield Violation(
                message=f"{what} is written into the code",
                advice="make it a parameter, whose value here is the default",
                cell=flow.cell,
                line=span.line,
                column=span.column,
                fix=_moved(subject, flow, node),
            )


def _what(node: ast.expr, *, files: bool, dates: set[int]) -> str | None:
    if isinstance(node, ast.Call):
        told = id(node) in dates and len(node.args) > 1 and all(isinstance(each, ast.Constant) for each in node.args)
        return f"the date `{ast.unparse(node)[:_SHOWN]}`" if told else None
    if isinstance(node, ast.Compare):
        return _threshold(node)
    text = node.value if isinstance(node, ast.Constant) else None
    if not isinstance(text, str):
        return None
    kinds = {"date": _DATE, "address": _ADDRESS, "host": _HOST}
    kind = next((kind for kind, form in kinds.items() if form.fullmatch(text)), "file" if files else None)
    return f"the {kind} `{text[:_SHOWN]}`" if kind else None


def _threshold(node: ast.Compare) -> str | None:
    """A fraction, or a number above 2, that something is less or more than."""
    sides = [side.value if isinstance(side, ast.Constant) else None for side in (node.left, *node.comparators)]
    numbers = [side for side in sides if isinstance(side, int | float) and not isinstance(side, bool)]
    told = [number for number in numbers if abs(number) > 2 or number % 1]
    ordered = all(isinstance(operation, _ORDERED) for operation in node.ops)
    return f"the threshold `{str(told[0])[:_SHOWN]}`" if ordered and told and len(numbers) < len(sides) else None


def _moved(subject: Subject, flow: CellFlow, node: ast.expr) -> Fix | None:
    """The assignment of a plain value goes to the parameters cell."""
    statement = parent(flow, node)
    cell = subject.parameters
    home = next((one for one in subject.flow if one.cell is cell), None)
    if home is None or home.tree is None or home.cell.number > flow.cell.number or home.magics:
        return None
    if not isinstance(statement, ast.Assign) or not isinstance(node, ast.Constant) or len(statement.targets) != 1:
        return None
    target = statement.targets[0]
    if not isinstance(target, ast.Name) or not isinstance(parent(flow, statement), ast.Module):
        return None
    bound = [binding for one in subject.flow for binding in one.bindings if binding.name == target.id]
    early = any(target.id in one.reads for one in subject.flow if one.cell.number < flow.cell.number)
    known = any(target.id in one.maybe_defines for one in subject.flow)
    gone = statement_removed(flow, statement)
    if len(bound) != 1 or early or known or gone is None or "\n" in ast.unparse(statement):
        return None
    lines = spans.split(home.cell.source)
    begin = "\n" if lines[-1].strip() else ""
    come = inserted(home, line=len(lines), column=len(lines[-1]) + 1, text=f"{begin}{_source(flow, statement)}")
    return Fix(title=f"Make `{target.id}` a parameter", safety="unsafe", changes=(gone, come))


def _source(flow: CellFlow, statement: ast.Assign) -> str:
    span: Span = flow.place(statement)
    lines = spans.split(flow.cell.source)[span.line - 1 : span.end_line]
    return lines[0][span.column - 1 : span.end_column - 1] if len(lines) == 1 else ast.unparse(statement)
