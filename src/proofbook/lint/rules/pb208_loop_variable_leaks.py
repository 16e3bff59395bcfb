"""PB208: a loop's variable, read in another cell."""

import ast
from collections.abc import Iterator

from proofbook.analyze import spans
from proofbook.analyze.cells import CellFlow
from proofbook.lint.edits import inserted
from proofbook.lint.fix import Fix
from proofbook.lint.names import LENIENT_TAGS
from proofbook.lint.renaming import Renaming
from proofbook.lint.rule import Subject, Violation, rule

__all__ = ["loop_variable_leaks"]


@rule("PB208", "loop-variable-leaks", level="warning", fix="unsafe")
def loop_variable_leaks(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds the variable of a `for` loop that another cell reads, where nothing else binds the name in between. Loops
    that `break`, or that go over `batches.take(1)`, are left alone: they are there to get hold of a value.

    ## Why is this bad?
    The name holds whatever came last. Run on other data the cell speaks of another object, and over nothing it fails
    with a `NameError`. It is rarely meant: most often the cell once stood in the loop.

    ## Example
    ```python
    for carrier in carriers:
        plot(carrier)
    ```
    ```python
    delays[carrier].describe()
    ```

    Use instead:
    ```python
    for carrier in carriers:
        plot(carrier)
    ```
    ```python
    largest = carriers[-1]
    delays[largest].describe()
    ```

    ## Fix safety
    The fix binds the last value to a name of its own, behind the loop, and has the other cells read that. It is
    unsafe: it writes down what the notebook does, which may not be what was meant. There is none where the loop
    stands in another statement, or where it cannot be told which places mean the variable.
    """
    renaming = Renaming(subject)
    leaked: dict[str, CellFlow] = {}
    fixes: dict[tuple[int, str], Fix | None] = {}
    for flow in subject.flow:
        lenient = bool(LENIENT_TAGS & set(flow.cell.tags))
        for use in flow.uses if leaked and not lenient else ():
            maker = leaked.get(use.name)
            if maker is None or use.deferred or use.possible or use.guarded or use.via:
                continue
            leak = (maker.cell.number, use.name)
            if leak not in fixes:
                fixes[leak] = _fix(renaming, maker, use.name)
            yield Violation(
                message=f"`{use.name}` is what the loop in cell {maker.cell.number} left behind: its last value",
                advice="bind what is meant to a name of its own, or move this into the loop",
                cell=flow.cell,
                line=use.line,
                column=use.column,
                once=use.name,
                fix=fixes[leak],
            )
        kinds: dict[str, set[str]] = {}
        for binding in flow.bindings:
            kinds.setdefault(binding.name, set()).add(binding.kind)
            leaked.pop(binding.name, None)
        if flow.wild or flow.problem is not None:
            leaked = {}
        looped = {name for name, found in kinds.items() if found == {"for"} and name in flow.defines}
        if looped:
            leaked |= dict.fromkeys(looped - _searched(flow), flow)


def _fix(renaming: Renaming, maker: CellFlow, name: str) -> Fix | None:
    loops = [
        node
        for node in (maker.tree.body if maker.tree is not None else ())
        if isinstance(node, ast.For | ast.AsyncFor) and name in _variables(node)
    ]
    new = renaming.free(f"last_{name}", *(f"last_{name}_{number}" for number in range(2, 100)))
    if not loops or new is None or sum(binding.name == name for binding in maker.bindings) > len(loops):
        return None
    edits = renaming.edits(name, new, since=maker, binding=None)
    end = maker.place(loops[-1])
    line = spans.split(maker.cell.source)[end.end_line - 1]
    comment = line[end.end_column - 1 :].lstrip()
    if not edits or (comment and not comment.startswith("#")):
        return None
    behind = inserted(maker, line=end.end_line, column=len(line) + 1, text=f"\n{new} = {name}")
    return Fix(title=f"Bind '{new}' behind the loop", safety="unsafe", changes=(behind, *edits))


def _variables(loop: ast.For | ast.AsyncFor) -> set[str]:
    return {node.id for node in ast.walk(loop.target) if isinstance(node, ast.Name)}


def _searched(flow: CellFlow) -> set[str]:
    """Variables of loops that are there to get hold of a value: they `break`, or take the first (`batches.take(1)`)."""
    found: set[str] = set()
    breaks = any(flow.nodes(ast.Break))
    loops: list[ast.For | ast.AsyncFor] = [*flow.nodes(ast.For), *flow.nodes(ast.AsyncFor)]
    for node in loops:
        called = node.iter.func if isinstance(node.iter, ast.Call) else None
        takes = isinstance(called, ast.Attribute) and called.attr in {"take", "head"}
        if takes or (breaks and any(isinstance(inner, ast.Break) for inner in ast.walk(node))):
            found |= _variables(node)
    return found
