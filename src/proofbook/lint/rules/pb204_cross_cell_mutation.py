"""PB204: another cell's object, changed in place."""

from collections.abc import Iterator

from proofbook.analyze.cells import CellFlow
from proofbook.lint.added_items import is_the_same_twice
from proofbook.lint.bound_anew import bound_anew
from proofbook.lint.mutations import surely_changes
from proofbook.lint.rule import Subject, Violation, rule

__all__ = ["cross_cell_mutation"]

_VALUES = {"assignment", "annotated", "augmented", "for", "with", "walrus", "match", "magic", "global"}


@rule("PB204", "cross-cell-mutation", level="warning", fix="unsafe")
def cross_cell_mutation(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds an object that one cell makes and another changes in place: `append`, `inplace=True`, `d[k] = v`. Reported
    once for each name. Only what surely changes the object counts; a method that may do so does not.

    A new column or item under a plain key, `df["speed"] = df["distance"] / df["air_time"]`, is left alone where what
    stands right does not read that key: run again, the cell does the same.

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
    The fix binds the name anew: `x = x.dropna()` for `x.dropna(inplace=True)`, `xs = [*xs, 1]` for `xs.append(1)` on a
    plain list, `d = {**d, k: v}` for `d[k] = v` on a plain dict. It is unsafe: whoever holds the object elsewhere, as
    in a container that it was put into, does not see the change any more. Where a cell gives the object or a part of
    it another name (`adjusted = flights`), and for the rest, there is no fix.
    """
    shared = {name for flow in subject.flow for alias in flow.aliases for name in (alias.name, alias.of)}
    made: dict[str, CellFlow] = {}
    for flow in subject.flow:
        for mutation in flow.mutates:
            maker = made.get(mutation.name)
            if maker is None or mutation.local or not surely_changes(mutation, maker):
                continue
            if is_the_same_twice(flow, mutation):
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
                once_in_notebook=True,
                fix=bound_anew(flow, mutation, maker) if mutation.name not in shared else None,
            )
        made |= {name: flow for name, binding in flow.defines.items() if binding.kind in _VALUES}
        for name in flow.deletes:
            made.pop(name, None)
