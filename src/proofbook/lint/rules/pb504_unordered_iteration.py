"""PB504: an order that nobody promised, in what is recorded or written."""

import ast
from collections.abc import Iterator, Mapping

from proofbook.analyze.cells import CellFlow
from proofbook.analyze.flow import Span
from proofbook.analyze.sources import Reach
from proofbook.lint.fix import Edit, Fix
from proofbook.lint.rule import Subject, Violation, rule
from proofbook.lint.rules.pb503_clock_reaches_record import reaches
from proofbook.lint.syntax import parent

__all__ = ["unordered_iteration"]

_LISTED = (".listdir()", "glob.glob()", "glob.iglob()", ".iterdir()", ".rglob()", ".glob()")
"""What these give can be sorted."""
_TAKES = {"enumerate", "list", "tuple", "map", "zip"}


@rule("PB504", "unordered-iteration", level="warning", fix="unsafe")
def unordered_iteration(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds a set that is gone through and a folder that is listed (`os.listdir`, `glob`, `iterdir`), where the order in
    which they come decides what is recorded or written to a file. What is sorted, counted, summed or looked up by a key
    on the way has no order to lose and is left alone, as is a set of numbers.

    ## Why is this bad?
    Texts in a set come in another order in every process, files as the file system likes. The same run gives a product
    that differs in every byte, and everything below it is stale.

    ## Example
    ```python
    parts = [pd.read_csv(path) for path in glob("data/*.csv")]
    pd.concat(parts).to_csv(product["data"])
    ```

    Use instead:
    ```python
    parts = [pd.read_csv(path) for path in sorted(glob("data/*.csv"))]
    pd.concat(parts).to_csv(product["data"])
    ```

    ## Fix safety
    The fix is unsafe: it sorts where they are gone through, which changes the order of the results, makes a list of
    what came one by one, and fails where the elements cannot be compared.
    """
    flows = {flow.cell.number: flow for flow in subject.flow}
    told: set[tuple[int, Span]] = set()
    lines: dict[int, dict[int, list[ast.expr]]] = {}
    for reach in reaches(subject.flow):
        source = reach.source
        flow = flows.get(source.cell)
        if source.kind != "unordered" or not reach.sure or flow is None or (source.cell, source.span) in told:
            continue
        # groups of a table are mostly joined or looked up afterwards, where their order is of no account
        if source.text == ".group_by()" or _is_looked_up(reach):
            continue
        told.add((source.cell, source.span))
        if source.cell not in lines:
            lines[source.cell] = _by_line(flow)
        what = "a set" if "set" in source.text else f"`{source.text}`"
        yield Violation(
            message=f"the order of {what} is left to chance, and decides {_arrival(reach)}",
            advice="sort it where it is gone through: `sorted(...)`",
            cell=flow.cell,
            line=source.span.line,
            column=source.span.column,
            fix=_sorted(flow, source.span, source.text, lines=lines[source.cell]),
        )


def _is_looked_up(reach: Reach) -> bool:
    """Whether one entry is recorded, which has its key in any order."""
    value = reach.record.value if reach.record is not None else None
    return (
        isinstance(value, ast.Subscript)
        and isinstance(value.slice, ast.Constant)
        and isinstance(value.slice.value, str)
    )


def _arrival(reach: Reach) -> str:
    where = f" in cell {reach.cell.number}" if reach.cell.number != reach.source.cell else ""
    if reach.record is not None:
        return f"the record `{reach.record.name}`{where}" if reach.record.name else f"what is recorded{where}"
    return f"what `{reach.file.call if reach.file is not None else ''}` writes{where}"


def _by_line(flow: CellFlow) -> dict[int, list[ast.expr]]:
    """What may come in no order, by the line on which it begins."""
    lines: dict[int, list[ast.expr]] = {}
    for node in flow.nodes(ast.Call, ast.Set, ast.SetComp):
        lines.setdefault(node.lineno, []).append(node)
    return lines


def _sorted(flow: CellFlow, span: Span, text: str, *, lines: Mapping[int, list[ast.expr]]) -> Fix | None:
    """The fix that puts it in order; None where it is not gone through at this place, or cannot be compared."""
    node = next((node for node in lines.get(span.line, ()) if flow.place(node) == span), None)
    if node is None:
        return None
    around = parent(flow, node)
    if not (text.endswith(_LISTED) or _is_gone_through(around, node)) or _is_called(around, {"next", "sorted"}):
        return None
    if isinstance(around, ast.Call) and _is_called(around, {"list"}):
        changes: tuple[Edit, ...] = (Edit(cell=flow.cell, span=flow.place(around.func), text="sorted"),)
    else:
        changes = (
            _inserted(flow, span.line, span.column, "sorted("),
            _inserted(flow, span.end_line, span.end_column, ")"),
        )
    return Fix(title="Sort it", safety="unsafe", changes=changes)


def _is_gone_through(around: ast.AST | None, node: ast.expr) -> bool:
    if isinstance(around, ast.For | ast.comprehension):
        return around.iter is node
    return isinstance(around, ast.Call) and _is_called(around, _TAKES) and node in around.args


def _is_called(node: ast.AST | None, names: set[str]) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names


def _inserted(flow: CellFlow, line: int, column: int, text: str) -> Edit:
    return Edit(cell=flow.cell, span=Span(line=line, column=column, end_line=line, end_column=column), text=text)
