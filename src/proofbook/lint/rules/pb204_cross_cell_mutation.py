"""PB204: another cell's object, changed in place."""

import ast
from collections.abc import Iterator

from proofbook.analyze.cells import CellFlow
from proofbook.analyze.flow import Mutation
from proofbook.lint.rule import Subject, Violation, rule

__all__ = ["cross_cell_mutation"]

# `p.add(...)` and `p.sort()` of plots, tables and queries give back a new object
_TWO_MEANINGS = {
    f".{name}()" for name in ("add", "fill", "partition", "put", "resize", "reverse", "sort", "subtract", "update")
}
_LITERALS = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
_BUILDERS = {"list", "dict", "set", "bytearray", "defaultdict", "OrderedDict", "Counter", "deque", "sorted"}
_VALUES = {"assignment", "annotated", "augmented", "for", "with", "walrus", "match", "magic", "global"}


@rule("PB204", "cross-cell-mutation", level="warning")
def cross_cell_mutation(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds an object that one cell makes and another changes in place: `append`, `inplace=True`, `d[k] = v`. Reported
    once for each cell and name. Only what surely changes the object counts; a method that may do so does not.

    ## Why is this bad?
    The cell works once. Run again, which is what a notebook is for, it appends twice or drops what is already gone,
    and the cells between the two see one state or the other depending on the order in which they were run.

    ## Example
    ```python
    flights = pd.read_csv("flights.csv")
    ```
    ```python
    flights.dropna(inplace=True)
    ```

    Use instead:
    ```python
    flights = pd.read_csv("flights.csv")
    ```
    ```python
    complete = flights.dropna()
    ```

    ## Fix safety
    There is no safe fix: a new name has to be used wherever the changed object was meant.
    """
    made: dict[str, CellFlow] = {}
    for flow in subject.flow:
        for mutation in flow.mutates:
            maker = made.get(mutation.name)
            if maker is None or mutation.local or not _surely(mutation, maker):
                continue
            changed = f"`{mutation.name}`, made in cell {maker.cell.number}, is changed in place"
            by = f"`{mutation.via}()`, by {mutation.text}" if mutation.via else mutation.text
            yield Violation(
                message=f"{changed} here: {by}",
                advice="change it in the cell that makes it, or give the changed one a name of its own",
                cell=flow.cell,
                line=mutation.line,
                column=mutation.column,
                once=mutation.name,
            )
        made |= {name: flow for name, binding in flow.defines.items() if binding.kind in _VALUES}
        for name in flow.deletes:
            made.pop(name, None)


def _surely(mutation: Mutation, maker: CellFlow) -> bool:
    """Whether the object is changed for sure: the analysis goes by the method's name, and some mean two things."""
    if mutation.how == "augmented" or (mutation.via is not None and mutation.conditional):
        return False
    return mutation.text not in _TWO_MEANINGS or _is_container(mutation.name, maker)


def _is_container(name: str, maker: CellFlow) -> bool:
    """Whether `maker` plainly binds `name` to a list, dict or set."""
    for node in ast.walk(maker.tree) if maker.tree is not None else ():
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            called = node.value.func if isinstance(node.value, ast.Call) else None
            built = isinstance(called, ast.Name | ast.Attribute) and ast.unparse(called).split(".")[-1] in _BUILDERS
            return isinstance(node.value, _LITERALS) or built
    return False
