"""PB210: a name that exists only if a branch was taken."""

import ast
from bisect import bisect_right
from collections.abc import Iterator

from msgspec import Struct

from proofbook.analyze.cells import CellFlow
from proofbook.analyze.flow import Definition
from proofbook.analyze.names import is_known
from proofbook.lint.branches import always_bound
from proofbook.lint.names import LENIENT_TAGS, Names
from proofbook.lint.rule import IMPLICIT, Subject, Violation, rule

__all__ = ["conditional_definition"]


class _Maybe(Struct, frozen=True):
    """A name that one branch binds."""

    flow: CellFlow
    definition: Definition


@rule("PB210", "conditional-definition", level="warning")
def conditional_definition(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds a name that only one branch of one `if`, `try` or `match` binds, and that is read outside of any branch.

    Read with good will: loops are taken to run; so are imports that may fail, branches that name `TYPE_CHECKING`,
    `__name__`, `globals()` or the Python version, and tests of a name that has one literal value throughout, other
    than a parameter. A chain of `elif` is taken to name all cases, a `try` that binds nothing to fail. A branch that
    raises or exits needs to bind nothing. Names of builtins, names bound in two places, and names read in a branch of
    any kind, are left alone.

    ## Why is this bad?
    The run fails with a `NameError` on the day the other branch is taken, or computes with what an earlier cell of the
    live session left behind.

    ## Example
    ```python
    if as_of is not None:
        recent = flights[flights["day"] > as_of]
    ```
    ```python
    recent.describe()
    ```

    Use instead:
    ```python
    recent = flights if as_of is None else flights[flights["day"] > as_of]
    ```
    ```python
    recent.describe()
    ```

    ## Fix safety
    There is no fix: what the name should be otherwise, only the author knows.
    """
    if not any(binding.conditional for flow in subject.flow for binding in flow.bindings):
        return
    constants = _constants(subject)
    injected = subject.project.injected if subject.project is not None else IMPLICIT
    sure: set[str] = set(injected)
    maybe: dict[str, _Maybe] = {}
    told: set[str] = set()
    names = subject.once(Names)
    for index, flow in enumerate(subject.flow):
        if names.unknown_from(index) is not None or flow.problem is not None:
            # from here on any name may exist
            return
        here = _sure(flow, constants)
        yield from _reads(flow, sure=sure, here=here, maybe=maybe, told=told)
        sure |= here.keys() | flow.maybe_defines
        for binding in flow.bindings:
            if binding.name in sure or binding.kind in {"global", "magic", "except"}:
                continue
            if not binding.conditional or binding.name in maybe:
                sure.add(binding.name)
            maybe.setdefault(binding.name, _Maybe(flow, binding))


def _reads(
    flow: CellFlow, *, sure: set[str], here: dict[str, int], maybe: dict[str, _Maybe], told: set[str]
) -> Iterator[Violation]:
    if flow.tree is None or LENIENT_TAGS & set(flow.cell.tags):
        return
    branching = _of_cell(flow)
    for use in flow.uses:
        if use.deferred or use.unlikely or use.guarded or use.via or use.name in sure or use.name in told:
            continue
        if is_known(use.name):
            # a builtin is there either way
            continue
        found = maybe.get(use.name) or (branching.get(use.name) if use.possible else None)
        if found is None or here.get(use.name, use.line) < use.line:
            continue
        if found.flow is flow and _in_one_statement(flow, found.definition.line, use.line):
            continue
        told.add(use.name)
        place = f"on line {found.definition.line}" if found.flow is flow else f"in cell {found.flow.cell.number}"
        yield Violation(
            message=f"`{use.name}` exists only if the branch {place} that binds it was taken",
            advice="bind it in every case, above the branch or in its `else`",
            cell=flow.cell,
            line=use.line,
            column=use.column,
            once=use.name,
        )


def _in_one_statement(flow: CellFlow, definition: int, use: int) -> bool:
    """Whether one statement holds both: a loop, whose turns depend on each other; or the use comes first."""
    body = flow.tree.body if flow.tree is not None else []
    index = bisect_right(body, definition, key=lambda node: node.lineno) - 1
    return definition >= use or (index >= 0 and use <= (body[index].end_lineno or 0))


def _of_cell(flow: CellFlow) -> dict[str, _Maybe]:
    """The names that one place of the cell binds, in a branch."""
    count: dict[str, int] = {}
    for binding in flow.bindings:
        count[binding.name] = count.get(binding.name, 0) + 1
    return {
        binding.name: _Maybe(flow, binding)
        for binding in flow.bindings
        if binding.conditional and count[binding.name] == 1 and binding.kind not in {"global", "magic", "except"}
    }


def _sure(flow: CellFlow, constants: dict[str, object]) -> dict[str, int]:
    """What the cell binds for sure, and the line on which that has happened."""
    if flow.tree is None:
        return dict.fromkeys(flow.defines, 0)
    if not any(binding.conditional for binding in flow.bindings):
        return {binding.name: binding.line for binding in flow.bindings}
    found = {name: magic.line for magic in flow.magics for name in magic.defines}
    for node in flow.tree.body:
        bound = always_bound([node], constants=constants)
        for name in bound.names:
            found.setdefault(name, node.end_lineno or node.lineno)
        if bound.leaves:
            break
    return found


def _constants(subject: Subject) -> dict[str, object]:
    """Names bound once in the notebook, to a literal, other than parameters: what they are."""
    count: dict[str, int] = {}
    for flow in subject.flow:
        for binding in flow.bindings:
            count[binding.name] = count.get(binding.name, 0) + 1
    found: dict[str, object] = {}
    for flow in subject.flow:
        if flow.tree is None or "parameters" in flow.cell.tags:
            continue
        for node in flow.tree.body:
            value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
            target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
            if isinstance(value, ast.Constant) and isinstance(target, ast.Name) and count.get(target.id) == 1:
                found[target.id] = value.value
    return found
