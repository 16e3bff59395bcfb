"""PB207: a function that reads what cells below it change."""

import ast
from collections import defaultdict
from collections.abc import Iterator

from msgspec import Struct, field

from proofbook.analyze.cells import CellFlow
from proofbook.lint.mutations import surely_changes
from proofbook.lint.occurrences import occurrences
from proofbook.lint.rule import Subject, Violation, rule

__all__ = ["function_reads_mutable_global"]

_VALUES = {"assignment", "annotated", "augmented"}


class _Change(Struct, frozen=True):
    """A place at which a name gets another value, or its object changes."""

    index: int
    line: int


@rule("PB207", "function-reads-mutable-global", level="warning")
def function_reads_mutable_global(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds a function that reads a name of the notebook which a cell below binds again or changes in place, where the
    function is called below that. Told where the function reads it, once for each function and name.

    A global that has one value throughout is a constant, and no fault; nor is one that is set above the function, or
    for the first time below it.

    ## Why is this bad?
    The same call gives one result above and another below, and nothing at the call says why. Run out of order, or cut
    into tasks, the notebook computes with the other value.

    ## Example
    ```python
    window = 30

    def smoothed(flights):
        return flights["delay"].rolling(window).mean()

    smoothed(flights)
    ```
    ```python
    window = 90
    smoothed(flights)
    ```

    Use instead:
    ```python
    def smoothed(flights, window):
        return flights["delay"].rolling(window).mean()

    smoothed(flights, 30)
    ```
    ```python
    smoothed(flights, 90)
    ```

    ## Fix safety
    There is no fix: a new parameter has to be given at every call, also at those that nobody can see from here.
    """
    changes = _changes(subject.flow)
    if not changes:
        return
    names = frozenset(changes)
    calls = _calls(subject.flow)
    for index, flow in enumerate(subject.flow):
        functions = {name for name, made in flow.defines.items() if made.kind == "function"}
        if not functions or not flow.reads & names:
            continue
        told: set[tuple[str, str]] = set()
        for place in occurrences(flow):
            key = (place.function, place.name)
            if place.function not in functions or place.binds or place.deletes or key in told:
                continue
            change = _before_call(index, calls[place.function], changes.get(place.name, []))
            if change is None or not isinstance(place.node, ast.Name):
                continue
            told.add(key)
            span, below = flow.place(place.node), subject.flow[change.index].cell.number
            yield Violation(
                message=f"`{place.function}()` reads `{place.name}`, which cell {below} changes: "
                "when it is called matters",
                advice=f"give `{place.name}` to the function as a parameter",
                cell=flow.cell,
                line=span.line,
                column=span.column,
            )


def _changes(flows: tuple[CellFlow, ...]) -> dict[str, list[_Change]]:
    """Of each name the places that change it, below the cell that first binds it."""
    makers: dict[str, CellFlow] = {}
    found: dict[str, list[_Change]] = {}
    for index, flow in enumerate(flows):
        for binding in flow.bindings:
            if binding.kind in _VALUES and binding.name in makers and not binding.conditional:
                found.setdefault(binding.name, []).append(_Change(index, binding.line))
        for mutation in flow.mutates:
            maker = makers.get(mutation.name)
            if maker is not None and not mutation.conditional and surely_changes(mutation, maker):
                found.setdefault(mutation.name, []).append(_Change(index, mutation.line))
        for name, definition in flow.defines.items():
            if definition.kind in _VALUES:
                makers.setdefault(name, flow)
    return found


class _Calls(Struct):
    """Where a name is read, and where it is bound: cell and line, and cell."""

    read: list[tuple[int, int]] = field(default_factory=list)
    bound: list[int] = field(default_factory=list)


def _calls(flows: tuple[CellFlow, ...]) -> defaultdict[str, _Calls]:
    found: defaultdict[str, _Calls] = defaultdict(_Calls)
    for index, flow in enumerate(flows):
        for use in flow.uses:
            if not use.deferred:
                found[use.name].read.append((index, use.line))
        for binding in flow.bindings:
            if binding.kind != "import":
                found[binding.name].bound.append(index)
    return found


def _before_call(index: int, calls: _Calls, changes: list[_Change]) -> _Change | None:
    """The first change below the function and above a call of it; `index` is the cell that defines it."""
    until = next((cell for cell in calls.bound if cell > index), None)
    read = [call for call in calls.read if call[0] > index and (until is None or call[0] < until)]
    last = max(read, default=(0, 0))
    return next((change for change in changes if change.index > index and (change.index, change.line) < last), None)
