"""PB603: what a task declares as its upstream is not what its notebook reads."""

import ast
import difflib
import json
from collections.abc import Iterator
from fnmatch import fnmatchcase

from proofbook.analyze.cells import CellFlow
from proofbook.analyze.flow import Span
from proofbook.lint import parameters, task_paths
from proofbook.lint.declared import ONLY, Declared
from proofbook.lint.fix import Edit, Fix
from proofbook.lint.rule import Subject, Violation, rule
from proofbook.lint.task_paths import KeyUse

__all__ = ["upstream_mismatch"]

_TABLE = "upstream"


@rule("PB603", "upstream-mismatch", level="error", fix="safe")
def upstream_mismatch(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Compares the tasks that a notebook reads, `upstream["features"]`, with those that the task declares: in
    `pipeline.yaml`, or in the parameters cell where `extract_upstream` is true, which is Ploomber's default. It finds a
    task that is used and not declared, and a product that the task before does not have,
    `upstream["features"]["tabel"]`: both are errors, the cell will fail. A task that is declared and not used is a
    warning.

    It keeps silent on a notebook that is no task; and of what is declared and not used also where a notebook hands
    `upstream` on as a whole, or reads it in a way that names no task. That a key may be missing is no fault where the
    notebook asks for it: `if upstream`, `"features" in upstream`.

    ## Why is this bad?
    What is not declared is not there: the cell ends in a KeyError, or finds a file that happens to lie there of an
    older run. What is declared and not used makes this task wait, and run again, for nothing.

    ## Example
    ```python
    # tags: parameters
    upstream = ["ingest"]
    product = None
    ```
    ```python
    table = pl.read_parquet(upstream["features"]["table"])
    ```

    Use instead:
    ```python
    # tags: parameters
    upstream = ["features"]
    product = None
    ```
    ```python
    table = pl.read_parquet(upstream["features"]["table"])
    ```
    A task that must wait for another without reading from it says so with a suppression and its reason.

    ## Fix safety
    Declaring in the parameters cell what is used is safe: without it the cell would fail. Taking out what is not used
    is unsafe, since the order of the tasks may change. `pipeline.yaml` is not changed.
    """
    declared = subject.project.declared if subject.project is not None else None
    if declared is None:
        return
    cell = parameters.cell_of(subject) if declared.extracted else None
    value = _assigned(cell) if cell is not None else None
    names = _listed(value) if declared.extracted else declared.upstream
    if names is None:
        return
    used = task_paths.uses(subject, _TABLE)
    for use in used.keys:
        if use.must and not used.tested and not _any(use.keys[0], names):
            yield _undeclared(use, declared, cell, value, names)
        elif use.must and len(use.keys) > 1:
            yield from _of_no_product(use, declared)
    for name in () if used.open else names:
        if not _any(name, [use.keys[0] for use in used.keys]):
            yield _unused(subject, name, cell, value, names)


def _any(name: str, others: Iterator[str] | list[str] | tuple[str, ...]) -> bool:
    """Whether the name is one of `others`; each side may be a pattern, as in `fit-*`."""
    return any(fnmatchcase(name, other) or fnmatchcase(other, name) for other in others)


def _assigned(flow: CellFlow) -> ast.expr | None:
    """What the parameters cell sets `upstream` to."""
    for node in flow.tree.body if flow.tree is not None else ():
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Name) and target.id == _TABLE for target in targets):
                return node.value
    return None


def _listed(value: ast.expr | None) -> tuple[str, ...] | None:
    """The tasks in it, as Ploomber extracts them; None where that is not plain."""
    try:
        literal = ast.literal_eval(value) if value is not None else 0
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None
    if literal is None:
        return ()
    return tuple(map(str, literal)) if isinstance(literal, list | tuple | set | dict) else None


def _undeclared(
    use: KeyUse, declared: Declared, cell: CellFlow | None, value: ast.expr | None, names: tuple[str, ...]
) -> Violation:
    name = use.keys[0]
    fix = None
    if cell is not None and value is not None and name in declared.tasks:
        fix = _rewritten(cell, value, [*names, name], title=f"Declare {name!r} as upstream", safe=True)
    near = difflib.get_close_matches(name, declared.tasks, n=1)
    there = f"; did you mean {near[0]!r}?" if near else f"; tasks are {', '.join(declared.tasks)}"
    known = name in declared.tasks or any(fnmatchcase(task, name) for task in declared.tasks)
    where = "the parameters cell" if declared.extracted else "pipeline.yaml"
    return Violation(
        message=f"`upstream[{name!r}]` is read, and {where} does not declare it: the cell will fail",
        advice=f"add {name!r} to `upstream` in {where}" if known else f"no task has this name{there}",
        cell=use.flow.cell,
        line=use.span.line,
        column=use.span.column,
        once=name,
        fix=fix,
    )


def _unused(
    subject: Subject, name: str, cell: CellFlow | None, value: ast.expr | None, names: tuple[str, ...]
) -> Violation:
    place: Span | None = cell.place(value) if cell is not None and value is not None else None
    fix = None
    if cell is not None and value is not None:
        kept = [other for other in names if other != name]
        fix = _rewritten(cell, value, kept, title=f"Take {name!r} out of upstream", safe=False)
    where = "the parameters cell" if cell is not None else "pipeline.yaml"
    return Violation(
        message=f"{name!r} is declared as upstream in {where}, and nothing of it is read",
        advice="read what it made by `upstream[...]`, or take it out",
        cell=subject.parameters,
        line=place.line if place is not None else 0,
        column=place.column if place is not None else 0,
        level="warning",
        fix=fix,
    )


def _of_no_product(use: KeyUse, declared: Declared) -> Iterator[Violation]:
    """That the task before has no product of this key."""
    name, key = use.keys[:2]
    products = declared.tasks.get(name)
    if products is None or key in products:
        return
    has = "one product, which has no key" if ONLY in products else f"the products {', '.join(products)}"
    yield Violation(
        message=f"task {name!r} has no product {key!r}: the cell will fail",
        advice=f"it has {has}",
        cell=use.flow.cell,
        line=use.span.line,
        column=use.span.column,
        once=f"{name} {key}",
    )


def _rewritten(flow: CellFlow, value: ast.expr, names: list[str], *, title: str, safe: bool) -> Fix | None:
    """The list of the parameters cell with these names; not where it carries comments or is a table."""
    if not isinstance(value, ast.List | ast.Tuple | ast.Set | ast.Constant):
        return None
    span = flow.place(value)
    if span.line != span.end_line:
        return None
    text = json.dumps(names, ensure_ascii=False) if names else "None"
    return Fix(
        title=title,
        safety="safe" if safe else "unsafe",
        changes=(Edit(cell=flow.cell, span=span, text=text),),
    )
