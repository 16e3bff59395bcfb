"""PB503: a record that changes with the clock, the machine or the environment."""

import ast
from collections.abc import Iterable, Iterator

from proofbook.analyze.cells import CellFlow
from proofbook.analyze.sources import Reach, reaching
from proofbook.lint.asked_once import asked_once
from proofbook.lint.rule import Subject, Violation, rule
from proofbook.lint.syntax import ancestors

__all__ = ["clock_reaches_record", "reaches"]

_DIFFERS = {
    "clock": "is another one on every run",
    "uuid": "is another one on every run",
    "host": "is another one on every machine",
    "environment": "is what the environment of the run says",
}
_FOR_DURATIONS = ("perf_counter", "monotonic", "process_time", "thread_time", "default_timer")
_CLOCKS = ("time.", "datetime.", "pandas.")

reaches = asked_once(reaching)
"""`sources.reaching`, which is worked out once for the rules that ask."""


@rule("PB503", "clock-reaches-record", level="warning")
def clock_reaches_record(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds a recorded value that depends on the time of the run, on an identifier made anew (`uuid4`), on the machine or
    on its environment. Followed are names, containers, loops and the notebook's own functions; what goes through a
    function that nobody knows is not reported, nor is a path that a file is read from. How long something took, one
    time less another, may be recorded.

    ## Why is this bad?
    The gate compares the record with yesterday's. A value that changes by itself is either an alarm every day, which
    soon nobody reads, or a wide margin, in which real changes go unseen.

    ## Example
    ```python
    as_of = pd.Timestamp.now()
    record("late", len(flights[flights.due < as_of]))
    ```

    Use instead:
    ```python
    # tags: parameters
    as_of = "2013-09-30"
    ```
    ```python
    record("late", len(flights[flights.due < pd.Timestamp(as_of)]))
    ```

    ## Fix safety
    There is no fix: what the value should depend on instead, only the author knows.
    """
    clock: _Clock | None = None
    for reach in reaches(subject.flow):
        record, differs = reach.record, _DIFFERS.get(reach.source.kind)
        if record is None or differs is None or not reach.sure or _is_told_by_its_length(reach, subject.flow):
            continue
        if reach.source.kind == "clock":
            clock = clock or _Clock(subject.flow)
            if _is_duration(reach, clock):
                continue
        name = f"`{record.name}`" if record.name else "what is recorded here"
        where = f" of cell {reach.source.cell}" if reach.source.cell != reach.cell.number else ""
        yield Violation(
            message=f"{name} depends on `{reach.source.text}`{where}, which {differs}",
            advice="take it as a parameter of the notebook, or leave it out of what is compared",
            cell=reach.cell,
            line=reach.span.line,
            column=reach.span.column,
            once=f"{reach.span.line}:{reach.span.column}",
        )


def _is_duration(reach: Reach, clock: "_Clock") -> bool:
    """Whether what is recorded is one reading of the clock less another."""
    if reach.source.text.removesuffix("()").endswith(_FOR_DURATIONS):
        return True
    value = reach.record.value if reach.record is not None else None
    return value is not None and _subtracts(value, clock)


class _Clock:
    """Which expressions read the clock."""

    def __init__(self, flows: Iterable[CellFlow]) -> None:
        self.calls: set[int] = set()
        self.assigned: dict[str, list[ast.expr]] = {}
        for flow in flows:
            self.calls |= {id(call.node) for call in flow.calls if call.name.startswith(_CLOCKS)}
            for node in flow.nodes(ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        self.assigned.setdefault(target.id, []).append(node.value)

    def is_read(self, node: ast.expr) -> bool:
        given = self.assigned.get(node.id, []) if isinstance(node, ast.Name) else [node]
        return any(id(value) in self.calls for value in given)


def _subtracts(value: ast.expr, clock: _Clock) -> bool:
    """Whether one reading less another is in `value`, or in what its names stand for."""
    waiting, seen = [value], set[str]()
    while waiting:
        for part in ast.walk(waiting.pop()):
            if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Sub):
                if clock.is_read(part.left) and clock.is_read(part.right):
                    return True
            elif isinstance(part, ast.Name) and part.id not in seen:
                seen.add(part.id)
                waiting += clock.assigned.get(part.id, ())
    return False


def _is_told_by_its_length(reach: Reach, flows: tuple[CellFlow, ...]) -> bool:
    """Whether only a length is recorded, of a table of which the source fills a column."""
    value = reach.record.value if reach.record is not None else None
    counted = isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "len"
    if not counted:
        return False
    flow = next((flow for flow in flows if flow.cell.number == reach.source.cell), None)
    for node in flow.nodes(ast.Call, ast.Attribute) if flow is not None else ():
        if flow is not None and flow.place(node) == reach.source.span:
            around = next((each for each in ancestors(flow, node) if isinstance(each, ast.stmt)), None)
            return isinstance(around, ast.Assign) and isinstance(around.targets[0], ast.Subscript)
    return False
