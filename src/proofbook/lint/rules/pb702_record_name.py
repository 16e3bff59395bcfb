"""PB702: a record's name that is taken, not known before the run, or no name."""

import ast
from collections.abc import Iterator

from proofbook.analyze.cells import CellFlow
from proofbook.analyze.flow import RecordCall
from proofbook.lint.records import is_name, recorded
from proofbook.lint.rule import Subject, Violation, rule
from proofbook.model.notebook import Cell

__all__ = ["record_name"]

_SHOWN = 50
_Branch = tuple[tuple[int, str], ...]
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@rule("PB702", "record-name", level="error")
def record_name(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds a record whose name is computed while the notebook runs, or is recorded twice: in one notebook, in a loop, or
    in two notebooks of the pipeline. Two calls of which only one can run, in the branches of an `if`, are no fault. And
    it finds what `record` does not take for a name: nothing at all, more than 200 characters, characters that cannot
    be printed, a space at either end.

    ## Why is this bad?
    The name is how the gate finds yesterday's value. Of two records with one name the later silently wins; one whose
    name depends on the data is missing on the day the data changes. A name that is none ends the run.

    ## Example
    ```python
    for carrier in carriers:
        record(f"delay_{carrier}", delays[carrier].mean())
    ```

    Use instead:
    ```python
    record("delay_by_carrier", delays_by_carrier, key="carrier")
    ```

    ## Fix safety
    There is no fix: a new name cuts the record off from its history.
    """
    seen: dict[str, list[tuple[Cell, RecordCall, _Branch]]] = {}
    for flow in subject.flow:
        calls = recorded(flow)
        places = _places(flow) if calls else {}
        for call in calls:
            branch, looped = places.get((call.span.line, call.span.column), ((), False))
            message = _fault(call, seen.get(call.name or "", []), branch=branch, looped=looped, cell=flow.cell)
            if message is None and call.name is not None and subject.project is not None:
                others = subject.project.records.get(call.name)
                message = f"record `{call.name}` is also recorded in {', '.join(others)}" if others else None
            if call.name is not None:
                seen.setdefault(call.name, []).append((flow.cell, call, branch))
            if message is not None:
                yield Violation(
                    message=message,
                    advice=_advice(call, looped=looped),
                    cell=flow.cell,
                    line=call.span.line,
                    column=call.span.column,
                )


def _fault(
    call: RecordCall,
    earlier: list[tuple[Cell, RecordCall, _Branch]],
    *,
    branch: _Branch,
    looped: bool,
    cell: Cell,
) -> str | None:
    if call.name is None:
        return "the record's name is computed: the gate cannot know it before the run"
    if _is_no_name(call):
        return f"{call.name[:_SHOWN]!r} is no name for a record: the cell will fail"
    if looped:
        return f"record `{call.name}` is recorded once in every turn of a loop: only the last stays"
    for other, known, taken in earlier:
        if other is not cell or not _exclusive(branch, taken):
            where = f"line {known.span.line} of this cell" if other is cell else f"cell {other.number}"
            return f"record `{call.name}` is recorded already in {where}: only the last stays"
    return None


def _advice(call: RecordCall, *, looped: bool) -> str:
    if _is_no_name(call):
        return "use 1 to 200 printable characters, no space at either end"
    if call.name is None or looped:
        return "record one table with a row for each, and name its key: `record(name, table, key=...)`"
    return "give each record a name of its own"


def _is_no_name(call: RecordCall) -> bool:
    """Whether `record` will refuse the name; scrapbook takes any."""
    return call.function == "record" and call.name is not None and not is_name(call.name)


def _exclusive(one: _Branch, other: _Branch) -> bool:
    """Whether the two stand in different branches of one statement."""
    taken = dict(one)
    return any(node in taken and taken[node] != branch for node, branch in other)


def _places(flow: CellFlow) -> dict[tuple[int, int], tuple[_Branch, bool]]:
    """Place of each call to the branches that it stands in, and whether a loop repeats it."""
    places: dict[tuple[int, int], tuple[_Branch, bool]] = {}
    stack: list[tuple[ast.AST, _Branch, bool]] = [(flow.tree, (), False)] if flow.tree is not None else []
    while stack:
        node, branch, looped = stack.pop()
        if isinstance(node, ast.Call):
            span = flow.place(node)
            places[span.line, span.column] = (branch, looped)
        if isinstance(node, _FUNCTIONS):
            looped = False
        for name, value in ast.iter_fields(node):
            repeats = looped or (isinstance(node, _LOOPS) and name == "body") or isinstance(node, _COMPREHENSIONS)
            for index, child in enumerate(value if isinstance(value, list) else [value]):
                if isinstance(child, ast.AST):
                    stack.append((child, branch + _taken(node, name, index), repeats))
    return places


def _taken(node: ast.AST, field: str, index: int) -> _Branch:
    """Which of its branches a child of `node` stands in."""
    if isinstance(node, ast.If | ast.IfExp) and field in {"body", "orelse"}:
        return ((id(node), field),)
    if isinstance(node, ast.Match) and field == "cases":
        return ((id(node), str(index)),)
    if isinstance(node, ast.Try) and field in {"orelse", "handlers"}:
        return ((id(node), f"{field}{index if field == 'handlers' else ''}"),)
    return ()
